/* election.h: the election as a pure state machine.
 *
 * Events go in, each with the present time; actions come out, and the instant
 * at which to come back although nothing happened. It knows nothing of JSON,
 * sockets, clocks, memory or words: who drives it sends the requests and
 * reports what became of them. All times are ms on one clock that goes on
 * during suspend (CLOCK_BOOTTIME).
 *
 * The promise: election_leading(e, now) is true in at most one candidate of
 * an election at any instant (safety rule R1-R9; README, "What it promises").
 */
#ifndef ELECTION_H
#define ELECTION_H

#include "core/backoff.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ELECTION_MARGIN_PERMILLE = 100, /* rho: clock rate error allowed for */
    ELECTION_MARGIN_MS = 250,       /* delta: etcd's own residue */
    ELECTION_TTL_MS_MAX = 300000,   /* no reply is believed beyond it */
    ELECTION_LEAVE_MS_MAX = 3000,   /* how long a resignation may take */
    ELECTION_DENIED_MS_MAX = 10000, /* how long nothing but refusals are borne
                                       by who was let in before */
    ELECTION_CROWD = 16,            /* with more lock keys than that, who waits
                                       looks for the leader key now and then */
    ELECTION_NOTICES_MAX = 8,       /* what one step can announce */
    ELECTION_ASKED_MS = 3000,       /* how long a request counts, unless it is
                                       put again */
};

/* Names, in the order of a candidacy. */
#define ELECTION_STATES(X)                                                     \
    X(IDLE)       /* not begun */                                              \
    X(GRANTING)   /* asking for a fresh lease */                               \
    X(ATTEMPTING) /* entering the queue, or leading straight away */           \
    X(WAITING)    /* in the queue */                                           \
    X(LEADING)    /* until the deadline */                                     \
    X(DROPPING) /* giving back an ended candidacy's lease, then again; as    \
                     long as nobody answers no fresh lease could be had */ \
    X(LEAVING)  /* resigning for good */                                       \
    X(ENDED)

#define ELECTION_STATE_NAME(name) ELECTION_##name,
enum election_state { ELECTION_STATES(ELECTION_STATE_NAME) };
#undef ELECTION_STATE_NAME

/* ---- what goes out ---- */

/* Requests to etcd. At most one is under way: a new one replaces an older one,
 * whose reply, should it still come, is dropped by its operation number. */
enum election_request_type {
    ELECTION_GRANT,     /* lease, ttl_ms */
    ELECTION_ATTEMPT,   /* lease: put both keys, or queue, and read back */
    ELECTION_CLAIM,     /* lease, lock_revision: lead if it is our turn */
    ELECTION_CHECK,     /* as CLAIM's read-back, writing nothing */
    ELECTION_KEEPALIVE, /* lease */
    ELECTION_BARRIER,   /* lease, lock_revision: both keys still ours? */
    ELECTION_RESIGN,    /* lease, lock_revision: delete both if ours */
    ELECTION_REVOKE,    /* lease */
};

struct election_request {
    enum election_request_type type;
    uint64_t op;           /* to be repeated in the reply */
    int64_t lease;         /* > 0, chosen by us, new for each candidacy */
    int64_t ttl_ms;        /* of GRANT */
    int64_t lock_revision; /* create_revision of our lock key, or 0 */
    int64_t timeout_ms;    /* report ELECTION_NO_ANSWER after that */
};

/* The keys of an election, as a candidate sees them; also as bits of a set. */
enum election_role {
    ELECTION_OWN = 1,         /* our lock key */
    ELECTION_PREDECESSOR = 2, /* the newest lock key that is older than ours */
    ELECTION_LEADER = 4,      /* the leader key */
    ELECTION_HOLDER = 8,      /* the oldest lock key: who should be leading */
    ELECTION_REQUEST = 16,    /* the request key: what somebody asks for */
};

/* One stream of watches, replacing the one before it. The roles mean the keys
 * that the reply just given to election_step() named. */
struct election_watch {
    uint64_t op;
    unsigned roles;   /* a set of enum election_role */
    bool leader_puts; /* of the leader key only what is put shall be told */
    int64_t from_revision;
};

enum election_notice_type {
    ELECTION_SAY_ATTEMPTING,
    ELECTION_SAY_ELECTED,      /* token, lease */
    ELECTION_SAY_FOLLOWING,    /* the leader key as last reported */
    ELECTION_SAY_FOREIGN,      /* following who holds the lock without a
                                  leader key: the holder as last reported */
    ELECTION_SAY_LOST,         /* reason */
    ELECTION_SAY_ASKED,        /* a leader, to step down: ELECTION_YIELD, when
                                  nothing stands against it */
    ELECTION_SAY_ENDED,        /* reason; NONE: resigned */
    ELECTION_SAY_KEY_FOR_EVER, /* the leader key has no lease */
    ELECTION_SAY_SAME_ID,      /* another candidate has our ID */
    ELECTION_SAY_TTL_CHANGED,  /* etcd granted another TTL than asked: ttl_ms */
};

enum election_reason {
    ELECTION_REASON_NONE,
    ELECTION_LEASE_LOST,     /* etcd does not know our lease any more */
    ELECTION_OWN_DELETED,    /* our lock key was deleted */
    ELECTION_OWN_CHANGED,    /* our lock key was overwritten */
    ELECTION_LEADER_DELETED, /* our leader key was deleted */
    ELECTION_LEADER_CHANGED, /* our leader key was overwritten */
    ELECTION_SILENCE,        /* no confirmed renewal before the deadline */
    ELECTION_STALLED,        /* this process did not run until the deadline */
    ELECTION_OTHER_CLUSTER,  /* a reply came from another etcd cluster */
    ELECTION_REVISION_BACK,  /* etcd's revision went back */
    ELECTION_REFUSED,        /* every endpoint refuses for good */
    ELECTION_NOT_TOLD,       /* etcd could not be told of the resignation */
    ELECTION_YIELDED,        /* by ELECTION_YIELD */
};

struct election_notice {
    enum election_notice_type type;
    enum election_reason reason;
    int64_t token;
    int64_t lease;
    int64_t ttl_ms;
};

/* What to do after a step, in this order: say the notices, close the watch,
 * open the watch, send the request. */
struct election_actions {
    struct election_notice notices[ELECTION_NOTICES_MAX];
    unsigned notices_n;
    bool close_watch;
    bool open_watch; /* closes an older one as well */
    struct election_watch watch;
    bool cancel_request; /* forget the one under way */
    bool send_request;
    struct election_request request;
};

/* ---- what comes in ---- */

/* What the state of a key was; absent: all zero. */
struct election_key {
    int64_t create_revision;
    int64_t mod_revision;
    int64_t lease; /* 0: none, the key stays for ever */
};

/* What the request key asks for. A candidate that waits directly behind the
 * leader of that token, and before to_token, queues anew by itself: so those
 * between the two go to the end, one after the other. */
struct election_asked {
    int64_t token;    /* of the leader that is meant; of others nothing is */
    int64_t to_token; /* who shall be next; 0: the leader shall step down */
};

/* Where a reply comes from; zero where unknown. */
struct election_header {
    uint64_t cluster_id;
    uint64_t raft_term;
    int64_t revision;
};

enum election_outcome {
    ELECTION_ANSWERED,  /* well-formed, from etcd: the fields are set */
    ELECTION_NO_ANSWER, /* unknown whether it was done: error, time-out */
    ELECTION_NO_LEASE,  /* etcd says that the lease does not exist */
    ELECTION_DENIED,    /* etcd will never do it: permission, no gateway */
};

struct election_reply {
    uint64_t op;
    enum election_outcome outcome;
    struct election_header header;
    int64_t ttl_ms; /* GRANT, KEEPALIVE; 0: absent */
    bool succeeded; /* transactions: the compares held */
    bool same_id;   /* ATTEMPT: another lock key has our ID as its value */
    /* What was read back: ATTEMPT, CLAIM, BARRIER that did not succeed, and
     * CHECK. After an ATTEMPT, predecessor is absent as well when others have
     * queued behind us since; then holder is another key than own. */
    struct election_key own, predecessor, leader, holder;
    int64_t queue_n; /* lock keys that there were; 0: not read back */
};

enum election_event_type {
    ELECTION_START,      /* take part */
    ELECTION_TICK,       /* only time has passed */
    ELECTION_REPLY,      /* reply */
    ELECTION_CHANGED,    /* watch_op, role, key or deleted_at_revision */
    ELECTION_WATCH_LOST, /* watch_op: ended, cancelled, compacted, refused */
    ELECTION_LEAVE,      /* resign and end */
    ELECTION_YIELD,      /* give up what we have, then queue anew, at the end */
};

struct election_event {
    enum election_event_type type;
    int64_t now_ms;
    struct election_reply reply;
    uint64_t watch_op;
    enum election_role role;
    struct election_key key;     /* as it is now; absent: deleted */
    int64_t deleted_at_revision; /* of a deletion */
    struct election_asked asked; /* of CHANGED, role ELECTION_REQUEST */
};

/* ---- the machine ---- */

struct election_config {
    int64_t ttl_ms;        /* 2000..300000 */
    unsigned endpoints_n;  /* failures in a row before the first delay, >= 1 */
    uint64_t random_state; /* any; differs from candidate to candidate */
    int64_t margin_permille;
    int64_t margin_ms;
    int64_t crowd; /* as ELECTION_CROWD */
};

/* The lease's times; see R1-R4 of the safety rule. */
struct election_lease {
    int64_t id;
    int64_t ttl_ms;            /* as etcd granted it */
    int64_t sent_at_ms;        /* of the last grant or renewal that succeeded */
    int64_t lead_until_ms;     /* from confirmed renewals only */
    int64_t confirmed_at_ms;   /* sending of the last bracketed one */
    int64_t unconfirmed_at_ms; /* sending of a renewal not yet bracketed, 0 */
    uint64_t unconfirmed_term; /* and its reply's raft_term */
};

/* Open only so that it can live in the caller's memory: read it through the
 * functions below. */
struct election {
    struct election_config config;
    enum election_state state;
    struct backoff backoff;
    struct backoff watch_backoff;
    struct backoff restart_backoff;
    uint64_t ops; /* operation numbers given out */
    int64_t stepped_at_ms;

    int64_t began_at_ms; /* this candidacy; 0: none has */

    struct election_request request; /* under way while request_pending */
    bool request_pending;
    int64_t request_sent_at_ms;
    int64_t retry_at_ms;                    /* no request before it */
    unsigned failures_n;                    /* in a row */
    unsigned denials_n;                     /* in a row */
    int64_t denied_at_ms;                   /* the first of these */
    enum election_request_type denied_type; /* the last of these */
    bool admitted;        /* etcd has let us queue or lead, once */
    unsigned refusals_n;  /* stale replies in a row */
    unsigned watch_roles; /* of watch_op */

    struct election_lease lease;
    int64_t renew_at_ms;
    int64_t lock_revision;   /* create_revision of our lock key, 0: none */
    int64_t leader_revision; /* mod_revision of our own leader key, 0: none */
    bool lock_detached;      /* overwritten, it is not on our lease any more */
    bool held;               /* DROPPING: nothing is given back */

    bool claim_due;
    bool barrier_due;
    int64_t check_at_ms;
    unsigned late_wins_n;
    bool yielding;         /* DROPPING: what is held is ours to give up */
    bool resigned;         /* LEAVING, DROPPING: our keys are gone */
    int64_t give_up_at_ms; /* LEAVING */

    uint64_t watch_op;     /* 0: no stream is open */
    int64_t told_revision; /* the newest that a watch has told of, or 0 */
    int64_t watch_opened_at_ms;
    int64_t watch_retry_at_ms; /* LEADING: no stream is opened before it */
    struct election_key predecessor; /* as last reported */
    struct election_key leader;
    struct election_key holder;
    int64_t queue_n;
    int64_t leader_seen_revision; /* what is older of the leader key is known */

    struct election_asked asked; /* zero: nothing, or not of late */
    int64_t asked_at_ms;
    int64_t said_asked_revision; /* create_revision of the request told of */

    bool said_attempting; /* and nothing since */
    bool said_same_id;
    int64_t said_ttl_ms;
    int64_t leaderless_at_ms;       /* since when no leader key is seen */
    int64_t said_leader_revision;   /* mod_revision of whom we named */
    int64_t said_for_ever_revision; /* mod_revision of the key warned of */
    int64_t said_holder_revision;   /* create_revision of the holder named */

    uint64_t cluster_id; /* fixed by the first reply */
    uint64_t raft_term_max;
    int64_t revision_max;
};

/* Prepare; config is copied. Asserts that its numbers are in range. */
void election_init(struct election *e, const struct election_config *config);

/* Set the fields to the safety rule's constants and a TTL of 10 s. */
void election_config_init(struct election_config *config);

/* Take one event, whatever the state, and say what to do. ret_actions is
 * written whole. now_ms never goes back from one call to the next. */
void election_step(struct election *e, const struct election_event *event,
                   struct election_actions *ret_actions);

/* Whether something that acts for a leadership still runs. As long as it does,
 * what a lost candidacy holds is not given back: it would let another lead. */
void election_hold(struct election *e, bool held);

/* When to step with ELECTION_TICK at the latest, in ms; INT64_MAX: only
 * events matter. An instant that has passed means at once. */
int64_t election_deadline(const struct election *e);

/* R5: leading at this instant? Evaluate at every use, never keep. */
bool election_leading(const struct election *e, int64_t now_ms);

/* When etcd last confirmed that we are in the queue or lead: the sending of
 * the last renewal that counts; now_ms while a stream of watches stands and
 * the lease of that renewal surely lives; 0: we are not in the queue. */
int64_t election_confirmed_at_ms(const struct election *e, int64_t now_ms);

/* Where a candidate stands, for those who look at the others. */
struct election_standing {
    bool waits; /* else it leads, or believed so until a moment ago */
    int64_t lease;
    int64_t lock_revision;
    struct election_key leader; /* as last reported; a leader's own: zero */
};

/* Returns false when it has no place in the queue. */
bool election_standing(const struct election *e,
                       struct election_standing *ret_standing);

/* 1: leading; 2: only the holder of the lock is before us, as far as was last
 * read; 0: unknown. */
int election_place(const struct election *e, int64_t now_ms);

/* The name of a state, for messages. */
const char *election_state_name(enum election_state state);

#endif
