/* backoff.c: see backoff.h. */
#include "core/backoff.h"

#include <assert.h>

enum { DOUBLINGS_MAX = 30 };

void backoff_init(struct backoff *b, int64_t base_ms, int64_t cap_ms)
{
    assert(base_ms > 0);
    assert(cap_ms >= base_ms);
    *b = (struct backoff){ .base_ms = base_ms, .cap_ms = cap_ms };
}

void backoff_reset(struct backoff *b)
{
    b->tries = 0;
}

int64_t backoff_next(struct backoff *b, uint64_t *random_state)
{
    int64_t bound_ms = b->base_ms;
    for (unsigned i = 0; i < b->tries && bound_ms < b->cap_ms; i++)
        bound_ms *= 2;
    if (bound_ms > b->cap_ms)
        bound_ms = b->cap_ms;
    if (b->tries < DOUBLINGS_MAX)
        b->tries++;
    int64_t half_ms = bound_ms / 2;
    uint64_t spread = (uint64_t)(bound_ms - half_ms) + 1;
    return half_ms + (int64_t)(backoff_random(random_state) % spread);
}

uint64_t backoff_random(uint64_t *random_state)
{
    uint64_t z = *random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
