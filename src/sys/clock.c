/* clock.c: the one clock. */
#include "sys/clock.h"

#include <stdlib.h>
#include <time.h>

int64_t clock_now_ms(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
        abort();
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
