/* spawn.c: see spawn.h. */
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/execute.h"
#include "sys/fd.h"

enum {
    SPAWN_EXIT_CANNOT = 127, /* nobody looks at it: the errno is told */
    SPAWN_RESULT_FD = 3,
};

/* SIGTTOU is not ignored any more, but still blocked. */
static void take_foreground(pid_t giver)
{
    if (tcgetpgrp(STDIN_FILENO) == giver)
        (void)tcsetpgrp(STDIN_FILENO, getpid());
}

static int keep_result_fd_only(int fd)
{
    if (fd != SPAWN_RESULT_FD &&
        dup3(fd, SPAWN_RESULT_FD, O_CLOEXEC) != SPAWN_RESULT_FD)
        return errno;
    return fd_close_from(SPAWN_RESULT_FD + 1);
}

/* Returns 0 or an errno. What is open too much is closed later. */
static int step_aside(void)
{
    int empty = open("/dev/null", O_RDONLY);
    if (empty < 0 || dup2(empty, STDIN_FILENO) < 0 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return errno;
    return 0;
}

/* The whole life of the child until it is another program. */
_Noreturn static void become(const struct spawn *s, pid_t parent, int fd)
{
    sigset_t all;
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(SPAWN_EXIT_CANNOT);
    (void)setpgid(0, 0);
    if (s->cgroup)
        cgroup_join(s->cgroup);
    if (s->environment)
        environ = s->environment;
    int error = 0;
    if (s->aside)
        error = step_aside();
    else
        take_foreground(s->giver);
    if (error == 0)
        error = keep_result_fd_only(fd);
    if (error == 0) {
        fd = SPAWN_RESULT_FD;
        signals_restore(s->signals);
        error = clock_now_ms() >= s->not_after_ms ? ETIME : execute(s->argv);
    }
    (void)!write(fd, &error, sizeof error);
    _exit(SPAWN_EXIT_CANNOT);
}

int spawn_start(const struct spawn *s, pid_t *ret_pid, int *ret_fd)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    pid_t self = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become(s, self, ends[1]);
    int error = pid < 0 ? errno : 0;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return error;
    }
    (void)setpgid(pid, pid); /* whoever of the two is first */
    *ret_pid = pid;
    *ret_fd = ends[0];
    return 0;
}

int spawn_result(int fd)
{
    int error = 0;
    ssize_t n;
    do
        n = read(fd, &error, sizeof error);
    while (n < 0 && errno == EINTR);
    return n == sizeof error ? error : 0;
}
