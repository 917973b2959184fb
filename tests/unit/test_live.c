/* test_live.c: when the page is told, and what, without an etcd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "serve/live.h"

static struct live live;

static struct status begin(void)
{
    static const struct candidate_config config = { .id = "A",
                                                    .election = "leader",
                                                    .ttl_s = 10 };
    struct status s;
    memset(&live, 0, sizeof live);
    status_init(&s, &config, 1000);
    return s;
}

static struct status_now at(int64_t now_ms)
{
    return (struct status_now){ .now_ms = now_ms,
                                .wall_ms = INT64_C(1795510800000) + now_ms,
                                .confirmed_at_ms = now_ms };
}

static bool told(const struct status *s, int64_t now_ms, bool watched)
{
    struct status_now now = at(now_ms);
    return live_work(&live, s, &now, watched);
}

static void follow(struct status *s, const char *leader, int64_t at_ms)
{
    status_event(s,
                 &(struct candidate_event){ .type = CANDIDATE_FOLLOWING,
                                            .at_ms = at_ms,
                                            .leader = leader });
}

static void page_is_told_once_a_second_and_soon_of_changes(void **state)
{
    (void)state;
    struct status s = begin();
    assert_false(told(&s, 4000, false)); /* nobody looks */
    assert_true(told(&s, 5000, true));
    assert_false(told(&s, 5999, true));
    assert_true(told(&s, 6000, true));
    follow(&s, "B", 6001);
    assert_false(told(&s, 6099, true));
    assert_true(told(&s, 6100, true));
    assert_false(told(&s, 6200, true));
    struct pollfd fds[LIVE_FDS_MAX];
    int timeout_ms = -1;
    assert_int_equal(live_pollfds(&live, 6200, true, fds, &timeout_ms), 0);
    assert_int_equal(timeout_ms, 900);
    timeout_ms = -1;
    (void)live_pollfds(&live, 6200, false, fds, &timeout_ms);
    assert_int_equal(timeout_ms, -1);
}

static void message_is_one_event_of_a_stream(void **state)
{
    (void)state;
    struct status s = begin();
    size_t bytes;
    follow(&s, "B", 2000);
    (void)told(&s, 2000, true);
    struct status_now now = at(3000);
    const char *message = live_message(&live, &s, &now, &bytes);
    assert_int_equal(bytes, strlen(message));
    assert_int_equal(strncmp(message, "data: {\"schema\":1,", 18), 0);
    assert_ptr_equal(strchr(message, '\n'), message + bytes - 2);
    assert_non_null(
        strstr(message,
               "\"whole\":true,\"timeline\":[{\"kind\":\"led\",\"leader\":"
               "\"B\",\"from\":\"2026-11-24T09:00:02.000Z\"}]}"));
}

static void timeline_goes_on_while_nobody_looks(void **state)
{
    (void)state;
    struct status s = begin();
    (void)told(&s, 1000, false);
    follow(&s, "B", 2000);
    (void)told(&s, 2000, false);
    struct status_now lost = at(30000);
    lost.confirmed_at_ms = 2000;
    (void)live_work(&live, &s, &lost, false);
    assert_int_equal(live.timeline.n, 3);
    assert_int_equal(live.timeline.bars[0].kind, TIMELINE_NOBODY);
    assert_int_equal(live.timeline.bars[1].kind, TIMELINE_LED);
    assert_int_equal(live.timeline.bars[2].kind, TIMELINE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_is_told_once_a_second_and_soon_of_changes),
        cmocka_unit_test(message_is_one_event_of_a_stream),
        cmocka_unit_test(timeline_goes_on_while_nobody_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
