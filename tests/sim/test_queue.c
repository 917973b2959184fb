/* test_queue.c: many candidates in one queue, and what they cost etcd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/world.h"

enum {
    PEERS = 50,
    TTL_MS = 10000,
    SOON_MS = 100,
    QUIET_S = 600,
    /* Of a leader: a renewal and its barrier, every third of a TTL. */
    LEADER_PER_MINUTE = 2 * 60000 * 3 / TTL_MS,
    /* Of a waiter: a renewal every third, a look every half. */
    WAITER_PER_MINUTE = 60000 * 3 / TTL_MS + 60000 * 2 / TTL_MS,
    SLACK_PERCENT = 5,
};

static struct world *queue(int peers_n)
{
    struct world *w = world_new();
    world_begin(w,
                &(struct world_plan){
                    .seed = 1,
                    .peers_n = peers_n,
                    .members_n = 3,
                    .ttl_ms = TTL_MS,
                    .rate_ppm_min = PEER_RATE_PPM,
                    .rate_ppm_max = PEER_RATE_PPM,
                });
    for (int i = 0; i < peers_n; i++) {
        peer_start(w, i);
        world_run_until(w, w->now_us + (int64_t)SOON_MS * WORLD_US_PER_MS);
    }
    return w;
}

static void each_leads_once_in_the_order_of_coming(void **state)
{
    (void)state;
    struct world *w = queue(PEERS);
    for (int i = 0; i < PEERS; i++) {
        assert_true(peer_believes(&w->peers[i], w->now_us));
        assert_int_equal(w->checks.elected_n, i + 1);
        if (i % 2)
            peer_leave(w, i);
        else
            peer_crash(w, i);
        int64_t wait_ms = i % 2 ? SOON_MS : TTL_MS + 1000;
        world_run_until(w, w->now_us + wait_ms * WORLD_US_PER_MS);
    }
    assert_true(checks_hold(&w->checks));
    assert_int_equal(w->etcd.keys_n, 0);
    world_free(w);
}

static void hand_over_costs_one_claim_however_many_wait(void **state)
{
    (void)state;
    struct world *w = queue(PEERS);
    unsigned claims_n = w->checks.requests_n[ELECTION_CLAIM];
    unsigned checks_n = w->checks.requests_n[ELECTION_CHECK];
    int64_t until_us = w->now_us + (int64_t)SOON_MS * WORLD_US_PER_MS;
    peer_leave(w, 0);
    world_run_until(w, until_us);
    assert_true(peer_believes(&w->peers[1], w->now_us));
    assert_int_equal(w->checks.requests_n[ELECTION_CLAIM], claims_n + 1);
    /* Those that look every half TTL anyway look now and then. */
    assert_in_range(w->checks.requests_n[ELECTION_CHECK], checks_n,
                    checks_n + PEERS * 2 * SOON_MS / TTL_MS + 1);
    world_free(w);
}

static unsigned requests_in(struct world *w, int64_t seconds)
{
    unsigned before_n = 0, after_n = 0;
    for (int i = 0; i < CHECKS_REQUESTS; i++)
        before_n += w->checks.requests_n[i];
    world_run_until(w, w->now_us + seconds * WORLD_US_PER_S);
    for (int i = 0; i < CHECKS_REQUESTS; i++)
        after_n += w->checks.requests_n[i];
    return after_n - before_n;
}

static void quiet_candidates_ask_little(void **state)
{
    (void)state;
    static const int peers_n[] = { 1, 2, 10 };
    for (int i = 0; i < 3; i++) {
        struct world *w = queue(peers_n[i]);
        int per_minute = LEADER_PER_MINUTE +
            (peers_n[i] - 1) * WAITER_PER_MINUTE;
        int most_n = per_minute * QUIET_S / 60 * (100 + SLACK_PERCENT) / 100;
        assert_in_range(requests_in(w, QUIET_S), 1, most_n);
        assert_in_range(w->checks.most_ticks_n, 1, 4);
        assert_true(checks_hold(&w->checks));
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_leads_once_in_the_order_of_coming),
        cmocka_unit_test(hand_over_costs_one_claim_however_many_wait),
        cmocka_unit_test(quiet_candidates_ask_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
