/* test_election_denied.c: the core, when endpoints refuse what it asks, or must
 * not be believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/bench.h"

static const struct election_reply denied = { .outcome = ELECTION_DENIED };
static const struct election_reply no_answer = {
    .outcome = ELECTION_NO_ANSWER
};

/* Let time pass until it asks again. */
static void await_request(struct bench *b)
{
    while (!b->e.request_pending) {
        int64_t due_ms = election_deadline(&b->e);
        if (due_ms > b->now_ms)
            b->now_ms = due_ms;
        bench_tick(b);
    }
}

static void answer_next(struct bench *b, struct election_reply reply)
{
    await_request(b);
    bench_answer(b, reply);
}

static void expect_ended(const struct bench *b, enum election_reason reason)
{
    assert_true(bench_said(b, ELECTION_SAY_ENDED));
    assert_int_equal(b->out.notices[b->out.notices_n - 1].reason, reason);
}

static void refusal_at_the_start_ends_it_at_once(void **state)
{
    (void)state;
    struct bench b = bench_granted(10000);
    int64_t now_ms = b.now_ms;
    answer_next(&b, denied);
    expect_ended(&b, ELECTION_REFUSED);
    assert_int_equal(b.now_ms, now_ms);
}

static void brief_refusal_does_not_end_a_waiter(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    int64_t until_ms = b.now_ms + 60000;
    while (b.now_ms < until_ms) {
        answer_next(&b, denied);
        assert_false(bench_said(&b, ELECTION_SAY_ENDED));
        answer_next(&b, denied);
        assert_false(bench_said(&b, ELECTION_SAY_ENDED));
        struct election_reply reply = bench_queued();
        reply.ttl_ms = 10000;
        answer_next(&b, reply);
        assert_int_equal(b.e.state, ELECTION_WAITING);
    }
}

static void lasting_refusal_ends_a_waiter(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    answer_next(&b, denied);
    int64_t began_ms = b.now_ms;
    while (!bench_said(&b, ELECTION_SAY_ENDED)) {
        assert_true(b.now_ms < began_ms + 60000);
        answer_next(&b, denied);
    }
    expect_ended(&b, ELECTION_REFUSED);
    assert_in_range(b.now_ms - began_ms, ELECTION_DENIED_MS_MAX,
                    ELECTION_DENIED_MS_MAX + 5000);
}

/* etcd renews a lease for anybody, whoever may not see a key any more. */
static void renewals_do_not_make_up_for_refusals(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    int64_t began_ms = b.now_ms;
    while (!bench_said(&b, ELECTION_SAY_ENDED)) {
        assert_true(b.now_ms < began_ms + 60000);
        struct election_reply renewed = bench_queued();
        renewed.ttl_ms = 10000;
        await_request(&b);
        bool renews = b.e.request.type == ELECTION_KEEPALIVE;
        bench_answer(&b, renews ? renewed : denied);
    }
    expect_ended(&b, ELECTION_REFUSED);
}

/* The dead one may come back, and would let us in. */
static void refusals_beside_a_dead_endpoint_do_not_end_a_waiter(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    int64_t until_ms = b.now_ms + 60000;
    while (b.now_ms < until_ms) {
        answer_next(&b, denied);
        answer_next(&b, no_answer);
        assert_int_equal(b.e.state, ELECTION_WAITING);
    }
}

static void leader_goes_on_until_its_deadline(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    int64_t until_ms = b.e.lease.lead_until_ms;
    while (b.e.state == ELECTION_LEADING)
        answer_next(&b, denied);
    assert_true(b.now_ms >= until_ms);
}

static void resignation_that_is_refused_ends_it_at_once(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    bench_step(&b, (struct election_event){ .type = ELECTION_LEAVE });
    answer_next(&b, denied);
    expect_ended(&b, ELECTION_NOT_TOLD);
}

static void other_cluster_for_good_ends_a_waiter(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    struct election_reply other = bench_queued();
    other.header.cluster_id = BENCH_CLUSTER + 1;
    answer_next(&b, other);
    assert_int_equal(b.e.state, ELECTION_WAITING);
    int64_t until_ms = b.now_ms + 60000;
    while (!bench_said(&b, ELECTION_SAY_ENDED)) {
        assert_true(b.now_ms < until_ms);
        answer_next(&b, other);
    }
    expect_ended(&b, ELECTION_OTHER_CLUSTER);
}

/* ---- a member whose term has gone back ---- */

static struct election_reply stale(void)
{
    struct election_reply reply = bench_queued();
    reply.header.raft_term = BENCH_TERM - 1;
    reply.succeeded = true;
    reply.ttl_ms = 10000;
    return reply;
}

static void older_term_gives_a_leader_no_time(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    int64_t until_ms = b.e.lease.lead_until_ms;
    while (b.e.state == ELECTION_LEADING) {
        assert_int_equal(b.e.lease.lead_until_ms, until_ms);
        answer_next(&b, stale());
    }
    assert_true(b.now_ms >= until_ms);
}

/* Or an etcd that was restored would never be believed again. */
static void older_term_for_good_makes_a_waiter_begin_afresh(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    int64_t until_ms = b.now_ms + 60000;
    while (b.e.state == ELECTION_WAITING) {
        assert_true(b.now_ms < until_ms);
        answer_next(&b, stale());
    }
    assert_int_equal(b.e.state, ELECTION_DROPPING);
    answer_next(&b, stale());
    answer_next(&b, stale());
    assert_int_equal(b.e.state, ELECTION_ATTEMPTING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusal_at_the_start_ends_it_at_once),
        cmocka_unit_test(brief_refusal_does_not_end_a_waiter),
        cmocka_unit_test(lasting_refusal_ends_a_waiter),
        cmocka_unit_test(renewals_do_not_make_up_for_refusals),
        cmocka_unit_test(refusals_beside_a_dead_endpoint_do_not_end_a_waiter),
        cmocka_unit_test(leader_goes_on_until_its_deadline),
        cmocka_unit_test(resignation_that_is_refused_ends_it_at_once),
        cmocka_unit_test(other_cluster_for_good_ends_a_waiter),
        cmocka_unit_test(older_term_gives_a_leader_no_time),
        cmocka_unit_test(older_term_for_good_makes_a_waiter_begin_afresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
