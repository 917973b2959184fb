/* place.c: see place.h. */
#include "lib/place.h"

#include <limits.h>

enum { PLACE_NEXT = 2 }; /* who is first, and yet waits, is the next as well */

void place_see(struct place *p, const struct election_reply *reply)
{
    int64_t own = reply->own.create_revision;
    int64_t first = reply->holder.create_revision;
    if (own == 0)
        return;
    bool next = first == own ||
        (first != 0 && first == reply->predecessor.create_revision);
    int64_t most = next ? PLACE_NEXT : reply->queue_n;
    if (p->lock_revision != own || most < p->most)
        *p = (struct place){ .lock_revision = own, .most = most };
}

int place_now(const struct place *p, const struct election *e, int64_t now_ms)
{
    struct election_standing standing;
    int place = election_place(e, now_ms);
    if (place != 0)
        return place;
    if (!election_standing(e, &standing) || !standing.waits ||
        standing.lock_revision != p->lock_revision)
        return 0;
    return p->most > INT_MAX ? INT_MAX : (int)p->most;
}
