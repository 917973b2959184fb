/* supervise_trial.c: see supervise_trial.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "supervise_trial.h"

struct trial begin(int64_t grace_ms, bool once)
{
    struct trial t = { .now_ms = 1000 };
    struct supervise_config config = { .grace_ms = grace_ms, .once = once };
    supervise_init(&t.supervise, &config);
    return t;
}

static const char *words(struct trial *t)
{
    const struct supervise_actions *a = &t->actions;
    char number[16] = "";
    if (a->signal)
        (void)snprintf(number, sizeof number, "signal%d ", a->signal);
    (void)snprintf(t->said, sizeof t->said, "%s%s%s%s%s%s%s%s%s%s",
                   a->start ? "start " : "", number,
                   a->terminate ? "term " : "", a->proceed ? "cont " : "",
                   a->overdue ? "overdue " : "", a->kill ? "kill " : "",
                   a->kill_guardian ? "kill_guardian " : "",
                   a->unguarded ? "unguarded " : "", a->resign ? "resign " : "",
                   a->yield ? "yield " : "");
    return t->said;
}

const char *step_with(struct trial *t, enum supervise_event_type type,
                      int number)
{
    bool leading = t->lead_until_ms > t->now_ms;
    struct supervise_event event = {
        .type = type,
        .now_ms = t->now_ms,
        .lead_until_ms = leading ? t->lead_until_ms : 0,
        .token = leading ? t->token : 0,
        .exit_code = type == SUPERVISE_EXITED ? number : 0,
        .signal = type == SUPERVISE_EXITED ? 0 : number,
    };
    supervise_step(&t->supervise, &event, &t->actions);
    return words(t);
}

const char *step(struct trial *t, enum supervise_event_type type)
{
    return step_with(t, type, 0);
}

void lead(struct trial *t, int64_t token)
{
    t->token = token;
    t->lead_until_ms = t->now_ms + LEAD_MS;
    assert_string_equal(step(t, SUPERVISE_TICK), "start ");
}

const char *tick_at(struct trial *t, int64_t now_ms)
{
    t->now_ms = now_ms;
    return step(t, SUPERVISE_TICK);
}
