/* codec.h: etcd's JSON bodies <-> structs.
 *
 * Field names and shapes: etcd v3 API (rpc.proto, kv.proto) in the JSON
 * mapping of grpc-gateway: int64 as strings of digits, bytes in base64, enums
 * by name, zero values left out. Parsing is strict: one object, valid UTF-8,
 * no duplicate keys, at most 32 levels, numbers from strings of digits only.
 */
#ifndef CODEC_H
#define CODEC_H

#include "candidate.h"
#include "sys/arena.h"
#include "sys/buf.h"

enum {
    CODEC_BODY_BYTES_MAX = 64 * 1024, /* of a request that we build */
};

struct etcd_bytes {
    const char *data;
    size_t size; /* 0: absent */
};

/* ---- requests ---- */

enum etcd_target {
    ETCD_VERSION,
    ETCD_CREATE,
    ETCD_MOD,
    ETCD_VALUE,
    ETCD_LEASE,
};
enum etcd_relation { ETCD_EQUAL, ETCD_GREATER, ETCD_LESS, ETCD_NOT_EQUAL };

/* Holds for every key of [key, range_end), or of key alone when range_end is
 * absent; a missing key counts as version, revision and lease 0, and no VALUE
 * comparison holds for it. */
struct etcd_compare {
    struct etcd_bytes key, range_end;
    enum etcd_target target;
    enum etcd_relation relation;
    int64_t number;          /* VERSION, CREATE, MOD, LEASE */
    struct etcd_bytes value; /* VALUE */
};

enum etcd_sort { ETCD_UNSORTED, ETCD_ASCEND, ETCD_DESCEND };

struct etcd_range {
    struct etcd_bytes key, range_end;
    int64_t limit; /* 0: all */
    enum etcd_sort order;
    enum etcd_target target;                          /* of the order */
    int64_t min_create_revision, max_create_revision; /* 0: any */
    int64_t revision;                                 /* 0: now */
    bool keys_only, count_only, serializable;
};

struct etcd_put {
    struct etcd_bytes key, value;
    int64_t lease; /* 0: none */
};

struct etcd_delete {
    struct etcd_bytes key, range_end;
    bool prev_kv;
};

enum etcd_op_type { ETCD_OP_RANGE, ETCD_OP_PUT, ETCD_OP_DELETE, ETCD_OP_TXN };

struct etcd_txn;

struct etcd_op {
    enum etcd_op_type type;
    union {
        struct etcd_range range;
        struct etcd_put put;
        struct etcd_delete del;
        const struct etcd_txn *txn;
    };
};

struct etcd_txn {
    const struct etcd_compare *compares; /* all must hold */
    size_t compares_n;
    const struct etcd_op *success;
    size_t success_n;
    const struct etcd_op *failure;
    size_t failure_n;
};

struct etcd_watch_key {
    struct etcd_bytes key, range_end;
    bool prev_kv;
    bool no_delete; /* deletions are not told */
};

/* Each appends one JSON body to `body`, which is as before on failure.
 * Returns 0, CANDIDATE_ENOMEM, or CANDIDATE_ETOOBIG. Keys are not empty. */
int codec_build_grant(struct buf *body, int64_t lease, int64_t ttl_s);
int codec_build_lease(struct buf *body, int64_t lease); /* keepalive, revoke */
int codec_build_time_to_live(struct buf *body, int64_t lease, bool keys);
int codec_build_range(struct buf *body, const struct etcd_range *range);
int codec_build_put(struct buf *body, const struct etcd_put *put);
int codec_build_delete(struct buf *body, const struct etcd_delete *del);
int codec_build_txn(struct buf *body, const struct etcd_txn *txn);
/* Name and password are valid UTF-8. */
int codec_build_authenticate(struct buf *body, const char *name,
                             const char *password);
/* One create_request for each key, in one body, with progress_notify. Their
 * watch_ids are 0, 1, ... in that order. */
int codec_build_watch(struct buf *body, const struct etcd_watch_key *keys,
                      size_t keys_n, int64_t from_revision);

/* ---- replies ---- */

struct etcd_header {
    uint64_t cluster_id, member_id, raft_term;
    int64_t revision;
};

struct etcd_kv {
    struct etcd_bytes key, value; /* NUL behind each; may hold NULs as well */
    int64_t create_revision, mod_revision, version, lease;
};

struct etcd_kvs {
    struct etcd_kv *items;
    size_t n;
    int64_t count; /* in etcd, whatever the limit */
    bool more;
};

struct etcd_result;

struct etcd_txn_result {
    bool succeeded;
    struct etcd_result *results; /* of the branch taken, in order */
    size_t results_n;
};

struct etcd_result {
    enum etcd_op_type type;
    union {
        struct etcd_kvs range;
        struct etcd_kv put_prev;
        struct {
            int64_t deleted;
            struct etcd_kvs prev;
        } del;
        struct etcd_txn_result txn;
    };
};

struct etcd_lease_result {
    int64_t id;
    int64_t ttl_s;           /* 0: absent, so the lease is gone; -1 as etcd
                              says it for TimeToLive */
    int64_t granted_ttl_s;   /* TimeToLive */
    struct etcd_bytes *keys; /* TimeToLive */
    size_t keys_n;
};

enum { ETCD_STATUS_ERRORS_MAX = 4 };

struct etcd_status_result {
    struct etcd_bytes version; /* "3.5.30"; clean text */
    uint64_t leader;           /* member_id; 0: none */
    uint64_t raft_term;
    /* What the member itself complains of: alarms, no leader. */
    struct etcd_bytes errors[ETCD_STATUS_ERRORS_MAX];
    size_t errors_n;
};

struct etcd_member {
    uint64_t id;
    struct etcd_bytes name; /* ""; it has never run */
    struct etcd_bytes url;  /* the first for clients; "" */
};

struct etcd_members_result {
    struct etcd_member *items;
    size_t n;
};

struct etcd_watch_event {
    bool deleted;
    struct etcd_kv kv; /* deleted: key and mod_revision only */
    struct etcd_kv prev;
};

struct etcd_watch_result {
    int64_t watch_id;
    bool created, canceled;
    int64_t compact_revision;        /* of canceled; 0: another cause */
    struct etcd_bytes cancel_reason; /* clean text, at most 200 bytes */
    struct etcd_watch_event *events;
    size_t events_n;
};

/* An error as etcd words it, in any of the dialects of 3.4, 3.5 and 3.6, in a
 * unary reply or inside a stream. */
struct etcd_refusal {
    int grpc_code; /* 2 unknown ... 16 unauthenticated; -1: none of gRPC's */
    struct etcd_bytes message; /* clean text, at most 200 bytes */
};

/* Each parses one whole body into memory of `arena`. On success the output is
 * set; on failure it is untouched.
 * What etcd never leaves out must be there: a header with cluster, term and
 * (but for watches) revision; key, revisions and version of a key that exists.
 * Bytes that are absent are "", not NULL.
 * Returns 0; CANDIDATE_EPROTO (err says what is wrong, and where: "kvs[0].key:
 * missing") when it is not strictly what etcd answers; CANDIDATE_ENOMEM. A
 * body that is an error is EPROTO too, also for a keepalive, which may come
 * with status 200: then ask codec_parse_refusal(). */
int codec_parse_lease(struct arena *arena, const char *body, size_t bytes,
                      struct etcd_header *ret_header,
                      struct etcd_lease_result *ret_lease,
                      struct candidate_error *err); /* grant, time to live */
int codec_parse_keepalive(struct arena *arena, const char *body, size_t bytes,
                          struct etcd_header *ret_header,
                          struct etcd_lease_result *ret_lease,
                          struct candidate_error *err);
int codec_parse_header(struct arena *arena, const char *body, size_t bytes,
                       struct etcd_header *ret_header,
                       struct candidate_error *err); /* revoke */
/* range, put, delete: the reply of a single operation. */
int codec_parse_result(struct arena *arena, const char *body, size_t bytes,
                       enum etcd_op_type type, struct etcd_header *ret_header,
                       struct etcd_result *ret_result,
                       struct candidate_error *err);
int codec_parse_txn(struct arena *arena, const char *body, size_t bytes,
                    struct etcd_header *ret_header,
                    struct etcd_txn_result *ret_txn,
                    struct candidate_error *err);
int codec_parse_status(struct arena *arena, const char *body, size_t bytes,
                       struct etcd_header *ret_header,
                       struct etcd_status_result *ret_status,
                       struct candidate_error *err);

int codec_parse_members(struct arena *arena, const char *body, size_t bytes,
                        struct etcd_header *ret_header,
                        struct etcd_members_result *ret_members,
                        struct candidate_error *err);

/* authenticate. The token is visible ASCII, fit for a header, and not empty;
 * else EPROTO. */
int codec_parse_token(struct arena *arena, const char *body, size_t bytes,
                      struct etcd_bytes *ret_token,
                      struct candidate_error *err);

/* Any error body. Fails with EPROTO on a body that is no error, is empty, or
 * begins like JSON and is not. Other text ("Not Found") is an error with
 * grpc_code -1 and the text as its message. */
int codec_parse_refusal(struct arena *arena, const char *body, size_t bytes,
                        struct etcd_refusal *ret_refusal,
                        struct candidate_error *err);

/* One message of a stream (watch): a result, or an error inside a 200.
 * Returns as above; *ret_is_refusal tells which output was set. */
int codec_parse_watch(struct arena *arena, const char *body, size_t bytes,
                      struct etcd_header *ret_header,
                      struct etcd_watch_result *ret_watch,
                      struct etcd_refusal *ret_refusal, bool *ret_is_refusal,
                      struct candidate_error *err);

#endif
