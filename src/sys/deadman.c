/* deadman.c: see deadman.h. */
#include "sys/deadman.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sys/error.h"

int deadman_init(struct deadman *d, int signal, struct candidate_error *err)
{
    assert(signal == SIGKILL || signal == SIGCONT);
    struct sigevent how = { .sigev_notify = SIGEV_SIGNAL,
                            .sigev_signo = signal };
    if (timer_create(CLOCK_BOOTTIME, &how, &d->timer) < 0)
        return error_set(err, CANDIDATE_ESYSTEM, "timer_create: %s",
                         strerror(errno));
    d->at_ms = 0;
    return 0;
}

void deadman_set(struct deadman *d, int64_t at_ms)
{
    assert(at_ms >= 0);
    if (at_ms == d->at_ms)
        return;
    struct itimerspec when = {
        .it_value = { .tv_sec = (time_t)(at_ms / 1000),
                      .tv_nsec = (long)(at_ms % 1000) * 1000000 },
    };
    /* Without it nothing that is promised holds. */
    if (timer_settime(d->timer, TIMER_ABSTIME, &when, NULL) < 0)
        abort();
    d->at_ms = at_ms;
}
