/* test_events.c: the queue of events, when the caller is slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/events.h"

static void events_come_out_in_order_with_their_strings(void **state)
{
    (void)state;
    static struct events events;
    struct candidate_event event;
    assert_false(events_next(&events, &event));
    for (int i = 0; i < 3 * EVENTS_MAX; i++) {
        struct events_item *pushed = events_push(&events, CANDIDATE_FOLLOWING,
                                                 i);
        snprintf(pushed->leader, sizeof pushed->leader, "node-%d", i);
        assert_true(events_next(&events, &event));
        char expected[32];
        snprintf(expected, sizeof expected, "node-%d", i);
        assert_string_equal(event.leader, expected);
        assert_string_equal(event.text, "");
        assert_int_equal(event.at_ms, i);
    }
    assert_false(events_next(&events, &event));
}

static void only_who_is_elected_has_a_lock_key(void **state)
{
    (void)state;
    static struct events events;
    struct candidate_event event;
    struct events_item *pushed = events_push(&events, CANDIDATE_ELECTED, 1);
    snprintf(pushed->lock_key, sizeof pushed->lock_key, "election_x/1f");
    events_push(&events, CANDIDATE_LOST, 2);
    assert_true(events_next(&events, &event));
    assert_string_equal(event.lock_key, "election_x/1f");
    assert_true(events_next(&events, &event));
    assert_null(event.lock_key);
}

static void full_queue_loses_its_oldest_notice(void **state)
{
    (void)state;
    static struct events events;
    for (int i = 0; i < EVENTS_MAX; i++)
        events_push(&events, i == 5 ? CANDIDATE_NOTICE : CANDIDATE_LOST, i);
    events_push(&events, CANDIDATE_ENDED, EVENTS_MAX);
    struct candidate_event event;
    for (int i = 0; i <= EVENTS_MAX; i++) {
        if (i == 5)
            continue;
        assert_true(events_next(&events, &event));
        assert_int_equal(event.at_ms, i);
    }
    assert_int_equal(event.type, CANDIDATE_ENDED);
    assert_false(events_next(&events, &event));
}

static void full_queue_loses_debugging_first(void **state)
{
    (void)state;
    static struct events events;
    for (int i = 0; i < EVENTS_MAX; i++) {
        struct events_item *pushed = events_push(&events, CANDIDATE_NOTICE, i);
        pushed->event.severity = i == 7 ? CANDIDATE_DEBUG : CANDIDATE_WARNING;
    }
    events_push(&events, CANDIDATE_ENDED, EVENTS_MAX);
    struct candidate_event event;
    while (events_next(&events, &event))
        assert_int_not_equal(event.at_ms, 7);
    assert_int_equal(event.type, CANDIDATE_ENDED);
}

static void full_queue_without_notices_loses_the_oldest(void **state)
{
    (void)state;
    static struct events events;
    for (int i = 0; i <= EVENTS_MAX; i++)
        events_push(&events, CANDIDATE_LOST, i);
    struct candidate_event event;
    for (int i = 1; i <= EVENTS_MAX; i++) {
        assert_true(events_next(&events, &event));
        assert_int_equal(event.at_ms, i);
    }
    assert_false(events_next(&events, &event));
}

static void end_is_the_last_whatever_is_said_after_it(void **state)
{
    (void)state;
    static struct events events;
    struct candidate_event event;
    (void)snprintf(events_push(&events, CANDIDATE_ENDED, 1)->text,
                   EVENTS_TEXT_BYTES_MAX, "why");
    (void)snprintf(events_push(&events, CANDIDATE_NOTICE, 2)->text,
                   EVENTS_TEXT_BYTES_MAX, "late");
    assert_true(events_next(&events, &event));
    assert_int_equal(event.type, CANDIDATE_NOTICE);
    assert_string_equal(event.text, "late");
    assert_true(events_next(&events, &event));
    assert_int_equal(event.type, CANDIDATE_ENDED);
    assert_string_equal(event.text, "why");
    events_push(&events, CANDIDATE_NOTICE, 3);
    assert_false(events_next(&events, &event));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_out_in_order_with_their_strings),
        cmocka_unit_test(only_who_is_elected_has_a_lock_key),
        cmocka_unit_test(full_queue_loses_its_oldest_notice),
        cmocka_unit_test(full_queue_loses_debugging_first),
        cmocka_unit_test(full_queue_without_notices_loses_the_oldest),
        cmocka_unit_test(end_is_the_last_whatever_is_said_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
