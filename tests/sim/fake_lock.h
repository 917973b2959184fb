/* fake_lock.h: the election's transactions, as etcd executes them.
 *
 * Says again, in terms of fake_etcd.h, what the transactions of etcd/lock.h
 * compare, write and read back. tests/unit checks the real ones' bytes.
 */
#ifndef FAKE_LOCK_H
#define FAKE_LOCK_H

#include "sim/fake_etcd.h"

/* Which keys a reply spoke of, and whose IDs they hold; 0 and -1: none. */
struct fake_lock_names {
    int64_t predecessor;
    int64_t holder;
    int leader_owner;
    int holder_owner;
};

/* What is left out, to see the simulator notice it. */
struct fake_lock_sabotage {
    bool claim_unchecked;   /* claims always succeed */
    bool attempt_unchecked; /* attempts always win */
    bool queue_unchecked;   /* claims do not look for older lock keys */
};

/* Execute ATTEMPT, CLAIM, CHECK, BARRIER or RESIGN for the owner.
 * Sets outcome, succeeded, same_id, the keys and header.revision of the reply,
 * and the names. */
void fake_lock_apply(struct fake_etcd *e,
                     const struct election_request *request, int owner,
                     const struct fake_lock_sabotage *sabotage,
                     struct election_reply *ret_reply,
                     struct fake_lock_names *ret_names);

#endif
