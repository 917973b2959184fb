/* candidate.h: take part in a leader election on etcd v3.
 *
 * The whole public interface of libcandidate: an opaque handle that the
 * caller's own loop drives, and events that the caller takes out of it. There
 * are no threads of ours and no callbacks. One handle belongs to one thread.
 *
 * What it does not do: guard the data that a leader writes. A process that is
 * stopped between asking candidate_leading() and acting cannot know that its
 * time has passed; whoever guards real data compares the fencing token.
 */
#ifndef CANDIDATE_H
#define CANDIDATE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CANDIDATE_VERSION "0.1.0"

#define CANDIDATE_API __attribute__((visibility("default")))

/* Limits of the configuration. */
enum {
    CANDIDATE_ID_BYTES_MAX = 255,
    CANDIDATE_ELECTION_BYTES_MAX = 255,
    CANDIDATE_ENDPOINTS_MAX = 32,
    CANDIDATE_PASSWORD_BYTES_MAX = 1024,
    CANDIDATE_TTL_S_MIN = 2,
    CANDIDATE_TTL_S_MAX = 300,
    CANDIDATE_TTL_S_DEFAULT = 10,
    CANDIDATE_PRIORITY_MAX = 100,
    CANDIDATE_TIMEOUT_MS_MAX = 3600000,
    CANDIDATE_DIAL_TIMEOUT_MS_DEFAULT = 2000,
    CANDIDATE_COMMAND_TIMEOUT_MS_DEFAULT = 5000,
    CANDIDATE_KEEPALIVE_TIME_MS_DEFAULT = 2000,
    CANDIDATE_KEEPALIVE_TIMEOUT_MS_DEFAULT = 6000,
    CANDIDATE_KEY_BYTES_MAX = 1024,    /* of a fenced write */
    CANDIDATE_VALUE_BYTES_MAX = 40960, /* of a fenced put */
    CANDIDATE_ERROR_BYTES_MAX = 512,
};

/* Every error: name, number, meaning. Functions return the negative code. */
#define CANDIDATE_ERRORS(X)                                                    \
    X(EINVAL, 1, "invalid argument")                                           \
    X(ENOMEM, 2, "out of memory")                                              \
    X(ERETRY, 3, "no usable answer from etcd, may succeed later")              \
    X(EDENIED, 4, "etcd refuses for good")                                     \
    X(ENOTFOUND, 5, "not found")                                               \
    X(EEXISTS, 6, "exists already")                                            \
    X(EPROTO, 7, "not an answer of etcd's JSON gateway")                       \
    X(ETOOBIG, 8, "larger than its limit")                                     \
    X(ESYSTEM, 9, "system call failed")                                        \
    X(EFENCED, 10, "the leadership that this is done for is over")             \
    X(ECONFLICT, 11, "something stands in the way")

#define CANDIDATE_ERROR_CODE(name, number, meaning)                            \
    CANDIDATE_##name = -(number),
enum candidate_error_code {
    CANDIDATE_OK = 0,
    CANDIDATE_ERRORS(CANDIDATE_ERROR_CODE)
};
#undef CANDIDATE_ERROR_CODE

/* What went wrong: a code, and a sentence for people that names the input or
 * the endpoint. Filled only when a function returns a negative code. */
struct candidate_error {
    int code;
    char message[CANDIDATE_ERROR_BYTES_MAX];
};

/* The meaning of a code, in words; never NULL. */
CANDIDATE_API const char *candidate_strerror(int code);

/* How to take part. Fill with candidate_config_init() first, then set what
 * differs; the strings are copied by candidate_new(). Names and meanings are
 * etcdctl's where it has them. */
struct candidate_config {
    const char *id;        /* 1..255 bytes of UTF-8, no control characters */
    const char *election;  /* 1..255 bytes, as id; a key of etcd; "leader" */
    const char *endpoints; /* URL[,URL]...; "http://127.0.0.1:2379" */
    unsigned ttl_s;        /* lease's time to live in seconds, 2..300; 10 */
    unsigned priority;     /* 0..100: a leader of a lower one is asked to step
                              down after 5 s; 0, which asks nobody */

    /* TLS, for https:// endpoints: PEM files, read anew at each connection. */
    const char *cacert;            /* NULL: the CAs of the system */
    const char *cert;              /* the client's certificate; NULL: none */
    const char *key;               /* its key; NULL: it is in cert */
    bool insecure_skip_tls_verify; /* believe any server; false */
    bool insecure_transport; /* an endpoint without a scheme means http://,
                                unless a file above is given; true */

    /* Authentication; UTF-8. Tokens are renewed as etcd wants it. */
    const char *user;     /* NULL: none */
    const char *password; /* of the user; wiped by candidate_free() */

    /* Limits in ms, 1..CANDIDATE_TIMEOUT_MS_MAX. The election sets shorter
     * ones where the lease's time demands it. */
    unsigned dial_timeout_ms;      /* until a connection stands; 2000 */
    unsigned command_timeout_ms;   /* of one request; 5000 */
    unsigned keepalive_time_ms;    /* TCP: idle until a probe; 2000 */
    unsigned keepalive_timeout_ms; /* TCP: unanswered until cut; 6000 */

    bool trace; /* a notice of severity DEBUG for each answer; false */
};

/* Set every field to its default; id to NULL, which has none. */
CANDIDATE_API void candidate_config_init(struct candidate_config *config);

/* Things that happen, in the order in which a person would tell them. */
enum candidate_event_type {
    CANDIDATE_ATTEMPTING = 1, /* nobody leads, as far as we know: we try */
    CANDIDATE_ELECTED = 2,    /* we lead; token and lease are set */
    CANDIDATE_FOLLOWING = 3,  /* another leads; leader is set */
    CANDIDATE_LOST = 4,       /* we lead no longer; text is the reason */
    CANDIDATE_ENDED = 5,      /* the last event; status says how, text why */
    CANDIDATE_NOTICE = 6,     /* for the operator: text, severity */
    CANDIDATE_ASKED = 7,      /* we lead and are asked to step down, as text
                                 says: candidate_yield(), when nothing stands
                                 against it; who ignores it leads on */
};

enum candidate_severity {
    CANDIDATE_DEBUG = 0,
    CANDIDATE_INFO = 1,
    CANDIDATE_WARNING = 2,
    CANDIDATE_ERROR = 3,
};

/* One event. The strings belong to the handle and are good until the next
 * call of candidate_next(), candidate_poll() or candidate_free(). They are
 * valid UTF-8 without control characters: what came from etcd is escaped. */
struct candidate_event {
    enum candidate_event_type type;
    enum candidate_severity severity; /* of NOTICE */
    int status;             /* of ENDED: 0 resigned, or a negative error code */
    int64_t at_ms;          /* when, on CLOCK_BOOTTIME */
    int64_t token;          /* of ELECTED: fencing token, > 0 */
    int64_t lease;          /* of ELECTED: etcd's lease id */
    const char *lock_key;   /* of ELECTED: our place in the queue; else NULL */
    const char *leader_key; /* of ELECTED: where our ID stands; else NULL */
    const char *leader;     /* of FOLLOWING: who leads */
    const char *text; /* of LOST, ENDED (may be ""), NOTICE, ASKED; or "" */
    /* Of a NOTICE of severity DEBUG: an answer of etcd's. Else NULL, 0. */
    const char *endpoint; /* who answered, or did not: "http://host:2379" */
    const char *call;     /* what was asked: "grant", "renew", "watch"... */
    int64_t revision;     /* etcd's at that time; 0: unknown */
    int64_t duration_ms;  /* since it was asked */
};

struct candidate;

/* Check the configuration and make a handle. Sends nothing yet.
 * ret_c  set on success only; to be given back to candidate_free().
 * err    filled on failure; may be NULL.
 * Returns 0, CANDIDATE_EINVAL (the message names the field), ENOMEM, ESYSTEM.
 */
CANDIDATE_API int candidate_new(struct candidate **ret_c,
                                const struct candidate_config *config,
                                struct candidate_error *err);

/* Forget the election at once. Nothing is sent: a lease that is still held
 * runs out by itself. Resign first for a quick hand-over. c may be NULL. */
CANDIDATE_API void candidate_free(struct candidate *c);

/* Do what is due, wait for the network, for one of fds or for timeout_ms (in
 * ms; < 0: no limit of the caller's), whichever is first, and do what became
 * due. Waits not at all while candidate_next() has something to give. Call it
 * again and again; a leader that is not polled loses its leadership in time.
 * fds, nfds  the caller's own descriptors, as for poll(2); at most 16.
 *            revents is set.
 * Returns how many of fds have revents, or CANDIDATE_EINVAL, ENOMEM, ESYSTEM,
 * after which the handle is only good for candidate_free(). */
CANDIDATE_API int candidate_poll(struct candidate *c, struct pollfd *fds,
                                 unsigned nfds, int timeout_ms);

/* Take the oldest event. Returns true and fills ret_event, or false when
 * there is none. At most 32 wait; past that the oldest notice is dropped, so
 * call it until it returns false after every candidate_poll(). */
CANDIDATE_API bool candidate_next(struct candidate *c,
                                  struct candidate_event *ret_event);

/* Leave the election: candidate_leading() is false from here on; the keys are
 * removed in the following candidate_poll() calls, then ENDED comes, within
 * 3 s, with status 0 or, when etcd could not be told, CANDIDATE_ERETRY. */
CANDIDATE_API void candidate_resign(struct candidate *c);

/* Step down, or give up the place in the queue, and queue anew at its end:
 * candidate_leading() is false from here on; a leader's LOST and what comes
 * after it are the next events. Who stands alone leads again, with another
 * token. Stop what must run only under the leader first. */
CANDIDATE_API void candidate_yield(struct candidate *c);

/* Say that something still runs that acts for this candidate's leadership, or
 * runs no more (the default). While it does, what a lost leadership has left
 * in etcd is not given back, which would let another lead at once: it runs out
 * with the lease. Whoever resigns or yields must have ended it before. */
CANDIDATE_API void candidate_hold(struct candidate *c, bool held);

/* What became of a leader that was asked to step down. Valid UTF-8 without
 * control characters; "" where nobody is known. */
struct candidate_steered {
    char asked[CANDIDATE_ID_BYTES_MAX + 1]; /* who led; "": there was no need */
    char leads[CANDIDATE_ID_BYTES_MAX + 1]; /* who leads now */
};

/* Ask the leader of config->election to step down, as another process than a
 * candidate's, and wait until somebody leads; at most about 70 s, since a
 * leader stops its command first. It queues again, behind all others.
 * config  id and ttl_s do not matter.
 * ret     set on success only; may be NULL.
 * Returns 0; CANDIDATE_ENOTFOUND: nobody leads; CANDIDATE_ECONFLICT: it could
 * not be done, and the message says what stands in the way; CANDIDATE_ERETRY,
 * EDENIED, EINVAL, ENOMEM, ESYSTEM. */
CANDIDATE_API int candidate_depose(const struct candidate_config *config,
                                   struct candidate_steered *ret,
                                   struct candidate_error *err);

/* The same, for the waiter with this ID to lead next. Candidates that wait
 * before it queue again behind it, one after the other; a client that does not
 * know how is not passed over. With 0 it leads; that it did already is 0 as
 * well. CANDIDATE_ECONFLICT also says that no waiter has this ID, or that
 * several have. */
CANDIDATE_API int candidate_transfer(const struct candidate_config *config,
                                     const char *to,
                                     struct candidate_steered *ret,
                                     struct candidate_error *err);

/* Whether this candidate leads at this very instant: elected, not deposed as
 * far as is known, and before the deadline. Asks the clock at every call, so
 * never keep the answer. */
CANDIDATE_API bool candidate_leading(const struct candidate *c);

/* When etcd last confirmed that this candidate takes part, in ms on
 * CLOCK_BOOTTIME: when it sent the last renewal that counts, or, while its
 * stream of watches stands and that renewal still holds, now. 0: it is not in
 * the queue. For whoever watches over its health; says nothing of leading. */
CANDIDATE_API int64_t candidate_confirmed_at_ms(const struct candidate *c);

/* The place in the queue, as far as it is known without asking etcd: 1: it
 * leads; 2: the next one; 0: further behind, or not in the queue. */
CANDIDATE_API int candidate_place(const struct candidate *c);

/* Until when leadership is certain, in ms on CLOCK_BOOTTIME; 0: not leading.
 * Grows with every confirmed renewal, never shrinks during one leadership. */
CANDIDATE_API int64_t candidate_lead_until_ms(const struct candidate *c);

/* What has been counted since candidate_new(). */
struct candidate_stats {
    uint64_t renewals;           /* of a lease, that etcd confirmed */
    int64_t renewal_ms;          /* from sending the last one until then */
    int64_t renewal_late_ms_max; /* sent later than it was due, the worst of
                                    all: how long this process, or a request
                                    that was under way, has held one up */
};

CANDIDATE_API void candidate_stats(const struct candidate *c,
                                   struct candidate_stats *ret_stats);

/* One of the endpoints, and what it was asked. */
struct candidate_endpoint {
    const char *url; /* "http://host:2379"; lives as long as the handle */
    uint64_t answers;
    uint64_t errors; /* no answer, or one that is of no use */
};

/* number  from 0 on. Returns false when there are not so many. */
CANDIDATE_API bool candidate_endpoint(const struct candidate *c,
                                      unsigned number,
                                      struct candidate_endpoint *ret_endpoint);

/* ---- writes to etcd that are done only for a leader ---- */

/* A leadership, as ELECTED gave it, or CANDIDATE_LOCK_KEY and CANDIDATE_TOKEN
 * in the environment of a command. */
struct candidate_fence {
    const char *lock_key;
    int64_t token;
};

/* Put or delete one key, in one transaction that succeeds only while that
 * leadership lasts in etcd: its lock key is there, created at the revision that
 * the token is. This is complete: no pause, clock or lost message lets a write
 * pass when another leads already.
 * Blocks; asks again while there is no answer, which does no harm: it is the
 * same write. A key without a lease; deleting one that is absent is a success.
 * config      where etcd is and how to speak to it, as candidate_release()
 * key         not empty; not below the lock prefix, where only lock keys are,
 *             nor the leader key
 * value       value_bytes of anything; may be NULL when there are none
 * timeout_ms  for all of it, 1..CANDIDATE_TIMEOUT_MS_MAX
 * Returns 0: done. CANDIDATE_EFENCED: that leadership is over; err tells if an
 * earlier try got no answer, and so may have been done before. ERETRY: no
 * answer in time; it may have been done, or still be. EDENIED, EINVAL (the
 * message names the argument), ENOMEM, ESYSTEM. */
CANDIDATE_API int candidate_fenced_put(const struct candidate_config *config,
                                       const struct candidate_fence *fence,
                                       const char *key, const void *value,
                                       size_t value_bytes, int64_t timeout_ms,
                                       struct candidate_error *err);
CANDIDATE_API int candidate_fenced_delete(const struct candidate_config *config,
                                          const struct candidate_fence *fence,
                                          const char *key, int64_t timeout_ms,
                                          struct candidate_error *err);

/* ---- for a holder that is gone ---- */

/* Tell etcd that the holder of a lease is gone: revoke it, and all keys on it
 * vanish, so that the next candidate leads at once and not a TTL later. For a
 * process that outlives a leader, and only once nothing that acted for the
 * leader runs any more.
 * Blocks. Asks one endpoint after the other, again and again, until etcd has
 * done it, or says that there is no such lease (a success as well).
 * config      where etcd is and how to speak to it; id, election, ttl_s and
 *             trace do not matter
 * timeout_ms  for all of it, 1..CANDIDATE_TIMEOUT_MS_MAX
 * Returns 0; CANDIDATE_ERETRY: no endpoint answered in time, so the lease may
 * be revoked or run out by itself; EDENIED, EINVAL, ENOMEM, ESYSTEM. */
CANDIDATE_API int candidate_release(const struct candidate_config *config,
                                    int64_t lease, int64_t timeout_ms,
                                    struct candidate_error *err);

/* ---- the lease page ---- */

/* A page of memory in which a leader shows other processes of its machine what
 * it knows of its leadership: one writer, readers that can neither write nor
 * resize it. Reading it costs no system call.
 *
 * It narrows the time in which a process acts for a leadership that is over:
 * from "until somebody kills it" to the moment between asking and acting. It
 * cannot close that gap: a process may be stopped right after it has asked, and
 * what it then sends may arrive at any time later. Only who receives it can
 * refuse it, by its fencing token. */
struct candidate_lease_page;

enum candidate_lease_state {
    CANDIDATE_LEASE_NONE = 0,    /* not leading yet */
    CANDIDATE_LEASE_LEADING = 1, /* until lead_until_ms */
    CANDIDATE_LEASE_LOST = 2,    /* no longer, or the writer died */
};

/* What stands there. The numbers of LOST are those of what is lost. */
struct candidate_lease {
    enum candidate_lease_state state;
    int64_t token;         /* fencing token, > 0; 0: none yet */
    int64_t lease;         /* etcd's lease id; 0: none yet */
    int64_t lead_until_ms; /* on CLOCK_BOOTTIME */
};

/* Make a page, on which stands NONE. A process that is forked has it too, and
 * can write to it when its parent is dead: never both at once. The memory is
 * enough for that, it may close the descriptor. An execve(2) takes it away.
 * Returns 0, CANDIDATE_ENOMEM, ESYSTEM (Linux before 5.1 cannot seal it). */
CANDIDATE_API int candidate_lease_page_new(
    struct candidate_lease_page **ret_page, struct candidate_error *err);

/* Where a reader finds it: "/proc/PID/fd/N" of the process that made it, which
 * is for the same user alone. Good as long as that process has the page. */
CANDIDATE_API const char *candidate_lease_page_path(
    const struct candidate_lease_page *page);

/* Write what is so now: a reader sees all of it or nothing. Only for a page
 * that was made, not for one that was opened. */
CANDIDATE_API void candidate_lease_page_write(
    struct candidate_lease_page *page, const struct candidate_lease *lease);

/* Open the page of a leader for reading.
 * path   NULL: $CANDIDATE_LEASE_PAGE
 * token  the fencing token of the leadership for which the caller acts;
 *        0: $CANDIDATE_TOKEN. Of any other the page says LOST.
 * Returns 0; CANDIDATE_ENOTFOUND: no such file, its writer may be dead;
 * CANDIDATE_EINVAL: a variable is missing, a token is none, or what the path
 * leads to is not a page that this version can read; ENOMEM, ESYSTEM. */
CANDIDATE_API int candidate_lease_page_open(
    struct candidate_lease_page **ret_page, const char *path, int64_t token,
    struct candidate_error *err);

/* Forget the page. The writer's readers keep what was written last: write LOST
 * before. page may be NULL. */
CANDIDATE_API void candidate_lease_page_close(
    struct candidate_lease_page *page);

/* Read what stands there, whoever the reader is.
 * Returns false, and leaves ret_lease as it was, when it cannot be read. */
CANDIDATE_API bool candidate_lease_page_read(
    const struct candidate_lease_page *page, struct candidate_lease *ret_lease);

/* May the caller act for the leader at this very instant? Only if the page says
 * LEADING, with the token with which it was opened, and the time is not over.
 * Asks page and clock at every call, so never keep the answer; ask before each
 * step, and hand the token on with it. Asks neither etcd nor the leader.
 * page may be NULL: false. */
CANDIDATE_API bool candidate_may_act(const struct candidate_lease_page *page);

/* ---- reading an election, without taking part ---- */

enum {
    CANDIDATE_VIEW_QUEUE_MAX = 256,     /* of the queue, the oldest */
    CANDIDATE_VIEW_MEMBERS_MAX = 64,    /* of etcd */
    CANDIDATE_VIEW_STALE_MS = 5000,     /* without etcd's confirmation */
    CANDIDATE_OBSERVER_LEASES_MAX = 64, /* are asked for, in one round */
    CANDIDATE_OBSERVER_FDS_MAX = 8,
};

/* A key under the lock prefix. Strings are clean as those of events are. */
struct candidate_lock {
    const char *id;           /* its value: the candidate's ID */
    const char *key;          /* as etcd has it, or its beginning and "..." */
    int64_t token;            /* create_revision: the fencing token */
    int64_t revision;         /* mod_revision: more, when it was overwritten */
    int64_t lease;            /* 0: none, it stays until somebody removes it */
    bool foreign;             /* no recipe gave it this name on this lease */
    int64_t lease_ends_at_ms; /* unless renewed, on CLOCK_BOOTTIME; 0: not
                                 asked for yet, -1: etcd has no such lease */
    int64_t lease_ttl_ms;     /* as it was granted; 0: not asked for yet */
};

/* A member of etcd's, or an endpoint that did not say which one it is. */
struct candidate_member {
    const char *endpoint; /* through which it was asked; "": none leads there */
    const char *name;     /* "": not known */
    uint64_t id;          /* 0: not known */
    uint64_t leader;      /* the member that it follows; 0: none, no quorum */
    const char *version;  /* "3.5.30"; "": it has not answered */
    const char *trouble;  /* why it is not healthy; "": it is */
    int64_t raft_term;
    int64_t duration_ms;    /* of the answer */
    int64_t clock_ahead_ms; /* its clock before ours, to a second; 0 if not
                               known */
    bool clock_known;
};

/* An election as etcd has shown it. */
struct candidate_view {
    const char *election, *prefix; /* the leader key, the lock prefix */
    bool known; /* etcd has told at least once; else all below is empty */
    bool stale; /* not known, or not confirmed for CANDIDATE_VIEW_STALE_MS: it
                   may be otherwise by now */
    int64_t confirmed_at_ms; /* when that was asked, on CLOCK_BOOTTIME */
    int trouble_code;        /* of the last question; 0: it was answered */
    const char *trouble;     /* in words; "" */
    bool denied;             /* every endpoint refuses for good */
    uint64_t cluster;        /* etcd's cluster_id */
    int64_t revision;        /* etcd's, at which all this was so */
    int64_t raft_term;

    bool led;               /* there is a leader key */
    const char *leader;     /* its value: who leads */
    int64_t token;          /* of the lock key on the same lease; 0: there is
                            none, the leader key is another program's */
    int64_t lease;          /* of the leader key; 0: none */
    int64_t leader_created; /* revisions of the leader key */
    int64_t leader_modified;
    int64_t since_ms; /* when this reader saw it (or nobody) come to lead, on
                         CLOCK_BOOTTIME; 0: it was so before */

    const struct candidate_lock *queue; /* the oldest first: it holds the lock;
                                           the others wait in this order */
    size_t queue_n;
    int64_t queue_more; /* further ones that are not kept */

    const struct candidate_member *members;
    size_t members_n;
    int64_t details_at_ms; /* when leases and members were asked; 0: never */
    bool writes_asked;     /* whether a candidate with this user may write */
    bool writes_denied;    /* no, for good */
    const char *writes_trouble; /* why it cannot at the moment; "": it can */
};

enum candidate_change {
    CANDIDATE_VIEW_FRESH = 1,  /* the view holds, for the first time or again */
    CANDIDATE_VIEW_STALE = 2,  /* it may not hold any more */
    CANDIDATE_VIEW_LEADER = 3, /* somebody leads, or somebody else */
    CANDIDATE_VIEW_NOBODY = 4, /* nobody leads now */
    CANDIDATE_VIEW_QUEUE = 5,  /* the queue is another */
    CANDIDATE_VIEW_DETAILS = 6, /* leases and members have been asked */
};

struct candidate_observer;

/* Check the configuration, of which ID and TTL do not matter, and make a
 * reader. Sends nothing yet. As candidate_new(). */
CANDIDATE_API int candidate_observer_new(struct candidate_observer **ret_o,
                                         const struct candidate_config *config,
                                         struct candidate_error *err);
/* o may be NULL. */
CANDIDATE_API void candidate_observer_free(struct candidate_observer *o);

/* As candidate_poll(). */
CANDIDATE_API int candidate_observer_poll(struct candidate_observer *o,
                                          struct pollfd *fds, unsigned nfds,
                                          int timeout_ms);

/* What to wait for when another loop waits, such as candidate_poll()'s: then
 * candidate_observer_poll(o, NULL, 0, 0) does what is due. Ask anew each time.
 * fds             at least CANDIDATE_OBSERVER_FDS_MAX.
 * ret_timeout_ms  after which it is to be called in any case; is only made
 *                 shorter; < 0: no limit.
 * Returns how many were filled. */
CANDIDATE_API unsigned candidate_observer_pollfds(struct candidate_observer *o,
                                                  struct pollfd *fds,
                                                  int *ret_timeout_ms);

/* Take the next change: the view is then as it was just after it. Call it
 * until it returns false after each candidate_observer_poll(). */
CANDIDATE_API bool candidate_observer_next(struct candidate_observer *o,
                                           enum candidate_change *ret_change);

/* The view at this moment; good until the next call of any of these. */
CANDIDATE_API const struct candidate_view *candidate_observer_view(
    struct candidate_observer *o);

/* Ask for the time that the queue's leases have left and for the members of
 * etcd, once: DETAILS tells that it is done. */
CANDIDATE_API void candidate_observer_ask(struct candidate_observer *o);

/* The same, and whether a candidate could write its keys: with a transaction
 * that never does. */
CANDIDATE_API void candidate_observer_ask_writes(struct candidate_observer *o);

/* ---- the past of an election ---- */

enum { CANDIDATE_HISTORY_MAX = 512 }; /* leaderships, the latest */

struct candidate_leadership {
    char leader[CANDIDATE_ID_BYTES_MAX + 1]; /* clean, as in events */
    int64_t token; /* 0: not known, or another program's leader key */
    int64_t lease; /* 0: none */
    int64_t from_revision;
    int64_t to_revision; /* 0: it lasts */
};

struct candidate_history {
    int64_t oldest_revision; /* that etcd remembers; 1: all */
    int64_t revision;        /* up to which this tells */
    struct candidate_leadership leaders[CANDIDATE_HISTORY_MAX];
    size_t n;
    size_t more; /* older ones that are left out */
};

/* Read who has led, as far as etcd has not compacted it. Blocks, for at most
 * timeout_ms, 1..CANDIDATE_TIMEOUT_MS_MAX; of the configuration ID and TTL do
 * not matter.
 * Returns 0, CANDIDATE_EINVAL, ERETRY (no answer in time), EDENIED, ENOMEM,
 * ESYSTEM. */
CANDIDATE_API int candidate_read_history(const struct candidate_config *config,
                                         int64_t timeout_ms,
                                         struct candidate_history *ret_history,
                                         struct candidate_error *err);

/* The version of the library that is running, "MAJOR.MINOR.PATCH". */
CANDIDATE_API const char *candidate_version(void);

#ifdef __cplusplus
}
#endif

#endif
