/* spawn.c: see spawn.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawn.h"

enum {
    SPAWN_ENVIRONMENT_MAX = 1024,
    SPAWN_EXIT_CANNOT = 127, /* as a shell's "command not found" */
};

static bool is_inherited(const char *variable)
{
    static const char arch[] = "ETCD_UNSUPPORTED_ARCH=";
    if (strncmp(variable, arch, sizeof arch - 1) == 0)
        return true;
    return strncmp(variable, "ETCD_", 5) != 0 &&
        strncmp(variable, "ETCDCTL_", 8) != 0;
}

static size_t add_all(const char **ret_list, size_t n,
                      const char *const *variables, bool inherited)
{
    for (; variables && *variables; variables++) {
        if (inherited && !is_inherited(*variables))
            continue;
        assert_true(n < SPAWN_ENVIRONMENT_MAX);
        ret_list[n++] = *variables;
    }
    return n;
}

static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* SIGKILL, SIGSTOP: refused, which is fine */
}

/* Make fd the child's standard descriptor number; the others are closed on
 * exec. */
static void become_standard(int fd, int number)
{
    if (dup2(fd, number) < 0)
        _exit(SPAWN_EXIT_CANNOT);
}

_Noreturn static void run(const struct spawn *spawn, pid_t parent,
                          const char **environment)
{
    reset_signals();
    if (!spawn->detached) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(SPAWN_EXIT_CANNOT); /* it died before the line above */
    }
    if (spawn->terminal || spawn->detached)
        setsid();
    if (spawn->terminal && ioctl(spawn->in_fd, TIOCSCTTY, 0) != 0)
        _exit(SPAWN_EXIT_CANNOT);
    become_standard(spawn->in_fd, STDIN_FILENO);
    become_standard(spawn->out_fd, STDOUT_FILENO);
    become_standard(spawn->err_fd, STDERR_FILENO);
    /* Also those that the test program was itself given. */
    if (close_range(STDERR_FILENO + 1, UINT_MAX, 0) != 0)
        _exit(SPAWN_EXIT_CANNOT);
    execvpe(spawn->argv[0], (char *const *)spawn->argv,
            (char *const *)environment);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", spawn->argv[0],
            strerror(errno));
    _exit(SPAWN_EXIT_CANNOT);
}

pid_t spawn_child(const struct spawn *spawn)
{
    static const char *environment[SPAWN_ENVIRONMENT_MAX + 1];
    size_t n = add_all(environment, 0, spawn->environment, false);
    n = add_all(environment, n, (const char *const *)environ, true);
    environment[n] = NULL;

    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        run(spawn, parent, environment);
    if (pid < 0)
        fail_msg("fork: %s", strerror(errno));
    return pid;
}

int spawn_wait(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) != pid)
        assert_int_equal(errno, EINTR);
    return status;
}

void spawn_pause(pid_t pid)
{
    assert_int_equal(kill(pid, SIGSTOP), 0);
    siginfo_t info;
    while (waitid(P_PID, (id_t)pid, &info, WSTOPPED) != 0)
        assert_int_equal(errno, EINTR);
    assert_int_equal(info.si_code, CLD_STOPPED);
}

void spawn_resume(pid_t pid)
{
    assert_int_equal(kill(pid, SIGCONT), 0);
}
