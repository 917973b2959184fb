/* guardian.c: see guardian.h. */
#include "run/guardian.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/guardian_private.h"
#include "sys/clock.h"
#include "sys/error.h"

/* All signals are blocked meanwhile: none ends the guardian before it can block
 * them itself. */
static pid_t fork_blocked(const struct guardian_config *config,
                          const int ends[2])
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        guardian_run(config, ends[1]);
    int error = errno;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

int guardian_start(struct guardian *g, const struct guardian_config *config,
                   struct candidate_error *err)
{
    int ends[2];
    *g = (struct guardian){ .fd = -1 };
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   ends) < 0)
        return error_set(err, CANDIDATE_ESYSTEM,
                         "cannot start a guardian: socketpair: %s",
                         strerror(errno));
    pid_t pid = fork_blocked(config, ends);
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return error_set(err, CANDIDATE_ESYSTEM,
                         "cannot start a guardian: fork: %s", strerror(error));
    }
    (void)setpgid(pid, pid); /* whoever of the two is first */
    g->pid = pid;
    g->fd = ends[0];
    return 0;
}

struct pollfd guardian_pollfd(const struct guardian *g)
{
    return (struct pollfd){ .fd = g->fd, .events = POLLIN };
}

bool guardian_next(struct guardian *g, struct guardian_message *ret_message)
{
    if (g->fd < 0)
        return false;
    ssize_t n = recv(g->fd, ret_message, sizeof *ret_message, 0);
    if (n == (ssize_t)sizeof *ret_message)
        return true;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    /* It is about to die, or already dead. */
    guardian_kill(g);
    close(g->fd);
    g->fd = -1;
    return false;
}

void guardian_send(struct guardian *g, const struct guardian_message *message)
{
    if (g->fd < 0)
        return;
    if (send(g->fd, message, sizeof *message, MSG_NOSIGNAL) < 0)
        guardian_kill(g);
}

void guardian_kill(struct guardian *g)
{
    if (g->pid > 0) /* our child, and not reaped: the number is its own */
        (void)kill(g->pid, SIGKILL);
}

bool guardian_gone(struct guardian *g)
{
    if (g->pid == 0)
        return false;
    bool killed = g->fd < 0;
    if (waitpid(g->pid, NULL, killed ? 0 : WNOHANG) != g->pid)
        return false;
    if (g->fd >= 0)
        close(g->fd);
    *g = (struct guardian){ .fd = -1 };
    return true;
}

/* It closes its end of the socket by ending, and sends nothing before. */
static void await_end(const struct guardian *g)
{
    int64_t end_at_ms = clock_now_ms() + GUARDIAN_END_MS;
    struct pollfd closed = { .fd = g->fd };
    for (int64_t left_ms = GUARDIAN_END_MS; left_ms > 0;
         left_ms = end_at_ms - clock_now_ms())
        if (poll(&closed, 1, (int)left_ms) > 0)
            return;
}

void guardian_end(struct guardian *g)
{
    if (g->pid == 0)
        return;
    guardian_send(g, &(struct guardian_message){ .type = GUARDIAN_END });
    if (g->fd >= 0)
        await_end(g);
    guardian_kill(g); /* or its heir, should that be stopped */
    (void)waitpid(g->pid, NULL, 0);
    if (g->fd >= 0)
        close(g->fd);
    *g = (struct guardian){ .fd = -1 };
}
