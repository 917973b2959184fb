/* torments_process.c: what is done to candidates, guardians and commands; see
 * torments.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "support/procfs.h"
#include "torments_private.h"

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

/* What is open stays open; nothing can be opened. */
static bool limit_descriptors(struct troupe *t, struct torment *m)
{
    struct rlimit few = { 0 };
    m->pid = troupe_main(t, m->player);
    if (m->pid == 0 || prlimit(m->pid, RLIMIT_NOFILE, NULL, &m->limit) < 0)
        return false;
    few.rlim_cur = procfs_descriptors_n(m->pid);
    few.rlim_max = m->limit.rlim_max;
    t->players[m->player].starved = true;
    return prlimit(m->pid, RLIMIT_NOFILE, &few, NULL) == 0;
}

static void lift_limit(struct troupe *t, struct torment *m)
{
    if (troupe_main(t, m->player) == m->pid)
        (void)prlimit(m->pid, RLIMIT_NOFILE, &m->limit, NULL);
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

const struct torment_kind torments_process[] = {
    { "candidate killed", torment_kill_main, NULL, NULL, TORMENT_PROCESS },
    { "candidate stopped", stop_main, NULL, proceed, TORMENT_PROCESS },
    { "candidate told to end", terminate_main, NULL, NULL, TORMENT_PROCESS },
    { "no more descriptors", limit_descriptors, NULL, lift_limit,
      TORMENT_PROCESS },
    { "guardian killed", kill_guardian, NULL, NULL, TORMENT_PROCESS },
    { "guardian stopped", stop_guardian, NULL, proceed, TORMENT_PROCESS },
    { "command killed", kill_command, NULL, NULL, TORMENT_PROCESS },
    { "command stopped", stop_command, NULL, proceed, TORMENT_PROCESS },
};
const size_t torments_process_n = sizeof torments_process /
    sizeof *torments_process;
