/* test_rank.c: when a candidate with a priority asks to lead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rank.h"

enum { START_MS = 1000 };

static const struct rank_facts waits = { 7, true, 40 };
static const struct rank_facts leads = { 7, false, 41 };
static const struct rank_seen lower = { 0, false };

/* It waits, and its key is in etcd. */
static struct rank begin(unsigned priority)
{
    struct rank r;
    rank_init(&r, priority);
    assert_int_equal(rank_next(&r, START_MS, &waits), RANK_SHOW);
    assert_true(rank_deadline(&r) == INT64_MAX);
    rank_shown(&r, START_MS + 5, true);
    assert_int_equal(rank_next(&r, START_MS + 5, &waits), RANK_NOTHING);
    return r;
}

static void waiter_asks_after_the_hold_down(void **state)
{
    (void)state;
    struct rank r = begin(3);
    int64_t due_ms = START_MS + RANK_HOLD_DOWN_MS;
    assert_true(rank_deadline(&r) == due_ms);
    assert_int_equal(rank_next(&r, due_ms - 1, &waits), RANK_NOTHING);
    assert_int_equal(rank_next(&r, due_ms, &waits), RANK_LOOK);
    assert_int_equal(rank_next(&r, due_ms + 1, &waits), RANK_NOTHING);
    assert_true(rank_looked(&r, due_ms + 2, &lower));
}

static void without_a_priority_nothing_is_done(void **state)
{
    (void)state;
    struct rank r;
    rank_init(&r, 0);
    assert_int_equal(rank_next(&r, START_MS, &waits), RANK_NOTHING);
    assert_int_equal(rank_next(&r, START_MS + 60000, &waits), RANK_NOTHING);
    assert_true(rank_deadline(&r) == INT64_MAX);
}

static void only_the_higher_one_asks(void **state)
{
    (void)state;
    static const struct rank_seen others[] = {
        { 3, false }, /* as high */
        { 4, false },
        { 0, true },
    };
    struct rank r = begin(3);
    int64_t due_ms = START_MS + RANK_HOLD_DOWN_MS;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(rank_next(&r, due_ms, &waits), RANK_LOOK);
        assert_false(rank_looked(&r, due_ms, &others[i]));
        due_ms += RANK_HOLD_DOWN_MS;
        assert_true(rank_deadline(&r) == due_ms);
    }
}

/* Else those who come and go would move the leadership as often. */
static void each_leader_and_each_place_has_its_hold_down(void **state)
{
    (void)state;
    struct rank r = begin(3);
    int64_t now_ms = START_MS;
    struct rank_facts facts = waits;
    for (int i = 0; i < 20; i++) {
        now_ms += RANK_HOLD_DOWN_MS - 1;
        assert_int_equal(rank_next(&r, now_ms, &facts), RANK_NOTHING);
        if (i % 2) {
            facts.lease++; /* our place is another */
            assert_int_equal(rank_next(&r, now_ms, &facts), RANK_SHOW);
            rank_shown(&r, now_ms, true);
        } else {
            facts.leader_revision++;
            assert_int_equal(rank_next(&r, now_ms, &facts), RANK_NOTHING);
        }
    }
    assert_int_equal(rank_next(&r, now_ms + RANK_HOLD_DOWN_MS, &facts),
                     RANK_LOOK);
}

static void look_that_was_overtaken_asks_for_nothing(void **state)
{
    (void)state;
    struct rank r = begin(3);
    int64_t due_ms = START_MS + RANK_HOLD_DOWN_MS;
    assert_int_equal(rank_next(&r, due_ms, &waits), RANK_LOOK);
    assert_int_equal(rank_next(&r, due_ms, &leads), RANK_NOTHING);
    assert_false(rank_looked(&r, due_ms, &lower));
    r = begin(3);
    assert_int_equal(rank_next(&r, due_ms, &waits), RANK_LOOK);
    struct rank_facts other = waits;
    other.leader_revision++;
    assert_int_equal(rank_next(&r, due_ms, &other), RANK_NOTHING);
    assert_false(rank_looked(&r, due_ms, &lower));
}

static void leader_shows_its_priority_and_asks_nobody(void **state)
{
    (void)state;
    struct rank r;
    rank_init(&r, 3);
    assert_int_equal(rank_next(&r, START_MS, &leads), RANK_SHOW);
    rank_shown(&r, START_MS, true);
    assert_int_equal(rank_next(&r, START_MS + 60000, &leads), RANK_NOTHING);
    assert_true(rank_deadline(&r) == INT64_MAX);
}

static void what_has_no_answer_is_tried_again(void **state)
{
    (void)state;
    struct rank r;
    rank_init(&r, 3);
    assert_int_equal(rank_next(&r, START_MS, &waits), RANK_SHOW);
    rank_shown(&r, START_MS, false);
    assert_int_equal(rank_next(&r, START_MS, &waits), RANK_NOTHING);
    assert_true(rank_deadline(&r) == START_MS + RANK_RETRY_MS);
    r = begin(3);
    int64_t due_ms = START_MS + RANK_HOLD_DOWN_MS;
    assert_int_equal(rank_next(&r, due_ms, &waits), RANK_LOOK);
    assert_false(rank_looked(&r, due_ms, NULL));
    assert_true(rank_deadline(&r) == due_ms + RANK_RETRY_MS);
}

static void who_asked_in_vain_waits_long(void **state)
{
    (void)state;
    struct rank r = begin(3);
    int64_t due_ms = START_MS + RANK_HOLD_DOWN_MS;
    assert_int_equal(rank_next(&r, due_ms, &waits), RANK_LOOK);
    assert_true(rank_looked(&r, due_ms, &lower));
    rank_failed(&r, due_ms);
    assert_true(rank_deadline(&r) == due_ms + RANK_AGAIN_MS);
}

static void key_of_an_older_candidacy_is_none(void **state)
{
    (void)state;
    struct rank r;
    rank_init(&r, 3);
    assert_int_equal(rank_next(&r, START_MS, &waits), RANK_SHOW);
    struct rank_facts other = waits;
    other.lease++;
    assert_int_equal(rank_next(&r, START_MS, &other), RANK_NOTHING);
    rank_shown(&r, START_MS, true);
    assert_int_equal(rank_next(&r, START_MS, &other), RANK_SHOW);
}

static void nobody_is_asked_while_nobody_leads(void **state)
{
    (void)state;
    struct rank r = begin(3);
    struct rank_facts leaderless = waits;
    leaderless.leader_revision = 0;
    assert_int_equal(rank_next(&r, START_MS + 60000, &leaderless),
                     RANK_NOTHING);
    assert_true(rank_deadline(&r) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiter_asks_after_the_hold_down),
        cmocka_unit_test(without_a_priority_nothing_is_done),
        cmocka_unit_test(only_the_higher_one_asks),
        cmocka_unit_test(each_leader_and_each_place_has_its_hold_down),
        cmocka_unit_test(look_that_was_overtaken_asks_for_nothing),
        cmocka_unit_test(leader_shows_its_priority_and_asks_nobody),
        cmocka_unit_test(what_has_no_answer_is_tried_again),
        cmocka_unit_test(who_asked_in_vain_waits_long),
        cmocka_unit_test(key_of_an_older_candidacy_is_none),
        cmocka_unit_test(nobody_is_asked_while_nobody_leads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
