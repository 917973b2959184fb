/* enclosure.c: see enclosure.h. */
#include "enclosure.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "sys/tree.h"

enum { LOOK_AGAIN_MS = 20, LOOKS_MAX = 500 };

static const int enders[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
enum { ENDERS_N = sizeof enders / sizeof *enders };

/* ---- beside the campaign ---- */

static int await_end(pid_t campaign, const sigset_t *awaited, int *ret_status)
{
    for (;;) {
        int number = sigwaitinfo(awaited, NULL);
        if (number > 0 && number != SIGCHLD)
            return number;
        if (waitpid(campaign, ret_status, WNOHANG) == campaign)
            return 0;
    }
}

static void end_what_is_left(void)
{
    for (int i = 0; i < LOOKS_MAX && tree_kill(NULL, 0, 0) > 0; i++)
        (void)nanosleep(
            &(struct timespec){ .tv_nsec = LOOK_AGAIN_MS * 1000000L }, NULL);
}

/* End as the campaign did, or by the signal that is to end us. */
_Noreturn static void stay_beside(pid_t campaign, const sigset_t *awaited)
{
    int status = 0;
    int number = await_end(campaign, awaited, &status);
    end_what_is_left();
    memory_group_remove();
    if (number == 0 && WIFEXITED(status))
        exit(WEXITSTATUS(status));
    if (number == 0)
        number = WTERMSIG(status);
    (void)signal(number, SIG_DFL);
    (void)sigprocmask(SIG_UNBLOCK, awaited, NULL);
    (void)raise(number);
    exit(1);
}

/* ---- the campaign ---- */

/* In a new namespace of processes: those are what /proc shows then. */
static bool furnish(void)
{
    return unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
              NULL) == 0 &&
        (access("/dev/shm", F_OK) < 0 ||
         mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, NULL) == 0);
}

/* The child is the first process of its namespace. */
static pid_t fork_apart(bool apart)
{
    if (apart && unshare(CLONE_NEWPID) < 0)
        return -1;
    return fork();
}

/* A process that tries: what has been unshared cannot be taken back. */
static bool can_be_apart(void)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        pid_t inner = fork_apart(true);
        if (inner == 0)
            _exit(!furnish());
        if (inner < 0 || waitpid(inner, &status, 0) != inner)
            _exit(1);
        _exit(status != 0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool enclosure_enter(void)
{
    sigset_t awaited;
    sigset_t before;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    for (int i = 0; i < ENDERS_N; i++)
        sigaddset(&awaited, enders[i]);
    bool apart = can_be_apart();
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ||
        sigprocmask(SIG_BLOCK, &awaited, &before) < 0)
        abort();
    pid_t campaign = fork_apart(apart);
    if (campaign < 0)
        abort();
    if (campaign > 0)
        stay_beside(campaign, &awaited);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (sigprocmask(SIG_SETMASK, &before, NULL) < 0 || (apart && !furnish()))
        abort();
    return apart;
}
