/* priority.h: a candidate's priority: core/rank and core/steer on the
 * candidate's own etcd client, for driver.c alone.
 *
 * Uses the client only when the core does not; a request of the core's replaces
 * the call, which is then tried again. Costs who has no priority nothing.
 */
#ifndef PRIORITY_H
#define PRIORITY_H

#include "core/election.h"
#include "core/rank.h"
#include "lib/announce.h"
#include "lib/steering.h"

struct priority {
    struct rank rank;
    const struct request_keys *keys; /* borrowed */
    const struct lock *lock;         /* borrowed: our keys */
    uint64_t random_state;
    bool calls; /* one of our calls is under way */
    struct election_standing standing;
    bool steers; /* steering is in use */
    struct steering steering;
};

/* priority: 0: none. What is borrowed lives as long as p. */
void priority_init(struct priority *p, unsigned priority,
                   const struct request_keys *keys, const struct lock *lock,
                   uint64_t random_state);

/* Do what is due; e is not busy. */
void priority_work(struct priority *p, struct etcd *e, struct announcer *a,
                   const struct election *election, int64_t now_ms);

/* Take the reply if it is to a call of ours. Returns whether it was. */
bool priority_take(struct priority *p, struct announcer *a,
                   unsigned endpoints_n, int64_t now_ms,
                   const struct etcd_reply *reply);

/* The core begins a call, which replaces one of ours, if there is any. */
void priority_forget(struct priority *p, int64_t now_ms);

/* When priority_work() is due; INT64_MAX: only when something has changed. */
int64_t priority_deadline(const struct priority *p);

#endif
