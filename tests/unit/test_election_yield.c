/* test_election_yield.c: the core, event by event: what is held is given up,
 * and a place at the end of the queue is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/bench.h"

static void yield(struct bench *b)
{
    bench_step(b, (struct election_event){ .type = ELECTION_YIELD });
}

static void leader_that_yields_leads_no_longer_at_once(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    yield(&b);
    bench_expect_lost(&b, ELECTION_YIELDED);
    assert_true(b.out.close_watch);
    bench_expect_request(&b, ELECTION_RESIGN);
    assert_int_equal(b.out.request.lock_revision, 10);
}

static void leader_that_yields_begins_with_a_fresh_lease(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    int64_t lease = b.e.lease.id;
    yield(&b);
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 11 });
    bench_expect_request(&b, ELECTION_REVOKE);
    assert_int_equal(b.out.request.lease, lease);
    bench_answer(&b, (struct election_reply){ .header.revision = 12 });
    bench_expect_request(&b, ELECTION_GRANT);
    assert_int_not_equal(b.out.request.lease, lease);
    bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
    bench_expect_request(&b, ELECTION_ATTEMPT);
    bench_answer(&b,
                 (struct election_reply){
                     .succeeded = true,
                     .header.revision = 13,
                 });
    assert_true(bench_said(&b, ELECTION_SAY_ELECTED));
    assert_int_equal(b.e.lock_revision, 13);
}

/* Until etcd has answered: the lease may live, so the keys may as well. */
static void leader_that_yields_tries_until_etcd_knows_it(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    yield(&b);
    for (int i = 0; i < 20; i++) {
        bench_expect_request(&b, ELECTION_RESIGN);
        bench_answer(&b,
                     (struct election_reply){
                         .outcome = ELECTION_NO_ANSWER,
                     });
        assert_false(election_leading(&b.e, b.now_ms));
        b.now_ms = election_deadline(&b.e) > b.now_ms ? election_deadline(&b.e)
                                                      : b.now_ms;
        if (!b.out.send_request)
            bench_tick(&b);
    }
}

static void request_under_way_is_given_up(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    b.now_ms += 3334;
    bench_tick(&b);
    bench_expect_request(&b, ELECTION_KEEPALIVE);
    uint64_t op = b.out.request.op;
    yield(&b);
    bench_expect_request(&b, ELECTION_RESIGN);
    bench_step(&b,
               (struct election_event){
                   .type = ELECTION_REPLY,
                   .reply = { .op = op,
                              .ttl_ms = 10000,
                              .header = { BENCH_CLUSTER, BENCH_TERM, 10 } },
               });
    assert_false(election_leading(&b.e, b.now_ms));
    assert_false(b.out.send_request);
}

static void waiter_that_yields_queues_anew_in_silence(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    yield(&b);
    assert_int_equal(b.out.notices_n, 0);
    assert_true(b.out.close_watch);
    bench_expect_request(&b, ELECTION_REVOKE);
    bench_answer(&b, (struct election_reply){ .header.revision = 13 });
    bench_expect_request(&b, ELECTION_GRANT);
}

/* Nothing is held, or it is being given back already. */
static void nothing_to_yield_changes_nothing(void **state)
{
    (void)state;
    struct bench idle = { .now_ms = 1000000 };
    struct election_config config;
    election_config_init(&config);
    election_init(&idle.e, &config);
    yield(&idle);
    assert_int_equal(idle.e.state, ELECTION_IDLE);
    bench_step(&idle, (struct election_event){ .type = ELECTION_START });
    uint64_t op = idle.out.request.op;
    yield(&idle);
    assert_int_equal(idle.e.state, ELECTION_GRANTING);
    assert_int_equal(idle.e.request.op, op);

    struct bench b = bench_leader(10000);
    yield(&b);
    op = b.out.request.op;
    yield(&b);
    assert_int_equal(b.out.notices_n, 0);
    assert_int_equal(b.e.request.op, op);

    struct bench leaving = bench_leader(10000);
    bench_step(&leaving, (struct election_event){ .type = ELECTION_LEAVE });
    yield(&leaving);
    assert_int_equal(leaving.e.state, ELECTION_LEAVING);
}

/* Otherwise two that are told so again and again would flood etcd. */
static void yielding_again_and_again_slows_down(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    int64_t began_ms = b.now_ms;
    for (int i = 0; i < 10; i++) {
        yield(&b);
        bench_answer(&b, (struct election_reply){ .header.revision = 20 });
        bench_answer(&b, (struct election_reply){ .header.revision = 20 });
        if (!b.out.send_request) {
            b.now_ms = election_deadline(&b.e);
            bench_tick(&b);
        }
        bench_expect_request(&b, ELECTION_GRANT);
        bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
        bench_answer(&b,
                     (struct election_reply){
                         .succeeded = true,
                         .header.revision = 20,
                     });
        assert_true(election_leading(&b.e, b.now_ms));
    }
    assert_true(b.now_ms - began_ms > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leader_that_yields_leads_no_longer_at_once),
        cmocka_unit_test(leader_that_yields_begins_with_a_fresh_lease),
        cmocka_unit_test(leader_that_yields_tries_until_etcd_knows_it),
        cmocka_unit_test(request_under_way_is_given_up),
        cmocka_unit_test(waiter_that_yields_queues_anew_in_silence),
        cmocka_unit_test(nothing_to_yield_changes_nothing),
        cmocka_unit_test(yielding_again_and_again_slows_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
