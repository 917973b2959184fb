/* test_lock_live.c: the lock recipe on a real etcd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "e2e/lock_side.h"
#include "support/etcdctl.h"

/* What a view says of a key. */
static void expect_key(const struct etcd_kv *kv, const char *key,
                       const char *value, int64_t lease)
{
    assert_true(kv->create_revision > 0);
    assert_string_equal(kv->key.data, key);
    assert_string_equal(kv->value.data, value);
    assert_int_equal(kv->lease, lease);
}

/* The keys of a whole election as etcdctl shows them, the oldest first. */
static size_t list(struct live *l, struct etcdctl_key *keys, size_t max)
{
    return etcdctl_list(l->server, "", keys, max);
}

static void first_attempt_leads_with_both_keys_on_its_lease(void **state)
{
    struct side a = side(*state, "A", LIVE_LEASE);
    attempt(&a);
    assert_true(a.view.succeeded);
    struct etcd_kv own = live_get(a.live, a.lock.key);
    expect_key(&own, "election_leader/5157", "A", LIVE_LEASE);
    assert_int_equal(own.create_revision, a.revision);
    struct etcd_kv leader = live_get(a.live, "leader");
    expect_key(&leader, "leader", "A", LIVE_LEASE);
    assert_int_equal(leader.create_revision, a.revision);
}

/* As after a reply that was lost. */
static void repeated_attempt_of_a_leader_finds_its_own_keys(void **state)
{
    struct side a = side(*state, "A", LIVE_LEASE);
    attempt(&a);
    int64_t revision = a.revision;
    attempt(&a);
    assert_false(a.view.succeeded);
    assert_false(a.view.same_id);
    assert_int_equal(a.view.own.create_revision, revision);
    assert_int_equal(a.view.holder.create_revision, revision);
    assert_int_equal(a.view.predecessor.create_revision, 0);
    expect_key(&a.view.leader, "leader", "A", LIVE_LEASE);
    assert_int_equal(a.header.revision, revision); /* nothing was written */
}

static void others_queue_and_see_who_is_before_them(void **state)
{
    struct side a = side(*state, "A", LIVE_LEASE);
    struct side b = side(*state, "B", LIVE_LEASE + 1);
    struct side c = side(*state, "C", LIVE_LEASE + 2);
    attempt(&a);
    attempt(&b);
    assert_false(b.view.succeeded);
    assert_false(b.view.same_id);
    expect_key(&b.view.own, "election_leader/5158", "B", LIVE_LEASE + 1);
    assert_int_equal(b.revision, b.header.revision);
    expect_key(&b.view.predecessor, "election_leader/5157", "A", LIVE_LEASE);
    expect_key(&b.view.leader, "leader", "A", LIVE_LEASE);
    expect_key(&b.view.holder, "election_leader/5157", "A", LIVE_LEASE);
    attempt(&c);
    expect_key(&c.view.predecessor, "election_leader/5158", "B",
               LIVE_LEASE + 1);
    expect_key(&c.view.holder, "election_leader/5157", "A", LIVE_LEASE);
    attempt(&b); /* C hides the predecessor; the place is kept */
    assert_int_equal(b.view.own.create_revision, b.revision);
    assert_int_equal(b.view.predecessor.create_revision, 0);
    assert_int_equal(b.header.revision, c.revision);
    check(&b);
    expect_key(&b.view.predecessor, "election_leader/5157", "A", LIVE_LEASE);
}

static void claim_succeeds_in_turn_only(void **state)
{
    struct side a = side(*state, "A", LIVE_LEASE);
    struct side b = side(*state, "B", LIVE_LEASE + 1);
    struct side c = side(*state, "C", LIVE_LEASE + 2);
    attempt(&a);
    attempt(&b);
    attempt(&c);
    assert_false(claim(&b));
    expect_key(&b.view.own, "election_leader/5158", "B", LIVE_LEASE + 1);
    expect_key(&b.view.predecessor, "election_leader/5157", "A", LIVE_LEASE);
    expect_key(&b.view.leader, "leader", "A", LIVE_LEASE);
    assert_true(resign(&a));
    assert_false(claim(&c));
    assert_int_equal(c.view.leader.create_revision, 0);
    expect_key(&c.view.predecessor, "election_leader/5158", "B",
               LIVE_LEASE + 1);
    expect_key(&c.view.holder, "election_leader/5158", "B", LIVE_LEASE + 1);
    assert_true(claim(&b));
    int64_t won = b.header.revision;
    assert_int_equal(live_get(b.live, "leader").create_revision, won);
    assert_false(claim(&b)); /* repeated after a lost reply: it is ours */
    expect_key(&b.view.leader, "leader", "B", LIVE_LEASE + 1);
    assert_int_equal(b.view.holder.create_revision, b.revision);
    assert_int_equal(b.view.predecessor.create_revision, 0);
    assert_int_equal(b.header.revision, won);
}

/* B, who waited for A, which has just resigned. */
static struct side first_waiter(struct live *l)
{
    struct side a = side(l, "A", LIVE_LEASE);
    struct side b = side(l, "B", LIVE_LEASE + 1);
    attempt(&a);
    attempt(&b);
    assert_true(resign(&a));
    return b;
}

/* An operator put back the key that they had deleted. */
static void key_of_another_revision_claims_nothing(void **state)
{
    struct side b = first_waiter(*state);
    live_delete(b.live, b.lock.key);
    live_put(b.live, b.lock.key, "B", LIVE_LEASE + 1);
    assert_false(claim(&b));
    assert_true(b.view.own.create_revision > b.revision);
    assert_int_equal(live_get(b.live, "leader").create_revision, 0);
}

/* An operator overwrote it: it would outlive our lease. */
static void key_on_another_lease_claims_nothing(void **state)
{
    struct side b = first_waiter(*state);
    live_put(b.live, b.lock.key, "B", 0);
    assert_false(claim(&b));
    expect_key(&b.view.own, "election_leader/5158", "B", 0);
    assert_int_equal(b.view.own.create_revision, b.revision);
    assert_int_equal(live_get(b.live, "leader").create_revision, 0);
    live_put(b.live, b.lock.key, "B", LIVE_LEASE + 1);
    assert_true(claim(&b));
}

static void leader_key_in_the_way_prevents_a_claim(void **state)
{
    struct live *l = *state;
    live_put(l, "leader", "somebody", 0);
    struct side a = side(l, "A", LIVE_LEASE);
    attempt(&a);
    assert_false(a.view.succeeded);
    expect_key(&a.view.leader, "leader", "somebody", 0);
    assert_int_equal(a.view.holder.create_revision, a.revision);
    assert_false(claim(&a));
    expect_key(&a.view.leader, "leader", "somebody", 0);
    live_delete(l, "leader");
    assert_true(claim(&a));
}

static void barrier_holds_while_both_keys_are_ours(void **state)
{
    struct live *l = *state;
    struct side a = side(l, "A", LIVE_LEASE);
    attempt(&a);
    for (int i = 0; i < 3; i++) {
        assert_true(barrier(&a));
        assert_int_equal(a.header.revision, a.revision); /* changes nothing */
    }
    live_delete(l, "leader");
    assert_false(barrier(&a));
    assert_int_equal(a.view.leader.create_revision, 0);
    assert_int_equal(a.view.own.create_revision, a.revision);
    live_put(l, "leader", "A", 0); /* an operator, without the lease */
    assert_false(barrier(&a));
    expect_key(&a.view.leader, "leader", "A", 0);
    live_put(l, "leader", "A", LIVE_LEASE);
    assert_true(barrier(&a));
    live_delete(l, a.lock.key);
    assert_false(barrier(&a));
    assert_int_equal(a.view.own.create_revision, 0);
    live_put(l, a.lock.key, "A", LIVE_LEASE);
    assert_false(barrier(&a));
    assert_true(a.view.own.create_revision > a.revision);
}

static void check_writes_nothing(void **state)
{
    struct side a = side(*state, "A", LIVE_LEASE);
    struct side b = side(*state, "B", LIVE_LEASE + 1);
    attempt(&a);
    attempt(&b);
    check(&b);
    expect_key(&b.view.own, "election_leader/5158", "B", LIVE_LEASE + 1);
    expect_key(&b.view.predecessor, "election_leader/5157", "A", LIVE_LEASE);
    expect_key(&b.view.leader, "leader", "A", LIVE_LEASE);
    expect_key(&b.view.holder, "election_leader/5157", "A", LIVE_LEASE);
    assert_int_equal(b.header.revision, b.revision);
    assert_int_equal(live_revision(b.live), b.revision);
}

static void resignation_deletes_both_keys_at_once(void **state)
{
    struct live *l = *state;
    struct etcdctl_key keys[4];
    struct side a = side(l, "A", LIVE_LEASE);
    struct side b = side(l, "B", LIVE_LEASE + 1);
    attempt(&a);
    attempt(&b);
    assert_true(resign(&a));
    assert_int_equal(a.header.revision, b.revision + 1);
    assert_int_equal(list(l, keys, 4), 1);
    assert_string_equal(keys[0].value, "B");
    assert_false(resign(&a)); /* repeated after a lost reply */
    assert_int_equal(list(l, keys, 4), 1);
    assert_true(resign(&b)); /* from the queue, with no leader key */
    assert_int_equal(list(l, keys, 4), 0);
}

static void resignation_leaves_what_is_not_ours(void **state)
{
    struct live *l = *state;
    struct etcdctl_key keys[4];
    struct side a = side(l, "A", LIVE_LEASE);
    attempt(&a);
    struct side stale = a;
    stale.revision = a.revision - 1;
    assert_false(resign(&stale));
    assert_int_equal(list(l, keys, 4), 2);
    live_put(l, "leader", "somebody", 0);
    assert_true(resign(&a));
    assert_int_equal(list(l, keys, 4), 1);
    assert_string_equal(keys[0].key, "leader");
}

static void attempt_without_a_lease_is_not_found(void **state)
{
    struct live *l = *state;
    struct side a = side(l, "A", LIVE_LEASE);
    live_revoke(l, LIVE_LEASE);
    lock_attempt(&a.lock, l->etcd, live_tag(l), LIVE_TIMEOUT_MS);
    live_expect_failure(l, CANDIDATE_ENOTFOUND,
                        "etcdserver: requested lease not found");
    struct side b = side(l, "B", LIVE_LEASE + 1);
    attempt(&b);
    lock_attempt(&a.lock, l->etcd, live_tag(l), LIVE_TIMEOUT_MS);
    live_expect_failure(l, CANDIDATE_ENOTFOUND,
                        "etcdserver: requested lease not found");
}

/* Before and behind the key with our ID, queued already or not. */
static void same_id_in_the_queue_is_noticed(void **state)
{
    struct live *l = *state;
    struct side first = side(l, "A", LIVE_LEASE + 1);
    struct side b = side(l, "B", LIVE_LEASE + 3);
    attempt(&first);
    attempt(&b);
    assert_false(b.view.same_id);
    struct side behind = side(l, "A", LIVE_LEASE + 2); /* of the other's key */
    attempt(&behind);
    assert_true(behind.view.same_id);
    attempt(&behind);
    assert_true(behind.view.same_id);
    attempt(&first);
    assert_true(first.view.same_id);
    live_delete(l, behind.lock.key);
    attempt(&first);
    assert_false(first.view.same_id);
    struct side before = side(l, "A", LIVE_LEASE);
    attempt(&before);
    assert_true(before.view.same_id);
    attempt(&b);
    assert_false(b.view.same_id);
}

static void elections_do_not_disturb_each_other(void **state)
{
    struct live *l = *state;
    static const char *const elections[] = { "leader0", "leader",
                                             "/svc/leader" };
    for (int64_t i = 0; i < 3; i++) {
        struct side a = side(l, "A", LIVE_LEASE + i);
        lock_init(&a.lock, elections[i], "A");
        lock_set_lease(&a.lock, LIVE_LEASE + i);
        attempt(&a);
        assert_true(a.view.succeeded);
    }
    assert_true(live_get(l, "/svc/election_leader/5159").create_revision > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, live_begin, live_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_attempt_leads_with_both_keys_on_its_lease),
        TEST(repeated_attempt_of_a_leader_finds_its_own_keys),
        TEST(others_queue_and_see_who_is_before_them),
        TEST(claim_succeeds_in_turn_only),
        TEST(key_of_another_revision_claims_nothing),
        TEST(key_on_another_lease_claims_nothing),
        TEST(leader_key_in_the_way_prevents_a_claim),
        TEST(barrier_holds_while_both_keys_are_ours),
        TEST(check_writes_nothing),
        TEST(resignation_deletes_both_keys_at_once),
        TEST(resignation_leaves_what_is_not_ours),
        TEST(attempt_without_a_lease_is_not_found),
        TEST(same_id_in_the_queue_is_noticed),
        TEST(elections_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, live_setup, live_teardown);
}
