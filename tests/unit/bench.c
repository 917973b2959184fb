/* bench.c: see bench.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/bench.h"

void bench_step(struct bench *b, struct election_event event)
{
    event.now_ms = b->now_ms;
    election_step(&b->e, &event, &b->out);
}

void bench_tick(struct bench *b)
{
    bench_step(b, (struct election_event){ .type = ELECTION_TICK });
}

void bench_answer(struct bench *b, struct election_reply reply)
{
    reply.op = b->e.request.op;
    if (reply.own.lease == BENCH_OURS)
        reply.own.lease = b->e.lease.id;
    if (!reply.header.cluster_id)
        reply.header.cluster_id = BENCH_CLUSTER;
    if (!reply.header.raft_term)
        reply.header.raft_term = BENCH_TERM;
    bench_step(
        b, (struct election_event){ .type = ELECTION_REPLY, .reply = reply });
}

void bench_expect_request(const struct bench *b,
                          enum election_request_type type)
{
    assert_true(b->out.send_request);
    assert_int_equal(b->out.request.type, type);
}

bool bench_said(const struct bench *b, enum election_notice_type type)
{
    for (unsigned i = 0; i < b->out.notices_n; i++)
        if (b->out.notices[i].type == type)
            return true;
    return false;
}

void bench_expect_lost(const struct bench *b, enum election_reason reason)
{
    assert_true(b->out.notices_n >= 2);
    assert_int_equal(b->out.notices[0].type, ELECTION_SAY_LOST);
    assert_int_equal(b->out.notices[0].reason, reason);
    assert_int_equal(b->out.notices[1].type, ELECTION_SAY_ATTEMPTING);
    assert_false(election_leading(&b->e, b->now_ms));
}

struct bench bench_granted(int64_t ttl_ms)
{
    struct bench b = { .now_ms = 1000000 };
    struct election_config config;
    election_config_init(&config);
    config.ttl_ms = ttl_ms;
    config.random_state = 42;
    election_init(&b.e, &config);
    bench_step(&b, (struct election_event){ .type = ELECTION_START });
    assert_true(bench_said(&b, ELECTION_SAY_ATTEMPTING));
    bench_expect_request(&b, ELECTION_GRANT);
    bench_answer(&b, (struct election_reply){ .ttl_ms = ttl_ms });
    bench_expect_request(&b, ELECTION_ATTEMPT);
    return b;
}

struct bench bench_leader(int64_t ttl_ms)
{
    struct bench b = bench_granted(ttl_ms);
    bench_answer(
        &b,
        (struct election_reply){ .succeeded = true, .header.revision = 10 });
    assert_true(bench_said(&b, ELECTION_SAY_ELECTED));
    assert_true(election_leading(&b.e, b.now_ms));
    return b;
}

void bench_lead_again(struct bench *b, int64_t revision)
{
    if (!b->out.send_request) {
        b->now_ms = election_deadline(&b->e);
        bench_tick(b);
    }
    bench_expect_request(b, ELECTION_GRANT);
    bench_answer(b, (struct election_reply){ .ttl_ms = 10000 });
    bench_answer(b,
                 (struct election_reply){ .succeeded = true,
                                          .header.revision = revision });
    assert_true(election_leading(&b->e, b->now_ms));
}

const struct election_key bench_key_10 = { 10, 10, 99 };
const struct election_key bench_key_12 = { 12, 12, BENCH_OURS };

struct election_reply bench_queued(void)
{
    return (struct election_reply){
        .header.revision = 12,
        .own = bench_key_12,
        .predecessor = bench_key_10,
        .leader = bench_key_10,
        .holder = bench_key_10,
        .queue_n = 2,
    };
}

struct bench bench_waiter(void)
{
    struct bench b = bench_granted(10000);
    bench_answer(&b, bench_queued());
    assert_true(bench_said(&b, ELECTION_SAY_FOLLOWING));
    assert_true(b.out.open_watch);
    assert_int_equal(b.out.watch.from_revision, 13);
    return b;
}

void bench_change(struct bench *b, enum election_role role, int64_t deleted_at,
                  struct election_key key)
{
    bench_step(b,
               (struct election_event){
                   .type = ELECTION_CHANGED,
                   .watch_op = b->e.watch_op,
                   .role = role,
                   .key = key,
                   .deleted_at_revision = deleted_at,
               });
}
