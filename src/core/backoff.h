/* backoff.h: how long to wait before the next try.
 *
 * Delays double from a base to a cap and are jittered, so that many candidates
 * that lost the same server do not come back in step. Pure: the random state
 * is passed in, the clock is the caller's.
 */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t base_ms; /* the first delay's upper bound, > 0 */
    int64_t cap_ms;  /* no delay is longer, >= base_ms */
    unsigned tries;  /* failures since the last backoff_reset() */
};

void backoff_init(struct backoff *b, int64_t base_ms, int64_t cap_ms);

/* The thing worked: the next failure starts at the base again. */
void backoff_reset(struct backoff *b);

/* The delay after one more failure, in ms: evenly drawn from [d/2, d], where
 * d = min(base * 2^failures, cap). random_state as for backoff_random(). */
int64_t backoff_next(struct backoff *b, uint64_t *random_state);

/* The next number of a SplitMix64 sequence; any state is a good start.
 * Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
 * Generators", OOPSLA 2014. Not for secrets. */
uint64_t backoff_random(uint64_t *random_state);

#endif
