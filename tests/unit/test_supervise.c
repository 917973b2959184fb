/* test_supervise.c: what becomes of a command as leadership comes and goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervise_trial.h"

enum {
    GRACE_MS = 2000,
    TOKEN = 7,
    TERM = 15, /* any numbers would do */
    USR1 = 10,
};

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
    assert_string_equal(tick_at(&t, kill_at_ms), "overdue kill ");
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
    assert_string_equal(tick_at(&t, t.now_ms + 1), "overdue kill ");
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
    assert_string_equal(tick_at(&t, t.now_ms + GRACE_MS), "overdue kill ");
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

/* ---- without a guardian ---- */

static struct trial lead_without_guardian(bool once)
{
    struct trial t = begin(GRACE_MS, once);
    lead(&t, TOKEN);
    assert_string_equal(step(&t, SUPERVISE_ORPHANED), "kill ");
    assert_string_equal(step_with(&t, SUPERVISE_EXITED, 137), "");
    assert_string_equal(step(&t, SUPERVISE_EMPTY), "");
    return t;
}

static void death_of_the_guardian_kills_and_starts_again_later(void **state)
{
    (void)state;
    struct trial t = lead_without_guardian(true);
    assert_string_equal(step(&t, SUPERVISE_GUARDED), "");
    int64_t start_at_ms = supervise_deadline(&t.supervise);
    assert_true(start_at_ms == t.now_ms + SUPERVISE_RESTART_MS);
    assert_string_equal(tick_at(&t, start_at_ms), "start ");
}

static void nothing_is_started_before_there_is_another_guardian(void **state)
{
    (void)state;
    struct trial t = lead_without_guardian(false);
    assert_string_equal(tick_at(&t, t.now_ms + SUPERVISE_RESTART_MS), "");
    assert_string_equal(step(&t, SUPERVISE_GUARDED), "start ");
}

static void leadership_without_a_guardian_is_given_up(void **state)
{
    (void)state;
    struct trial t = lead_without_guardian(false);
    int64_t give_up_at_ms = supervise_deadline(&t.supervise);
    assert_true(give_up_at_ms == t.now_ms + SUPERVISE_UNGUARDED_MS);
    assert_string_equal(tick_at(&t, give_up_at_ms - 1), "");
    assert_string_equal(tick_at(&t, give_up_at_ms), "unguarded yield ");
    t.lead_until_ms = 0;
    assert_string_equal(step(&t, SUPERVISE_TICK), "");
    /* Each leadership has as much time for it. */
    t.token = TOKEN + 1;
    t.lead_until_ms = t.now_ms + LEAD_MS;
    assert_string_equal(step(&t, SUPERVISE_TICK), "");
    give_up_at_ms = supervise_deadline(&t.supervise);
    assert_true(give_up_at_ms == t.now_ms + SUPERVISE_UNGUARDED_MS);
    assert_string_equal(tick_at(&t, give_up_at_ms), "unguarded yield ");
}

static void guardians_that_die_at_once_are_none(void **state)
{
    (void)state;
    struct trial t = lead_without_guardian(false);
    int64_t give_up_at_ms = supervise_deadline(&t.supervise);
    for (; t.now_ms < give_up_at_ms; t.now_ms += SUPERVISE_RESTART_MS - 1) {
        assert_string_equal(step(&t, SUPERVISE_GUARDED), "");
        assert_string_equal(step(&t, SUPERVISE_ORPHANED), "");
        assert_true(supervise_deadline(&t.supervise) == give_up_at_ms);
    }
    assert_string_equal(step(&t, SUPERVISE_TICK), "unguarded yield ");
}

static void with_once_it_is_lost_then(void **state)
{
    (void)state;
    struct trial t = lead_without_guardian(true);
    assert_string_equal(tick_at(&t, supervise_deadline(&t.supervise)),
                        "unguarded resign ");
    assert_int_equal(supervise_exit_code(&t.supervise), SUPERVISE_EXIT_LOST);
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
    assert_string_equal(tick_at(&t, t.now_ms + GRACE_MS), "overdue kill ");
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
    assert_string_equal(step(&t, SUPERVISE_TICK), "overdue kill ");
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
        cmocka_unit_test(nothing_is_started_before_there_is_another_guardian),
        cmocka_unit_test(leadership_without_a_guardian_is_given_up),
        cmocka_unit_test(guardians_that_die_at_once_are_none),
        cmocka_unit_test(with_once_it_is_lost_then),
        cmocka_unit_test(too_little_time_starts_nothing),
        cmocka_unit_test(no_grace_kills_just_before_the_time_is_up),
        cmocka_unit_test(yielding_waits_until_no_process_is_left),
        cmocka_unit_test(who_has_yielded_starts_again_when_it_leads_again),
        cmocka_unit_test(yielding_without_a_command_is_done_at_once),
        cmocka_unit_test(leadership_that_is_lost_meanwhile_is_not_given_up),
        cmocka_unit_test(end_goes_before_yielding),
        cmocka_unit_test(with_once_yielding_is_the_end),
    };
    return cmocka_run_group_tests_name("supervise", tests, NULL, NULL);
}
