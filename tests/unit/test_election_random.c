/* test_election_random.c: the core under events that nobody would send.
 *
 * Any event may come in any state. The core's own assertions are the check:
 * illegal moves, too many notices, leading past the deadline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/election.h"

enum { SEEDS = 2000, STEPS = 1000 };

static uint64_t below(uint64_t *random_state, uint64_t bound)
{
    return backoff_random(random_state) % bound;
}

static struct election_key random_key(const struct election *e, uint64_t *r)
{
    if (below(r, 2))
        return (struct election_key){ 0 };
    int64_t create = below(r, 2) ? e->lock_revision : (int64_t)below(r, 20) + 1;
    return (struct election_key){
        .create_revision = create,
        .mod_revision = create + (int64_t)below(r, 2),
        .lease = below(r, 2) ? e->lease.id : (int64_t)below(r, 3),
    };
}

static struct election_reply random_reply(const struct election *e, uint64_t *r)
{
    return (struct election_reply){
        .op = e->request.op - (below(r, 20) == 0),
        .outcome = below(r, 4) ? ELECTION_ANSWERED
                               : (enum election_outcome)below(r, 4),
        .header = { 7 + (below(r, 50) == 0), 3 + (below(r, 20) == 0),
                    10 + (int64_t)below(r, 3) },
        .ttl_ms = below(r, 10) ? 10000 : (int64_t)below(r, 400000) - 10,
        .succeeded = below(r, 2),
        .same_id = below(r, 2),
        .own = random_key(e, r),
        .predecessor = random_key(e, r),
        .leader = random_key(e, r),
        .holder = random_key(e, r),
    };
}

static struct election_event random_event(const struct election *e,
                                          int64_t now_ms, uint64_t *r)
{
    static const enum election_event_type types[] = {
        ELECTION_TICK,       ELECTION_REPLY, ELECTION_REPLY,   ELECTION_REPLY,
        ELECTION_REPLY,      ELECTION_REPLY, ELECTION_CHANGED, ELECTION_CHANGED,
        ELECTION_WATCH_LOST, ELECTION_START, ELECTION_YIELD,
    };
    static const enum election_role roles[] = {
        ELECTION_OWN,    ELECTION_PREDECESSOR, ELECTION_LEADER,
        ELECTION_HOLDER, ELECTION_REQUEST,
    };
    return (struct election_event){
        .type = below(r, 200) ? types[below(r, 11)] : ELECTION_LEAVE,
        .now_ms = now_ms,
        .reply = random_reply(e, r),
        .watch_op = e->watch_op - (below(r, 20) == 0),
        .role = roles[below(r, 5)],
        .key = random_key(e, r),
        .deleted_at_revision = (int64_t)below(r, 20),
        .asked = { 1 + (int64_t)below(r, 20), (int64_t)below(r, 20) },
    };
}

/* Returns how often a candidate was elected. */
static unsigned run(uint64_t seed)
{
    struct election e;
    struct election_config config;
    election_config_init(&config);
    config.random_state = seed;
    config.endpoints_n = 1 + (unsigned)(seed % 3);
    election_init(&e, &config);
    uint64_t r = seed;
    int64_t now_ms = 1;
    unsigned elected = 0;
    for (int i = 0; i < STEPS; i++) {
        struct election_event event = random_event(&e, now_ms, &r);
        struct election_actions out;
        enum election_state before = e.state;
        election_step(&e, &event, &out);
        elected += before != ELECTION_LEADING && e.state == ELECTION_LEADING;
        if (election_leading(&e, now_ms)) {
            assert_true(e.lease.lead_until_ms <= now_ms + ELECTION_TTL_MS_MAX);
            assert_true(e.lock_revision > 0);
            assert_true(e.leader_revision > 0);
        }
        assert_true(election_deadline(&e) > 0);
        now_ms += (int64_t)below(&r, below(&r, 50) ? 300 : 30000);
    }
    return elected;
}

static void no_order_of_events_breaks_the_core(void **state)
{
    (void)state;
    unsigned elected = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        elected += run(seed);
    assert_true(elected > SEEDS); /* or it was tried on a standstill */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_order_of_events_breaks_the_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
