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
static const int taken_more[] = { SIGINT,  SIGUSR1, SIGUSR2, SIGWINCH,
                                  SIGTSTP, SIGCONT, SIGCHLD };

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

/* What was ignored stays so: blocked, it would come all the same. */
static int take(struct signals *s, const int *numbers, size_t n,
                struct candidate_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!signals_ignored(numbers[i]))
            sigaddset(&s->taken, numbers[i]);
    if (sigprocmask(SIG_BLOCK, &s->taken, NULL) < 0)
        return error_set(err, CANDIDATE_ESYSTEM, "sigprocmask: %s",
                         strerror(errno));
    int fd = signalfd(s->fd, &s->taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return error_set(err, CANDIDATE_ESYSTEM, "signalfd: %s",
                         strerror(errno));
    s->fd = fd;
    return 0;
}

int signals_init(struct signals *s, struct candidate_error *err)
{
    *s = (struct signals){ .fd = -1 };
    sigemptyset(&s->taken);
    sigemptyset(&s->ignored);
    for (int number = 1; number < NSIG; number++)
        if (signals_ignored(number))
            sigaddset(&s->ignored, number);
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        (void)signal(unwanted[i], SIG_IGN);
    return take(s, taken, sizeof taken / sizeof *taken, err);
}

int signals_take_more(struct signals *s, struct candidate_error *err)
{
    (void)signal(SIGCHLD, SIG_DFL); /* or children leave no news of their end */
    return take(s, taken_more, sizeof taken_more / sizeof *taken_more, err);
}

void signals_obey(const struct signals *s, int number)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    (void)raise(number);
    (void)sigprocmask(SIG_UNBLOCK, &one, NULL); /* there it comes */
    (void)sigprocmask(SIG_BLOCK, &s->taken, NULL);
}

void signals_restore(const struct signals *s)
{
    for (int number = 1; number < NSIG; number++) /* some refuse: fine */
        (void)signal(number,
                     sigismember(&s->ignored, number) == 1 ? SIG_IGN : SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
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
