/* test_outages.c: what of an endpoint's failures is worth a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/outages.h"

static void first_failure_is_said_once(void **state)
{
    (void)state;
    struct outages o = { 0 };
    assert_true(outages_failed(&o, 0, 0, "connection refused"));
    for (int64_t now_ms = 1; now_ms < 3600000; now_ms += 997)
        assert_false(outages_failed(&o, 0, now_ms, "connection refused"));
}

static void each_endpoint_has_its_own_outage(void **state)
{
    (void)state;
    struct outages o = { 0 };
    assert_true(outages_failed(&o, 0, 0, "connection refused"));
    assert_true(outages_failed(&o, 1, 0, "connection refused"));
    assert_true(outages_answered(&o, 1, 5));
    assert_false(outages_answered(&o, 2, 5));
    assert_false(outages_failed(&o, 0, 5, "connection refused"));
}

static void another_cause_is_said_after_a_while(void **state)
{
    (void)state;
    struct outages o = { 0 };
    assert_true(outages_failed(&o, 0, 0, "connection refused"));
    assert_false(outages_failed(&o, 0, OUTAGES_QUIET_MS - 1, "no reply"));
    assert_true(outages_failed(&o, 0, OUTAGES_QUIET_MS, "no reply"));
    assert_false(outages_failed(&o, 0, OUTAGES_QUIET_MS + 1, "no reply"));
}

static void recovery_is_said_once(void **state)
{
    (void)state;
    struct outages o = { 0 };
    assert_false(outages_answered(&o, 0, 0));
    outages_failed(&o, 0, 1, "connection refused");
    assert_true(outages_answered(&o, 0, 2));
    assert_false(outages_answered(&o, 0, 3));
}

static void flapping_endpoint_makes_few_lines(void **state)
{
    (void)state;
    struct outages o = { 0 };
    int lines = 0;
    for (int64_t now_ms = 0; now_ms < INT64_C(10) * OUTAGES_QUIET_MS;
         now_ms += 100) {
        lines += outages_failed(&o, 0, now_ms, "cut");
        lines += outages_answered(&o, 0, now_ms + 50);
    }
    assert_in_range(lines, 2, 20);
}

/* How many lines there are in so long when each 40 s its connection is cut, and
 * the next one is good. */
static int cut_each_40_s(struct outages *o, int64_t from_ms, int64_t for_ms)
{
    int lines = 0;
    for (int64_t now_ms = from_ms; now_ms < from_ms + for_ms; now_ms += 40000) {
        lines += outages_failed(o, 0, now_ms, "cut");
        lines += outages_answered(o, 0, now_ms + 50);
    }
    return lines;
}

static void what_comes_again_and_again_is_said_less_and_less(void **state)
{
    (void)state;
    const int64_t hour_ms = 3600000;
    struct outages o = { 0 };
    assert_in_range(cut_each_40_s(&o, 0, hour_ms), 16, 24);
    assert_in_range(cut_each_40_s(&o, hour_ms, hour_ms), 12, 16);
    /* Another cause is said as soon as ever, and so is this one later on. */
    int64_t now_ms = 2 * hour_ms + OUTAGES_QUIET_MS;
    assert_true(outages_failed(&o, 0, now_ms, "no reply"));
    assert_true(outages_answered(&o, 0, now_ms + 1));
    assert_int_equal(cut_each_40_s(&o, 3 * hour_ms, 200000), 6);
}

static void who_was_well_for_long_is_news_again(void **state)
{
    (void)state;
    struct outages o = { 0 };
    assert_in_range(cut_each_40_s(&o, 0, 3600000), 16, 24);
    assert_int_equal(cut_each_40_s(&o, 3600000 + OUTAGES_CALM_MS, 200000), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_failure_is_said_once),
        cmocka_unit_test(each_endpoint_has_its_own_outage),
        cmocka_unit_test(another_cause_is_said_after_a_while),
        cmocka_unit_test(recovery_is_said_once),
        cmocka_unit_test(flapping_endpoint_makes_few_lines),
        cmocka_unit_test(what_comes_again_and_again_is_said_less_and_less),
        cmocka_unit_test(who_was_well_for_long_is_news_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
