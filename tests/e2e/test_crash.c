/* test_crash.c: candidates that crash, or that are stopped for a while.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "support/stage.h"

#define SHORT_TTL "5"
enum {
    SHORT_TTL_MS = 5000,
    /* The leadership that one grant gives: 0.9 TTL - 250 ms. */
    SHORT_LEAD_MS = SHORT_TTL_MS * 9 / 10 - 250,
    MOMENT_MS = 50,
    STROBE_MS = 15000, /* more than the TTL of 10 s */
};

/* The leader key and its holder's lock key. */
struct keys {
    struct etcdctl_key leader, lock;
};

static struct keys keys_of(struct stage *s, const char *id)
{
    struct keys keys = {
        .leader = etcdctl_get(s->etcd, "leader"),
        .lock = stage_lock_key(s, "election_leader/", id),
    };
    assert_string_equal(keys.leader.value, id);
    assert_true(keys.leader.lease == keys.lock.lease);
    return keys;
}

/* Both keys went with the lease, in one revision, and only then was there
 * another leader. */
static void expect_run_out_before(struct stage *s, const struct keys *of,
                                  const char *next_id)
{
    int64_t gone_at = etcdctl_await_deletion(s->etcd, "leader",
                                             of->leader.mod_revision);
    assert_true(etcdctl_await_deletion(s->etcd, of->lock.key,
                                       of->lock.mod_revision) == gone_at);
    struct keys next = keys_of(s, next_id);
    assert_true(next.leader.create_revision > gone_at);
    assert_true(next.lock.create_revision > of->lock.create_revision);
}

static void ctrl_c_sends_nothing_and_the_lease_runs_out(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", SHORT_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", SHORT_TTL, "B");
    struct keys keys = keys_of(s, "A");
    process_signal(a, SIGINT);
    process_expect_killed(a, SIGINT);
    process_expect_nothing_more(a);
    stage_expect_next_lead(b);
    expect_run_out_before(s, &keys, "B");
    process_expect_nothing_more(b);
}

/* The TTL is so long that the keys are still there when we look. */
static void ctrl_c_leaves_keys_and_lease_as_they_are(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", "300", "A");
    struct keys before = keys_of(s, "A");
    process_signal(a, SIGINT);
    process_expect_killed(a, SIGINT);
    struct keys after = keys_of(s, "A");
    assert_true(after.leader.mod_revision == before.leader.mod_revision);
    assert_true(after.lock.mod_revision == before.lock.mod_revision);
    assert_true(etcdctl_lease_left_s(s->etcd, before.leader.lease) > 0);
}

static void next_in_the_queue_leads_after_a_killed_leader(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", SHORT_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", SHORT_TTL, "B");
    struct process *c = stage_waiter(s, "A", "--ttl", SHORT_TTL, "C");
    struct keys keys = keys_of(s, "A");
    process_signal(a, SIGKILL);
    process_expect_killed(a, SIGKILL);
    stage_expect_next_lead(b);
    stage_expect_next_follow(c, "B");
    expect_run_out_before(s, &keys, "B");
    stage_resign(b);
    stage_expect_next_lead(c);
    stage_resign(c);
    stage_expect_nothing_left(s);
}

static void killed_waiter_leaves_the_order_of_the_others(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", SHORT_TTL, "B");
    struct process *c = stage_waiter(s, "A", "C");
    struct process *d = stage_waiter(s, "A", "D");
    struct etcdctl_key place = stage_lock_key(s, "election_leader/", "B");
    process_signal(b, SIGKILL);
    process_expect_killed(b, SIGKILL);
    etcdctl_await_deletion(s->etcd, place.key, place.mod_revision);
    process_expect_nothing_more(c);
    process_expect_nothing_more(d);

    stage_resign(a);
    stage_expect_next_lead(c);
    stage_expect_next_follow(d, "C");
    stage_resign(c);
    stage_expect_next_lead(d);
    stage_resign(d);
    stage_expect_nothing_left(s);
}

static void leader_stopped_past_its_deadline_has_lost(void **state)
{
    struct stage *s = *state;
    int64_t began_at_ms = process_now_ms();
    struct process *a = stage_leader(s, "--ttl", SHORT_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", SHORT_TTL, "B");
    struct keys keys = keys_of(s, "A");
    process_pause(a);
    stage_expect_next_lead(b);
    struct process_line claim = process_line(b, process_lines_n(b) - 2);
    assert_string_equal(claim.text, STAGE_LEADER);
    assert_true(claim.at_ms >= began_at_ms + SHORT_LEAD_MS);
    expect_run_out_before(s, &keys, "B");

    /* Not a word of leading: B does. */
    process_resume(a);
    stage_expect_lost(a, "did not run");
    stage_expect_next_follow(a, "B");
    assert_true(keys_of(s, "B").leader.create_revision > 0);
    stage_resign(b);
    stage_expect_next_lead(a);
    stage_resign(a);
    stage_expect_nothing_left(s);
}

static void waiter_stopped_past_its_lease_takes_a_fresh_place(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", SHORT_TTL, "B");
    struct process *c = stage_waiter(s, "A", "C");
    struct etcdctl_key place = stage_lock_key(s, "election_leader/", "B");
    process_pause(b);
    etcdctl_await_deletion(s->etcd, place.key, place.mod_revision);
    process_resume(b);
    stage_await_lock_key(s, "election_leader/", "B", place.create_revision);
    stage_resign(a);
    stage_expect_next_lead(c);
    stage_expect_next_follow(b, "C");
}

static void leader_stopped_for_a_moment_goes_on_leading(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", "10", "A");
    struct process *b = stage_waiter(s, "A", "B");
    struct keys before = keys_of(s, "A");
    process_pause(a);
    /* A renewal at a third of the TTL is overdue then. */
    while (etcdctl_lease_left_s(s->etcd, before.leader.lease) > 5)
        process_expect_nothing_more(a);
    process_resume(a);
    etcdctl_await_renewal(s->etcd, before.leader.lease);
    struct keys after = keys_of(s, "A");
    assert_true(after.leader.mod_revision == before.leader.mod_revision);
    assert_true(after.lock.mod_revision == before.lock.mod_revision);
    process_expect_nothing_more(a);
    process_expect_nothing_more(b);
    stage_resign(a);
    stage_expect_next_lead(b);
}

/* For longer than a lease lasts: some of its renewals must get through. */
static void leader_stopped_every_other_moment_goes_on_leading(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", "10", "A");
    struct process *b = stage_waiter(s, "A", "B");
    struct keys before = keys_of(s, "A");
    int64_t end_at_ms = process_now_ms() + STROBE_MS;
    while (process_now_ms() < end_at_ms) {
        int64_t next_at_ms = process_now_ms() + MOMENT_MS;
        process_pause(a);
        process_set_pass(s->set, next_at_ms);
        process_resume(a);
        next_at_ms += MOMENT_MS;
        process_set_pass(s->set, next_at_ms);
    }
    process_expect_nothing_more(a);
    process_expect_nothing_more(b);
    struct keys after = keys_of(s, "A");
    assert_true(after.leader.mod_revision == before.leader.mod_revision);
    assert_true(after.lock.mod_revision == before.lock.mod_revision);
    stage_resign(a);
    stage_expect_next_lead(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(ctrl_c_sends_nothing_and_the_lease_runs_out),
        STAGE_TEST(ctrl_c_leaves_keys_and_lease_as_they_are),
        STAGE_TEST(next_in_the_queue_leads_after_a_killed_leader),
        STAGE_TEST(killed_waiter_leaves_the_order_of_the_others),
        STAGE_TEST(leader_stopped_past_its_deadline_has_lost),
        STAGE_TEST(waiter_stopped_past_its_lease_takes_a_fresh_place),
        STAGE_TEST(leader_stopped_for_a_moment_goes_on_leading),
        STAGE_TEST(leader_stopped_every_other_moment_goes_on_leading),
    };
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
