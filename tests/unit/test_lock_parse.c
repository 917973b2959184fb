/* test_lock_parse.c: what the replies to the recipe's transactions say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "etcd/lock_private.h"

enum { LEASE = 0xabc };

#define OURS "election_leader/abc"

static struct etcd_kv kv(const char *key, int64_t create_revision)
{
    return (struct etcd_kv){
        .key = { key, strlen(key) },
        .create_revision = create_revision,
        .mod_revision = create_revision,
        .version = 1,
    };
}

/* A range's result, of as many of these keys as n. */
static struct etcd_result keys(struct etcd_kv *items, size_t n)
{
    return (struct etcd_result){
        .type = ETCD_OP_RANGE,
        .range = { .items = items, .n = n, .count = (int64_t)n },
    };
}

static struct etcd_result count(int64_t n)
{
    return (struct etcd_result){ .type = ETCD_OP_RANGE, .range.count = n };
}

static struct etcd_result nested(bool succeeded, struct etcd_result *results,
                                 size_t n)
{
    return (struct etcd_result){
        .type = ETCD_OP_TXN,
        .txn = { .succeeded = succeeded, .results = results, .results_n = n },
    };
}

/* ---- attempt ---- */

/* The reply to an attempt that queued as the newest of three, while the
 * oldest leads; nobody else has our ID. Tests change parts of it. */
struct attempt {
    struct etcd_kv own, newest[2], leader, holder;
    struct etcd_result put, before, behind;
    struct etcd_result results[ATTEMPT_RESULTS];
    struct etcd_txn_result txn;
};

static struct lock our_lock(void)
{
    struct lock l;
    lock_init(&l, "leader", "A");
    lock_set_lease(&l, LEASE);
    return l;
}

static void queued(struct attempt *a)
{
    *a = (struct attempt){
        .own = kv(OURS, 30),
        .newest = { kv(OURS, 30), kv("election_leader/2", 20) },
        .leader = kv("leader", 10),
        .holder = kv("election_leader/1", 10),
        .put = { .type = ETCD_OP_PUT },
        .before = count(2),
        .behind = count(0),
    };
    a->results[ATTEMPT_ENQUEUE] = nested(true, &a->put, 1);
    a->results[ATTEMPT_OWN] = keys(&a->own, 1);
    a->results[ATTEMPT_NEWEST] = keys(a->newest, 2);
    a->results[ATTEMPT_LEADER] = keys(&a->leader, 1);
    a->results[ATTEMPT_HOLDER] = keys(&a->holder, 1);
    a->results[ATTEMPT_HOLDER].range.count = 3;
    a->results[ATTEMPT_ID_BEFORE] = nested(true, NULL, 0);
    a->results[ATTEMPT_ID_BEHIND] = nested(false, &a->behind, 1);
    a->txn = (struct etcd_txn_result){
        .results = a->results,
        .results_n = ATTEMPT_RESULTS,
    };
}

static struct lock_view view_of(const struct attempt *a)
{
    struct lock l = our_lock();
    struct lock_view view;
    assert_int_equal(lock_parse_attempt(&l, &a->txn, &view), 0);
    return view;
}

static void expect_refused(const struct attempt *a)
{
    struct lock l = our_lock();
    struct lock_view view = { .own.create_revision = 77 };
    assert_int_equal(lock_parse_attempt(&l, &a->txn, &view), CANDIDATE_EPROTO);
    assert_int_equal(view.own.create_revision, 77);
}

static void attempt_that_leads_has_nothing_to_read(void **state)
{
    (void)state;
    struct etcd_result puts[2] = { { .type = ETCD_OP_PUT },
                                   { .type = ETCD_OP_PUT } };
    struct attempt a = {
        .txn = { .succeeded = true, .results = puts, .results_n = 2 },
    };
    struct lock_view view = view_of(&a);
    assert_true(view.succeeded);
    assert_false(view.same_id);
    assert_int_equal(view.own.create_revision, 0);
    assert_int_equal(view.leader.create_revision, 0);
    a.txn.results_n = 1;
    expect_refused(&a);
    a.txn.results_n = 0;
    expect_refused(&a);
    a.txn.results_n = 2;
    puts[1].type = ETCD_OP_DELETE;
    expect_refused(&a);
}

static void attempt_that_queues_reads_all_four_keys(void **state)
{
    (void)state;
    struct attempt a;
    queued(&a);
    struct lock_view view = view_of(&a);
    assert_false(view.succeeded);
    assert_false(view.same_id);
    assert_int_equal(view.own.create_revision, 30);
    assert_int_equal(view.predecessor.create_revision, 20);
    assert_int_equal(view.leader.create_revision, 10);
    assert_int_equal(view.holder.create_revision, 10);
    assert_string_equal(view.predecessor.key.data, "election_leader/2");
    assert_string_equal(view.holder.key.data, "election_leader/1");
    assert_int_equal(view.queue_n, 3);
}

static void repeated_attempt_reads_the_same(void **state)
{
    (void)state;
    struct attempt a;
    queued(&a);
    a.results[ATTEMPT_ENQUEUE] = nested(false, NULL, 0);
    struct lock_view view = view_of(&a);
    assert_int_equal(view.own.create_revision, 30);
    assert_int_equal(view.predecessor.create_revision, 20);
}

/* The newest two say nothing of who is before us then. */
static void others_behind_us_hide_the_predecessor(void **state)
{
    (void)state;
    struct attempt a;
    queued(&a);
    a.newest[1] = a.own;
    a.newest[0] = kv("election_leader/3", 40);
    assert_int_equal(view_of(&a).predecessor.create_revision, 0);
    a.newest[1] = kv("election_leader/4", 39);
    assert_int_equal(view_of(&a).predecessor.create_revision, 0);
}

static void alone_in_the_queue_there_is_no_predecessor(void **state)
{
    (void)state;
    struct attempt a;
    queued(&a);
    a.results[ATTEMPT_NEWEST] = keys(a.newest, 1);
    a.holder = a.own;
    struct lock_view view = view_of(&a);
    assert_int_equal(view.predecessor.create_revision, 0);
    assert_int_equal(view.holder.create_revision, 30);
}

static void absent_keys_are_zero(void **state)
{
    (void)state;
    struct attempt a;
    queued(&a);
    a.results[ATTEMPT_OWN] = keys(NULL, 0);
    a.results[ATTEMPT_NEWEST] = keys(NULL, 0);
    a.results[ATTEMPT_LEADER] = keys(NULL, 0);
    a.results[ATTEMPT_HOLDER] = keys(NULL, 0);
    struct lock_view view = view_of(&a);
    assert_int_equal(view.own.create_revision, 0);
    assert_int_equal(view.predecessor.create_revision, 0);
    assert_int_equal(view.leader.create_revision, 0);
    assert_int_equal(view.holder.create_revision, 0);
    a.results[ATTEMPT_NEWEST] = keys(a.newest + 1, 1);
    assert_int_equal(view_of(&a).predecessor.create_revision, 0);
}

static void our_id_elsewhere_in_the_queue_is_seen(void **state)
{
    (void)state;
    struct attempt a;
    queued(&a);
    a.results[ATTEMPT_ID_BEFORE] = nested(false, &a.before, 1);
    assert_true(view_of(&a).same_id);
    queued(&a);
    a.behind = count(1);
    assert_true(view_of(&a).same_id);
    a.results[ATTEMPT_ID_BEFORE] = nested(false, &a.before, 1);
    assert_true(view_of(&a).same_id);
    a.before = a.behind = count(0); /* the compare failed on empty ranges */
    assert_false(view_of(&a).same_id);
}

/* Change one result of a good reply; it must be refused. */
static void expect_refused_with(unsigned position, struct etcd_result result)
{
    struct attempt a;
    queued(&a);
    a.results[position] = result;
    expect_refused(&a);
}

static void attempt_of_another_shape_is_refused(void **state)
{
    (void)state;
    struct attempt a;
    struct etcd_kv others[3] = { kv("x", 5), kv("y", 4), kv("z", 3) };
    struct etcd_kv never[2] = { kv(OURS, 0), kv("leader", 0) };
    struct etcd_kv turned[2] = { kv(OURS, 30), kv("z", 30) };
    struct etcd_result put = { .type = ETCD_OP_PUT };
    struct etcd_result puts[2] = { put, put };
    struct etcd_result several[2] = { count(1), count(1) };
    for (unsigned i = 0; i < ATTEMPT_RESULTS; i++)
        expect_refused_with(i, put);
    expect_refused_with(ATTEMPT_ENQUEUE, nested(true, NULL, 0));
    expect_refused_with(ATTEMPT_ENQUEUE, nested(true, puts, 2));
    expect_refused_with(ATTEMPT_ENQUEUE, nested(true, several, 1));
    expect_refused_with(ATTEMPT_ENQUEUE, nested(false, &put, 1));
    expect_refused_with(ATTEMPT_OWN, keys(others, 2));
    expect_refused_with(ATTEMPT_OWN, keys(others, 1)); /* not our key */
    expect_refused_with(ATTEMPT_OWN, keys(never, 1));
    expect_refused_with(ATTEMPT_NEWEST, keys(others, 3));
    expect_refused_with(ATTEMPT_NEWEST, keys(turned, 2));
    expect_refused_with(ATTEMPT_LEADER, keys(others, 1));
    expect_refused_with(ATTEMPT_LEADER, keys(never + 1, 1));
    expect_refused_with(ATTEMPT_HOLDER, keys(others, 2));
    expect_refused_with(ATTEMPT_ID_BEFORE, nested(true, several, 1));
    expect_refused_with(ATTEMPT_ID_BEFORE, nested(false, NULL, 0));
    expect_refused_with(ATTEMPT_ID_BEHIND, nested(false, several, 2));
    expect_refused_with(ATTEMPT_ID_BEHIND, nested(false, &put, 1));
    for (size_t n = 0; n < ATTEMPT_RESULTS; n++) {
        queued(&a);
        a.txn.results_n = n;
        expect_refused(&a);
    }
    queued(&a);
    a.txn.succeeded = true;
    expect_refused(&a);
}

/* ---- claim, check, barrier ---- */

static void expect_parse(bool succeeded, struct etcd_result *results, size_t n,
                         int expected)
{
    struct etcd_txn_result txn = { succeeded, results, n };
    struct lock_view view = { .own.create_revision = 77 };
    assert_int_equal(lock_parse(&txn, &view), expected);
    assert_int_equal(view.own.create_revision, expected < 0 ? 77 : 0);
    if (expected == 0)
        assert_true(view.succeeded == succeeded);
}

static void success_is_one_change(void **state)
{
    (void)state;
    struct etcd_result put = { .type = ETCD_OP_PUT };
    struct etcd_result two[2] = { { .type = ETCD_OP_DELETE }, put };
    struct etcd_result range = count(0);
    expect_parse(true, &put, 1, 0);
    expect_parse(true, two, 1, 0);
    expect_parse(true, two, 2, CANDIDATE_EPROTO);
    expect_parse(true, NULL, 0, CANDIDATE_EPROTO);
    expect_parse(true, &range, 1, CANDIDATE_EPROTO);
}

static void view(struct etcd_result *results, struct etcd_kv *kvs)
{
    for (unsigned i = 0; i < VIEW_RESULTS; i++)
        results[i] = keys(&kvs[i], 1);
}

static void what_stands_in_the_way_is_read(void **state)
{
    (void)state;
    struct etcd_kv kvs[VIEW_RESULTS] = {
        [VIEW_OWN] = kv(OURS, 30),
        [VIEW_PREDECESSOR] = kv("election_leader/2", 20),
        [VIEW_LEADER] = kv("leader", 11),
        [VIEW_HOLDER] = kv("election_leader/1", 10),
    };
    struct etcd_result results[VIEW_RESULTS];
    view(results, kvs);
    struct etcd_txn_result txn = { false, results, VIEW_RESULTS };
    struct lock_view seen;
    assert_int_equal(lock_parse(&txn, &seen), 0);
    assert_false(seen.succeeded);
    assert_int_equal(seen.own.create_revision, 30);
    assert_int_equal(seen.predecessor.create_revision, 20);
    assert_int_equal(seen.leader.create_revision, 11);
    assert_int_equal(seen.holder.create_revision, 10);
    assert_int_equal(seen.queue_n, 1);
    for (unsigned i = 0; i < VIEW_RESULTS; i++)
        results[i] = keys(NULL, 0);
    assert_int_equal(lock_parse(&txn, &seen), 0);
    assert_int_equal(seen.own.create_revision, 0);
    assert_int_equal(seen.holder.create_revision, 0);
}

static void view_of_another_shape_is_refused(void **state)
{
    (void)state;
    struct etcd_kv kvs[VIEW_RESULTS] = { kv(OURS, 3), kv("a", 2),
                                         kv("leader", 1), kv("b", 1) };
    struct etcd_result results[VIEW_RESULTS];
    for (unsigned i = 0; i < VIEW_RESULTS; i++) {
        view(results, kvs);
        results[i].type = ETCD_OP_PUT;
        expect_parse(false, results, VIEW_RESULTS, CANDIDATE_EPROTO);
        view(results, kvs);
        results[i].range.items = kvs;
        results[i].range.n = 2;
        expect_parse(false, results, VIEW_RESULTS, CANDIDATE_EPROTO);
        view(results, kvs);
        struct etcd_kv never = kv("x", 0);
        results[i].range.items = &never;
        expect_parse(false, results, VIEW_RESULTS, CANDIDATE_EPROTO);
        view(results, kvs);
        expect_parse(false, results, i, CANDIDATE_EPROTO);
    }
    view(results, kvs);
    expect_parse(true, results, VIEW_RESULTS, CANDIDATE_EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempt_that_leads_has_nothing_to_read),
        cmocka_unit_test(attempt_that_queues_reads_all_four_keys),
        cmocka_unit_test(repeated_attempt_reads_the_same),
        cmocka_unit_test(others_behind_us_hide_the_predecessor),
        cmocka_unit_test(alone_in_the_queue_there_is_no_predecessor),
        cmocka_unit_test(absent_keys_are_zero),
        cmocka_unit_test(our_id_elsewhere_in_the_queue_is_seen),
        cmocka_unit_test(attempt_of_another_shape_is_refused),
        cmocka_unit_test(success_is_one_change),
        cmocka_unit_test(what_stands_in_the_way_is_read),
        cmocka_unit_test(view_of_another_shape_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
