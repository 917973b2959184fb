/* steer.h: how somebody from outside makes a leader step down, as a pure
 * machine.
 *
 * The replies of etcd go in, the next call comes out, and at the end what
 * became of it. A request is put again and again while it is wanted, so nobody
 * misses it for long, and goes with its lease when it is not. It knows nothing
 * of names, JSON or clocks. All times are ms on one clock.
 */
#ifndef STEER_H
#define STEER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    STEER_LOOK_MS = 50,     /* from one look at the queue to the next */
    STEER_PUT_MS = 1000,    /* from one put of the request to the next */
    STEER_LEASE_MS = 5000,  /* of the request: it outlives us no longer */
    STEER_KEEP_MS = 1500,   /* from one renewal to the next */
    STEER_UNSURE_MS = 2000, /* so long may a hand-over last that just goes on */
    STEER_ASIDE_MS = 5000,  /* so long may the queue between stand still */
    STEER_SETTLE_MS = 10000, /* until the next one leads */
    STEER_SILENCE_MS = 5000, /* of etcd's */
    STEER_CLEAN_MS = 1000,
    STEER_LIMIT_MS = 60000, /* of all: the leader's command may need its time */
};

enum steer_kind {
    STEER_DEPOSE,   /* the leader steps down, whoever is next */
    STEER_TRANSFER, /* to_token is the next one */
};

enum steer_outcome {
    STEER_GOING_ON,
    STEER_DONE,
    STEER_NOBODY,      /* leads */
    STEER_FOREIGN,     /* who holds the lock is no candidate */
    STEER_STALE,       /* the leader was another one before it could be asked */
    STEER_BUSY,        /* somebody else asks for something */
    STEER_GONE,        /* who shall be next waits no longer */
    STEER_BETWEEN,     /* somebody who does not step aside */
    STEER_NOT_HEARD,   /* the leader does not step down */
    STEER_ELSE,        /* it did, but who leads is not who should */
    STEER_UNREACHABLE, /* etcd does not answer */
    STEER_DENIED,      /* etcd refuses */
};

enum steer_call {
    STEER_NOTHING,
    STEER_LOOK,
    STEER_GRANT, /* a fresh lease */
    STEER_KEEP,  /* it */
    STEER_PUT,   /* the request: see steer_asks() */
    STEER_REVOKE,
};

/* What one transaction saw. */
struct steer_view {
    int64_t holder;  /* create_revision of the oldest lock key; 0: none */
    int64_t next;    /* and of the one behind it */
    bool leader_key; /* there is one, */
    bool led;        /* on the holder's lease */
    bool target;     /* the lock key of to_token is there */
    bool ours;       /* a request is there, on our lease */
    bool others;     /* or on another */
};

enum steer_event_type {
    STEER_ANSWERED,   /* view, after LOOK and PUT */
    STEER_UNANSWERED, /* whether it was done is unknown */
    STEER_NO_LEASE,
    STEER_REFUSED, /* for good, by this endpoint */
    STEER_STOP,    /* it is wanted no longer */
};

struct steer_event {
    enum steer_event_type type;
    int64_t now_ms;
    bool succeeded; /* PUT: the request is there now */
    struct steer_view view;
};

struct steer_config {
    enum steer_kind kind;
    int64_t token;    /* of the leader that is meant; 0: whoever leads */
    int64_t to_token; /* of TRANSFER */
    unsigned endpoints_n;
};

#define STEER_STATES(X)                                                        \
    X(FINDING)  /* who leads? */                                               \
    X(ASKING)   /* until the leader's lock key is gone */                      \
    X(SETTLING) /* until somebody leads */                                     \
    X(CLEANING) /* taking the request back */                                  \
    X(ENDED)

#define STEER_STATE_NAME(name) STEER_##name,
enum steer_state { STEER_STATES(STEER_STATE_NAME) };
#undef STEER_STATE_NAME

/* Open only so that it can live in the caller's memory. */
struct steer {
    struct steer_config config;
    enum steer_state state;
    enum steer_outcome outcome;
    enum steer_call pending;
    int64_t began_at_ms;
    int64_t answered_at_ms;
    int64_t since_ms;   /* FINDING: unsure, ASKING: next, SETTLING, CLEANING */
    int64_t look_at_ms; /* nothing is called before it */
    int64_t put_at_ms;
    int64_t keep_at_ms;
    int64_t token;             /* of the leader; 0: not known yet */
    enum steer_outcome unsure; /* FINDING: what the last look said */
    struct steer_view view;    /* the last one */
    bool granted;              /* there may be a lease */
    bool stepping_down;        /* the leader was asked to */
    unsigned refusals_n;       /* in a row */
};

void steer_init(struct steer *s, const struct steer_config *config,
                int64_t now_ms);

/* Take one event, whatever the state. Time never goes back. */
void steer_step(struct steer *s, const struct steer_event *event);

/* The call to begin now; until an event tells of its end, STEER_NOTHING. */
enum steer_call steer_next(struct steer *s, int64_t now_ms);

/* When steer_next() is due at the latest; INT64_MAX: it has ended. */
int64_t steer_deadline(const struct steer *s);

/* What a request says now: STEER_DEPOSE, or STEER_TRANSFER as long as somebody
 * stands between the leader and the one that shall be next. */
enum steer_kind steer_asks(const struct steer *s);

/* What became of it, as soon as it is known. */
enum steer_outcome steer_outcome(const struct steer *s);

/* Whether nothing more is to be done. */
bool steer_ended(const struct steer *s);

#endif
