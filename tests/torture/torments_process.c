/* torments_process.c: what is done to candidates, guardians and commands; see
 * torments.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "memory.h"
#include "support/procfs.h"
#include "torments_private.h"

enum {
    PATH_BYTES_MAX = 64,
    STACK_BYTES = 256 * 1024,
    LEAST_BYTES = 1,  /* the kernel takes 0 for no limit, for Valgrind */
    WALL_STEP_S = 86, /* a thousand of them are a day */
};

/* ---- ended and stopped ---- */

static bool send(pid_t pid, int number)
{
    return pid > 0 && kill(pid, number) == 0;
}

static bool stop(struct torment *m, pid_t pid)
{
    m->pid = pid;
    return send(pid, SIGSTOP);
}

static void proceed(struct troupe *t, struct torment *m)
{
    (void)t;
    (void)send(m->pid, SIGCONT);
}

bool torment_kill_main(struct troupe *t, struct torment *m)
{
    t->players[m->player].killed = true;
    return send(troupe_main(t, m->player), SIGKILL);
}

static bool stop_main(struct troupe *t, struct torment *m)
{
    return stop(m, troupe_main(t, m->player));
}

static bool terminate_main(struct troupe *t, struct torment *m)
{
    return send(troupe_main(t, m->player), SIGTERM);
}

static bool kill_guardian(struct troupe *t, struct torment *m)
{
    return send(troupe_guardian(t, m->player), SIGKILL);
}

static bool stop_guardian(struct troupe *t, struct torment *m)
{
    return stop(m, troupe_guardian(t, m->player));
}

static bool kill_command(struct troupe *t, struct torment *m)
{
    return send(troupe_command(t, m->player), SIGKILL);
}

static bool stop_command(struct troupe *t, struct torment *m)
{
    return stop(m, troupe_command(t, m->player));
}

/* ---- the two together ---- */

static bool kill_both(struct troupe *t, struct torment *m)
{
    pid_t guardian = troupe_guardian(t, m->player);
    return torment_kill_main(t, m) && send(guardian, SIGKILL);
}

static bool stop_both(struct troupe *t, struct torment *m)
{
    m->guardian = troupe_guardian(t, m->player);
    return stop_main(t, m) && send(m->guardian, SIGSTOP);
}

static void proceed_both(struct troupe *t, struct torment *m)
{
    (void)send(m->guardian, SIGCONT);
    proceed(t, m);
}

/* ---- out of memory ---- */

/* By the kernel, or, where it cannot be had, by us. */
static bool exhaust(struct troupe *t, pid_t pid)
{
    if (pid == 0)
        return false;
    if (memory_exhaust(pid)) {
        t->exhausted_n++;
        return true;
    }
    return send(pid, SIGKILL);
}

static bool exhaust_main(struct troupe *t, struct torment *m)
{
    t->players[m->player].killed = true;
    return exhaust(t, troupe_main(t, m->player));
}

static bool exhaust_guardian(struct troupe *t, struct torment *m)
{
    return exhaust(t, troupe_guardian(t, m->player));
}

static bool exhaust_command(struct troupe *t, struct torment *m)
{
    return exhaust(t, troupe_command(t, m->player));
}

/* ---- limits ---- */

/* At most so much from now on. What it has, it keeps. */
static bool limit(struct troupe *t, struct torment *m, pid_t pid,
                  unsigned resource, rlim_t most)
{
    struct rlimit few = { .rlim_cur = most };
    m->pid = pid;
    m->resource = resource;
    if (pid == 0 || prlimit(pid, resource, NULL, &m->limit) < 0)
        return false;
    few.rlim_max = m->limit.rlim_max;
    t->players[m->player].starved = true;
    return prlimit(pid, resource, &few, NULL) == 0;
}

static bool limit_descriptors(struct troupe *t, struct torment *m)
{
    pid_t pid = troupe_main(t, m->player);
    return limit(t, m, pid, RLIMIT_NOFILE, pid ? procfs_descriptors_n(pid) : 0);
}

/* Stacks may still grow: without that nobody can run. */
static bool limit_memory(struct troupe *t, struct torment *m, pid_t pid)
{
    if (m->random % 2 || pid == 0)
        return limit(t, m, pid, RLIMIT_DATA, LEAST_BYTES);
    return limit(t, m, pid, RLIMIT_AS, procfs_address_space(pid) + STACK_BYTES);
}

static bool limit_memory_of_main(struct troupe *t, struct torment *m)
{
    return limit_memory(t, m, troupe_main(t, m->player));
}

static bool limit_memory_of_guardian(struct troupe *t, struct torment *m)
{
    return limit_memory(t, m, troupe_guardian(t, m->player));
}

/* A guardian that was started meanwhile has the limits of its parent. */
static void lift_limit(struct troupe *t, struct torment *m)
{
    pid_t pids[] = { troupe_main(t, m->player), troupe_guardian(t, m->player) };
    for (int i = 0; i < 2; i++)
        if (pids[i] > 0)
            (void)prlimit(pids[i], m->resource, &m->limit, NULL);
}

/* ---- output ---- */

/* Fill the pipe, as if nobody had read for long. */
static void fill(pid_t pid, int descriptor)
{
    char path[PATH_BYTES_MAX];
    static const char line[] = "filling\n";
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, descriptor);
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fcntl(fd, F_SETPIPE_SZ, PIPE_BUF);
    while (write(fd, line, sizeof line - 1) > 0)
        continue;
    close(fd);
}

static bool block_output(struct troupe *t, struct torment *m)
{
    m->pid = troupe_main(t, m->player);
    if (m->pid == 0)
        return false;
    process_hold_output(t->players[m->player].process, true);
    fill(m->pid, STDOUT_FILENO);
    fill(m->pid, STDERR_FILENO);
    return true;
}

static void read_output(struct troupe *t, struct torment *m)
{
    if (troupe_main(t, m->player) == m->pid)
        process_hold_output(t->players[m->player].process, false);
}

static bool close_output(struct troupe *t, struct torment *m)
{
    if (troupe_main(t, m->player) == 0)
        return false;
    process_close_output(t->players[m->player].process);
    process_close_errors(t->players[m->player].process);
    return true;
}

/* ---- the wall clock ---- */

static int64_t step_s(const struct torment *m)
{
    return ((int64_t)m->random + 1) * WALL_STEP_S;
}

static bool jump_ahead(struct troupe *t, struct torment *m)
{
    troupe_set_wall_clock(t, m->player, step_s(m));
    return troupe_main(t, m->player) > 0;
}

static bool jump_back(struct troupe *t, struct torment *m)
{
    troupe_set_wall_clock(t, m->player, -step_s(m));
    return troupe_main(t, m->player) > 0;
}

/* Another jump. */
static void jump_home(struct troupe *t, struct torment *m)
{
    troupe_set_wall_clock(t, m->player, 0);
}

/* ---- the list ---- */

const struct torment_kind torments_process[] = {
    { "candidate killed", torment_kill_main, NULL, NULL, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "candidate stopped", stop_main, NULL, proceed, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "candidate told to end", terminate_main, NULL, NULL, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "guardian killed", kill_guardian, NULL, NULL, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "guardian stopped", stop_guardian, NULL, proceed, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "candidate and guardian killed", kill_both, NULL, NULL, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "candidate and guardian stopped", stop_both, NULL, proceed_both,
      TORMENT_PROCESS, CLUSTER_NOTHING },
    { "command killed", kill_command, NULL, NULL, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "command stopped", stop_command, NULL, proceed, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "candidate's memory used up", exhaust_main, NULL, NULL, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "guardian's memory used up", exhaust_guardian, NULL, NULL,
      TORMENT_PROCESS, CLUSTER_NOTHING },
    { "command's memory used up", exhaust_command, NULL, NULL, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "no more memory for candidate", limit_memory_of_main, NULL, lift_limit,
      TORMENT_PROCESS, CLUSTER_NOTHING },
    { "no more memory for guardian", limit_memory_of_guardian, NULL, lift_limit,
      TORMENT_PROCESS, CLUSTER_NOTHING },
    { "no more descriptors", limit_descriptors, NULL, lift_limit,
      TORMENT_PROCESS, CLUSTER_NOTHING },
    { "output that nobody reads", block_output, NULL, read_output,
      TORMENT_PROCESS, CLUSTER_NOTHING },
    { "output whose reader is gone", close_output, NULL, NULL, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "wall clock jumps ahead", jump_ahead, NULL, jump_home, TORMENT_PROCESS,
      CLUSTER_NOTHING },
    { "wall clock jumps back", jump_back, NULL, jump_home, TORMENT_PROCESS,
      CLUSTER_NOTHING },
};
const size_t torments_process_n = sizeof torments_process /
    sizeof *torments_process;
