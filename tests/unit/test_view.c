/* test_view.c: what surveys and events make of a view. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/view.h"

#define PREFIX "election_leader/"

struct fixture {
    struct view view;
    struct lock names;
    struct candidate_view shown;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    lock_init(&f->names, "leader", "");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static struct etcd_bytes bytes(const char *text)
{
    return (struct etcd_bytes){ text, strlen(text) };
}

static struct etcd_kv kv(const char *key, const char *value, int64_t created,
                         int64_t lease)
{
    return (struct etcd_kv){
        .key = bytes(key),
        .value = bytes(value),
        .create_revision = created,
        .mod_revision = created,
        .version = 1,
        .lease = lease,
    };
}

static unsigned put(struct fixture *f, enum survey_watch watch,
                    struct etcd_kv item)
{
    struct etcd_watch_event event = { .kv = item };
    return view_event(&f->view, watch, &event);
}

static unsigned del(struct fixture *f, enum survey_watch watch, const char *key,
                    int64_t revision)
{
    struct etcd_watch_event event = {
        .deleted = true,
        .kv = { .key = bytes(key),
                .value = bytes(""),
                .mod_revision = revision },
    };
    return view_event(&f->view, watch, &event);
}

/* A (lease 0xa) leads since revision 10, B (lease 0xb) waits. */
static unsigned survey(struct fixture *f, int64_t revision)
{
    struct etcd_kv a = kv(PREFIX "a", "A", 10, 0xa);
    struct etcd_kv b = kv(PREFIX "b", "B", 12, 0xb);
    struct etcd_kv key = kv("leader", "A", 11, 0xa);
    struct view_leader leader = view_leader(&key);
    view_survey_begin(&f->view);
    view_survey_lock(&f->view, &a);
    view_survey_lock(&f->view, &b);
    return view_survey_end(&f->view, &leader, 2, revision);
}

static void expect(struct fixture *f, const char *leader, int64_t token,
                   const char *ids)
{
    char found[64] = "";
    view_show(&f->view, &f->names, &f->shown);
    for (size_t i = 0; i < f->shown.queue_n; i++) {
        size_t used = strlen(found);
        (void)snprintf(found + used, sizeof found - used, "%s",
                       f->shown.queue[i].id);
    }
    assert_string_equal(f->shown.leader, leader);
    assert_int_equal(f->shown.led, leader[0] != '\0');
    assert_int_equal(f->shown.token, token);
    assert_string_equal(found, ids);
}

static void survey_shows_leader_token_and_queue(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(survey(f, 20), VIEW_LEADER | VIEW_QUEUE);
    expect(f, "A", 10, "AB");
    assert_string_equal(f->shown.queue[1].key, PREFIX "b");
    assert_int_equal(f->shown.queue[1].lease, 0xb);
    assert_false(f->shown.queue[1].foreign);
    assert_int_equal(f->shown.revision, 20);
    assert_int_equal(f->shown.leader_created, 11);
    assert_int_equal(view_watch_from(&f->view), 21);
}

static void survey_that_finds_the_same_changes_nothing(void **state)
{
    struct fixture *f = *state;
    (void)survey(f, 20);
    view_lease(&f->view, 0xb, 5000, 10000);
    assert_int_equal(survey(f, 30), 0);
    expect(f, "A", 10, "AB");
    assert_int_equal(f->shown.queue[1].lease_ends_at_ms, 5000);
    assert_int_equal(f->shown.revision, 30);
}

static void hand_over_is_followed_event_by_event(void **state)
{
    struct fixture *f = *state;
    (void)survey(f, 20);
    assert_int_equal(del(f, SURVEY_QUEUE, PREFIX "a", 21), VIEW_QUEUE);
    assert_int_equal(del(f, SURVEY_LEADER, "leader", 21), VIEW_LEADER);
    expect(f, "", 0, "B");
    assert_int_equal(put(f, SURVEY_LEADER, kv("leader", "B", 22, 0xb)),
                     VIEW_LEADER);
    expect(f, "B", 12, "B");
    assert_int_equal(put(f, SURVEY_QUEUE, kv(PREFIX "c", "C", 23, 0xc)),
                     VIEW_QUEUE);
    expect(f, "B", 12, "BC");
    assert_int_equal(f->shown.revision, 23);
}

/* After a reconnection events come again, of one watch more than of the other.
 */
static void what_was_applied_is_not_applied_again(void **state)
{
    struct fixture *f = *state;
    (void)survey(f, 20);
    (void)del(f, SURVEY_LEADER, "leader", 21);
    (void)put(f, SURVEY_LEADER, kv("leader", "B", 22, 0xb));
    assert_int_equal(view_watch_from(&f->view), 21);
    assert_int_equal(del(f, SURVEY_LEADER, "leader", 21), 0);
    assert_int_equal(put(f, SURVEY_LEADER, kv("leader", "B", 22, 0xb)), 0);
    assert_int_equal(del(f, SURVEY_QUEUE, PREFIX "a", 21), VIEW_QUEUE);
    assert_int_equal(del(f, SURVEY_QUEUE, PREFIX "a", 21), 0);
    assert_false(f->view.incomplete);
    expect(f, "B", 12, "B");
    assert_int_equal(view_watch_from(&f->view), 22);
}

static void queue_is_in_the_order_of_creation(void **state)
{
    struct fixture *f = *state;
    (void)survey(f, 20);
    (void)put(f, SURVEY_QUEUE, kv(PREFIX "d", "D", 22, 0xd));
    (void)put(f, SURVEY_QUEUE, kv(PREFIX "c", "C", 23, 0xc));
    expect(f, "A", 10, "ABDC");
    /* Deleted and made again, of which only the latter was told. */
    assert_int_equal(put(f, SURVEY_QUEUE, kv(PREFIX "b", "B", 24, 0xb)),
                     VIEW_QUEUE);
    expect(f, "A", 10, "ADCB");
}

static void overwritten_key_is_a_change_only_if_it_says_another_thing(
    void **state)
{
    struct fixture *f = *state;
    (void)survey(f, 20);
    struct etcd_kv again = kv("leader", "A", 11, 0xa);
    again.mod_revision = 21;
    assert_int_equal(put(f, SURVEY_LEADER, again), 0);
    assert_int_equal(f->view.leader.modified, 21);
    again.value = bytes("X");
    again.lease = 0;
    again.mod_revision = 22;
    assert_int_equal(put(f, SURVEY_LEADER, again), VIEW_LEADER);
    expect(f, "X", 0, "AB");
    struct etcd_kv lock = kv(PREFIX "b", "B", 12, 0);
    lock.mod_revision = 23;
    assert_int_equal(put(f, SURVEY_QUEUE, lock), VIEW_QUEUE);
    view_show(&f->view, &f->names, &f->shown);
    assert_true(f->shown.queue[1].foreign);
    assert_int_equal(f->shown.queue[1].revision, 23);
}

static struct survey_page check_of(int64_t leader_modified, int64_t newest,
                                   int64_t count, struct etcd_kv *items)
{
    items[0] = kv(PREFIX "x", "", newest, 0);
    struct survey_page page = {
        .leader = kv("leader", "", 11, 0xa),
        .queue = { .items = items, .n = count > 0, .count = count },
    };
    page.leader.mod_revision = leader_modified;
    return page;
}

static void check_confirms_only_what_is_the_same(void **state)
{
    struct fixture *f = *state;
    struct etcd_kv items[1];
    (void)survey(f, 20);
    struct survey_page same = check_of(11, 12, 2, items);
    assert_true(view_confirm(&f->view, &same, 40));
    assert_int_equal(view_watch_from(&f->view), 41);
    assert_false(view_confirm(&f->view, &same, 39)); /* etcd went back */
    struct survey_page other = check_of(50, 12, 2, items);
    assert_false(view_confirm(&f->view, &other, 60));
    other = check_of(11, 50, 2, items);
    assert_false(view_confirm(&f->view, &other, 60));
    other = check_of(11, 12, 3, items);
    assert_false(view_confirm(&f->view, &other, 60));
    other = check_of(11, 12, 2, items);
    other.leader = (struct etcd_kv){ 0 };
    assert_false(view_confirm(&f->view, &other, 60));
    assert_int_equal(view_watch_from(&f->view), 41);
    assert_int_equal(put(f, SURVEY_QUEUE, kv(PREFIX "c", "C", 41, 0xc)),
                     VIEW_QUEUE);
}

static void fill(struct fixture *f, int64_t count)
{
    struct view_leader nobody = { 0 };
    view_survey_begin(&f->view);
    for (int64_t i = 0; i < count; i++) {
        char key[64];
        (void)snprintf(key, sizeof key, PREFIX "%lld", (long long)i);
        struct etcd_kv lock = kv(key, "I", 100 + i, 1);
        view_survey_lock(&f->view, &lock);
    }
    (void)view_survey_end(&f->view, &nobody, count, 5000);
}

static void locks_beyond_the_limit_are_counted(void **state)
{
    struct fixture *f = *state;
    fill(f, CANDIDATE_VIEW_QUEUE_MAX + 2);
    view_show(&f->view, &f->names, &f->shown);
    assert_int_equal(f->shown.queue_n, CANDIDATE_VIEW_QUEUE_MAX);
    assert_int_equal(f->shown.queue_more, 2);
    assert_int_equal(put(f, SURVEY_QUEUE, kv(PREFIX "new", "N", 5001, 1)),
                     VIEW_QUEUE);
    assert_int_equal(f->view.queue.more, 3);
    assert_false(f->view.incomplete);
    (void)del(f, SURVEY_QUEUE, PREFIX "0", 5002);
    assert_true(f->view.incomplete); /* who has its place now? */
}

static void key_that_is_too_long_to_be_told_apart_asks_for_a_survey(
    void **state)
{
    struct fixture *f = *state;
    (void)survey(f, 20);
    char key[VIEW_KEY_BYTES_MAX + 20];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    (void)put(f, SURVEY_QUEUE, kv(key, "K", 21, 0));
    assert_true(f->view.incomplete);
    (void)survey(f, 22);
    assert_false(f->view.incomplete);
}

static void what_is_shown_is_clean(void **state)
{
    struct fixture *f = *state;
    (void)survey(f, 20);
    (void)put(f, SURVEY_LEADER, kv("leader", "\x1b[2J\xff", 21, 0));
    (void)put(f, SURVEY_QUEUE, kv(PREFIX "\n", "\r", 22, 0));
    view_show(&f->view, &f->names, &f->shown);
    assert_string_equal(f->shown.leader, "\\x1b[2J\\xff");
    assert_string_equal(f->shown.queue[2].id, "\\x0d");
    assert_string_equal(f->shown.queue[2].key, PREFIX "\\x0a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(survey_shows_leader_token_and_queue),
        TEST(survey_that_finds_the_same_changes_nothing),
        TEST(hand_over_is_followed_event_by_event),
        TEST(what_was_applied_is_not_applied_again),
        TEST(queue_is_in_the_order_of_creation),
        TEST(overwritten_key_is_a_change_only_if_it_says_another_thing),
        TEST(check_confirms_only_what_is_the_same),
        TEST(locks_beyond_the_limit_are_counted),
        TEST(key_that_is_too_long_to_be_told_apart_asks_for_a_survey),
        TEST(what_is_shown_is_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
