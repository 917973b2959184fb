/* test_status.c: what a candidate says of itself, at every moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "serve/status.h"

enum { TTL_S = 10, BEGAN_MS = 1000 };

static const struct candidate_config config = { .id = "A",
                                                .election = "leader",
                                                .ttl_s = TTL_S };

static struct status begin(void)
{
    struct status s;
    status_init(&s, &config, BEGAN_MS);
    return s;
}

static struct status leader(void)
{
    struct status s = begin();
    status_event(&s,
                 &(struct candidate_event){ .type = CANDIDATE_ELECTED,
                                            .at_ms = 2000,
                                            .token = 5,
                                            .lease = 0xabc });
    return s;
}

static struct status standby(void)
{
    struct status s = begin();
    status_event(&s,
                 &(struct candidate_event){ .type = CANDIDATE_FOLLOWING,
                                            .at_ms = 2000,
                                            .leader = "B" });
    return s;
}

/* The answers, as letters: Leader, Standby, liVe, Healthy, Ready. */
static void answers(const struct status *s, struct status_now now,
                    const char *expected, const char *why)
{
    static const char letters[] = "LSVHR";
    char text[STATUS_TEXT_BYTES_MAX];
    char got[sizeof letters] = "";
    for (size_t i = 0; letters[i]; i++)
        if (status_answer(s, &now, (enum status_question)i, text))
            got[strlen(got)] = letters[i];
    assert_string_equal(got, expected);
    (void)status_answer(s, &now, STATUS_LEADER, text);
    assert_string_equal(text, why);
}

static void leader_needs_enough_lease_time(void **state)
{
    (void)state;
    struct status s = leader();
    struct status_now now = { .now_ms = 5000, .confirmed_at_ms = 5000 };
    now.lead_until_ms = 5000 + STATUS_MARGIN_MS;
    answers(&s, now, "LVHR", "it leads, for 500 ms at least");
    now.lead_until_ms--;
    answers(&s, now, "V", "it leads for 499 ms, less than 500");
    now.lead_until_ms = 5000;
    answers(&s, now, "V", "its time to lead is over");
}

static void leader_that_etcd_does_not_answer_leads_on(void **state)
{
    (void)state;
    struct status s = leader();
    answers(&s,
            (struct status_now){ .now_ms = 9500,
                                 .confirmed_at_ms = 1250,
                                 .lead_until_ms = 10000 },
            "LVHR", "it leads, for 500 ms at least");
}

static void standby_must_be_in_touch(void **state)
{
    (void)state;
    struct status s = standby();
    struct status_now now = { .now_ms = 8000, .confirmed_at_ms = 3000 };
    answers(&s, now, "SVHR", "it waits; B leads");
    assert_string_equal(status_leader(&s, &now), "B");
    now.place = 2;
    answers(&s, now, "SVHR", "it is the next one; B leads");
    now.now_ms++;
    answers(&s, now, "V", "it is not in touch with etcd");
    assert_null(status_leader(&s, &now));
}

static void nobody_is_anything_before_etcd_has_answered(void **state)
{
    (void)state;
    struct status s = begin();
    answers(&s, (struct status_now){ .now_ms = BEGAN_MS }, "V",
            "it is not in touch with etcd");
    answers(
        &s,
        (struct status_now){ .now_ms = BEGAN_MS, .confirmed_at_ms = BEGAN_MS },
        "SVHR", "it waits; nobody leads yet");
}

static void who_leaves_is_neither(void **state)
{
    (void)state;
    struct status s = leader();
    struct status_now now = { .now_ms = 5000,
                              .confirmed_at_ms = 5000,
                              .lead_until_ms = 9000 };
    status_leaving(&s);
    answers(&s, now, "VH", "it is leaving");
    assert_null(status_leader(&s, &now));
}

/* An event tells of the past: what holds now is asked for with each answer. */
static void lost_leadership_is_seen_before_its_event(void **state)
{
    (void)state;
    struct status s = leader();
    struct status_now now = { .now_ms = 5000, .confirmed_at_ms = 4000 };
    assert_null(status_leader(&s, &now));
    status_event(
        &s, &(struct candidate_event){ .type = CANDIDATE_LOST, .at_ms = 5000 });
    now.lead_until_ms = 9000;
    assert_null(status_leader(&s, &now));
}

static const char *json(const struct status *s, const struct status_now *now)
{
    static char text[1024];
    struct json_text j;
    json_text_init(&j, text, sizeof text);
    json_text_object(&j, NULL);
    status_members(s, now, &j);
    json_text_object_end(&j);
    assert_false(j.too_long);
    return text;
}

static void json_of_a_leader(void **state)
{
    (void)state;
    struct status s = leader();
    assert_string_equal(
        json(&s,
             &(struct status_now){ .now_ms = 5000,
                                   .wall_ms = INT64_C(1795510800123),
                                   .confirmed_at_ms = 4990,
                                   .lead_until_ms = 13000,
                                   .place = 1 }),
        "{\"schema\":1,\"at\":\"2026-11-24T09:00:00.123Z\","
        "\"version\":\"" CANDIDATE_VERSION "\",\"election\":\"leader\","
        "\"id\":\"A\",\"role\":\"leader\","
        "\"since\":\"2026-11-24T08:59:57.123Z\",\"leading\":true,"
        "\"in_touch\":true,\"leader\":\"A\",\"ttl_ms\":10000,\"place\":1,"
        "\"token\":\"5\",\"lease\":\"abc\",\"lead_ms\":8000}");
}

static void json_of_one_that_is_out_of_touch(void **state)
{
    (void)state;
    struct status s = standby();
    assert_string_equal(
        json(&s,
             &(struct status_now){ .now_ms = 9000,
                                   .wall_ms = INT64_C(1795510800123),
                                   .confirmed_at_ms = 2000 }),
        "{\"schema\":1,\"at\":\"2026-11-24T09:00:00.123Z\","
        "\"version\":\"" CANDIDATE_VERSION "\",\"election\":\"leader\","
        "\"id\":\"A\",\"role\":\"standby\","
        "\"since\":\"2026-11-24T08:59:53.123Z\",\"leading\":false,"
        "\"in_touch\":false,\"leader\":null,\"ttl_ms\":10000,\"place\":0}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leader_needs_enough_lease_time),
        cmocka_unit_test(leader_that_etcd_does_not_answer_leads_on),
        cmocka_unit_test(standby_must_be_in_touch),
        cmocka_unit_test(nobody_is_anything_before_etcd_has_answered),
        cmocka_unit_test(who_leaves_is_neither),
        cmocka_unit_test(lost_leadership_is_seen_before_its_event),
        cmocka_unit_test(json_of_a_leader),
        cmocka_unit_test(json_of_one_that_is_out_of_touch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
