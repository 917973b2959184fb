/* clock.h: the one clock. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Milliseconds on CLOCK_BOOTTIME, which goes on during suspend and does not
 * jump when the wall clock is set. Never fails on Linux >= 2.6.39; aborts if
 * it does, since nothing safe can be done without a clock. */
int64_t clock_now_ms(void);

#endif
