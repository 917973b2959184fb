/* test_why.c: which facts are findings, as far as they cannot be made on a
 * real etcd: a clock far from ours, a corrupt member; and the bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "actions/why.h"

static const struct why_question question = {
    .now_ms = 100000,
    .ttl_s = 10,
    .endpoints = "http://a:2379",
};

static const struct candidate_view healthy = {
    .election = "leader",
    .prefix = "election_leader/",
    .known = true,
    .trouble = "",
    .writes_trouble = "",
    .leader = "",
    .revision = 20,
};

static struct candidate_member member(int64_t clock_ahead_ms,
                                      const char *trouble)
{
    return (struct candidate_member){
        .endpoint = "http://a:2379",
        .name = "m0",
        .version = "3.5.30",
        .id = 1,
        .leader = 1,
        .trouble = trouble,
        .clock_known = true,
        .clock_ahead_ms = clock_ahead_ms,
    };
}

static struct why *explain(const struct candidate_view *view)
{
    struct why *w = calloc(1, sizeof *w);
    assert_non_null(w);
    why_explain(w, view, &question);
    return w;
}

static void expect_one(const struct why *w, const char *kind,
                       enum why_weight weight)
{
    assert_int_equal(w->n, 1);
    assert_string_equal(w->findings[0].kind, kind);
    assert_int_equal(w->findings[0].weight, weight);
}

static void clock_far_from_ours_is_found(void **state)
{
    (void)state;
    struct candidate_view view = healthy;
    struct candidate_member m = member(-WHY_CLOCK_MS_MAX, "");
    view.members = &m;
    view.members_n = 1;
    struct why *w = explain(&view);
    assert_int_equal(w->n, 0);
    m.clock_ahead_ms = -3600000;
    why_explain(w, &view, &question);
    expect_one(w, "clock-far", WHY_THREATENS);
    assert_int_equal(w->findings[0].revision, 20);
    assert_non_null(
        strstr(w->findings[0].text,
               "http://a:2379 m0: its clock is 3600 s behind ours"));
    assert_string_equal(w->findings[0].command, "timedatectl set-ntp true");
    m.clock_ahead_ms = 7000;
    why_explain(w, &view, &question);
    assert_non_null(strstr(w->findings[0].text, "is 7 s before ours"));
    m.clock_known = false;
    why_explain(w, &view, &question);
    assert_int_equal(w->n, 0);
    free(w);
}

static void corrupt_member_threatens(void **state)
{
    (void)state;
    struct candidate_view view = healthy;
    struct candidate_member m = member(0, "memberID:1 alarm:CORRUPT ");
    view.members = &m;
    view.members_n = 1;
    struct why *w = explain(&view);
    expect_one(w, "alarm-raised", WHY_THREATENS);
    assert_string_equal(w->findings[0].command, "etcdctl alarm list");
    free(w);
}

static void default_ttl_is_no_threat_but_a_note(void **state)
{
    (void)state;
    struct candidate_lock lock = { .id = "A",
                                   .key = "election_leader/a",
                                   .lease = 0xa,
                                   .token = 5,
                                   .lease_ends_at_ms = 115000,
                                   .lease_ttl_ms = 15000 };
    struct candidate_view view = healthy;
    view.led = true;
    view.leader = "A";
    view.token = 5;
    view.lease = 0xa;
    view.queue = &lock;
    view.queue_n = 1;
    struct why *w = explain(&view);
    expect_one(w, "ttl-raised", WHY_NOTE);
    free(w);
}

static void more_than_can_be_kept_are_counted(void **state)
{
    (void)state;
    enum { KEYS = WHY_FINDINGS_MAX + 5 };
    static struct candidate_lock locks[KEYS];
    for (int i = 0; i < KEYS; i++)
        locks[i] = (struct candidate_lock){ .id = "X",
                                            .key = "election_leader/x",
                                            .foreign = true };
    struct candidate_view view = healthy;
    view.queue = locks;
    view.queue_n = KEYS;
    struct why *w = explain(&view);
    assert_int_equal(w->n, WHY_FINDINGS_MAX);
    assert_int_equal(w->more, 5);
    free(w);
}

/* A key of quotes alone needs four bytes for each; a part of it would be the
 * key of somebody else. */
static void command_deletes_a_key_whole_or_not_at_all(void **state)
{
    (void)state;
    char key[WHY_TEXT_BYTES_MAX];
    memset(key, '\'', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    struct candidate_lock lock = { .id = "X", .key = key, .foreign = true };
    struct candidate_view view = healthy;
    view.queue = &lock;
    view.queue_n = 1;
    struct why *w = explain(&view);
    assert_string_equal(w->findings[0].command, "etcdctl del -- '...'");
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_far_from_ours_is_found),
        cmocka_unit_test(corrupt_member_threatens),
        cmocka_unit_test(default_ttl_is_no_threat_but_a_note),
        cmocka_unit_test(more_than_can_be_kept_are_counted),
        cmocka_unit_test(command_deletes_a_key_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
