/* test_timeline.c: bars of who led when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "serve/timeline.h"

static const int64_t nine_ms = INT64_C(1795510800000);

static const char *json(const struct timeline *t, int64_t now_ms)
{
    static char text[16384];
    struct json_text j;
    json_text_init(&j, text, sizeof text);
    json_text_object(&j, NULL);
    timeline_json(t, "timeline", now_ms, nine_ms + now_ms, &j);
    json_text_object_end(&j);
    assert_false(j.too_long);
    return text;
}

static void only_changes_make_bars(void **state)
{
    (void)state;
    struct timeline t = { .n = 0 };
    assert_false(timeline_see(&t, TIMELINE_UNKNOWN, NULL, 100));
    assert_true(timeline_see(&t, TIMELINE_NOBODY, NULL, 1000));
    assert_false(timeline_see(&t, TIMELINE_NOBODY, NULL, 1100));
    assert_true(timeline_see(&t, TIMELINE_LED, "A", 2000));
    assert_false(timeline_see(&t, TIMELINE_LED, "A", 2500));
    assert_true(timeline_see(&t, TIMELINE_LED, "B", 3000));
    assert_true(timeline_see(&t, TIMELINE_UNKNOWN, NULL, 4000));
    assert_string_equal(json(&t, 5000),
                        "{\"timeline\":["
                        "{\"kind\":\"nobody\",\"leader\":\"\","
                        "\"from\":\"2026-11-24T09:00:01.000Z\","
                        "\"until\":\"2026-11-24T09:00:02.000Z\"},"
                        "{\"kind\":\"led\",\"leader\":\"A\","
                        "\"from\":\"2026-11-24T09:00:02.000Z\","
                        "\"until\":\"2026-11-24T09:00:03.000Z\"},"
                        "{\"kind\":\"led\",\"leader\":\"B\","
                        "\"from\":\"2026-11-24T09:00:03.000Z\","
                        "\"until\":\"2026-11-24T09:00:04.000Z\"},"
                        "{\"kind\":\"unknown\",\"leader\":\"\","
                        "\"from\":\"2026-11-24T09:00:04.000Z\"}]}");
}

static void oldest_bar_goes_when_there_are_too_many(void **state)
{
    (void)state;
    struct timeline t = { .n = 0 };
    for (int i = 0; i <= TIMELINE_BARS_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "N%d.", i);
        assert_true(timeline_see(&t, TIMELINE_LED, name, 1000 + i));
    }
    assert_null(strstr(json(&t, 2000), "\"N0.\""));
    assert_non_null(strstr(json(&t, 2000),
                           "[{\"kind\":\"led\",\"leader\":\"N1."
                           "\""));
    assert_non_null(strstr(json(&t, 2000), "\"N40.\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_changes_make_bars),
        cmocka_unit_test(oldest_bar_goes_when_there_are_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
