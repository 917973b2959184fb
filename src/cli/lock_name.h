/* lock_name.h: what a lock is called: its ID or, when that is empty (etcdctl lock
 * puts none), its key. */
#ifndef LOCK_NAME_H
#define LOCK_NAME_H

#include "candidate.h"

static inline const char *lock_name(const struct candidate_lock *lock)
{
    return lock->id[0] ? lock->id : lock->key;
}

#endif
