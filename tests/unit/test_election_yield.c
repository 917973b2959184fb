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
        bench_lead_again(&b, 20);
    }
    assert_true(b.now_ms - began_ms > 1000);
}

/* ---- what the request key asks for ---- */

/* key_revision  0: the request is withdrawn. */
static void ask(struct bench *b, int64_t key_revision, int64_t token,
                int64_t to_token)
{
    bench_step(b,
               (struct election_event){
                   .type = ELECTION_CHANGED,
                   .watch_op = b->e.watch_op,
                   .role = ELECTION_REQUEST,
                   .key = { key_revision, key_revision, 99 },
                   .deleted_at_revision = key_revision ? 0 : 90,
                   .asked = { token, to_token },
               });
}

static void leader_is_told_once_of_each_request(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    assert_true(b.out.watch.roles & ELECTION_REQUEST);
    for (int64_t key_revision = 20; key_revision < 22; key_revision++) {
        ask(&b, key_revision, 10, 0);
        assert_true(bench_said(&b, ELECTION_SAY_ASKED));
        assert_int_equal(b.out.notices[0].token, 10);
        ask(&b, key_revision, 10, 0); /* put again */
        assert_int_equal(b.out.notices_n, 0);
    }
    assert_true(election_leading(&b.e, b.now_ms)); /* it decides by itself */
}

static void leader_is_not_told_of_what_concerns_others(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    ask(&b, 20, 9, 0);
    assert_int_equal(b.out.notices_n, 0);
    ask(&b, 20, 11, 0);
    assert_int_equal(b.out.notices_n, 0);
    ask(&b, 20, 10, 15); /* the waiters' affair, so far */
    assert_int_equal(b.out.notices_n, 0);
    ask(&b, 0, 0, 0);
    assert_int_equal(b.out.notices_n, 0);
}

static void waiter_between_steps_aside(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    ask(&b, 20, 10, 15);
    assert_int_equal(b.out.notices_n, 0);
    bench_expect_request(&b, ELECTION_REVOKE);
    assert_int_equal(b.e.state, ELECTION_DROPPING);
}

static void waiter_that_is_not_between_stays(void **state)
{
    (void)state;
    struct bench b = bench_waiter(); /* 12, behind 10 */
    ask(&b, 20, 10, 12);             /* it is the one who shall lead */
    assert_int_equal(b.e.state, ELECTION_WAITING);
    ask(&b, 20, 10, 11); /* which is gone */
    assert_int_equal(b.e.state, ELECTION_WAITING);
    ask(&b, 20, 9, 15); /* of another leader */
    assert_int_equal(b.e.state, ELECTION_WAITING);
    ask(&b, 20, 10, 0); /* the leader's affair */
    assert_int_equal(b.e.state, ELECTION_WAITING);
}

static struct bench bench_second_waiter(void)
{
    struct bench b = bench_granted(10000);
    struct election_reply queued = bench_queued();
    queued.predecessor = (struct election_key){ 11, 11, 98 };
    bench_answer(&b, queued);
    return b;
}

/* So the order of those who step aside stays. */
static void waiter_steps_aside_when_its_turn_has_come(void **state)
{
    (void)state;
    struct bench b = bench_second_waiter();
    ask(&b, 20, 10, 15);
    assert_int_equal(b.e.state, ELECTION_WAITING);
    bench_change(&b, ELECTION_PREDECESSOR, 21, (struct election_key){ 0 });
    bench_expect_request(&b, ELECTION_CLAIM);
    struct election_reply view = bench_queued();
    view.header.revision = 21;
    bench_answer(&b, view);
    assert_int_equal(b.e.state, ELECTION_DROPPING);
    bench_expect_request(&b, ELECTION_REVOKE);
}

/* Something that acts for it still runs: its lease must not let another lead. */
static void what_a_lost_leader_has_is_kept_while_it_is_held(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    election_hold(&b.e, true);
    bench_change(&b, ELECTION_LEADER, 20, (struct election_key){ 0 });
    bench_expect_lost(&b, ELECTION_LEADER_DELETED);
    assert_false(b.out.send_request);
    assert_true(election_deadline(&b.e) == INT64_MAX);
    b.now_ms += 1000;
    bench_tick(&b);
    assert_false(b.out.send_request);
    election_hold(&b.e, false);
    assert_true(election_deadline(&b.e) <= b.now_ms);
    bench_tick(&b);
    bench_expect_request(&b, ELECTION_REVOKE);
}

static void old_request_moves_nobody(void **state)
{
    (void)state;
    for (int withdrawn = 0; withdrawn < 2; withdrawn++) {
        struct bench b = bench_second_waiter();
        ask(&b, 20, 10, 15);
        if (withdrawn)
            ask(&b, 0, 0, 0);
        else
            b.now_ms += ELECTION_ASKED_MS + 1;
        bench_change(&b, ELECTION_PREDECESSOR, 21, (struct election_key){ 0 });
        struct election_reply view = bench_queued();
        view.header.revision = 21;
        if (b.e.request.type == ELECTION_KEEPALIVE)
            bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
        bench_expect_request(&b, ELECTION_CLAIM);
        bench_answer(&b, view);
        assert_int_equal(b.e.state, ELECTION_WAITING);
    }
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
        cmocka_unit_test(leader_is_told_once_of_each_request),
        cmocka_unit_test(leader_is_not_told_of_what_concerns_others),
        cmocka_unit_test(waiter_between_steps_aside),
        cmocka_unit_test(waiter_that_is_not_between_stays),
        cmocka_unit_test(waiter_steps_aside_when_its_turn_has_come),
        cmocka_unit_test(what_a_lost_leader_has_is_kept_while_it_is_held),
        cmocka_unit_test(old_request_moves_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
