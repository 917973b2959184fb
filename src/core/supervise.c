/* supervise.c: see supervise.h. */
#include "core/supervise.h"

#include <assert.h>
#include <stddef.h>

static void set_state(struct supervise *s, enum supervise_state state)
{
    static const bool legal[][SUPERVISE_KILLING + 1] = {
        [SUPERVISE_IDLE] = { [SUPERVISE_RUNNING] = true },
        [SUPERVISE_RUNNING] = { [SUPERVISE_STOPPING] = true,
                                [SUPERVISE_KILLING] = true,
                                [SUPERVISE_IDLE] = true },
        [SUPERVISE_STOPPING] = { [SUPERVISE_KILLING] = true,
                                 [SUPERVISE_IDLE] = true },
        [SUPERVISE_KILLING] = { [SUPERVISE_IDLE] = true },
    };
    assert(legal[s->state][state]);
    s->state = state;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* From when on a command has to end because our time does. */
static int64_t stop_at_ms(const struct supervise *s)
{
    int64_t before_ms = s->config.grace_ms > SUPERVISE_KILL_EARLY_MS
        ? s->config.grace_ms
        : SUPERVISE_KILL_EARLY_MS;
    return s->lead_until_ms - before_ms;
}

static int64_t kill_at_ms(const struct supervise *s)
{
    return least(s->stop_until_ms, s->lead_until_ms - SUPERVISE_KILL_EARLY_MS);
}

static void stop(struct supervise *s, int64_t now_ms)
{
    s->stop_until_ms = now_ms + s->config.grace_ms;
    set_state(s, SUPERVISE_STOPPING);
}

static void kill_all(struct supervise *s, int64_t now_ms,
                     struct supervise_actions *to)
{
    to->kill = true;
    to->kill_guardian = s->state == SUPERVISE_KILLING;
    s->kill_again_at_ms = now_ms + SUPERVISE_KILL_AGAIN_MS;
    if (s->state != SUPERVISE_KILLING)
        set_state(s, SUPERVISE_KILLING);
}

/* The first reason decides what the program exits with. */
static void end(struct supervise *s, int exit_code)
{
    s->ending = true;
    if (s->exit_code == SUPERVISE_NOT_ENDED)
        s->exit_code = exit_code;
}

/* ---- what has happened ---- */

/* A command that was told to end has not ended by itself; its code counts only
 * if we are to end as well. What it leaves behind does not outlive it. */
static void on_exited(struct supervise *s, const struct supervise_event *event,
                      struct supervise_actions *to)
{
    if (s->state == SUPERVISE_IDLE)
        return;
    if (s->state == SUPERVISE_RUNNING || s->ending)
        end(s, event->exit_code);
    if (s->state != SUPERVISE_KILLING)
        kill_all(s, event->now_ms, to);
}

static void on_empty(struct supervise *s)
{
    if (s->state == SUPERVISE_IDLE)
        return;
    set_state(s, SUPERVISE_IDLE);
    s->token = 0;
    if (s->time_was_up && s->config.once && !s->ending)
        end(s, SUPERVISE_EXIT_LOST);
}

static void on_orphaned(struct supervise *s,
                        const struct supervise_event *event,
                        struct supervise_actions *to)
{
    s->unguarded = true;
    s->start_at_ms = event->now_ms + SUPERVISE_RESTART_MS;
    if (s->state == SUPERVISE_IDLE)
        return;
    if (s->state != SUPERVISE_KILLING)
        kill_all(s, event->now_ms, to);
    to->kill = true;
}

static void on_leave(struct supervise *s, const struct supervise_event *event,
                     struct supervise_actions *to)
{
    s->ending = true;
    if (s->state == SUPERVISE_RUNNING)
        stop(s, event->now_ms);
    if (s->state != SUPERVISE_STOPPING)
        return;
    to->signal = event->signal;
    to->terminate = event->signal == 0;
    to->proceed = true;
}

/* With once it is as if it were lost: there is nothing that we would queue
 * for. */
static void give_up(struct supervise *s, int64_t token)
{
    s->yield_token = token;
    if (s->config.once)
        end(s, SUPERVISE_EXIT_LOST);
}

/* Of another leadership nothing was asked. */
static void on_yield(struct supervise *s, const struct supervise_event *event,
                     struct supervise_actions *to)
{
    if (event->lead_until_ms == 0 || s->ending)
        return;
    give_up(s, event->token);
    if (s->state != SUPERVISE_RUNNING)
        return;
    to->terminate = to->proceed = true;
    stop(s, event->now_ms);
}

static void take(struct supervise *s, const struct supervise_event *event,
                 struct supervise_actions *to)
{
    switch (event->type) {
    case SUPERVISE_TICK:
        break;
    case SUPERVISE_EXITED:
        on_exited(s, event, to);
        break;
    case SUPERVISE_EMPTY:
        on_empty(s);
        break;
    case SUPERVISE_ORPHANED:
        on_orphaned(s, event, to);
        break;
    case SUPERVISE_GUARDED:
        s->unguarded = false;
        break;
    case SUPERVISE_PASS:
        if (s->state == SUPERVISE_RUNNING || s->state == SUPERVISE_STOPPING)
            to->signal = event->signal;
        break;
    case SUPERVISE_LEAVE:
        on_leave(s, event, to);
        break;
    case SUPERVISE_YIELD:
        on_yield(s, event, to);
        break;
    }
}

/* ---- what is due ---- */

static bool may_start(const struct supervise *s, int64_t now_ms)
{
    return !s->unguarded && s->lead_until_ms > 0 && now_ms < stop_at_ms(s) &&
        now_ms >= s->start_at_ms;
}

/* A leadership without a guardian does no work: another one may. */
static void when_unguarded(struct supervise *s,
                           const struct supervise_event *event,
                           struct supervise_actions *to)
{
    if (s->idle_token != event->token) {
        s->idle_token = event->token;
        s->give_up_at_ms = event->now_ms + SUPERVISE_UNGUARDED_MS;
    }
    if (event->token == 0 || event->token == s->yield_token ||
        event->now_ms < s->give_up_at_ms)
        return;
    give_up(s, event->token);
    to->unguarded = true;
}

static void when_idle(struct supervise *s, const struct supervise_event *event,
                      struct supervise_actions *to)
{
    if (s->unguarded && !s->ending)
        when_unguarded(s, event, to);
    if (s->ending) {
        to->resign = !s->resigned;
        s->resigned = true;
        if (s->exit_code == SUPERVISE_NOT_ENDED)
            s->exit_code = 0;
        return;
    }
    if (event->lead_until_ms > 0 && event->token == s->yield_token) {
        to->yield = true;
        return;
    }
    if (!may_start(s, event->now_ms))
        return;
    to->start = true;
    s->token = event->token;
    s->idle_token = 0;
    s->time_was_up = false;
    set_state(s, SUPERVISE_RUNNING);
}

/* Deposed, or another leadership than the one that it was started for: then a
 * successor may have been at work between the two. */
static bool lost(const struct supervise *s, const struct supervise_event *event)
{
    return event->lead_until_ms == 0 || event->token != s->token;
}

static void do_what_is_due(struct supervise *s,
                           const struct supervise_event *event,
                           struct supervise_actions *to)
{
    int64_t now_ms = event->now_ms;
    switch (s->state) {
    case SUPERVISE_IDLE:
        when_idle(s, event, to);
        break;
    case SUPERVISE_RUNNING:
        s->time_was_up = lost(s, event) || now_ms >= stop_at_ms(s);
        if (lost(s, event)) {
            kill_all(s, now_ms, to);
        } else if (s->time_was_up) {
            to->terminate = to->proceed = true;
            stop(s, now_ms);
        }
        break;
    case SUPERVISE_STOPPING:
        break;
    case SUPERVISE_KILLING:
        if (now_ms >= s->kill_again_at_ms)
            kill_all(s, now_ms, to);
        break;
    }
    if (s->state == SUPERVISE_STOPPING &&
        (lost(s, event) || now_ms >= kill_at_ms(s)))
        kill_all(s, now_ms, to);
}

static bool armed(const struct supervise *s)
{
    return s->state == SUPERVISE_RUNNING || s->state == SUPERVISE_STOPPING;
}

void supervise_step(struct supervise *s, const struct supervise_event *event,
                    struct supervise_actions *ret_actions)
{
    assert(event->now_ms >= s->stepped_at_ms);
    assert(event->lead_until_ms == 0 ||
           (event->lead_until_ms > event->now_ms && event->token > 0));
    *ret_actions = (struct supervise_actions){ 0 };
    bool stopping = s->state == SUPERVISE_STOPPING;
    s->stepped_at_ms = event->now_ms;
    s->lead_until_ms = event->lead_until_ms;
    take(s, event, ret_actions);
    do_what_is_due(s, event, ret_actions);
    ret_actions->overdue = stopping && ret_actions->kill &&
        event->type != SUPERVISE_EXITED;
    if (armed(s))
        ret_actions->dead_man_at_ms = s->lead_until_ms;
    assert(!armed(s) || s->lead_until_ms > event->now_ms);
    assert(!(ret_actions->resign || ret_actions->yield) ||
           s->state == SUPERVISE_IDLE);
}

/* ---- what can be asked ---- */

int64_t supervise_deadline(const struct supervise *s)
{
    int64_t at_ms;
    switch (s->state) {
    case SUPERVISE_IDLE:
        at_ms = s->unguarded ? s->give_up_at_ms : s->start_at_ms;
        return !s->ending && s->lead_until_ms > 0 && at_ms > s->stepped_at_ms
            ? at_ms
            : INT64_MAX;
    case SUPERVISE_RUNNING:
        return stop_at_ms(s);
    case SUPERVISE_STOPPING:
        return kill_at_ms(s);
    case SUPERVISE_KILLING:
        return s->kill_again_at_ms;
    }
    return INT64_MAX;
}

bool supervise_idle(const struct supervise *s)
{
    return s->state == SUPERVISE_IDLE;
}

int supervise_exit_code(const struct supervise *s)
{
    return s->exit_code;
}

void supervise_init(struct supervise *s, const struct supervise_config *config)
{
    assert(config->grace_ms >= 0);
    *s = (struct supervise){ .config = *config,
                             .exit_code = SUPERVISE_NOT_ENDED };
}
