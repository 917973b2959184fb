/* candidate.h: take part in a leader election on etcd v3.
 *
 * The public interface of libcandidate: an opaque handle that the caller's own
 * loop drives, and events that the caller takes out of it. There are no threads
 * of ours and no callbacks. One handle belongs to one thread. With it comes what
 * candidate/ has: single calls, the lease page, and a reader of elections.
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

/* The version of the library that is running, "MAJOR.MINOR.PATCH". */
CANDIDATE_API const char *candidate_version(void);

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
 * leads; 2: the next one; more: that one, or one further in front; 0: it is not
 * in the queue. */
CANDIDATE_API int candidate_place(const struct candidate *c);

/* The lease that this candidate's keys are on, or may be on, whether it leads,
 * waits or is about to; 0: none yet. Once this process is gone, and all that it
 * has started, candidate_release() spares the others the wait for its end. */
CANDIDATE_API int64_t candidate_lease_id(const struct candidate *c);

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

#ifdef __cplusplus
}
#endif

#include "candidate/calls.h"
#include "candidate/lease_page.h"
#include "candidate/observer.h"

#endif
