/* clock.h: the one clock that anything is decided by, and the one on the wall. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Milliseconds on CLOCK_BOOTTIME, which goes on during suspend and does not
 * jump when the wall clock is set. Never fails on Linux >= 2.6.39; aborts if
 * it does, since nothing safe can be done without a clock. */
int64_t clock_now_ms(void);

/* Milliseconds since 1970, in UTC, for people to read: it may jump. */
int64_t clock_wall_ms(void);

#endif
