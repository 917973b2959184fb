/* supervision_guardian.c: what the guardian tells, and what becomes of it. */
#include "run/supervision_private.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "sys/clock.h"
#include "sys/tree.h"

/* ---- its messages ---- */

static int exit_code_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void exited(struct supervision *s, const struct candidate *c,
                   int exit_code)
{
    supervision_step(s, c,
                     &(struct supervise_event){ .type = SUPERVISE_EXITED,
                                                .exit_code = exit_code });
}

static void on_failed(struct supervision *s, const struct candidate *c,
                      int error)
{
    log_write(s->log, CANDIDATE_ERROR, "%s: cannot be started: %s",
              s->options->command[0], strerror(error));
    exited(s, c,
           error == ENOENT ? OPTIONS_EXIT_NOT_FOUND : OPTIONS_EXIT_CANNOT);
}

static void on_exited(struct supervision *s, const struct candidate *c,
                      int status)
{
    terminal_take_back(&s->terminal, s->command, WIFSIGNALED(status));
    s->command = 0;
    exited(s, c, exit_code_of(status));
}

static void on_message(struct supervision *s, const struct candidate *c,
                       const struct guardian_message *message)
{
    switch (message->type) {
    case GUARDIAN_STARTED:
        s->command = message->number;
        return;
    case GUARDIAN_FAILED:
        on_failed(s, c, message->number);
        return;
    case GUARDIAN_EXITED:
        on_exited(s, c, message->number);
        return;
    case GUARDIAN_STOPPED:
        terminal_take_back(&s->terminal, s->command, true);
        return;
    case GUARDIAN_EMPTY:
        supervision_tick(s, c, SUPERVISE_EMPTY);
        return;
    case GUARDIAN_START:
    case GUARDIAN_SIGNAL:
    case GUARDIAN_KILL:
    case GUARDIAN_END:
        break;
    }
    assert(false && "that is what we tell the guardian");
}

/* ---- its death ---- */

int supervision_kill_orphans(const struct supervision *s)
{
    pid_t spare[HOOKS_LANES_N];
    cgroup_kill(&s->cgroup);
    return tree_kill(spare, hooks_pids(s->hooks, spare), 0);
}

static void on_guardian_gone(struct supervision *s, const struct candidate *c)
{
    bool idle = supervise_idle(&s->machine);
    log_write(s->log, CANDIDATE_ERROR,
              "the guardian has died: another is started%s",
              idle ? "" : " when nothing of the command is left");
    if (!s->commanded)
        return;
    s->orphans = true;
    terminal_take_back(&s->terminal, s->command, true);
    s->command = 0;
    supervision_tick(s, c, SUPERVISE_ORPHANED);
}

/* What the guardian left is below us now. */
static void bury_orphans(struct supervision *s, const struct candidate *c)
{
    if (!s->orphans || supervision_kill_orphans(s) != 0)
        return;
    s->orphans = false;
    supervision_tick(s, c, SUPERVISE_EMPTY);
}

/* What hooks have left behind comes to us, and ends. */
static void reap_strangers(const struct supervision *s)
{
    pid_t known[HOOKS_LANES_N + 1];
    unsigned known_n = hooks_pids(s->hooks, known);
    known[known_n] = s->guardian.pid;
    tree_reap(known, known_n + 1);
}

static void replace_guardian(struct supervision *s, const struct candidate *c)
{
    struct candidate_error err = { 0 };
    int64_t now_ms = clock_now_ms();
    if (s->guardian.pid > 0 || s->orphans || now_ms < s->guardian_at_ms)
        return;
    s->guardian_at_ms = now_ms + SUPERVISION_RETRY_MS;
    int r = guardian_start(&s->guardian, &s->guardian_config, &err);
    if (r < 0 && !s->said_failed)
        log_write(s->log, CANDIDATE_ERROR, "%s", err.message);
    s->said_failed = r < 0;
    if (r == 0 && s->commanded)
        supervision_tick(s, c, SUPERVISE_GUARDED);
}

void supervision_news(struct supervision *s, const struct candidate *c)
{
    struct guardian_message message;
    if (!s->wanted)
        return;
    while (guardian_next(&s->guardian, &message))
        on_message(s, c, &message);
    if (guardian_gone(&s->guardian))
        on_guardian_gone(s, c);
    bury_orphans(s, c);
    reap_strangers(s);
    replace_guardian(s, c);
}
