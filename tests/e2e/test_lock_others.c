/* test_lock_others.c: the lock recipe beside etcd's own, and on three members. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "e2e/lock_side.h"
#include "support/etcdctl.h"

/* ---- side by side with etcd's own recipes ---- */

/* Our candidate queues behind their key, and claims when it is gone. */
static void expect_turn_after(struct live *l, struct process *theirs,
                              const char *value)
{
    struct process_line line = process_next_line(theirs);
    assert_memory_equal(line.text, "election_leader/", 16);
    struct side a = side(l, "A", LIVE_LEASE);
    attempt(&a);
    assert_false(a.view.succeeded);
    assert_string_equal(a.view.holder.key.data, line.text);
    assert_string_equal(a.view.predecessor.key.data, line.text);
    assert_string_equal(a.view.holder.value.data, value);
    assert_true(a.view.holder.lease != 0);
    assert_int_equal(a.view.leader.create_revision, 0);
    assert_false(claim(&a));
    process_signal(theirs, SIGINT); /* it gives its key back */
    process_await_end(theirs);
    assert_true(claim(&a));
}

static void we_wait_for_etcdctl_lock(void **state)
{
    struct live *l = *state;
    expect_turn_after(l, etcdctl_start(l->server, "lock", "election_leader"),
                      "");
}

static void we_wait_for_etcdctl_elect(void **state)
{
    struct live *l = *state;
    expect_turn_after(
        l, etcdctl_start(l->server, "elect", "election_leader", "theirs"),
        "theirs");
}

/* They must queue behind our key, and get their turn when we resign. */
static void expect_their_turn(struct live *l, struct side *a,
                              struct process *theirs)
{
    struct etcdctl_key keys[2];
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (etcdctl_list(l->server, "election_leader/", keys, 2) < 2)
        assert_true(process_now_ms() < end_at_ms); /* until they queue */
    assert_int_equal(keys[0].create_revision, a->revision);
    assert_int_equal(process_lines_n(theirs), 0);
    assert_true(barrier(a));
    assert_true(resign(a));
    assert_string_equal(process_next_line(theirs).text, keys[1].key);
    process_free(theirs);
}

static void etcdctl_lock_waits_for_us(void **state)
{
    struct live *l = *state;
    struct side a = side(l, "A", LIVE_LEASE);
    attempt(&a);
    expect_their_turn(l, &a,
                      etcdctl_start(l->server, "lock", "election_leader"));
}

static void etcdctl_elect_waits_for_us(void **state)
{
    struct live *l = *state;
    struct side a = side(l, "A", LIVE_LEASE);
    attempt(&a);
    expect_their_turn(
        l, &a, etcdctl_start(l->server, "elect", "election_leader", "theirs"));
}

/* ---- three members ---- */

/* What a member knows by itself may be old: it must ask, and say that it
 * cannot. */
static void check_goes_through_etcds_leader(void **state)
{
    struct live *l = *state;
    struct side a = side(l, "A", LIVE_LEASE);
    attempt(&a);
    check(&a);
    etcd_server_kill(l->server, 1);
    etcd_server_kill(l->server, 2);
    lock_check(&a.lock, l->etcd, live_tag(l), 2000, a.revision);
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_FAILED);
    assert_int_equal(reply.status, CANDIDATE_ERETRY);
    lock_barrier(&a.lock, l->etcd, live_tag(l), 2000, a.revision);
    reply = live_reply(l, ETCD_REPLY_FAILED);
    assert_int_equal(reply.status, CANDIDATE_ERETRY);
    etcd_server_relaunch(l->server, 1);
    etcd_server_relaunch(l->server, 2);
    for (unsigned i = 0; i < 3; i++)
        etcd_server_await(l->server, i);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, live_begin, live_end)

int main(void)
{
    const struct CMUnitTest one_member[] = {
        TEST(we_wait_for_etcdctl_lock),
        TEST(we_wait_for_etcdctl_elect),
        TEST(etcdctl_lock_waits_for_us),
        TEST(etcdctl_elect_waits_for_us),
    };
    const struct CMUnitTest three_members[] = {
        TEST(check_goes_through_etcds_leader),
    };
    int failed = cmocka_run_group_tests(one_member, live_setup, live_teardown);
    failed += cmocka_run_group_tests(three_members, live_setup_three,
                                     live_teardown);
    return failed;
}
