/* test_picture.c: views as people and programs read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "actions/picture.h"
#include "cli/json_lines.h"
#include "sys/clock.h"

static const struct candidate_lock locks[] = {
    { .id = "A\"",
      .key = "election_leader/a",
      .token = 10,
      .revision = 10,
      .lease = 0xa,
      .lease_ends_at_ms = 109000,
      .lease_ttl_ms = 10000 },
    { .id = "B",
      .key = "election_leader/odd",
      .token = 12,
      .revision = 12,
      .foreign = true },
};

static const struct candidate_member members[] = {
    { .endpoint = "http://a:2379",
      .name = "m0",
      .id = 0x10,
      .leader = 0x10,
      .version = "3.5.30",
      .trouble = "",
      .duration_ms = 3 },
    { .endpoint = "http://b:2379",
      .name = "",
      .version = "",
      .trouble = "connection refused" },
};

static const struct candidate_view led = {
    .election = "leader",
    .prefix = "election_leader/",
    .known = true,
    .confirmed_at_ms = 100000,
    .trouble = "",
    .cluster = 7,
    .revision = 20,
    .led = true,
    .leader = "A\"",
    .token = 10,
    .lease = 0xa,
    .leader_created = 11,
    .leader_modified = 11,
    .since_ms = 90000,
    .holder = "",
    .queue = locks,
    .queue_n = 2,
    .queue_more = 3,
    .members = members,
    .members_n = 2,
};

#define QUEUE(bar) QUEUE_OF(bar, "  leads")

static void expect_picture(const struct candidate_view *view, bool live,
                           const char *expected)
{
    struct picture p = { .text = malloc(PICTURE_BYTES_MAX),
                         .now_ms = 100000,
                         .live = live };
    assert_non_null(p.text);
    picture_view(&p, view);
    assert_string_equal(p.text, expected);
    assert_int_equal(p.bytes, strlen(expected));
    free(p.text);
}

#define MEMBERS                                                                \
    "Members\n"                                                                \
    "  m0 10  http://a:2379  etcd 3.5.30  healthy, 3 ms, etcd's leader\n"      \
    "   http://b:2379  connection refused\n"
#define QUEUE_OF(bar, leads)                                                   \
    "Queue\n"                                                                  \
    "   1. A\"  token 10  lease a  " bar "9 s of 10 s left" leads "\n"         \
    "   2. B  token 12  no lease  foreign key election_leader/odd\n"           \
    "  and 3 more\n"

static void picture_of_an_election_that_is_led(void **state)
{
    (void)state;
    expect_picture(&led, false,
                   "Election leader: A\" leads\n"
                   "  for 10 s, fencing token 10\n" QUEUE("") MEMBERS);
    expect_picture(&led, true,
                   "Election leader: A\" leads\n"
                   "  for 10 s, fencing token 10\n" QUEUE(
                       "[##################--] ") MEMBERS);
}

static void stale_picture_says_so_and_names_no_leader(void **state)
{
    (void)state;
    struct candidate_view stale = led;
    stale.stale = true;
    stale.trouble_code = CANDIDATE_ERETRY;
    stale.trouble = "http://a:2379: connection refused";
    stale.confirmed_at_ms = 93000;
    expect_picture(&stale, false,
                   "Election leader: not known, etcd does not answer for 7 s\n"
                   "  http://a:2379: connection refused\n"
                   "As it was then:\n" QUEUE_OF("", "") MEMBERS);
}

static void expect_sentence(enum candidate_change change,
                            const struct candidate_view *view,
                            const char *expected)
{
    char sentence[PICTURE_SENTENCE_BYTES_MAX];
    picture_change(sentence, change, view);
    assert_string_equal(sentence, expected);
}

static void each_change_is_a_sentence(void **state)
{
    (void)state;
    struct candidate_view view = led;
    expect_sentence(CANDIDATE_VIEW_LEADER, &view, "A\" leads, token 10");
    expect_sentence(CANDIDATE_VIEW_QUEUE, &view, "Queue: A\", B and 3 more");
    expect_sentence(CANDIDATE_VIEW_NOBODY, &view, "Nobody leads now");
    view.holder = "C";
    expect_sentence(CANDIDATE_VIEW_HOLDER, &view,
                    "C holds the lock, without a leader key");
    expect_sentence(CANDIDATE_VIEW_STALE, &view,
                    "Nobody knows who leads: etcd does not answer");
    expect_sentence(CANDIDATE_VIEW_FRESH, &view, "");
    view.token = 0;
    expect_sentence(CANDIDATE_VIEW_LEADER, &view,
                    "A\" leads, without a lock key");
    view.queue_n = 0;
    view.queue_more = 0;
    expect_sentence(CANDIDATE_VIEW_QUEUE, &view, "Queue: empty");
}

/* As etcdctl lock leaves it. */
static void lock_without_an_id_is_told_by_its_key(void **state)
{
    (void)state;
    struct candidate_lock lock = locks[0];
    struct candidate_view held = led;
    lock.id = "";
    held.led = false;
    held.since_ms = 0;
    held.queue = &lock;
    held.queue_n = 1;
    held.queue_more = 0;
    held.members_n = 0;
    expect_picture(&held, false,
                   "Election leader: nobody leads\n"
                   "  since before revision 20, election_leader/a holds the "
                   "lock\n"
                   "Queue\n"
                   "   1. election_leader/a  token 10  lease a  9 s of 10 s "
                   "left\n");
    expect_sentence(CANDIDATE_VIEW_QUEUE, &held, "Queue: election_leader/a");
}

static void json_of_a_view_has_all_of_it(void **state)
{
    (void)state;
    static char text[16384];
    struct json_text j;
    json_text_init(&j, text, sizeof text);
    json_lines_view(&j, "leader", &led);
    assert_false(j.too_long);
    static const char *const parts[] = {
        "{\"schema\":1,\"type\":\"leader\",\"at\":\"20",
        "\"election\":\"leader\",\"known\":true,\"stale\":false,"
        "\"trouble\":null,\"cluster\":\"7\",\"revision\":20,"
        "\"leader\":\"A\\\"\",\"token\":\"10\",\"lease\":\"a\","
        "\"since_revision\":11,\"since\":\"",
        "\"queue\":[{\"id\":\"A\\\"\",\"token\":\"10\",\"lease\":\"a\","
        "\"key\":\"election_leader/a\",\"foreign\":false,\"lease_left_ms\":",
        "{\"id\":\"B\",\"token\":\"12\",\"lease\":null,"
        "\"key\":\"election_leader/odd\",\"foreign\":true}],\"queue_more\":3,"
        "\"members\":[{\"endpoint\":\"http://a:2379\",\"name\":\"m0\","
        "\"member\":\"16\",\"leader\":\"16\",\"healthy\":true,"
        "\"trouble\":null,\"version\":\"3.5.30\",\"duration_ms\":3}",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(text, parts[i]))
            fail_msg("%s\nis not in\n%s", parts[i], text);
}

static void json_of_nobody_is_null(void **state)
{
    (void)state;
    static char text[4096];
    struct candidate_view nobody = {
        .election = "leader",
        .known = true,
        .trouble = "",
        .leader = "",
        .holder = "",
    };
    struct json_text j;
    json_text_init(&j, text, sizeof text);
    json_lines_view(&j, "nobody", &nobody);
    assert_non_null(strstr(text,
                           "\"leader\":null,\"token\":null,\"lease\":null,"
                           "\"since_revision\":0,\"since\":null,"
                           "\"holder\":null,\"queue\":[],"
                           "\"queue_more\":0}"));
    nobody.holder = "C";
    json_text_init(&j, text, sizeof text);
    json_lines_view(&j, "holder", &nobody);
    assert_non_null(strstr(text, "\"since\":null,\"holder\":\"C\","));
    nobody.stale = true;
    json_text_init(&j, text, sizeof text);
    json_lines_view(&j, "stale", &nobody);
    assert_non_null(strstr(text, "\"since\":null,\"holder\":null,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picture_of_an_election_that_is_led),
        cmocka_unit_test(stale_picture_says_so_and_names_no_leader),
        cmocka_unit_test(each_change_is_a_sentence),
        cmocka_unit_test(lock_without_an_id_is_told_by_its_key),
        cmocka_unit_test(json_of_a_view_has_all_of_it),
        cmocka_unit_test(json_of_nobody_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
