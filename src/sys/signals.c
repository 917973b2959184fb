/* signals.c: see signals.h. A blocked signal interrupts no system call and
 * runs no handler; signalfd(2) gives it out when we ask. */
#include "sys/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sys/error.h"

static const int taken[] = { SIGTERM, SIGHUP };

/* Of SIGXFSZ and SIGPIPE, write() tells by itself. With the other two a
 * background job may write to its terminal even under `stty tostop`, and gets
 * EIO when it reads. */
static const int unwanted[] = { SIGPIPE, SIGXFSZ, SIGTTIN, SIGTTOU };

bool signals_ignored(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 &&
        action.sa_handler == SIG_IGN;
}

int signals_init(struct signals *s, struct candidate_error *err)
{
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        (void)signal(unwanted[i], SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (!signals_ignored(
                taken[i])) /* blocked, it would come all the same */
            sigaddset(&set, taken[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return error_set(err, CANDIDATE_ESYSTEM, "sigprocmask: %s",
                         strerror(errno));
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return error_set(err, CANDIDATE_ESYSTEM, "signalfd: %s",
                         strerror(errno));
    s->fd = fd;
    return 0;
}

struct pollfd signals_pollfd(const struct signals *s)
{
    return (struct pollfd){ .fd = s->fd, .events = POLLIN };
}

int signals_next(struct signals *s)
{
    struct signalfd_siginfo info;
    ssize_t n = read(s->fd, &info, sizeof info);
    return n == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}
