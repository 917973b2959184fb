/* place.h: our place in the queue, as far as what etcd has answered anyway
 * tells. Nobody comes before us later, so what was known once stays a limit. */
#ifndef PLACE_H
#define PLACE_H

#include "core/election.h"

/* All zero at the beginning. */
struct place {
    int64_t lock_revision; /* of the lock key whose place it is */
    int64_t most;          /* it is that one, or one further in front */
};

/* To be told of what each transaction read back. */
void place_see(struct place *p, const struct election_reply *reply);

/* As candidate_place(). */
int place_now(const struct place *p, const struct election *e, int64_t now_ms);

#endif
