/* test_supervise_random.c: whatever happens to a command, in whatever order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/backoff.h"
#include "supervise_trial.h"

/* What the machine has asked for, as far as processes go. */
struct world {
    bool guarded;
    bool alive;
    bool signalled; /* SIGKILL to all of them */
    int64_t token;
};

static void obey(struct trial *t, struct world *w)
{
    const struct supervise_actions *a = &t->actions;
    assert_false(a->start && (w->alive || !w->guarded));
    if (a->start)
        *w = (struct world){ .guarded = true,
                             .alive = true,
                             .token = t->token };
    if (a->kill)
        w->signalled = true;
    assert_false((a->resign || a->yield) && w->alive);
    if (a->yield)
        t->lead_until_ms = 0;
    if (!w->alive || w->signalled)
        return;
    /* It runs on: only in its own leadership, and with the timer armed. */
    assert_true(t->lead_until_ms > t->now_ms && t->token == w->token);
    assert_true(a->dead_man_at_ms == t->lead_until_ms);
}

static void happen(struct trial *t, struct world *w, uint64_t *random_state)
{
    uint64_t dice = backoff_random(random_state);
    int64_t due_ms = supervise_deadline(&t->supervise);
    int64_t ahead_ms = (int64_t)(dice >> 32) % 1500;
    t->now_ms = due_ms < t->now_ms + ahead_ms
        ? due_ms > t->now_ms ? due_ms : t->now_ms
        : t->now_ms + ahead_ms;
    enum supervise_event_type type = SUPERVISE_TICK;
    switch (dice % 16) {
    case 0: /* deposed */
        t->lead_until_ms = 0;
        break;
    case 1: /* elected, perhaps in the same turn */
        t->token++;
        t->lead_until_ms = t->now_ms + LEAD_MS;
        break;
    case 2:
    case 3:
        if (t->lead_until_ms > t->now_ms)
            t->lead_until_ms = t->now_ms + LEAD_MS;
        break;
    case 4:
        if (w->alive && (w->signalled || dice % 512 == 4))
            type = SUPERVISE_EXITED;
        break;
    case 5:
    case 6:
        if (w->alive && w->signalled) {
            type = SUPERVISE_EMPTY;
            w->alive = false;
        }
        break;
    case 7:
        type = w->guarded ? SUPERVISE_ORPHANED
            : !w->alive   ? SUPERVISE_GUARDED
                          : SUPERVISE_TICK;
        w->guarded = type == SUPERVISE_GUARDED;
        break;
    case 8:
        type = SUPERVISE_PASS;
        break;
    case 9:
        if (dice % 1024 == 9)
            type = SUPERVISE_LEAVE;
        break;
    case 10:
        if (dice % 64 == 10)
            type = SUPERVISE_YIELD;
        break;
    default:
        break;
    }
    step(t, type);
    obey(t, w);
}

static void no_process_lives_on_without_its_leadership(void **state)
{
    (void)state;
    unsigned started_n = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct trial t = begin((int64_t)(seed % 4) * 1000, seed % 2);
        struct world w = { .guarded = true };
        uint64_t random_state = seed;
        for (int i = 0; i < 2000; i++) {
            happen(&t, &w, &random_state);
            started_n += t.actions.start;
        }
    }
    assert_true(started_n > 1000); /* it was no idle run */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_process_lives_on_without_its_leadership),
    };
    return cmocka_run_group_tests_name("supervise_random", tests, NULL, NULL);
}
