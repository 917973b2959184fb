/* test_supervise.c: what becomes of a command as leadership comes and goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/backoff.h"
#include "core/supervise.h"

enum {
    GRACE_MS = 2000,
    LEAD_MS = 8750, /* what a TTL of 10 s gives */
    TOKEN = 7,
    TERM = 15, /* any numbers would do */
    USR1 = 10,
    TEXT_BYTES_MAX = 128,
};

struct trial {
    struct supervise supervise;
    int64_t now_ms;
    int64_t lead_until_ms;
    int64_t token;
    struct supervise_actions actions;
    char said[TEXT_BYTES_MAX];
};

static struct trial begin(int64_t grace_ms, bool once)
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
    (void)snprintf(
        t->said, sizeof t->said, "%s%s%s%s%s%s%s%s", a->start ? "start " : "",
        number, a->terminate ? "term " : "", a->proceed ? "cont " : "",
        a->kill ? "kill " : "", a->kill_guardian ? "kill_guardian " : "",
        a->resign ? "resign " : "", a->yield ? "yield " : "");
    return t->said;
}

static const char *step_with(struct trial *t, enum supervise_event_type type,
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

static const char *step(struct trial *t, enum supervise_event_type type)
{
    return step_with(t, type, 0);
}

/* Lead from now on; the command is started. */
static void lead(struct trial *t, int64_t token)
{
    t->token = token;
    t->lead_until_ms = t->now_ms + LEAD_MS;
    assert_string_equal(step(t, SUPERVISE_TICK), "start ");
}

static const char *tick_at(struct trial *t, int64_t now_ms)
{
    t->now_ms = now_ms;
    return step(t, SUPERVISE_TICK);
}

static void command_starts_when_leadership_does(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    assert_string_equal(step(&t, SUPERVISE_TICK), "");
    assert_true(supervise_deadline(&t.supervise) == INT64_MAX);
    lead(&t, TOKEN);
    assert_true(t.actions.dead_man_at_ms == t.lead_until_ms);
    assert_string_equal(step(&t, SUPERVISE_TICK), "");
}

static void renewal_moves_every_deadline(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    int64_t first_ms = supervise_deadline(&t.supervise);
    assert_true(first_ms == t.lead_until_ms - GRACE_MS);
    t.lead_until_ms += 3000;
    assert_string_equal(tick_at(&t, first_ms), "");
    assert_true(t.actions.dead_man_at_ms == t.lead_until_ms);
    assert_true(supervise_deadline(&t.supervise) == first_ms + 3000);
}

static void command_that_ends_takes_us_with_it(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    /* What it left behind ends as well, and only then we resign. */
    assert_string_equal(step_with(&t, SUPERVISE_EXITED, 3), "kill ");
    assert_true(t.actions.dead_man_at_ms == 0);
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "resign ");
    assert_int_equal(supervise_exit_code(&t.supervise), 3);
    assert_string_equal(step(&t, SUPERVISE_TICK), "");
}

static void silence_stops_it_before_the_time_is_up(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    int64_t until_ms = t.lead_until_ms;
    assert_string_equal(tick_at(&t, until_ms - GRACE_MS - 1), "");
    assert_string_equal(tick_at(&t, until_ms - GRACE_MS), "term cont ");
    int64_t kill_at_ms = supervise_deadline(&t.supervise);
    assert_true(kill_at_ms == until_ms - SUPERVISE_KILL_EARLY_MS);
    assert_string_equal(tick_at(&t, kill_at_ms - 1), "");
    assert_true(t.actions.dead_man_at_ms == until_ms);
    assert_string_equal(tick_at(&t, kill_at_ms), "kill ");
    assert_true(t.actions.dead_man_at_ms == 0);
    assert_string_equal(step_with(&t, SUPERVISE_EXITED, 137), "");
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "");
    assert_int_equal(supervise_exit_code(&t.supervise), SUPERVISE_NOT_ENDED);
    t.now_ms = until_ms + 5000;
    lead(&t, TOKEN + 1);
}

static void stop_once_begun_is_carried_through(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    assert_string_equal(tick_at(&t, t.lead_until_ms - GRACE_MS), "term cont ");
    t.lead_until_ms += 3000; /* etcd answers again */
    assert_string_equal(tick_at(&t, t.now_ms + GRACE_MS - 1), "");
    assert_string_equal(tick_at(&t, t.now_ms + 1), "kill ");
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "start ");
}

static void command_that_obeys_is_started_again_with_the_same_token(
    void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    assert_string_equal(tick_at(&t, t.lead_until_ms - GRACE_MS), "term cont ");
    assert_string_equal(step_with(&t, SUPERVISE_EXITED, 0), "kill ");
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "");
    t.lead_until_ms += 3000;
    assert_string_equal(step(&t, SUPERVISE_TICK), "start ");
}

static void lost_leadership_kills_at_once(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    t.lead_until_ms = 0;
    assert_string_equal(tick_at(&t, t.now_ms + 1), "kill ");
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "");
}

static void another_leadership_kills_the_command_of_the_first(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    t.token = TOKEN + 1;
    assert_string_equal(step(&t, SUPERVISE_TICK), "kill ");
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "start ");
}

static void with_once_a_lost_leadership_is_the_end(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, true);
    lead(&t, TOKEN);
    t.lead_until_ms = 0;
    step(&t, SUPERVISE_TICK);
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "resign ");
    assert_int_equal(supervise_exit_code(&t.supervise), SUPERVISE_EXIT_LOST);
}

static void leaving_waits_until_no_process_is_left(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    assert_string_equal(step_with(&t, SUPERVISE_LEAVE, TERM), "signal15 cont ");
    assert_true(t.actions.dead_man_at_ms == t.lead_until_ms);
    t.lead_until_ms += 3000;
    assert_string_equal(tick_at(&t, t.now_ms + GRACE_MS), "kill ");
    assert_string_equal(step_with(&t, SUPERVISE_EXITED, 137), "");
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "resign ");
    assert_int_equal(supervise_exit_code(&t.supervise), 137);
}

static void leaving_without_a_command_resigns_at_once(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    assert_string_equal(step_with(&t, SUPERVISE_LEAVE, TERM), "resign ");
    assert_int_equal(supervise_exit_code(&t.supervise), 0);
    t.token = TOKEN;
    t.lead_until_ms = t.now_ms + LEAD_MS;
    assert_string_equal(step(&t, SUPERVISE_TICK), "");
}

static void second_signal_is_passed_on_as_well(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    step_with(&t, SUPERVISE_LEAVE, TERM);
    int64_t kill_at_ms = supervise_deadline(&t.supervise);
    t.now_ms += 100;
    assert_string_equal(step_with(&t, SUPERVISE_LEAVE, TERM), "signal15 cont ");
    assert_true(supervise_deadline(&t.supervise) == kill_at_ms);
}

static void other_signals_pass_through_to_a_command_only(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    assert_string_equal(step_with(&t, SUPERVISE_PASS, USR1), "");
    lead(&t, TOKEN);
    assert_string_equal(step_with(&t, SUPERVISE_PASS, USR1), "signal10 ");
    assert_string_equal(step_with(&t, SUPERVISE_EXITED, 0), "kill ");
    assert_string_equal(step_with(&t, SUPERVISE_PASS, USR1), "");
}

static void what_is_not_dead_yet_is_killed_again(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    t.lead_until_ms = 0;
    step(&t, SUPERVISE_TICK);
    int64_t again_at_ms = supervise_deadline(&t.supervise);
    assert_true(again_at_ms == t.now_ms + SUPERVISE_KILL_AGAIN_MS);
    assert_string_equal(tick_at(&t, again_at_ms - 1), "");
    assert_string_equal(tick_at(&t, again_at_ms), "kill kill_guardian ");
}

static void death_of_the_guardian_kills_and_starts_again_later(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, true);
    lead(&t, TOKEN);
    assert_string_equal(step(&t, SUPERVISE_ORPHANED), "kill ");
    assert_string_equal(step_with(&t, SUPERVISE_EXITED, 137), "");
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "");
    int64_t start_at_ms = supervise_deadline(&t.supervise);
    assert_true(start_at_ms == t.now_ms + SUPERVISE_RESTART_MS);
    assert_string_equal(tick_at(&t, start_at_ms), "start ");
}

static void too_little_time_starts_nothing(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    t.token = TOKEN;
    t.lead_until_ms = t.now_ms + GRACE_MS;
    assert_string_equal(step(&t, SUPERVISE_TICK), "");
    t.lead_until_ms++;
    assert_string_equal(step(&t, SUPERVISE_TICK), "start ");
}

static void no_grace_kills_just_before_the_time_is_up(void **state)
{
    (void)state;
    struct trial t = begin(0, false);
    lead(&t, TOKEN);
    int64_t kill_at_ms = supervise_deadline(&t.supervise);
    assert_true(kill_at_ms == t.lead_until_ms - SUPERVISE_KILL_EARLY_MS);
    assert_string_equal(tick_at(&t, kill_at_ms), "term cont kill ");
}

/* ---- asked to step down ---- */

static void yielding_waits_until_no_process_is_left(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    assert_string_equal(step(&t, SUPERVISE_YIELD), "term cont ");
    assert_true(t.actions.dead_man_at_ms == t.lead_until_ms);
    assert_string_equal(step(&t, SUPERVISE_YIELD), "");
    t.lead_until_ms += 3000;
    assert_string_equal(tick_at(&t, t.now_ms + GRACE_MS), "kill ");
    assert_string_equal(step_with(&t, SUPERVISE_EXITED, 137), "");
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "yield ");
    assert_int_equal(supervise_exit_code(&t.supervise), SUPERVISE_NOT_ENDED);
}

static void who_has_yielded_starts_again_when_it_leads_again(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    step(&t, SUPERVISE_YIELD);
    assert_string_equal(step_with(&t, SUPERVISE_EXITED, 0), "kill ");
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "yield ");
    t.lead_until_ms = 0;
    assert_string_equal(step(&t, SUPERVISE_TICK), "");
    lead(&t, TOKEN + 1);
}

static void yielding_without_a_command_is_done_at_once(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    assert_string_equal(step(&t, SUPERVISE_YIELD), ""); /* nothing is held */
    t.token = TOKEN;
    t.lead_until_ms = t.now_ms + LEAD_MS;
    assert_string_equal(step(&t, SUPERVISE_YIELD), "yield ");
}

/* It has gone by itself: the next one must not be given up for it. */
static void leadership_that_is_lost_meanwhile_is_not_given_up(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    step(&t, SUPERVISE_YIELD);
    t.token = TOKEN + 1;
    assert_string_equal(step(&t, SUPERVISE_TICK), "kill ");
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "start ");
}

static void end_goes_before_yielding(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    step_with(&t, SUPERVISE_LEAVE, TERM);
    assert_string_equal(step(&t, SUPERVISE_YIELD), "");
    step_with(&t, SUPERVISE_EXITED, 143);
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "resign ");
    assert_int_equal(supervise_exit_code(&t.supervise), 143);

    t = begin(GRACE_MS, false);
    lead(&t, TOKEN);
    step(&t, SUPERVISE_YIELD);
    assert_string_equal(step_with(&t, SUPERVISE_LEAVE, TERM), "signal15 cont ");
    step_with(&t, SUPERVISE_EXITED, 0);
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "resign ");
}

static void with_once_yielding_is_the_end(void **state)
{
    (void)state;
    struct trial t = begin(GRACE_MS, true);
    lead(&t, TOKEN);
    assert_string_equal(step(&t, SUPERVISE_YIELD), "term cont ");
    step_with(&t, SUPERVISE_EXITED, 0);
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "resign ");
    assert_int_equal(supervise_exit_code(&t.supervise), SUPERVISE_EXIT_LOST);
}

/* ---- whatever happens, in whatever order ---- */

/* What the machine has asked for, as far as processes go. */
struct world {
    bool alive;
    bool signalled; /* SIGKILL to all of them */
    int64_t token;
};

static void obey(struct trial *t, struct world *w)
{
    const struct supervise_actions *a = &t->actions;
    assert_false(a->start && w->alive);
    if (a->start)
        *w = (struct world){ .alive = true, .token = t->token };
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
        type = SUPERVISE_ORPHANED;
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
        struct world w = { 0 };
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
        cmocka_unit_test(command_starts_when_leadership_does),
        cmocka_unit_test(renewal_moves_every_deadline),
        cmocka_unit_test(command_that_ends_takes_us_with_it),
        cmocka_unit_test(silence_stops_it_before_the_time_is_up),
        cmocka_unit_test(stop_once_begun_is_carried_through),
        cmocka_unit_test(
            command_that_obeys_is_started_again_with_the_same_token),
        cmocka_unit_test(lost_leadership_kills_at_once),
        cmocka_unit_test(another_leadership_kills_the_command_of_the_first),
        cmocka_unit_test(with_once_a_lost_leadership_is_the_end),
        cmocka_unit_test(leaving_waits_until_no_process_is_left),
        cmocka_unit_test(leaving_without_a_command_resigns_at_once),
        cmocka_unit_test(second_signal_is_passed_on_as_well),
        cmocka_unit_test(other_signals_pass_through_to_a_command_only),
        cmocka_unit_test(what_is_not_dead_yet_is_killed_again),
        cmocka_unit_test(death_of_the_guardian_kills_and_starts_again_later),
        cmocka_unit_test(too_little_time_starts_nothing),
        cmocka_unit_test(no_grace_kills_just_before_the_time_is_up),
        cmocka_unit_test(yielding_waits_until_no_process_is_left),
        cmocka_unit_test(who_has_yielded_starts_again_when_it_leads_again),
        cmocka_unit_test(yielding_without_a_command_is_done_at_once),
        cmocka_unit_test(leadership_that_is_lost_meanwhile_is_not_given_up),
        cmocka_unit_test(end_goes_before_yielding),
        cmocka_unit_test(with_once_yielding_is_the_end),
        cmocka_unit_test(no_process_lives_on_without_its_leadership),
    };
    return cmocka_run_group_tests_name("supervise", tests, NULL, NULL);
}
