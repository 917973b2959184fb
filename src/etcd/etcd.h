/* etcd.h: a small etcd v3 client over the JSON gateway.
 *
 * One function per call of the API. At most one call is under way, and at
 * most one stream of watches; both are named by the caller's tag. A call that
 * is begun while another is under way replaces it. Results are pulled with
 * etcd_next(). Which endpoint serves is decided here, the same for calls and
 * stream: every failure moves both on to the next one, so that each call also
 * tests the member that the stream depends on. An endpoint of another cluster
 * than the one that answered first is failing: EPROTO.
 */
#ifndef ETCD_H
#define ETCD_H

#include "candidate.h"
#include "etcd/codec.h"

struct etcd;

/* All is copied; meanings as in candidate.h. */
struct etcd_config {
    const char *endpoints; /* URL[,URL]... */
    bool tls; /* what an endpoint without a scheme means: https:// */
    const char *cacert, *cert, *key;
    bool insecure_skip_tls_verify;
    const char *user, *password; /* NULL: no authentication */
    /* 0: the default of candidate.h. */
    int64_t dial_timeout_ms;
    int64_t command_timeout_ms; /* no call takes longer */
    int64_t keepalive_time_ms;
    int64_t keepalive_timeout_ms;
};

/* What became of a call, or one message of the stream. The memory belongs to
 * the client and is good until the next call of etcd_next(). */
enum etcd_reply_type {
    ETCD_REPLY_LEASE,   /* lease: grant, keepalive, time to live */
    ETCD_REPLY_HEADER,  /* nothing but the header: revoke */
    ETCD_REPLY_RESULT,  /* result: range, put, delete */
    ETCD_REPLY_TXN,     /* txn */
    ETCD_REPLY_STATUS,  /* member */
    ETCD_REPLY_MEMBERS, /* members */
    ETCD_REPLY_WATCH,   /* watch: one message; more come */
    ETCD_REPLY_FAILED,  /* status and error say why; a stream's last */
};

struct etcd_reply {
    enum etcd_reply_type type;
    uint64_t tag;
    const char *endpoint; /* that answered, or did not */
    unsigned endpoint_i;  /* its place in the list */
    int status; /* of FAILED: ERETRY, EDENIED, ENOTFOUND (a lease or key),
                   EEXISTS, EPROTO (garbage: as ERETRY), ENOMEM */
    const char *message; /* of FAILED: "http://a:2379: connection refused";
                            of an endpoint that has turned to another cluster:
                            that; else "" */
    struct etcd_header header; /* not of FAILED */
    int64_t date_s; /* of a call: the server's clock, in seconds since 1970;
                       0: not known */
    union {
        struct etcd_lease_result lease;
        struct etcd_result result;
        struct etcd_txn_result txn;
        struct etcd_status_result member;
        struct etcd_members_result members;
        struct etcd_watch_result watch;
    };
};

/* Check the endpoints and make a client. Sends nothing.
 * Returns 0, CANDIDATE_EINVAL (names the endpoint), ENOMEM, ESYSTEM. */
int etcd_new(struct etcd **ret_etcd, const struct etcd_config *config,
             struct candidate_error *err);
void etcd_free(struct etcd *e);

unsigned etcd_endpoints_n(const struct etcd *e);
const char *etcd_endpoint(const struct etcd *e, unsigned endpoint_i);

/* Begin a call. Its outcome comes from etcd_next() with this tag, within
 * timeout_ms, or half as much again when a token had to be fetched. Never
 * block; arguments are copied. A failure to begin is reported as a FAILED reply
 * as well. Source: etcd v3 API, services Lease, KV, Maintenance.
 * A keepalive or grant whose reply names another lease fails with EPROTO. */
void etcd_grant(struct etcd *e, uint64_t tag, int64_t timeout_ms, int64_t lease,
                int64_t ttl_s);
void etcd_keepalive(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                    int64_t lease);
void etcd_revoke(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                 int64_t lease);
void etcd_time_to_live(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                       int64_t lease, bool keys);
void etcd_range(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                const struct etcd_range *range);
void etcd_put(struct etcd *e, uint64_t tag, int64_t timeout_ms,
              const struct etcd_put *put);
void etcd_delete(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                 const struct etcd_delete *del);
void etcd_txn(struct etcd *e, uint64_t tag, int64_t timeout_ms,
              const struct etcd_txn *txn);
/* Of one endpoint, whichever is in use. */
void etcd_status(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                 unsigned endpoint_i);
void etcd_members(struct etcd *e, uint64_t tag, int64_t timeout_ms);

/* The last call's reply was of no use: leave its endpoint alone for a while. */
void etcd_distrust(struct etcd *e);

/* Forget the call under way, if any. */
void etcd_cancel(struct etcd *e);
bool etcd_busy(const struct etcd *e);

/* Open the stream, instead of an older one: all keys watched from one
 * revision on. WATCH replies come until one FAILED; a watch that etcd cancels
 * (compaction, permission) is reported as FAILED too. */
void etcd_watch(struct etcd *e, uint64_t tag, const struct etcd_watch_key *keys,
                size_t keys_n, int64_t from_revision);
void etcd_watch_close(struct etcd *e);

/* Wait as http_poll() does. */
int etcd_poll(struct etcd *e, struct pollfd *fds, unsigned nfds,
              int timeout_ms);

/* What etcd_poll() would wait for, as http_pollfds(). */
unsigned etcd_pollfds(struct etcd *e, struct pollfd *fds, unsigned fds_max,
                      int *timeout_ms);

/* The next reply; false: none without waiting. */
bool etcd_next(struct etcd *e, struct etcd_reply *ret_reply);

#endif
