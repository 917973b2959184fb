/* test_election_lead.c: the core, event by event: until when it leads, and
 * what ends that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/bench.h"

/* R4's own numbers: 10 s: 8.75; 5 s: 4.25; 2 s: 1.55. */
static void deadline_counts_from_before_sending(void **state)
{
    (void)state;
    static const int64_t ttl_ms[] = { 10000, 5000, 2000 };
    static const int64_t until_ms[] = { 8750, 4250, 1550 };
    for (size_t i = 0; i < 3; i++) {
        struct bench b = bench_leader(ttl_ms[i]);
        assert_true(election_leading(&b.e, 1000000 + until_ms[i] - 1));
        assert_false(election_leading(&b.e, 1000000 + until_ms[i]));
        assert_true(election_deadline(&b.e) <= 1000000 + until_ms[i]);
    }
}

static void slow_grant_shortens_the_leadership(void **state)
{
    (void)state;
    struct bench b = { .now_ms = 1000000 };
    struct election_config config;
    election_config_init(&config);
    election_init(&b.e, &config);
    bench_step(&b, (struct election_event){ .type = ELECTION_START });
    b.now_ms += 700;
    bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
    b.now_ms += 700;
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 10 });
    assert_int_equal(b.e.lease.lead_until_ms, 1000000 + 8750);
}

static void renewal_counts_only_when_bracketed(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    int64_t before_ms = b.e.lease.lead_until_ms;
    b.now_ms += 3334;
    bench_tick(&b);
    bench_expect_request(&b, ELECTION_KEEPALIVE);
    b.now_ms += 40;
    bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
    assert_int_equal(b.e.lease.lead_until_ms, before_ms);
    bench_expect_request(&b, ELECTION_BARRIER);
    b.now_ms += 40;
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 10 });
    assert_int_equal(b.e.lease.lead_until_ms, before_ms + 3334);
}

/* For a leader a renewal alone confirms nothing; a standing watch does. */
static void health_is_confirmed_by_renewals_and_the_watch(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    assert_int_equal(election_confirmed_at_ms(&b.e, b.now_ms + 8749),
                     b.now_ms + 8749);
    assert_int_equal(election_confirmed_at_ms(&b.e, b.now_ms + 8750), b.now_ms);
    int64_t granted_at_ms = b.now_ms;
    bench_step(&b,
               (struct election_event){ .type = ELECTION_WATCH_LOST,
                                        .watch_op = b.e.watch_op });
    assert_int_equal(election_confirmed_at_ms(&b.e, b.now_ms + 1),
                     granted_at_ms);
    b.now_ms += 3334;
    b.e.watch_retry_at_ms = INT64_MAX; /* not what this is about */
    bench_tick(&b);
    bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
    assert_int_equal(election_confirmed_at_ms(&b.e, b.now_ms), granted_at_ms);
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 10 });
    assert_int_equal(election_confirmed_at_ms(&b.e, b.now_ms + 1), b.now_ms);
}

static void place_is_known_at_the_head_of_the_queue(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    assert_int_equal(election_place(&b.e, b.now_ms), 1);
    assert_int_equal(election_place(&b.e, b.now_ms + 8750), 0);
    b = bench_waiter();
    assert_int_equal(b.e.state, ELECTION_WAITING);
    b.e.holder = b.e.predecessor;
    assert_int_equal(election_place(&b.e, b.now_ms), 2);
    b.e.holder.create_revision--;
    assert_int_equal(election_place(&b.e, b.now_ms), 0);
    b.e.holder = b.e.predecessor = (struct election_key){ 0 };
    assert_int_equal(election_place(&b.e, b.now_ms), 0);
}

static void who_is_not_in_the_queue_is_not_confirmed(void **state)
{
    (void)state;
    struct bench b = bench_granted(10000);
    assert_int_equal(election_confirmed_at_ms(&b.e, b.now_ms), 0);
    assert_int_equal(election_place(&b.e, b.now_ms), 0);
    b = bench_waiter();
    assert_int_equal(election_confirmed_at_ms(&b.e, b.now_ms + 7),
                     b.now_ms + 7);
    bench_step(&b, (struct election_event){ .type = ELECTION_LEAVE });
    assert_int_equal(election_confirmed_at_ms(&b.e, b.now_ms), 0);
}

static void renewal_under_another_term_does_not_count(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    int64_t before_ms = b.e.lease.lead_until_ms;
    b.now_ms += 3334;
    bench_tick(&b);
    bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
    bench_answer(&b,
                 (struct election_reply){
                     .succeeded = true,
                     .header = { BENCH_CLUSTER, BENCH_TERM + 1, 10 } });
    assert_int_equal(b.e.lease.lead_until_ms, before_ms);
    assert_in_range(election_deadline(&b.e), b.now_ms + 1, b.now_ms + 100);
    b.now_ms = election_deadline(&b.e);
    bench_tick(&b);
    bench_expect_request(&b, ELECTION_KEEPALIVE);
}

static void late_reply_changes_nothing(void **state)
{
    (void)state;
    struct bench b = bench_leader(2000);
    b.now_ms += 700;
    bench_tick(&b);
    bench_answer(&b, (struct election_reply){ .ttl_ms = 2000 });
    bench_expect_request(&b, ELECTION_BARRIER);
    b.now_ms += 850; /* the deadline, to the millisecond */
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 10 });
    bench_expect_lost(&b, ELECTION_SILENCE);
    bench_expect_request(&b, ELECTION_REVOKE);
}

static void stopped_process_finds_that_it_lost(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    b.now_ms += 60000;
    bench_tick(&b);
    bench_expect_lost(&b, ELECTION_STALLED);
}

static void stopped_process_has_time_to_give_its_lease_back(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    b.now_ms += 60000;
    bench_tick(&b);
    bench_expect_request(&b, ELECTION_REVOKE);
    assert_true(election_deadline(&b.e) >= b.now_ms + 1000);
    bench_answer(&b, (struct election_reply){ 0 });
    bench_expect_request(&b, ELECTION_GRANT);
}

static void keepalive_without_ttl_deposes(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    b.now_ms += 3334;
    bench_tick(&b);
    int64_t old_lease = b.e.lease.id;
    bench_answer(&b, (struct election_reply){ 0 });
    bench_expect_lost(&b, ELECTION_LEASE_LOST);
    bench_expect_request(&b, ELECTION_GRANT);
    assert_true(b.out.request.lease != old_lease);
}

static void deleted_or_replaced_keys_depose(void **state)
{
    (void)state;
    static const struct {
        int64_t deleted_at;
        struct election_key key;
        enum election_role role;
        enum election_reason reason;
    } cases[] = {
        { 11, { 0 }, ELECTION_OWN, ELECTION_OWN_DELETED },
        { 11, { 0 }, ELECTION_LEADER, ELECTION_LEADER_DELETED },
        { 0, { 10, 11, 0 }, ELECTION_OWN, ELECTION_OWN_CHANGED },
        { 0, { 10, 11, 0 }, ELECTION_LEADER, ELECTION_LEADER_CHANGED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench b = bench_leader(10000);
        bench_change(&b, cases[i].role, cases[i].deleted_at, cases[i].key);
        bench_expect_lost(&b, cases[i].reason);
    }
}

static void leader_whose_lock_key_was_overwritten_deletes_it(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    bench_change(&b, ELECTION_OWN, 0, (struct election_key){ 10, 11, 0 });
    bench_expect_lost(&b, ELECTION_OWN_CHANGED);
    bench_expect_request(&b, ELECTION_RESIGN);
    bench_answer(&b, (struct election_reply){ .outcome = ELECTION_NO_ANSWER });
    b.now_ms = election_deadline(&b.e);
    bench_tick(&b);
    bench_expect_request(&b, ELECTION_RESIGN);
}

static void overwritten_lock_key_is_noticed_by_the_barrier(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    b.now_ms += 3334;
    bench_tick(&b);
    bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
    bench_expect_request(&b, ELECTION_BARRIER);
    bench_answer(&b,
                 (struct election_reply){
                     .header.revision = 11,
                     .own = { 10, 11, 0 },
                     .leader = { 10, 10, b.e.lease.id },
                 });
    bench_expect_lost(&b, ELECTION_OWN_CHANGED);
    bench_expect_request(&b, ELECTION_RESIGN);
}

/* A claim whose reply comes when the lease is nearly over. */
static struct bench late_winner(void)
{
    struct bench b = bench_waiter();
    bench_change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    bench_expect_request(&b, ELECTION_CLAIM);
    b.now_ms += 6500;
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 14 });
    assert_false(election_leading(&b.e, b.now_ms));
    bench_expect_request(&b, ELECTION_KEEPALIVE);
    return b;
}

static struct election_reply won(const struct bench *b)
{
    return (struct election_reply){
        .header.revision = 14,
        .own = bench_key_12,
        .holder = bench_key_12,
        .leader = { 14, 14, b->e.lease.id },
    };
}

static void win_that_comes_late_is_renewed_before_it_leads(void **state)
{
    (void)state;
    struct bench b = late_winner();
    bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
    bench_expect_request(&b, ELECTION_CLAIM);
    bench_answer(&b, won(&b));
    assert_true(bench_said(&b, ELECTION_SAY_ELECTED));
    assert_int_equal(b.e.lease.lead_until_ms, b.now_ms + 8750);
}

static void wins_that_are_all_late_are_given_up(void **state)
{
    (void)state;
    struct bench b = late_winner();
    for (int i = 0; i < 2; i++) {
        bench_expect_request(&b, ELECTION_KEEPALIVE);
        bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
        bench_expect_request(&b, ELECTION_CLAIM);
        b.now_ms += 6500;
        bench_answer(&b, won(&b));
        assert_false(election_leading(&b.e, b.now_ms));
    }
    bench_expect_request(&b, ELECTION_REVOKE);
}

static void older_events_do_not_depose(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    bench_change(&b, ELECTION_LEADER, 9, (struct election_key){ 0 });
    bench_change(&b, ELECTION_LEADER, 0, (struct election_key){ 10, 10, 1 });
    assert_true(election_leading(&b.e, b.now_ms));
}

static void other_cluster_and_revision_back_depose(void **state)
{
    (void)state;
    static const struct election_header headers[] = {
        { BENCH_CLUSTER + 1, BENCH_TERM, 20 }, { BENCH_CLUSTER, BENCH_TERM, 9 }
    };
    static const enum election_reason reasons[] = { ELECTION_OTHER_CLUSTER,
                                                    ELECTION_REVISION_BACK };
    for (size_t i = 0; i < 2; i++) {
        struct bench b = bench_leader(10000);
        b.now_ms += 3334;
        bench_tick(&b);
        bench_answer(&b, (struct election_reply){ .ttl_ms = 10000 });
        bench_answer(
            &b,
            (struct election_reply){ .succeeded = true, .header = headers[i] });
        bench_expect_lost(&b, reasons[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadline_counts_from_before_sending),
        cmocka_unit_test(slow_grant_shortens_the_leadership),
        cmocka_unit_test(renewal_counts_only_when_bracketed),
        cmocka_unit_test(health_is_confirmed_by_renewals_and_the_watch),
        cmocka_unit_test(place_is_known_at_the_head_of_the_queue),
        cmocka_unit_test(who_is_not_in_the_queue_is_not_confirmed),
        cmocka_unit_test(renewal_under_another_term_does_not_count),
        cmocka_unit_test(late_reply_changes_nothing),
        cmocka_unit_test(stopped_process_finds_that_it_lost),
        cmocka_unit_test(stopped_process_has_time_to_give_its_lease_back),
        cmocka_unit_test(keepalive_without_ttl_deposes),
        cmocka_unit_test(deleted_or_replaced_keys_depose),
        cmocka_unit_test(leader_whose_lock_key_was_overwritten_deletes_it),
        cmocka_unit_test(overwritten_lock_key_is_noticed_by_the_barrier),
        cmocka_unit_test(win_that_comes_late_is_renewed_before_it_leads),
        cmocka_unit_test(wins_that_are_all_late_are_given_up),
        cmocka_unit_test(older_events_do_not_depose),
        cmocka_unit_test(other_cluster_and_revision_back_depose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
