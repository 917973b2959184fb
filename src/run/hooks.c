/* hooks.c: see hooks.h. */
#include "run/hooks.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/environment.h"
#include "sys/clock.h"
#include "sys/spawn.h"

enum { ROLE_LANE, LEADER_LANE };

static const char *name_of(enum hook hook)
{
    switch (hook) {
    case HOOK_ELECTED:
        return "--on-elected";
    case HOOK_LOST:
        return "--on-lost";
    case HOOK_LEADER_CHANGE:
        return "--on-leader-change";
    case HOOKS_N:
        break;
    }
    return "";
}

static const char *command_of(const struct hooks *h, enum hook hook)
{
    switch (hook) {
    case HOOK_ELECTED:
        return h->options->on_elected;
    case HOOK_LOST:
        return h->options->on_lost;
    case HOOK_LEADER_CHANGE:
        return h->options->on_leader_change;
    case HOOKS_N:
        break;
    }
    return NULL;
}

void hooks_init(struct hooks *h, const struct options *o,
                const struct signals *signals, struct log *log)
{
    *h = (struct hooks){ .options = o, .signals = signals, .log = log };
}

/* ---- what happens ---- */

static void enqueue(struct hooks *h, enum hook hook,
                    const struct hook_facts *facts)
{
    struct hooks_lane *lane =
        &h->lanes[hook == HOOK_LEADER_CHANGE ? LEADER_LANE : ROLE_LANE];
    if (!command_of(h, hook))
        return;
    lane->skipped_n += lane->waits;
    lane->waits = true;
    lane->next = hook;
    lane->facts = *facts;
}

static void copy(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text ? text : "");
}

static void elected(struct hooks *h, const struct candidate_event *event)
{
    struct hook_facts *facts = &h->facts;
    h->leading = true;
    *facts = (struct hook_facts){ .token = event->token,
                                  .lease = event->lease };
    copy(facts->lock_key, sizeof facts->lock_key, event->lock_key);
    copy(facts->leader_key, sizeof facts->leader_key, event->leader_key);
    copy(facts->leader, sizeof facts->leader, h->options->config.id);
    enqueue(h, HOOK_ELECTED, facts);
    enqueue(h, HOOK_LEADER_CHANGE, facts);
}

static void kill_group(struct hooks_lane *lane)
{
    assert(lane->pid > 0);
    (void)kill(-lane->pid, SIGKILL);
    lane->killed = true;
}

/* It begins no more, and what runs of it must not undo what comes now. */
static void stop_elected(struct hooks *h)
{
    struct hooks_lane *lane = &h->lanes[ROLE_LANE];
    if (lane->waits && lane->next == HOOK_ELECTED)
        lane->waits = false;
    if (lane->pid == 0 || lane->hook != HOOK_ELECTED || lane->killed)
        return;
    kill_group(lane);
    log_write(h->log, CANDIDATE_WARNING,
              "--on-elected: killed: leadership is over");
}

void hooks_lost(struct hooks *h)
{
    if (!h->leading)
        return;
    h->leading = false;
    stop_elected(h);
    h->facts.leader[0] = '\0'; /* nobody is known to lead */
    enqueue(h, HOOK_LOST, &h->facts);
}

void hooks_event(struct hooks *h, const struct candidate_event *event)
{
    struct hook_facts facts = { .token = 0 };
    switch (event->type) {
    case CANDIDATE_ELECTED:
        elected(h, event);
        break;
    case CANDIDATE_FOLLOWING:
        copy(facts.leader, sizeof facts.leader, event->leader);
        enqueue(h, HOOK_LEADER_CHANGE, &facts);
        break;
    case CANDIDATE_LOST:
    case CANDIDATE_ENDED:
        hooks_lost(h);
        break;
    case CANDIDATE_ATTEMPTING:
    case CANDIDATE_ASKED:
    case CANDIDATE_NOTICE:
        break;
    }
}

/* ---- beginning ---- */

static const char *known(const char *text)
{
    return text[0] ? text : NULL;
}

static char **environment_of(const struct hooks *h,
                             const struct hook_facts *facts)
{
    return environment_new(&(struct environment){
        .id = h->options->config.id,
        .election = h->options->config.election,
        .token = facts->token,
        .lease = facts->lease,
        .lock_key = known(facts->lock_key),
        .leader_key = known(facts->leader_key),
        .leader = known(facts->leader),
    });
}

/* Returns 0 or an errno. */
static int spawn(struct hooks *h, struct hooks_lane *lane, int64_t not_after_ms)
{
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char *command = strdup(command_of(h, lane->next));
    char **environment = environment_of(h, &lane->facts);
    int error = ENOMEM;
    if (command && environment)
        error = spawn_start(
            &(struct spawn){
                .argv = (char *[]){ shell, option, command, NULL },
                .environment = environment,
                .aside = true,
                .signals = h->signals,
                .not_after_ms = not_after_ms,
            },
            &lane->pid, &lane->result_fd);
    free(environment);
    free(command);
    return error;
}

static void tell_skipped(struct hooks *h, struct hooks_lane *lane)
{
    if (lane->skipped_n > 0)
        log_write(h->log, CANDIDATE_INFO,
                  "%s: what changed %u time%s meanwhile is not told",
                  name_of(lane->next), lane->skipped_n,
                  lane->skipped_n == 1 ? "" : "s");
    lane->skipped_n = 0;
}

static void begin(struct hooks *h, struct hooks_lane *lane, int64_t now_ms,
                  int64_t lead_until_ms)
{
    bool timely = lane->next != HOOK_ELECTED || now_ms < lead_until_ms;
    lane->waits = false;
    if (!timely)
        return;
    tell_skipped(h, lane);
    int error = spawn(h, lane,
                      lane->next == HOOK_ELECTED ? lead_until_ms : INT64_MAX);
    if (error) {
        lane->pid = 0;
        log_write(h->log, CANDIDATE_ERROR, "%s: cannot be started: %s",
                  name_of(lane->next), strerror(error));
        return;
    }
    lane->pidfd = (int)syscall(SYS_pidfd_open, lane->pid, 0);
    lane->hook = lane->next;
    lane->killed = false;
    lane->kill_at_ms = now_ms + h->options->hook_timeout_ms;
}

/* ---- ending ---- */

/* error  an errno: it has not even begun. */
static void tell_end(struct hooks *h, const struct hooks_lane *lane, int status,
                     int error)
{
    const char *name = name_of(lane->hook);
    if (error == ETIME)
        log_write(h->log, CANDIDATE_WARNING,
                  "%s: not run: leadership was over before", name);
    else if (error)
        log_write(h->log, CANDIDATE_ERROR, "%s: cannot be started: %s", name,
                  strerror(error));
    else if (lane->killed)
        return; /* that was said */
    else if (WIFSIGNALED(status))
        log_write(h->log, CANDIDATE_WARNING, "%s: ended by signal %d", name,
                  WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        log_write(h->log, CANDIDATE_WARNING, "%s: ended with %d", name,
                  WEXITSTATUS(status));
}

/* As long as it is not reaped, no other process and no other group has its
 * number. */
static bool has_ended(struct hooks *h, struct hooks_lane *lane)
{
    siginfo_t info = { .si_pid = 0 };
    int status = 0;
    if (waitid(P_PID, (id_t)lane->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
        0) {
        if (info.si_pid == 0)
            return false;
        (void)kill(-lane->pid, SIGKILL);
        (void)waitpid(lane->pid, &status, 0);
    } /* else another has reaped it, against the rules */
    int error = spawn_result(lane->result_fd);
    (void)close(lane->result_fd);
    if (lane->pidfd >= 0)
        (void)close(lane->pidfd);
    tell_end(h, lane, status, error);
    lane->pid = 0;
    return true;
}

static void kill_late(struct hooks *h, struct hooks_lane *lane, int64_t now_ms)
{
    if (lane->killed || now_ms < lane->kill_at_ms)
        return;
    kill_group(lane);
    log_write(h->log, CANDIDATE_WARNING,
              "%s: killed after %g s, its time limit", name_of(lane->hook),
              h->options->hook_timeout_ms / 1000.0);
}

/* ---- the loop ---- */

void hooks_turn(struct hooks *h, int64_t now_ms, int64_t lead_until_ms)
{
    for (size_t i = 0; i < HOOKS_LANES_N; i++) {
        struct hooks_lane *lane = &h->lanes[i];
        if (lane->pid > 0 && !has_ended(h, lane))
            kill_late(h, lane, now_ms);
        if (lane->pid == 0 && lane->waits)
            begin(h, lane, now_ms, lead_until_ms);
    }
}

void hooks_pollfds(const struct hooks *h,
                   struct pollfd ret_polls[HOOKS_LANES_N])
{
    for (size_t i = 0; i < HOOKS_LANES_N; i++)
        ret_polls[i] = (struct pollfd){
            .fd = h->lanes[i].pid > 0 ? h->lanes[i].pidfd : -1,
            .events = POLLIN,
        };
}

int hooks_timeout_ms(const struct hooks *h, int64_t now_ms, int timeout_ms)
{
    for (size_t i = 0; i < HOOKS_LANES_N; i++) {
        const struct hooks_lane *lane = &h->lanes[i];
        if (lane->pid == 0)
            continue;
        int64_t left_ms = lane->killed ? INT_MAX : lane->kill_at_ms - now_ms;
        if (lane->pidfd < 0 && left_ms > HOOKS_BLIND_MS)
            left_ms = HOOKS_BLIND_MS;
        if (left_ms < 0)
            left_ms = 0;
        if (timeout_ms < 0 || left_ms < timeout_ms)
            timeout_ms = (int)left_ms;
    }
    return timeout_ms;
}

unsigned hooks_pids(const struct hooks *h, pid_t *ret_pids)
{
    unsigned n = 0;
    for (size_t i = 0; i < HOOKS_LANES_N; i++)
        if (h->lanes[i].pid > 0)
            ret_pids[n++] = h->lanes[i].pid;
    return n;
}

/* Returns whether nothing runs or waits any more. */
static bool run_until(struct hooks *h, int64_t end_at_ms)
{
    for (;;) {
        pid_t pids[HOOKS_LANES_N];
        struct pollfd polls[HOOKS_LANES_N];
        int64_t now_ms = clock_now_ms();
        hooks_turn(h, now_ms, 0);
        if (hooks_pids(h, pids) == 0)
            return true;
        if (now_ms >= end_at_ms)
            return false;
        hooks_pollfds(h, polls);
        (void)poll(polls, HOOKS_LANES_N,
                   hooks_timeout_ms(h, now_ms, (int)(end_at_ms - now_ms)));
    }
}

void hooks_finish(struct hooks *h)
{
    if (run_until(h, clock_now_ms() + HOOKS_END_MS))
        return;
    for (size_t i = 0; i < HOOKS_LANES_N; i++) {
        struct hooks_lane *lane = &h->lanes[i];
        if (lane->waits)
            log_write(h->log, CANDIDATE_WARNING, "%s: not run: candidate ends",
                      name_of(lane->next));
        lane->waits = false;
        if (lane->pid == 0 || lane->killed)
            continue;
        kill_group(lane);
        log_write(h->log, CANDIDATE_WARNING, "%s: killed: candidate ends",
                  name_of(lane->hook));
    }
    (void)run_until(h, clock_now_ms() + HOOKS_REAP_MS);
}
