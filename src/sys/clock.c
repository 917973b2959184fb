/* clock.c: see clock.h. */
#include "sys/clock.h"

#include <stdlib.h>
#include <time.h>

static int64_t read_ms(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) < 0)
        abort();
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}
