/* test_waiting.c: when to give up waiting for leadership. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <string.h>

#include "run/waiting.h"

#define T0 INT64_C(1000000)

static struct waiting begun(int64_t wait_ms)
{
    struct options o = { .wait_ms = wait_ms };
    candidate_config_init(&o.config);
    o.config.command_timeout_ms = 700;
    struct waiting w;
    waiting_begin(&w, &o, T0);
    return w;
}

static void happens(struct waiting *w, enum candidate_event_type type,
                    const char *leader)
{
    waiting_event(
        w,
        &(struct candidate_event){
            .type = type, .at_ms = T0 + 1, .leader = leader, .text = "" });
}

static void expect_over(struct waiting *w, int64_t now_ms, const char *words)
{
    char text[WAITING_TEXT_BYTES_MAX] = "untouched";
    assert_false(waiting_over(w, now_ms - 1, text));
    assert_string_equal(text, "untouched");
    assert_int_equal(waiting_timeout_ms(w, now_ms - 1, -1), 1);
    assert_int_equal(waiting_timeout_ms(w, now_ms + 9, -1), 0);
    assert_true(waiting_over(w, now_ms, text));
    assert_string_equal(text, words);
    assert_false(waiting_over(w, now_ms + 1, text)); /* said once */
}

static void without_a_limit_it_waits_for_ever(void **state)
{
    (void)state;
    struct waiting w = begun(-1);
    char text[WAITING_TEXT_BYTES_MAX];
    happens(&w, CANDIDATE_FOLLOWING, "B");
    assert_false(waiting_over(&w, INT64_MAX - 1, text));
    assert_int_equal(waiting_timeout_ms(&w, T0, -1), -1);
    assert_int_equal(waiting_timeout_ms(&w, T0, 12), 12);
}

static void limit_ends_the_waiting(void **state)
{
    (void)state;
    struct waiting w = begun(1500);
    assert_int_equal(waiting_timeout_ms(&w, T0, -1), 1500);
    assert_int_equal(waiting_timeout_ms(&w, T0, 1501), 1500);
    assert_int_equal(waiting_timeout_ms(&w, T0, 1499), 1499);
    happens(&w, CANDIDATE_ATTEMPTING, NULL);
    expect_over(&w, T0 + 1500,
                "--wait: not leading after 1.5 s; it is not known who leads");
}

static void who_leads_is_named(void **state)
{
    (void)state;
    struct waiting w = begun(2000);
    happens(&w, CANDIDATE_FOLLOWING, "B");
    happens(&w, CANDIDATE_FOLLOWING, "C");
    expect_over(&w, T0 + 2000, "--wait: not leading after 2 s; \"C\" leads");
    w = begun(86400000);
    happens(&w, CANDIDATE_FOLLOWING, "B");
    happens(&w, CANDIDATE_ATTEMPTING, NULL);
    expect_over(&w, T0 + 86400000,
                "--wait: not leading after 86400 s; it is not known who leads");
}

static void one_attempt_ends_with_the_answer(void **state)
{
    (void)state;
    struct waiting w = begun(0);
    happens(&w, CANDIDATE_ATTEMPTING, NULL);
    assert_int_equal(waiting_timeout_ms(&w, T0, -1), 700);
    happens(&w, CANDIDATE_FOLLOWING, "B");
    expect_over(&w, T0 + 1, "--nowait: \"B\" leads");
}

static void one_attempt_without_answer_ends_as_well(void **state)
{
    (void)state;
    struct waiting w = begun(0);
    expect_over(&w, T0 + 700,
                "--nowait: not leading after 0.7 s; it is not known who leads");
}

static void who_has_led_waits_for_ever(void **state)
{
    (void)state;
    for (int64_t wait_ms = 0; wait_ms <= 1000; wait_ms += 1000) {
        struct waiting w = begun(wait_ms);
        char text[WAITING_TEXT_BYTES_MAX];
        happens(&w, CANDIDATE_ELECTED, NULL);
        happens(&w, CANDIDATE_LOST, NULL);
        happens(&w, CANDIDATE_ATTEMPTING, NULL);
        happens(&w, CANDIDATE_FOLLOWING, "B");
        assert_false(waiting_over(&w, INT64_MAX - 1, text));
        assert_int_equal(waiting_timeout_ms(&w, T0, -1), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_limit_it_waits_for_ever),
        cmocka_unit_test(limit_ends_the_waiting),
        cmocka_unit_test(who_leads_is_named),
        cmocka_unit_test(one_attempt_ends_with_the_answer),
        cmocka_unit_test(one_attempt_without_answer_ends_as_well),
        cmocka_unit_test(who_has_led_waits_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
