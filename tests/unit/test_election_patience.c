/* test_election_patience.c: the core, when it must not ask too often, nor too
 * seldom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/bench.h"

static void dead_etcd_is_not_hammered(void **state)
{
    (void)state;
    struct bench b = bench_granted(10000);
    int requests = 0;
    int64_t end_ms = b.now_ms + 60000;
    while (b.now_ms < end_ms) {
        if (b.e.request_pending)
            bench_answer(
                &b, (struct election_reply){ .outcome = ELECTION_NO_ANSWER });
        else
            bench_tick(&b);
        requests += b.out.send_request;
        int64_t next_ms = election_deadline(&b.e);
        if (!b.e.request_pending && next_ms > b.now_ms)
            b.now_ms = next_ms;
    }
    assert_in_range(requests, 10, 40);
}

/* R6: who is not answered asks three members at least while it leads. */
static void renewal_is_tried_three_times_before_the_deadline(void **state)
{
    (void)state;
    static const int64_t ttl_ms[] = { 2000, 5000, 10000, 300000 };
    for (size_t i = 0; i < sizeof ttl_ms / sizeof *ttl_ms; i++) {
        struct bench b = bench_leader(ttl_ms[i]);
        int tries = 0;
        b.now_ms = b.e.renew_at_ms;
        while (election_leading(&b.e, b.now_ms)) {
            bench_tick(&b);
            if (!b.e.request_pending) {
                b.now_ms = election_deadline(&b.e);
                continue;
            }
            tries++;
            assert_in_range(b.e.request.timeout_ms, 1, ttl_ms[i] / 5);
            b.now_ms += b.e.request.timeout_ms;
            bench_answer(
                &b, (struct election_reply){ .outcome = ELECTION_NO_ANSWER });
        }
        assert_true(tries >= 3);
    }
}

/* A new leader of etcd keeps its lease for a TTL and little more. */
static void waiter_asks_often_enough_to_keep_its_place(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    int64_t end_ms = b.now_ms + 120000;
    int requests = 0;
    while (b.now_ms < end_ms) {
        int64_t due_ms = election_deadline(&b.e);
        assert_in_range(due_ms, b.now_ms, b.now_ms + 10000 / 3 + 1);
        b.now_ms = due_ms;
        bench_tick(&b);
        requests += b.out.send_request;
        if (b.e.request_pending)
            bench_answer(
                &b, (struct election_reply){ .outcome = ELECTION_NO_ANSWER });
    }
    assert_in_range(requests, 36, 80);
}

/* No lock key before ours, and yet ours is not the first. */
static void view_that_cannot_be_does_not_make_it_spin(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    struct election_reply reply = bench_queued();
    reply.header.revision = 13;
    reply.predecessor = (struct election_key){ 0 };
    int requests = 0;
    for (; b.e.request_pending && requests < 100; requests++)
        bench_answer(&b, reply);
    assert_in_range(requests, 1, 2);
    assert_in_range(election_deadline(&b.e), b.now_ms + 100, b.now_ms + 5000);
}

static void keys_that_go_again_and_again_do_not_make_it_spin(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    int64_t end_ms = b.now_ms + 60000;
    int lost = 0;
    for (int64_t revision = 11; b.now_ms < end_ms && lost < 100; revision++) {
        bench_change(&b, ELECTION_LEADER, revision, (struct election_key){ 0 });
        lost++;
        bench_expect_request(&b, ELECTION_REVOKE);
        bench_answer(&b, (struct election_reply){ 0 });
        bench_lead_again(&b, ++revision);
    }
    assert_in_range(lost, 10, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dead_etcd_is_not_hammered),
        cmocka_unit_test(renewal_is_tried_three_times_before_the_deadline),
        cmocka_unit_test(waiter_asks_often_enough_to_keep_its_place),
        cmocka_unit_test(view_that_cannot_be_does_not_make_it_spin),
        cmocka_unit_test(keys_that_go_again_and_again_do_not_make_it_spin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
