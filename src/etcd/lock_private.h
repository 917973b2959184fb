/* lock_private.h: what lock.c and lock_parse.c share; for them alone.
 *
 * A transaction's reply has the results of the branch that was taken, by
 * position: the positions have names, for builder and reader alike.
 */
#ifndef LOCK_PRIVATE_H
#define LOCK_PRIVATE_H

#include "etcd/lock.h"

/* What is read back when an attempt does not lead straight away. */
enum {
    ATTEMPT_ENQUEUE, /* txn: put our lock key unless it is there */
    ATTEMPT_OWN,
    ATTEMPT_NEWEST, /* two, the newest first */
    ATTEMPT_LEADER,
    ATTEMPT_HOLDER,
    ATTEMPT_ID_BEFORE, /* txn: has a lock key before ours our ID? */
    ATTEMPT_ID_BEHIND,
    ATTEMPT_RESULTS,
};

/* And by the other transactions. */
enum {
    VIEW_OWN,
    VIEW_PREDECESSOR,
    VIEW_LEADER,
    VIEW_HOLDER,
    VIEW_RESULTS,
};

#endif
