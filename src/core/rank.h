/* rank.h: when a candidate of a higher priority asks to lead, as a pure
 * machine.
 *
 * Whoever has a priority shows it in etcd as long as it waits or leads. A
 * waiter that has seen one leader for the hold-down looks at the priorities,
 * and asks if its own is higher; so leadership is moved no more often than
 * that, however often candidates come and go. The leader needs no priority, and
 * pays nothing. All times are ms on one clock.
 */
#ifndef RANK_H
#define RANK_H

#include <stdbool.h>
#include <stdint.h>

enum {
    RANK_PRIORITY_MAX = 100,
    RANK_HOLD_DOWN_MS = 5000, /* so long the same leader, and we behind it */
    RANK_RETRY_MS = 1000,     /* after no answer */
    RANK_AGAIN_MS = 30000,    /* after the leader was asked in vain */
};

/* Where we stand. */
struct rank_facts {
    int64_t lease;           /* of this candidacy; 0: neither waits nor leads */
    bool waits;              /* in the queue */
    int64_t leader_revision; /* mod_revision of the leader key; 0: none */
};

enum rank_call {
    RANK_NOTHING,
    RANK_SHOW, /* put our priority key, on the lease */
    RANK_LOOK, /* who leads, and the priorities */
};

/* What a look saw. */
struct rank_seen {
    unsigned leader; /* the leader's priority */
    bool better;     /* some waiter's is higher, or as high and it came first */
};

/* Open only so that it can live in the caller's memory. */
struct rank {
    unsigned priority; /* 0: none */
    struct rank_facts facts;
    int64_t since_ms;   /* that these hold */
    int64_t shown;      /* the lease on which our key was put; 0: none */
    int64_t show_at_ms; /* not before */
    int64_t look_at_ms;
    enum rank_call pending;
    int64_t showing; /* the lease that SHOW is under way for */
};

void rank_init(struct rank *r, unsigned priority);

/* The call to begin now, until its end is told: RANK_NOTHING. */
enum rank_call rank_next(struct rank *r, int64_t now_ms,
                         const struct rank_facts *facts);

/* When rank_next() is due at the latest, unless the facts change; INT64_MAX:
 * only then. */
int64_t rank_deadline(const struct rank *r);

/* The end of SHOW. */
void rank_shown(struct rank *r, int64_t now_ms, bool done);

/* The end of LOOK. seen: NULL: no answer. Returns whether the leader is to be
 * asked, for us. */
bool rank_looked(struct rank *r, int64_t now_ms, const struct rank_seen *seen);

/* It was asked in vain. */
void rank_failed(struct rank *r, int64_t now_ms);

#endif
