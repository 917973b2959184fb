/* lock_side.h: one candidacy in a lock's queue on a real etcd. */
#ifndef LOCK_SIDE_H
#define LOCK_SIDE_H

#include "e2e/live.h"
#include "etcd/lock.h"

/* A candidacy, and what its last transaction said. The keys' bytes are good
 * until the next call. */
struct side {
    struct live *live;
    struct lock lock;
    int64_t revision; /* of our lock key, once it is known */
    struct etcd_header header;
    struct lock_view view;
};

/* One with a fresh lease, in the election "leader". */
struct side side(struct live *l, const char *id, int64_t lease);

/* The transactions of the recipe. Returns whether it succeeded. */
void attempt(struct side *s);
bool claim(struct side *s);
bool barrier(struct side *s);
void check(struct side *s); /* which never does */
bool resign(struct side *s);

#endif
