/* supervision.c: see supervision.h. */
#include "run/supervision_private.h"

#include <signal.h>
#include <stdio.h>

#include "sys/clock.h"
#include "sys/tree.h"

/* ---- what the guardian is told, and the page says ---- */

static void tell(struct supervision *s, enum guardian_message_type type,
                 int number)
{
    struct guardian_message message = { .type = type, .number = number };
    if (type == GUARDIAN_START) {
        message.token = s->token;
        message.lease = s->lease;
        (void)snprintf(message.lock_key, sizeof message.lock_key, "%s",
                       s->lock_key);
        terminal_lend(&s->terminal);
    }
    guardian_send(&s->guardian, &message);
}

/* Others must see at once what we know: first the page, then the deeds. */
static void write_page(struct supervision *s, const struct candidate *c,
                       int64_t lead_until_ms)
{
    struct candidate_lease lease = {
        .state = lead_until_ms > 0 ? CANDIDATE_LEASE_LEADING
            : s->token > 0         ? CANDIDATE_LEASE_LOST
                                   : CANDIDATE_LEASE_NONE,
        .token = s->token,
        .lease = candidate_lease_id(c),
        .lead_until_ms = lead_until_ms > 0 ? lead_until_ms
                                           : s->written.lead_until_ms,
    };
    if (lease.state == s->written.state && lease.token == s->written.token &&
        lease.lease == s->written.lease &&
        lease.lead_until_ms == s->written.lead_until_ms)
        return;
    candidate_lease_page_write(s->page, &lease);
    s->written = lease;
}

/* ---- the machine ---- */

static void order_killing(struct supervision *s)
{
    if (s->orphans)
        (void)supervision_kill_orphans(s);
    else
        tell(s, GUARDIAN_KILL, 0);
}

/* The guardian, the heir's child, kills until nothing is left. But should it
 * just be stopped or starved, time must not be lost: one blow is ours. It may
 * take a while on a busy machine, so our dead-man timer is off by then: the
 * guardian's is not. */
static void strike(const struct supervision *s)
{
    cgroup_kill(&s->cgroup);
    if (!s->orphans && s->guardian.pid > 0)
        (void)tree_kill_below(s->guardian.pid);
}

static void act(struct supervision *s, const struct supervise_actions *actions)
{
    if (actions->dead_man_at_ms)
        deadman_set(&s->deadman, actions->dead_man_at_ms);
    if (actions->start)
        tell(s, GUARDIAN_START, 0);
    if (actions->signal)
        tell(s, GUARDIAN_SIGNAL, actions->signal);
    if (actions->terminate)
        tell(s, GUARDIAN_SIGNAL, SIGTERM);
    if (actions->proceed)
        tell(s, GUARDIAN_SIGNAL, SIGCONT);
    if (actions->kill)
        order_killing(s);
    if (actions->kill_guardian)
        guardian_kill(&s->guardian);
    if (!actions->dead_man_at_ms)
        deadman_set(&s->deadman, 0);
    if (actions->kill)
        strike(s);
    if (actions->resign)
        s->resign = true;
    if (actions->yield)
        s->yield = true;
}

static void explain(const struct supervision *s,
                    const struct supervise_actions *actions)
{
    if (actions->unguarded)
        log_write(s->log, CANDIDATE_ERROR,
                  "no guardian can be started for the command: the leadership "
                  "is given up");
    if (actions->start)
        log_write(s->log, CANDIDATE_DEBUG, "the command is started");
    if (actions->terminate && s->machine.time_was_up)
        log_write(
            s->log, CANDIDATE_WARNING,
            "etcd does not confirm the leadership, which ends in %lld "
            "ms: the command is told to end",
            (long long)(s->machine.lead_until_ms - s->machine.stepped_at_ms));
    if (actions->overdue && s->command > 0)
        log_write(s->log, CANDIDATE_WARNING,
                  "the command has not ended in time: it is killed");
}

void supervision_step(struct supervision *s, const struct candidate *c,
                      struct supervise_event *event)
{
    struct supervise_actions actions;
    event->lead_until_ms = candidate_lead_until_ms(c);
    event->now_ms = clock_now_ms();
    if (event->now_ms >= event->lead_until_ms)
        event->lead_until_ms = 0;
    event->token = event->lead_until_ms > 0 ? s->token : 0;
    write_page(s, c, event->lead_until_ms);
    supervise_step(&s->machine, event, &actions);
    act(s, &actions);
    explain(s, &actions);
}

void supervision_tick(struct supervision *s, const struct candidate *c,
                      enum supervise_event_type type)
{
    supervision_step(s, c, &(struct supervise_event){ .type = type });
}

/* ---- for the program ---- */

/* Only now all events are known, and with them whose leadership this is. */
static void do_what_is_wanted(struct supervision *s, const struct candidate *c)
{
    if (s->leave_due)
        supervision_tick(s, c, SUPERVISE_LEAVE);
    else if (s->yield_due)
        supervision_tick(s, c, SUPERVISE_YIELD);
    s->leave_due = s->yield_due = false;
}

int supervision_init(struct supervision *s, const struct options *options,
                     const struct hooks *hooks, struct signals *signals,
                     struct log *log, struct candidate_error *err)
{
    *s = (struct supervision){ .options = options,
                               .signals = signals,
                               .hooks = hooks,
                               .log = log,
                               .commanded = options->command != NULL,
                               .guardian = { .fd = -1 } };
    s->wanted = s->commanded || options->guardian;
    if (!s->wanted)
        return 0;
    s->guardian_config = (struct guardian_config){
        .candidate = &options->config,
        .command = options->command,
        .signals = signals,
        .log = log,
    };
    supervise_init(&s->machine,
                   &(struct supervise_config){ .grace_ms = options->grace_ms,
                                               .once = options->once });
    int r = candidate_lease_page_new(&s->page, err);
    s->guardian_config.page = s->page;
    if (r == 0)
        r = deadman_init(&s->deadman, SIGKILL, err);
    if (r == 0 && s->commanded)
        r = tree_adopt(err);
    if (r == 0 && s->commanded)
        r = signals_take_more(signals, err);
    if (r == 0 && s->commanded) {
        cgroup_make(&s->cgroup);
        s->guardian_config.cgroup = &s->cgroup;
    }
    return r < 0 ? r : guardian_start(&s->guardian, &s->guardian_config, err);
}

bool supervision_needs_password(const struct supervision *s)
{
    return s->wanted;
}

void supervision_event(struct supervision *s,
                       const struct candidate_event *event)
{
    if (event->type != CANDIDATE_ELECTED)
        return;
    s->token = event->token;
    s->lease = event->lease;
    (void)snprintf(s->lock_key, sizeof s->lock_key, "%s", event->lock_key);
}

struct pollfd supervision_pollfd(const struct supervision *s)
{
    return guardian_pollfd(&s->guardian);
}

int supervision_timeout_ms(const struct supervision *s, int timeout_ms)
{
    int64_t at_ms = INT64_MAX;
    int64_t now_ms = clock_now_ms();
    if (s->commanded)
        at_ms = supervise_deadline(&s->machine);
    if (s->orphans)
        at_ms = now_ms + TREE_AGAIN_MS;
    else if (s->wanted && s->guardian.pid == 0 && s->guardian_at_ms < at_ms)
        at_ms = s->guardian_at_ms;
    if (s->leave_due || s->yield_due)
        at_ms = now_ms;
    if (at_ms == INT64_MAX)
        return timeout_ms;
    int64_t left_ms = at_ms > now_ms ? at_ms - now_ms : 0;
    return timeout_ms < 0 || left_ms < timeout_ms ? (int)left_ms : timeout_ms;
}

void supervision_turn(struct supervision *s, const struct candidate *c)
{
    if (s->commanded)
        supervision_tick(s, c, SUPERVISE_TICK);
    else if (s->wanted)
        write_page(s, c, candidate_lead_until_ms(c));
    if (s->commanded)
        do_what_is_wanted(s, c);
}

void supervision_show(struct supervision *s, const struct candidate *c)
{
    if (s->wanted)
        write_page(s, c, candidate_lead_until_ms(c));
}

void supervision_leave(struct supervision *s)
{
    s->leave_due = true;
}

void supervision_yield(struct supervision *s)
{
    s->yield_due = true;
}

bool supervision_yields(struct supervision *s)
{
    bool yield = s->yield;
    s->yield = false;
    return yield;
}

bool supervision_resigns(struct supervision *s)
{
    bool resign = s->resign;
    s->resign = false;
    return resign;
}

bool supervision_idle(const struct supervision *s)
{
    return !s->commanded || (supervise_idle(&s->machine) && !s->orphans);
}

int supervision_exit_code(const struct supervision *s)
{
    int code = s->commanded ? supervise_exit_code(&s->machine) : 0;
    return code == SUPERVISE_NOT_ENDED ? 0 : code;
}

void supervision_done(struct supervision *s)
{
    guardian_end(&s->guardian);
    cgroup_remove(&s->cgroup);
    candidate_lease_page_close(s->page);
}
