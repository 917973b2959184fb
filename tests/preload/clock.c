/* clock.c: clocks that run faster or slower than the machine's, or jump.
 *
 * Preloaded into the program under test. TORTURE_CLOCK is "FROM PERMILLE": from
 * that instant on, in ns on CLOCK_BOOTTIME, so many permille of the time that
 * passes are shown. CLOCK_BOOTTIME and CLOCK_MONOTONIC are bent alike, and with
 * them timers that are set to an instant, and the limits of waits.
 *
 * TORTURE_WALL_CLOCK is a file with the number of seconds, an int64_t, by which
 * CLOCK_REALTIME alone differs from the machine's; without it that is 0.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { NS = 1000000000, WHOLE = 1000 };

/* "FROM PERMILLE"; without it the machine's clock is shown. */
static int64_t permille(int64_t *ret_from_ns)
{
    const char *text = getenv("TORTURE_CLOCK");
    char *end = NULL;
    *ret_from_ns = text ? strtoll(text, &end, 10) : 0;
    int64_t n = text ? strtoll(end, NULL, 10) : WHOLE;
    return n > 0 ? n : WHOLE;
}

static int64_t ns_of(const struct timespec *t)
{
    return (int64_t)t->tv_sec * NS + t->tv_nsec;
}

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){ .tv_sec = (time_t)(ns / NS),
                              .tv_nsec = (long)(ns % NS) };
}

/* Both clocks begin to differ from the machine's at the same instant. */
static int64_t start_of(clockid_t clock, int64_t from_ns)
{
    struct timespec boot;
    struct timespec other;
    if (clock == CLOCK_BOOTTIME)
        return from_ns;
    (void)syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &boot);
    (void)syscall(SYS_clock_gettime, clock, &other);
    return from_ns + ns_of(&other) - ns_of(&boot);
}

/* Read anew each time: it is asked for seldom. */
static int64_t wall_clock_offset_s(void)
{
    const char *path = getenv("TORTURE_WALL_CLOCK");
    int64_t offset_s = 0;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 || read(fd, &offset_s, sizeof offset_s) != sizeof offset_s)
        offset_s = 0;
    if (fd >= 0)
        close(fd);
    return offset_s;
}

int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    int64_t from_ns;
    int64_t n = permille(&from_ns);
    int r = (int)syscall(SYS_clock_gettime, clock, ret_now);
    if (r == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        ret_now->tv_sec += wall_clock_offset_s();
    if (r < 0 || n == WHOLE ||
        (clock != CLOCK_BOOTTIME && clock != CLOCK_MONOTONIC))
        return r;
    int64_t start_ns = start_of(clock, from_ns);
    int64_t passed_ns = (ns_of(ret_now) - start_ns) / WHOLE * n;
    *ret_now = timespec_of(start_ns + passed_ns);
    return r;
}

time_t time(time_t *ret_now)
{
    struct timespec now = { 0 };
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret_now)
        *ret_now = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *ret_now, void *zone)
{
    struct timespec now = { 0 };
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *ret_now = (struct timeval){ .tv_sec = now.tv_sec,
                                 .tv_usec = now.tv_nsec / 1000 };
    return 0;
}

/* When the machine's clock shows what the bent one shows then. */
static struct itimerspec unbend(const struct itimerspec *when)
{
    int64_t from_ns;
    int64_t n = permille(&from_ns);
    struct itimerspec real = *when;
    if (ns_of(&when->it_value) != 0)
        real.it_value = timespec_of(
            from_ns + (ns_of(&when->it_value) - from_ns) / n * WHOLE);
    return real;
}

/* In this program instants of timers are those of CLOCK_BOOTTIME. */
int timer_settime(timer_t timer, int flags, const struct itimerspec *when,
                  struct itimerspec *ret_before)
{
    void *symbol = dlsym(RTLD_NEXT, "timer_settime");
    int (*next)(timer_t, int, const struct itimerspec *, struct itimerspec *);
    memcpy(&next, &symbol, sizeof next);
    struct itimerspec real = flags & TIMER_ABSTIME ? unbend(when) : *when;
    return next(timer, flags, &real, ret_before);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *when,
                    struct itimerspec *ret_before)
{
    struct itimerspec real = flags & TFD_TIMER_ABSTIME ? unbend(when) : *when;
    return (int)syscall(SYS_timerfd_settime, fd, flags, &real, ret_before);
}

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    int64_t from_ns;
    int64_t rate = permille(&from_ns);
    int64_t real_ms = timeout_ms > 0 ? (int64_t)timeout_ms * WHOLE / rate
                                     : timeout_ms;
    return (int)syscall(SYS_poll, fds, n, (int)real_ms);
}
