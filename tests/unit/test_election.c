/* test_election.c: the core, event by event: entering, waiting, leaving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/bench.h"

static void reply_to_an_older_request_is_dropped(void **state)
{
    (void)state;
    struct bench b = bench_granted(10000);
    struct election_reply old = { .op = b.e.request.op - 1,
                                  .succeeded = true,
                                  .header = { BENCH_CLUSTER, BENCH_TERM, 10 } };
    bench_step(&b,
               (struct election_event){ .type = ELECTION_REPLY, .reply = old });
    assert_int_equal(b.e.state, ELECTION_ATTEMPTING);
    assert_int_equal(b.out.notices_n, 0);
}

static void waiter_claims_when_predecessor_goes(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    bench_change(&b, ELECTION_LEADER, 13, (struct election_key){ 0 });
    assert_true(bench_said(&b, ELECTION_SAY_ATTEMPTING));
    bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    bench_expect_request(&b, ELECTION_CLAIM);
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 14 });
    assert_int_equal(b.out.notices_n, 1);
    assert_int_equal(b.out.notices[0].type, ELECTION_SAY_ELECTED);
    assert_int_equal(b.out.notices[0].token, 12);
}

/* The watch was faster than the reply that says that we lead. */
static void win_that_an_operator_undid_is_none(void **state)
{
    (void)state;
    for (int64_t overwritten = 0; overwritten < 2; overwritten++) {
        struct bench b = bench_waiter();
        bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
        bench_change(&b, ELECTION_LEADER, 13, (struct election_key){ 0 });
        bench_change(&b, ELECTION_LEADER, 0,
                     (struct election_key){ 14, 14, b.e.lease.id });
        if (overwritten)
            bench_change(&b, ELECTION_LEADER, 0,
                         (struct election_key){ 14, 15, 0 });
        else
            bench_change(&b, ELECTION_LEADER, 15, (struct election_key){ 0 });
        bench_answer(&b,
                     (struct election_reply){ .succeeded = true,
                                              .header.revision = 14 });
        assert_false(election_leading(&b.e, b.now_ms));
        bench_expect_request(&b, ELECTION_REVOKE);
    }
}

static void waiter_stays_silent_when_another_waiter_goes(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    bench_expect_request(&b, ELECTION_CLAIM);
    struct election_reply reply = bench_queued();
    reply.header.revision = 13;
    reply.predecessor = (struct election_key){ 11, 11, 98 };
    bench_answer(&b, reply);
    assert_int_equal(b.out.notices_n, 0);
    assert_true(b.out.open_watch);
}

/* The reply was made before the leader's key went, and comes after. */
static void reply_older_than_the_watch_is_asked_for_again(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    assert_true(bench_said(&b, ELECTION_SAY_ATTEMPTING));
    bench_expect_request(&b, ELECTION_CLAIM);
    bench_change(&b, ELECTION_LEADER, 14, (struct election_key){ 0 });
    assert_int_equal(b.out.notices_n, 0);
    struct election_reply reply = bench_queued();
    reply.header.revision = 13;
    reply.predecessor = (struct election_key){ 0 };
    reply.holder = bench_key_12;
    bench_answer(&b, reply);
    assert_int_equal(b.out.notices_n, 0);
    bench_expect_request(&b, ELECTION_CLAIM);

    /* Once: a watch that tells of the future is not believed twice. */
    bench_answer(&b, reply);
    assert_true(bench_said(&b, ELECTION_SAY_FOLLOWING));
    assert_false(b.out.send_request);
}

/* The stream may lag behind what a transaction has read. */
static void leader_of_before_is_not_named(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    assert_true(bench_said(&b, ELECTION_SAY_ATTEMPTING));
    struct election_reply reply = bench_queued();
    reply.header.revision = 20;
    reply.predecessor = (struct election_key){ 11, 11, 98 };
    reply.leader = (struct election_key){ 0 };
    bench_answer(&b, reply);
    assert_int_equal(b.out.notices_n, 0);
    bench_change(&b, ELECTION_LEADER, 0, (struct election_key){ 15, 15, 97 });
    assert_int_equal(b.out.notices_n, 0);
    bench_change(&b, ELECTION_LEADER, 18, (struct election_key){ 0 });
    assert_int_equal(b.out.notices_n, 0);
    bench_change(&b, ELECTION_LEADER, 0, (struct election_key){ 21, 21, 98 });
    assert_true(bench_said(&b, ELECTION_SAY_FOLLOWING));
}

static void change_that_the_watch_missed_renews_the_watch(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    while (!b.out.send_request || b.out.request.type != ELECTION_CHECK) {
        if (b.e.request_pending)
            bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
        b.now_ms = election_deadline(&b.e);
        bench_tick(&b);
    }
    struct election_reply reply = bench_queued();
    reply.header.revision = 20;
    reply.leader = (struct election_key){ 18, 18, 97 };
    bench_answer(&b, reply);
    assert_true(bench_said(&b, ELECTION_SAY_FOLLOWING));
    assert_true(b.out.open_watch);
    assert_int_equal(b.out.watch.from_revision, 21);
}

static void lost_claim_reply_is_resolved_by_reading(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    bench_answer(&b, (struct election_reply){ .outcome = ELECTION_NO_ANSWER });
    b.now_ms = election_deadline(&b.e);
    bench_tick(&b);
    bench_expect_request(&b, ELECTION_CLAIM);
    bench_answer(&b,
                 (struct election_reply){
                     .header.revision = 14,
                     .own = bench_key_12,
                     .holder = bench_key_12,
                     .leader = { 14, 14, b.e.lease.id },
                 });
    assert_true(bench_said(&b, ELECTION_SAY_ELECTED));
}

static void waiter_without_its_key_takes_a_fresh_place(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    int64_t old_lease = b.e.lease.id;
    bench_change(&b, ELECTION_OWN, 13, (struct election_key){ 0 });
    bench_expect_request(&b, ELECTION_REVOKE);
    bench_answer(&b, (struct election_reply){ 0 });
    bench_expect_request(&b, ELECTION_GRANT);
    assert_true(b.out.request.lease != old_lease);
}

/* It is on no lease of ours any more, so nothing else would. */
static void waiter_whose_key_was_overwritten_deletes_it(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    bench_change(&b, ELECTION_OWN, 0, (struct election_key){ 12, 13, 0 });
    bench_expect_request(&b, ELECTION_RESIGN);
    assert_int_equal(b.out.request.lock_revision, 12);
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 14 });
    bench_expect_request(&b, ELECTION_REVOKE);
    bench_answer(&b, (struct election_reply){ 0 });
    bench_expect_request(&b, ELECTION_GRANT);
    bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 15 });
    bench_step(&b, (struct election_event){ .type = ELECTION_LEAVE });
    bench_expect_request(&b, ELECTION_RESIGN); /* these are other keys */
}

static void overwritten_key_is_noticed_without_a_watch(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    struct election_reply reply = bench_queued();
    reply.header.revision = 14;
    reply.own.mod_revision = 14;
    reply.own.lease = 0;
    bench_answer(&b, reply);
    bench_expect_request(&b, ELECTION_RESIGN);
}

/* An operator deleted the lock key that belonged to it: everyone would wait
 * for a leader key that its owner, too, waits to see gone. */
static void own_leader_key_behind_others_is_given_up(void **state)
{
    (void)state;
    struct bench b = bench_granted(10000);
    struct election_reply reply = bench_queued();
    reply.leader.lease = b.e.lease.id;
    bench_answer(&b, reply);
    bench_expect_request(&b, ELECTION_REVOKE);
}

static void leader_key_for_ever_is_named_and_respected(void **state)
{
    (void)state;
    struct bench b = bench_granted(10000);
    struct election_reply reply = bench_queued();
    reply.predecessor = (struct election_key){ 0 };
    reply.holder = bench_key_12;
    reply.leader.lease = 0;
    bench_answer(&b, reply);
    assert_true(bench_said(&b, ELECTION_SAY_KEY_FOR_EVER));
    assert_false(b.out.send_request);
    bench_change(&b, ELECTION_LEADER, 13, (struct election_key){ 0 });
    bench_expect_request(&b, ELECTION_CLAIM);
}

static void holder_is_not_named_as_soon_as_a_leader_goes(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    b.now_ms += 1500; /* in which the leader was seen all the time */
    bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    assert_true(bench_said(&b, ELECTION_SAY_ATTEMPTING));
    struct election_reply reply = bench_queued();
    reply.header.revision = 13;
    reply.predecessor = reply.holder = (struct election_key){ 11, 11, 98 };
    reply.leader = (struct election_key){ 0 };
    bench_answer(&b, reply);
    assert_false(bench_said(&b, ELECTION_SAY_FOREIGN));
    b.now_ms += 1000;
    bench_tick(&b);
    bench_expect_request(&b, ELECTION_CHECK);
}

static void foreign_holder_is_named_after_a_second(void **state)
{
    (void)state;
    struct bench b = bench_granted(10000);
    b.now_ms += 1500; /* a slow attempt: we have not looked before */
    struct election_reply reply = bench_queued();
    reply.leader = (struct election_key){ 0 };
    bench_answer(&b, reply);
    b.now_ms += 1000;
    bench_tick(&b);
    bench_expect_request(&b, ELECTION_CHECK);
    bench_answer(&b, reply);
    assert_true(bench_said(&b, ELECTION_SAY_FOREIGN));
    assert_true(b.out.watch.roles & ELECTION_HOLDER);
}

/* A leader of etcd that is new gives every lease its whole time again, so the
 * old keys may outlive the lease's time as we know it. */
static void lost_lease_is_revoked_however_long_etcd_is_away(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    int64_t old_lease = b.e.lease.id;
    b.now_ms += 5000;
    bench_tick(&b);
    b.now_ms += 3750;
    bench_tick(&b);
    bench_expect_lost(&b, ELECTION_SILENCE);
    for (int64_t end_ms = b.now_ms + 60000; b.now_ms < end_ms;) {
        assert_true(b.e.request_pending);
        assert_int_equal(b.e.request.type, ELECTION_REVOKE);
        assert_int_equal(b.e.request.lease, old_lease);
        b.now_ms += 100;
        bench_answer(&b,
                     (struct election_reply){ .outcome = ELECTION_NO_ANSWER });
        while (!b.e.request_pending) {
            b.now_ms = election_deadline(&b.e);
            bench_tick(&b);
        }
    }
    bench_answer(&b, (struct election_reply){ .outcome = ELECTION_NO_LEASE });
    bench_expect_request(&b, ELECTION_GRANT);
}

static void lost_lease_is_given_back_to_a_restored_etcd(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    b.now_ms += 5000;
    bench_tick(&b);
    b.now_ms += 3750;
    bench_tick(&b);
    bench_expect_lost(&b, ELECTION_SILENCE);
    bench_answer(&b,
                 (struct election_reply){
                     .header = { BENCH_CLUSTER, BENCH_TERM - 1, 5 } });
    bench_expect_request(&b, ELECTION_GRANT);
}

static void end_of_a_holder_does_not_unsay_the_leader(void **state)
{
    (void)state;
    struct bench b = bench_granted(10000);
    struct election_reply reply = bench_queued();
    reply.leader = (struct election_key){ 0 };
    bench_answer(&b, reply);
    b.now_ms += 1000;
    bench_tick(&b);
    bench_answer(&b, reply);
    assert_true(bench_said(&b, ELECTION_SAY_FOREIGN));
    bench_change(&b, ELECTION_LEADER, 0, (struct election_key){ 13, 13, 0 });
    assert_true(bench_said(&b, ELECTION_SAY_FOLLOWING));
    bench_change(&b, ELECTION_HOLDER, 14, (struct election_key){ 0 });
    assert_int_equal(b.out.notices_n, 0);
}

static void resigning_deletes_then_revokes_then_ends(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    bench_step(&b, (struct election_event){ .type = ELECTION_LEAVE });
    bench_expect_request(&b, ELECTION_RESIGN);
    assert_false(election_leading(&b.e, b.now_ms));
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 11 });
    bench_expect_request(&b, ELECTION_REVOKE);
    bench_answer(&b, (struct election_reply){ 0 });
    assert_true(bench_said(&b, ELECTION_SAY_ENDED));
    assert_int_equal(b.out.notices[0].reason, ELECTION_REASON_NONE);
}

static void resigning_without_etcd_ends_and_says_so(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    bench_step(&b, (struct election_event){ .type = ELECTION_LEAVE });
    b.now_ms += ELECTION_LEAVE_MS_MAX;
    bench_tick(&b);
    assert_true(bench_said(&b, ELECTION_SAY_ENDED));
    assert_int_equal(b.out.notices[0].reason, ELECTION_NOT_TOLD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_to_an_older_request_is_dropped),
        cmocka_unit_test(waiter_claims_when_predecessor_goes),
        cmocka_unit_test(win_that_an_operator_undid_is_none),
        cmocka_unit_test(waiter_stays_silent_when_another_waiter_goes),
        cmocka_unit_test(reply_older_than_the_watch_is_asked_for_again),
        cmocka_unit_test(leader_of_before_is_not_named),
        cmocka_unit_test(change_that_the_watch_missed_renews_the_watch),
        cmocka_unit_test(lost_claim_reply_is_resolved_by_reading),
        cmocka_unit_test(waiter_without_its_key_takes_a_fresh_place),
        cmocka_unit_test(waiter_whose_key_was_overwritten_deletes_it),
        cmocka_unit_test(overwritten_key_is_noticed_without_a_watch),
        cmocka_unit_test(own_leader_key_behind_others_is_given_up),
        cmocka_unit_test(leader_key_for_ever_is_named_and_respected),
        cmocka_unit_test(holder_is_not_named_as_soon_as_a_leader_goes),
        cmocka_unit_test(foreign_holder_is_named_after_a_second),
        cmocka_unit_test(lost_lease_is_revoked_however_long_etcd_is_away),
        cmocka_unit_test(lost_lease_is_given_back_to_a_restored_etcd),
        cmocka_unit_test(end_of_a_holder_does_not_unsay_the_leader),
        cmocka_unit_test(resigning_deletes_then_revokes_then_ends),
        cmocka_unit_test(resigning_without_etcd_ends_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
