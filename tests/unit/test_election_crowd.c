/* test_election_crowd.c: what who waits is told of the leader key, so that a
 * hand-over takes no longer with many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/bench.h"

static const struct election_key next_leader = { 11, 20, 98 };

static struct election_reply in_queue_of(int64_t n)
{
    struct election_reply reply = bench_queued();
    reply.queue_n = n;
    return reply;
}

static struct bench waiter_in_queue_of(int64_t n)
{
    struct bench b = bench_granted(10000);
    bench_answer(&b, in_queue_of(n));
    assert_true(b.out.open_watch);
    return b;
}

/* Time passes until the candidate looks for itself. */
static void await_check(struct bench *b)
{
    do {
        b->now_ms = election_deadline(&b->e);
        bench_tick(b);
        if (b->out.send_request && b->out.request.type == ELECTION_KEEPALIVE)
            bench_answer(b, (struct election_reply){ .ttl_ms = 10000 });
    } while (!b->out.send_request || b->out.request.type != ELECTION_CHECK);
}

static void waiter_is_told_who_leads_but_not_that_nobody_does(void **state)
{
    (void)state;
    struct bench b = waiter_in_queue_of(ELECTION_CROWD);
    assert_int_equal(b.out.watch.roles,
                     ELECTION_OWN | ELECTION_LEADER | ELECTION_REQUEST |
                         ELECTION_PREDECESSOR);
    assert_true(b.out.watch.leader_puts);
}

static void first_in_the_queue_is_told_all(void **state)
{
    (void)state;
    struct bench b = bench_granted(10000);
    struct election_reply reply = bench_queued(); /* its leader key stayed */
    reply.predecessor = (struct election_key){ 0 };
    reply.holder = bench_key_12;
    bench_answer(&b, reply);
    assert_true(b.out.watch.roles & ELECTION_LEADER);
    assert_false(b.out.watch.leader_puts);
}

static void leader_is_told_all(void **state)
{
    (void)state;
    struct bench b = waiter_in_queue_of(2);
    bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    bench_expect_request(&b, ELECTION_CLAIM);
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 14 });
    assert_true(election_leading(&b.e, b.now_ms));
    assert_true(b.out.open_watch);
    assert_true(b.out.watch.roles & ELECTION_LEADER);
    assert_false(b.out.watch.leader_puts);
    assert_int_equal(b.out.watch.from_revision, 15);
}

/* The claim came before the leader key had gone: nothing of its going would
 * be told. */
static void who_becomes_first_is_told_all(void **state)
{
    (void)state;
    struct bench b = waiter_in_queue_of(2);
    bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    assert_true(bench_said(&b, ELECTION_SAY_ATTEMPTING));
    bench_expect_request(&b, ELECTION_CLAIM);
    struct election_reply reply = in_queue_of(1);
    reply.header.revision = 13;
    reply.predecessor = (struct election_key){ 0 };
    reply.holder = bench_key_12;
    bench_answer(&b, reply);
    assert_int_equal(b.out.notices_n, 0); /* not the same name again */
    assert_true(b.out.open_watch);
    assert_false(b.out.watch.leader_puts);
    bench_change(&b, ELECTION_LEADER, 14, (struct election_key){ 0 });
    bench_expect_request(&b, ELECTION_CLAIM);
}

static void crowd_is_not_told_who_leads(void **state)
{
    (void)state;
    struct bench b = waiter_in_queue_of(ELECTION_CROWD + 1);
    assert_int_equal(b.out.watch.roles,
                     ELECTION_OWN | ELECTION_REQUEST | ELECTION_PREDECESSOR);
}

static void crowd_looks_who_leads_and_watches_on(void **state)
{
    (void)state;
    struct bench b = waiter_in_queue_of(ELECTION_CROWD + 1);
    int64_t queued_at_ms = b.now_ms;
    await_check(&b);
    assert_in_range(b.now_ms - queued_at_ms, 1, 5000);
    struct election_reply reply = in_queue_of(ELECTION_CROWD + 1);
    reply.header.revision = 20;
    reply.leader = next_leader;
    bench_answer(&b, reply);
    assert_true(bench_said(&b, ELECTION_SAY_ATTEMPTING));
    assert_true(bench_said(&b, ELECTION_SAY_FOLLOWING));
    assert_false(b.out.open_watch);
}

static void last_of_a_crowd_is_told_again(void **state)
{
    (void)state;
    struct bench b = waiter_in_queue_of(ELECTION_CROWD + 1);
    await_check(&b);
    bench_answer(&b, in_queue_of(ELECTION_CROWD));
    assert_true(b.out.open_watch);
    assert_true(b.out.watch.roles & ELECTION_LEADER);
    await_check(&b);
    bench_answer(&b, in_queue_of(ELECTION_CROWD));
    assert_false(b.out.open_watch);
    await_check(&b);
    bench_answer(&b, in_queue_of(ELECTION_CROWD + 1));
    assert_true(b.out.open_watch);
    assert_false(b.out.watch.roles & ELECTION_LEADER);
}

/* Only who is told of a new leader can have missed it. */
static void leader_that_has_gone_since_is_no_fault_of_the_watch(void **state)
{
    (void)state;
    struct bench b = waiter_in_queue_of(2);
    await_check(&b);
    struct election_reply reply = in_queue_of(2);
    reply.leader = (struct election_key){ 0 };
    bench_answer(&b, reply);
    assert_true(bench_said(&b, ELECTION_SAY_ATTEMPTING));
    assert_false(b.out.open_watch);
    reply.leader = next_leader;
    reply.header.revision = 20;
    await_check(&b);
    bench_answer(&b, reply);
    assert_true(bench_said(&b, ELECTION_SAY_FOLLOWING));
    assert_true(b.out.open_watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiter_is_told_who_leads_but_not_that_nobody_does),
        cmocka_unit_test(first_in_the_queue_is_told_all),
        cmocka_unit_test(leader_is_told_all),
        cmocka_unit_test(who_becomes_first_is_told_all),
        cmocka_unit_test(crowd_is_not_told_who_leads),
        cmocka_unit_test(crowd_looks_who_leads_and_watches_on),
        cmocka_unit_test(last_of_a_crowd_is_told_again),
        cmocka_unit_test(leader_that_has_gone_since_is_no_fault_of_the_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
