/* test_election.c: the core, event by event, under a clock of the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/election.h"

enum { TERM = 3, CLUSTER = 7 };

struct bench {
    struct election e;
    struct election_actions out;
    int64_t now_ms;
};

static void step(struct bench *b, struct election_event event)
{
    event.now_ms = b->now_ms;
    election_step(&b->e, &event, &b->out);
}

static void tick(struct bench *b)
{
    step(b, (struct election_event){ .type = ELECTION_TICK });
}

static void answer(struct bench *b, struct election_reply reply)
{
    reply.op = b->e.request.op;
    if (!reply.header.cluster_id)
        reply.header.cluster_id = CLUSTER;
    if (!reply.header.raft_term)
        reply.header.raft_term = TERM;
    step(b, (struct election_event){ .type = ELECTION_REPLY, .reply = reply });
}

static void expect_request(const struct bench *b,
                           enum election_request_type type)
{
    assert_true(b->out.send_request);
    assert_int_equal(b->out.request.type, type);
}

static bool said(const struct bench *b, enum election_notice_type type)
{
    for (unsigned i = 0; i < b->out.notices_n; i++)
        if (b->out.notices[i].type == type)
            return true;
    return false;
}

static void expect_lost(const struct bench *b, enum election_reason reason)
{
    assert_true(b->out.notices_n >= 2);
    assert_int_equal(b->out.notices[0].type, ELECTION_SAY_LOST);
    assert_int_equal(b->out.notices[0].reason, reason);
    assert_int_equal(b->out.notices[1].type, ELECTION_SAY_ATTEMPTING);
    assert_false(election_leading(&b->e, b->now_ms));
}

static struct bench granted(int64_t ttl_ms)
{
    struct bench b = { .now_ms = 1000000 };
    struct election_config config;
    election_config_init(&config);
    config.ttl_ms = ttl_ms;
    config.random_state = 42;
    election_init(&b.e, &config);
    step(&b, (struct election_event){ .type = ELECTION_START });
    assert_true(said(&b, ELECTION_SAY_ATTEMPTING));
    expect_request(&b, ELECTION_GRANT);
    answer(&b, (struct election_reply){ .ttl_ms = ttl_ms });
    expect_request(&b, ELECTION_ATTEMPT);
    return b;
}

static struct bench leader(int64_t ttl_ms)
{
    struct bench b = granted(ttl_ms);
    answer(&b,
           (struct election_reply){ .succeeded = true, .header.revision = 10 });
    assert_true(said(&b, ELECTION_SAY_ELECTED));
    assert_true(election_leading(&b.e, b.now_ms));
    return b;
}

static const struct election_key key_10 = { 10, 10, 99 };
static const struct election_key key_12 = { 12, 12, 1 };

static struct election_reply queued(void)
{
    return (struct election_reply){
        .header.revision = 12,
        .own = key_12,
        .predecessor = key_10,
        .leader = key_10,
        .holder = key_10,
    };
}

static struct bench waiter(void)
{
    struct bench b = granted(10000);
    answer(&b, queued());
    assert_true(said(&b, ELECTION_SAY_FOLLOWING));
    assert_true(b.out.open_watch);
    assert_int_equal(b.out.watch.from_revision, 13);
    return b;
}

static void change(struct bench *b, enum election_role role, int64_t deleted_at,
                   struct election_key key)
{
    step(b,
         (struct election_event){
             .type = ELECTION_CHANGED,
             .watch_op = b->e.watch_op,
             .role = role,
             .key = key,
             .deleted_at_revision = deleted_at,
         });
}

/* R4's own numbers: 10 s: 8.75; 5 s: 4.25; 2 s: 1.55. */
static void deadline_counts_from_before_sending(void **state)
{
    (void)state;
    static const int64_t ttl_ms[] = { 10000, 5000, 2000 };
    static const int64_t until_ms[] = { 8750, 4250, 1550 };
    for (size_t i = 0; i < 3; i++) {
        struct bench b = leader(ttl_ms[i]);
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
    step(&b, (struct election_event){ .type = ELECTION_START });
    b.now_ms += 700;
    answer(&b, (struct election_reply){ .ttl_ms = 10000 });
    b.now_ms += 700;
    answer(&b,
           (struct election_reply){ .succeeded = true, .header.revision = 10 });
    assert_int_equal(b.e.lease.lead_until_ms, 1000000 + 8750);
}

static void renewal_counts_only_when_bracketed(void **state)
{
    (void)state;
    struct bench b = leader(10000);
    int64_t before_ms = b.e.lease.lead_until_ms;
    b.now_ms += 3334;
    tick(&b);
    expect_request(&b, ELECTION_KEEPALIVE);
    b.now_ms += 40;
    answer(&b, (struct election_reply){ .ttl_ms = 10000 });
    assert_int_equal(b.e.lease.lead_until_ms, before_ms);
    expect_request(&b, ELECTION_BARRIER);
    b.now_ms += 40;
    answer(&b,
           (struct election_reply){ .succeeded = true, .header.revision = 10 });
    assert_int_equal(b.e.lease.lead_until_ms, before_ms + 3334);
}

static void renewal_under_another_term_does_not_count(void **state)
{
    (void)state;
    struct bench b = leader(10000);
    int64_t before_ms = b.e.lease.lead_until_ms;
    b.now_ms += 3334;
    tick(&b);
    answer(&b, (struct election_reply){ .ttl_ms = 10000 });
    answer(&b,
           (struct election_reply){ .succeeded = true,
                                    .header = { CLUSTER, TERM + 1, 10 } });
    assert_int_equal(b.e.lease.lead_until_ms, before_ms);
    expect_request(&b, ELECTION_KEEPALIVE);
}

static void late_reply_changes_nothing(void **state)
{
    (void)state;
    struct bench b = leader(2000);
    b.now_ms += 700;
    tick(&b);
    answer(&b, (struct election_reply){ .ttl_ms = 2000 });
    expect_request(&b, ELECTION_BARRIER);
    b.now_ms += 850; /* the deadline, to the millisecond */
    answer(&b,
           (struct election_reply){ .succeeded = true, .header.revision = 10 });
    expect_lost(&b, ELECTION_SILENCE);
    expect_request(&b, ELECTION_REVOKE);
}

static void reply_to_an_older_request_is_dropped(void **state)
{
    (void)state;
    struct bench b = granted(10000);
    struct election_reply old = { .op = b.e.request.op - 1,
                                  .succeeded = true,
                                  .header = { CLUSTER, TERM, 10 } };
    step(&b, (struct election_event){ .type = ELECTION_REPLY, .reply = old });
    assert_int_equal(b.e.state, ELECTION_ATTEMPTING);
    assert_int_equal(b.out.notices_n, 0);
}

static void stopped_process_finds_that_it_lost(void **state)
{
    (void)state;
    struct bench b = leader(10000);
    b.now_ms += 60000;
    tick(&b);
    expect_lost(&b, ELECTION_STALLED);
}

static void keepalive_without_ttl_deposes(void **state)
{
    (void)state;
    struct bench b = leader(10000);
    b.now_ms += 3334;
    tick(&b);
    int64_t old_lease = b.e.lease.id;
    answer(&b, (struct election_reply){ 0 });
    expect_lost(&b, ELECTION_LEASE_LOST);
    expect_request(&b, ELECTION_GRANT);
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
        struct bench b = leader(10000);
        change(&b, cases[i].role, cases[i].deleted_at, cases[i].key);
        expect_lost(&b, cases[i].reason);
    }
}

static void older_events_do_not_depose(void **state)
{
    (void)state;
    struct bench b = leader(10000);
    change(&b, ELECTION_LEADER, 9, (struct election_key){ 0 });
    change(&b, ELECTION_LEADER, 0, (struct election_key){ 10, 10, 1 });
    assert_true(election_leading(&b.e, b.now_ms));
}

static void waiter_claims_when_predecessor_goes(void **state)
{
    (void)state;
    struct bench b = waiter();
    change(&b, ELECTION_LEADER, 13, (struct election_key){ 0 });
    assert_true(said(&b, ELECTION_SAY_ATTEMPTING));
    change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    expect_request(&b, ELECTION_CLAIM);
    answer(&b,
           (struct election_reply){ .succeeded = true, .header.revision = 14 });
    assert_int_equal(b.out.notices_n, 1);
    assert_int_equal(b.out.notices[0].type, ELECTION_SAY_ELECTED);
    assert_int_equal(b.out.notices[0].token, 12);
}

static void waiter_stays_silent_when_another_waiter_goes(void **state)
{
    (void)state;
    struct bench b = waiter();
    change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    expect_request(&b, ELECTION_CLAIM);
    struct election_reply reply = queued();
    reply.header.revision = 13;
    reply.predecessor = (struct election_key){ 11, 11, 98 };
    answer(&b, reply);
    assert_int_equal(b.out.notices_n, 0);
    assert_true(b.out.open_watch);
}

static void lost_claim_reply_is_resolved_by_reading(void **state)
{
    (void)state;
    struct bench b = waiter();
    change(&b, ELECTION_PREDECESSOR, 13, (struct election_key){ 0 });
    answer(&b, (struct election_reply){ .outcome = ELECTION_NO_ANSWER });
    b.now_ms = election_deadline(&b.e);
    tick(&b);
    expect_request(&b, ELECTION_CLAIM);
    answer(&b,
           (struct election_reply){
               .header.revision = 14,
               .own = key_12,
               .holder = key_12,
               .leader = { 14, 14, b.e.lease.id },
           });
    assert_true(said(&b, ELECTION_SAY_ELECTED));
}

static void waiter_without_its_key_takes_a_fresh_place(void **state)
{
    (void)state;
    struct bench b = waiter();
    int64_t old_lease = b.e.lease.id;
    change(&b, ELECTION_OWN, 13, (struct election_key){ 0 });
    expect_request(&b, ELECTION_REVOKE);
    answer(&b, (struct election_reply){ 0 });
    expect_request(&b, ELECTION_GRANT);
    assert_true(b.out.request.lease != old_lease);
}

static void leader_key_for_ever_is_named_and_respected(void **state)
{
    (void)state;
    struct bench b = granted(10000);
    struct election_reply reply = queued();
    reply.predecessor = (struct election_key){ 0 };
    reply.holder = key_12;
    reply.leader.lease = 0;
    answer(&b, reply);
    assert_true(said(&b, ELECTION_SAY_KEY_FOR_EVER));
    assert_false(b.out.send_request);
    change(&b, ELECTION_LEADER, 13, (struct election_key){ 0 });
    expect_request(&b, ELECTION_CLAIM);
}

static void foreign_holder_is_named_after_a_second(void **state)
{
    (void)state;
    struct bench b = granted(10000);
    struct election_reply reply = queued();
    reply.leader = (struct election_key){ 0 };
    answer(&b, reply);
    b.now_ms += 1000;
    tick(&b);
    expect_request(&b, ELECTION_CHECK);
    answer(&b, reply);
    assert_true(said(&b, ELECTION_SAY_FOREIGN));
    assert_true(b.out.watch.roles & ELECTION_HOLDER);
}

static void other_cluster_and_revision_back_depose(void **state)
{
    (void)state;
    static const struct election_header headers[] = { { CLUSTER + 1, TERM, 20 },
                                                      { CLUSTER, TERM, 9 } };
    static const enum election_reason reasons[] = { ELECTION_OTHER_CLUSTER,
                                                    ELECTION_REVISION_BACK };
    for (size_t i = 0; i < 2; i++) {
        struct bench b = leader(10000);
        b.now_ms += 3334;
        tick(&b);
        answer(&b, (struct election_reply){ .ttl_ms = 10000 });
        answer(
            &b,
            (struct election_reply){ .succeeded = true, .header = headers[i] });
        expect_lost(&b, reasons[i]);
    }
}

static void resigning_deletes_then_revokes_then_ends(void **state)
{
    (void)state;
    struct bench b = leader(10000);
    step(&b, (struct election_event){ .type = ELECTION_LEAVE });
    expect_request(&b, ELECTION_RESIGN);
    assert_false(election_leading(&b.e, b.now_ms));
    answer(&b,
           (struct election_reply){ .succeeded = true, .header.revision = 11 });
    expect_request(&b, ELECTION_REVOKE);
    answer(&b, (struct election_reply){ 0 });
    assert_true(said(&b, ELECTION_SAY_ENDED));
    assert_int_equal(b.out.notices[0].reason, ELECTION_REASON_NONE);
}

static void resigning_without_etcd_ends_and_says_so(void **state)
{
    (void)state;
    struct bench b = leader(10000);
    step(&b, (struct election_event){ .type = ELECTION_LEAVE });
    b.now_ms += ELECTION_LEAVE_MS_MAX;
    tick(&b);
    assert_true(said(&b, ELECTION_SAY_ENDED));
    assert_int_equal(b.out.notices[0].reason, ELECTION_NOT_TOLD);
}

static void dead_etcd_is_not_hammered(void **state)
{
    (void)state;
    struct bench b = granted(10000);
    int requests = 0;
    int64_t end_ms = b.now_ms + 60000;
    while (b.now_ms < end_ms) {
        if (b.e.request_pending)
            answer(&b,
                   (struct election_reply){ .outcome = ELECTION_NO_ANSWER });
        else
            tick(&b);
        requests += b.out.send_request;
        int64_t next_ms = election_deadline(&b.e);
        if (!b.e.request_pending && next_ms > b.now_ms)
            b.now_ms = next_ms;
    }
    assert_in_range(requests, 10, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadline_counts_from_before_sending),
        cmocka_unit_test(slow_grant_shortens_the_leadership),
        cmocka_unit_test(renewal_counts_only_when_bracketed),
        cmocka_unit_test(renewal_under_another_term_does_not_count),
        cmocka_unit_test(late_reply_changes_nothing),
        cmocka_unit_test(reply_to_an_older_request_is_dropped),
        cmocka_unit_test(stopped_process_finds_that_it_lost),
        cmocka_unit_test(keepalive_without_ttl_deposes),
        cmocka_unit_test(deleted_or_replaced_keys_depose),
        cmocka_unit_test(older_events_do_not_depose),
        cmocka_unit_test(waiter_claims_when_predecessor_goes),
        cmocka_unit_test(waiter_stays_silent_when_another_waiter_goes),
        cmocka_unit_test(lost_claim_reply_is_resolved_by_reading),
        cmocka_unit_test(waiter_without_its_key_takes_a_fresh_place),
        cmocka_unit_test(leader_key_for_ever_is_named_and_respected),
        cmocka_unit_test(foreign_holder_is_named_after_a_second),
        cmocka_unit_test(other_cluster_and_revision_back_depose),
        cmocka_unit_test(resigning_deletes_then_revokes_then_ends),
        cmocka_unit_test(resigning_without_etcd_ends_and_says_so),
        cmocka_unit_test(dead_etcd_is_not_hammered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
