/* observer.h: reading an election, and its past, without taking part. A part of
 * candidate.h, which includes it.
 */
#ifndef CANDIDATE_OBSERVER_H
#define CANDIDATE_OBSERVER_H

#include "../candidate.h"

#ifdef __cplusplus
extern "C" {
#endif

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
    int64_t since_ms;   /* when this reader saw it (or nobody) come to lead, on
                         CLOCK_BOOTTIME; 0: it was so before */
    const char *holder; /* who has held the lock for a second without a leader
                           key, such as etcdctl lock: the lock's ID or, when
                           that is empty, its key; "": nobody does */

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
    CANDIDATE_VIEW_HOLDER = 7,  /* nobody leads, and yet the lock is held */
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

#ifdef __cplusplus
}
#endif

#endif
