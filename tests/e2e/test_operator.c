/* test_operator.c: keys and leases that somebody else removes, overwrites or
 * holds, and candidates with one ID.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "support/stage.h"

/* Nobody leads in these tests because a lease ran out. */
#define LONG_TTL "300"
#define PREFIX "election_leader/"

static void revoke_lease(struct stage *s, int64_t lease)
{
    char id[32];
    snprintf(id, sizeof id, "%" PRIx64, (uint64_t)lease);
    etcdctl(s->etcd, "lease", "revoke", id);
}

/* ---- a leader loses what it leads by ---- */

struct pair {
    struct process *a, *b;
    struct etcdctl_key lock_a, lock_b;
};

/* A leads, B waits. */
static struct pair lead_and_wait(struct stage *s)
{
    struct pair pair;
    pair.a = stage_leader(s, "--ttl", LONG_TTL, "A");
    pair.b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    pair.lock_a = stage_lock_key(s, PREFIX, "A");
    pair.lock_b = stage_lock_key(s, PREFIX, "B");
    return pair;
}

/* A was deposed: B leads, A queues up behind it with a fresh lease. */
static void expect_b_then_a(struct stage *s, const struct pair *pair,
                            const char *reason)
{
    stage_expect_lost(pair->a, reason);
    stage_expect_next_lead(pair->b);
    stage_expect_next_follow(pair->a, "B");
    struct etcdctl_key lock = stage_lock_key(s, PREFIX, "A");
    assert_true(lock.create_revision > pair->lock_b.create_revision);
    assert_true(lock.lease != pair->lock_a.lease);
    assert_int_equal(etcdctl_leases_n(s->etcd), 2);

    stage_resign(pair->b);
    stage_expect_next_lead(pair->a);
    stage_resign(pair->a);
    stage_expect_nothing_left(s);
}

static void deleted_leader_key_deposes_the_leader(void **state)
{
    struct pair pair = lead_and_wait(*state);
    etcdctl(((struct stage *)*state)->etcd, "del", "leader");
    expect_b_then_a(*state, &pair, "the leader key leader was deleted");
}

static void deleted_lock_key_deposes_the_leader(void **state)
{
    struct pair pair = lead_and_wait(*state);
    etcdctl(((struct stage *)*state)->etcd, "del", pair.lock_a.key);
    expect_b_then_a(*state, &pair, pair.lock_a.key);
}

/* Both keys go at once; whichever the leader hears of first is the reason. */
static void revoked_lease_deposes_the_leader(void **state)
{
    struct pair pair = lead_and_wait(*state);
    revoke_lease(*state, pair.lock_a.lease);
    expect_b_then_a(*state, &pair, "");
}

static void overwritten_leader_key_deposes_the_leader(void **state)
{
    struct stage *s = *state;
    struct pair pair = lead_and_wait(s);
    etcdctl(s->etcd, "put", "leader", "X");
    stage_expect_lost(pair.a, "the leader key leader was overwritten");
    stage_expect_next_follow(pair.a, "X");
    stage_expect_follow(pair.b, "X");
    process_expect_error(pair.a, "etcdctl del -- 'leader'");
    process_expect_error(pair.b, "etcdctl del -- 'leader'");
    process_expect_nothing_more(pair.a);
    process_expect_nothing_more(pair.b);

    etcdctl(s->etcd, "del", "leader");
    stage_expect_next_lead(pair.b);
    stage_expect_next_follow(pair.a, "B");
    stage_resign(pair.b);
    stage_expect_next_lead(pair.a);
}

/* The put took the key off its lease: its owner deletes it, or it would hold
 * the lock for ever. */
static void overwritten_lock_key_deposes_the_leader(void **state)
{
    struct pair pair = lead_and_wait(*state);
    etcdctl(((struct stage *)*state)->etcd, "put", pair.lock_a.key, "X");
    expect_b_then_a(*state, &pair, pair.lock_a.key);
}

static void deposed_leader_leads_again_when_nobody_waits(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct etcdctl_key before = stage_lock_key(s, PREFIX, "A");
    etcdctl(s->etcd, "del", "leader");
    stage_expect_lost(a, "deleted");
    stage_expect_next_lead(a);
    struct etcdctl_key after = stage_lock_key(s, PREFIX, "A");
    assert_true(after.create_revision > before.create_revision);
    assert_true(after.lease != before.lease);
    assert_int_equal(etcdctl_leases_n(s->etcd), 1);
    stage_resign(a);
    stage_expect_nothing_left(s);
}

static void deposed_leader_with_once_ends_with_75(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--once", "--ttl", LONG_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--once", "--ttl", LONG_TTL, "B");
    etcdctl(s->etcd, "del", "leader");
    stage_expect_lost(a, "the leader key leader was deleted");
    process_expect_line(a, "End");
    process_expect_error(a, "--once");
    process_expect_exit(a, 75);
    process_expect_nothing_more(a);
    stage_expect_next_lead(b);
    stage_resign(b);
    stage_expect_nothing_left(s);
}

/* ---- a waiter loses its place ---- */

/* A leads, B and C wait; B's place is taken away by remove(). */
static void expect_fresh_place(struct stage *s,
                               void (*remove)(struct stage *,
                                              const struct etcdctl_key *))
{
    struct pair pair = lead_and_wait(s);
    struct process *c = stage_waiter(s, "A", "--ttl", LONG_TTL, "C");
    struct etcdctl_key lock_c = stage_lock_key(s, PREFIX, "C");
    remove(s, &pair.lock_b);
    struct etcdctl_key fresh = stage_await_lock_key(s, PREFIX, "B",
                                                    lock_c.create_revision);
    assert_true(fresh.lease != pair.lock_b.lease);
    process_expect_nothing_more(pair.a);
    process_expect_nothing_more(c);

    stage_resign(pair.a);
    stage_expect_next_lead(c);
    stage_expect_next_follow(pair.b, "C");
    stage_resign(c);
    stage_expect_next_lead(pair.b);
    stage_resign(pair.b);
    stage_expect_nothing_left(s);
}

static void remove_key(struct stage *s, const struct etcdctl_key *key)
{
    etcdctl(s->etcd, "del", key->key);
}

static void overwrite_key(struct stage *s, const struct etcdctl_key *key)
{
    etcdctl(s->etcd, "put", key->key, "X");
}

static void remove_lease(struct stage *s, const struct etcdctl_key *key)
{
    revoke_lease(s, key->lease);
}

static void waiter_whose_lock_key_is_deleted_queues_again(void **state)
{
    expect_fresh_place(*state, remove_key);
}

static void waiter_whose_lock_key_is_overwritten_queues_again(void **state)
{
    expect_fresh_place(*state, overwrite_key);
}

static void waiter_whose_lease_is_revoked_queues_again(void **state)
{
    expect_fresh_place(*state, remove_lease);
}

/* ---- others on the same keys ---- */

static void two_candidates_of_one_id_both_work(void **state)
{
    struct stage *s = *state;
    struct process *first = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *second = stage_waiter(s, "A", "--ttl", LONG_TTL, "A");
    struct process_line warning = process_next_error(second);
    assert_non_null(strstr(warning.text, "\"A\""));
    process_expect_nothing_more(first);
    stage_resign(first);
    stage_expect_next_lead(second);
    stage_resign(second);
    stage_expect_nothing_left(s);
}

static void leader_key_without_a_lease_is_respected_and_named(void **state)
{
    struct stage *s = *state;
    etcdctl(s->etcd, "put", "leader", "X");
    struct process *a = stage_waiter(s, "X", "--ttl", LONG_TTL, "A");
    struct process_line said = process_expect_error(a, "\"X\"");
    assert_non_null(strstr(said.text, "etcdctl del -- 'leader'"));
    process_expect_nothing_more(a);
    assert_string_equal(etcdctl_get(s->etcd, "leader").value, "X");

    etcdctl(s->etcd, "del", "leader");
    stage_expect_next_lead(a);
    stage_resign(a);
    stage_expect_nothing_left(s);
}

static void name_of_a_leader_is_made_safe_to_show(void **state)
{
    struct stage *s = *state;
    etcdctl(s->etcd, "put", "leader", "\033[2JZo\303\253\nEnd");
    struct process *a = stage_waiter(s, "\\x1b[2JZo\303\253\\x0aEnd", "A");
    process_expect_error(a, "\"\\x1b[2JZo\303\253\\x0aEnd\"");
    process_expect_nothing_more(a);
}

static void id_in_any_script_is_shown_as_it_is(void **state)
{
    struct stage *s = *state;
    static const char id[] = "Zo\303\253 \346\227\245";
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, id);
    struct process *b = stage_waiter(s, id, "--ttl", LONG_TTL, "B");
    assert_string_equal(etcdctl_get(s->etcd, "leader").value,
                        "Zo\303\253 \346\227\245");
    stage_resign(a);
    stage_expect_next_lead(b);
}

static void candidate_waits_for_etcdctl_elect_and_names_it(void **state)
{
    struct stage *s = *state;
    struct process *elect = etcdctl_start(s->etcd, "elect", "election_leader",
                                          "somebody");
    struct process_line key = process_next_line(elect);
    process_expect_line(elect, "somebody");
    struct process *a = stage_waiter(s, "somebody", "--ttl", LONG_TTL, "A");
    struct process_line said = process_expect_error(a, "somebody");
    assert_non_null(strstr(said.text, key.text));
    struct process *b = stage_waiter(s, "somebody", "--ttl", LONG_TTL, "B");
    process_expect_error(b, "somebody");
    process_expect_nothing_more(a);

    process_signal(elect, SIGINT);
    stage_expect_next_lead(a);
    stage_expect_next_follow(b, "A");
    stage_resign(a);
    stage_expect_next_lead(b);
    stage_resign(b);
}

/* A lock's key has no value: so the key itself is what can be named. */
static void candidate_waits_for_etcdctl_lock_and_names_it(void **state)
{
    struct stage *s = *state;
    struct process *lock = etcdctl_start(s->etcd, "lock", "election_leader");
    struct process_line key = process_next_line(lock);
    struct process *a = stage_waiter(s, key.text, "--ttl", LONG_TTL, "A");
    process_expect_error(a, key.text);
    process_expect_nothing_more(a);
    process_signal(lock, SIGINT);
    stage_expect_next_lead(a);
    stage_resign(a);
}

/* B's predecessor goes, but the lock is not free. */
static void waiter_that_moves_up_still_waits_for_the_lock(void **state)
{
    struct stage *s = *state;
    struct process *lock = etcdctl_start(s->etcd, "lock", "election_leader");
    struct process_line key = process_next_line(lock);
    struct process *a = stage_waiter(s, key.text, "--ttl", LONG_TTL, "A");
    struct process *b = stage_waiter(s, key.text, "--ttl", LONG_TTL, "B");
    process_expect_error(a, key.text);
    process_expect_error(b, key.text);
    struct etcdctl_key place = stage_lock_key(s, PREFIX, "A");
    etcdctl(s->etcd, "del", place.key);
    stage_await_lock_key(s, PREFIX, "A", place.create_revision);
    process_expect_nothing_more(a);
    process_expect_nothing_more(b);

    process_signal(lock, SIGINT);
    stage_expect_next_lead(b);
    int64_t free_at = etcdctl_await_deletion(s->etcd, key.text, 0);
    assert_true(etcdctl_get(s->etcd, "leader").create_revision > free_at);
    stage_expect_next_follow(a, "B");
    stage_resign(b);
    stage_expect_next_lead(a);
    stage_resign(a);
}

static void etcdctl_waits_for_the_candidate(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *lock = etcdctl_start(s->etcd, "lock", "election_leader");
    struct etcdctl_key queued = stage_await_lock_key(s, PREFIX, "", 0);
    struct process *elect = etcdctl_start(s->etcd, "elect", "election_leader",
                                          "somebody");
    stage_await_lock_key(s, PREFIX, "somebody", 0);
    process_expect_nothing_more(lock);
    process_expect_nothing_more(elect);

    stage_resign(a);
    process_expect_line(lock, queued.key);
    process_expect_nothing_more(elect);
    process_signal(lock, SIGINT);
    process_next_line(elect);
    process_expect_line(elect, "somebody");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(deleted_leader_key_deposes_the_leader),
        STAGE_TEST(deleted_lock_key_deposes_the_leader),
        STAGE_TEST(revoked_lease_deposes_the_leader),
        STAGE_TEST(overwritten_leader_key_deposes_the_leader),
        STAGE_TEST(overwritten_lock_key_deposes_the_leader),
        STAGE_TEST(deposed_leader_leads_again_when_nobody_waits),
        STAGE_TEST(deposed_leader_with_once_ends_with_75),
        STAGE_TEST(waiter_whose_lock_key_is_deleted_queues_again),
        STAGE_TEST(waiter_whose_lock_key_is_overwritten_queues_again),
        STAGE_TEST(waiter_whose_lease_is_revoked_queues_again),
        STAGE_TEST(two_candidates_of_one_id_both_work),
        STAGE_TEST(leader_key_without_a_lease_is_respected_and_named),
        STAGE_TEST(name_of_a_leader_is_made_safe_to_show),
        STAGE_TEST(id_in_any_script_is_shown_as_it_is),
        STAGE_TEST(candidate_waits_for_etcdctl_elect_and_names_it),
        STAGE_TEST(candidate_waits_for_etcdctl_lock_and_names_it),
        STAGE_TEST(waiter_that_moves_up_still_waits_for_the_lock),
        STAGE_TEST(etcdctl_waits_for_the_candidate),
    };
    return cmocka_run_group_tests_name("operator", tests, NULL, NULL);
}
