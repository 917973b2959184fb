/* test_scenarios_etcd.c: what candidates print when etcd changes, and when
 * other programs use the same keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/scenario.h"

static void etcd_changes_its_leader_without_anybody_noticing(void **state)
{
    struct world *w = *state;
    scenario_start(w, 3);
    for (int i = 0; i < 5; i++) {
        scenario_fault(w, FAULT_transfer, 0, 0);
        scenario_pass_ms(w, 5000);
    }
    scenario_expect(w, A, CANDIDATE("A") LEADS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A"));
}

static void etcd_restarts_without_anybody_noticing(void **state)
{
    struct world *w = *state;
    scenario_start(w, 3);
    scenario_fault(w, FAULT_restart, 0, 1000);
    scenario_pass_ms(w, 60000);
    scenario_expect(w, A, CANDIDATE("A") LEADS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A"));
    scenario_expect(w, C, CANDIDATE("C") FOLLOWS("A"));
}

static void etcd_that_is_away_for_long_is_waited_for(void **state)
{
    struct world *w = *state;
    scenario_start(w, 2);
    scenario_fault(w, FAULT_restart, 0, 60000);
    scenario_pass_ms(w, 59000);
    scenario_expect(w, A,
                    CANDIDATE("A") LEADS "Lost leadership: silence\n" AGAIN);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A"));
    scenario_pass_ms(w, 1000);
    /* Whoever asks first after that may be the next. */
    world_run_until(w, w->now_us + checks_recovery_us(w));
    checks_led(w, "after an outage");
    checks_settled(w);
    assert_int_equal(w->checks.elected_n, 2);
}

static void leader_key_without_a_lease_is_respected(void **state)
{
    struct world *w = *state;
    scenario_fault(w, FAULT_foreign_leader, 0, 60000);
    scenario_start(w, 2);
    scenario_pass_ms(w, 50000);
    scenario_expect(w, A, CANDIDATE("A") FOLLOWS("Z"));
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("Z"));
    scenario_pass_ms(w, 10000);
    scenario_expect(w, A, CANDIDATE("A") FOLLOWS("Z") AGAIN LEADS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("Z") AGAIN FOLLOWS("A"));
}

static void foreign_lock_holder_is_named_and_waited_for(void **state)
{
    struct world *w = *state;
    scenario_fault(w, FAULT_foreign_lock, 0, 60000);
    scenario_start(w, 2);
    scenario_expect(w, A, CANDIDATE("A"));
    scenario_pass_ms(w, 2000);
    scenario_expect(w, A, CANDIDATE("A") FOLLOWS("Z"));
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("Z"));
    scenario_pass_ms(w, 60000);
    scenario_expect(w, A, CANDIDATE("A") FOLLOWS("Z") AGAIN LEADS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("Z") AGAIN FOLLOWS("A"));
}

static void foreign_lock_takes_its_turn_between_ours(void **state)
{
    struct world *w = *state;
    scenario_start(w, 1);
    scenario_fault(w, FAULT_foreign_lock, 0, 60000);
    peer_start(w, B);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    peer_leave(w, A);
    scenario_pass_ms(w, SCENARIO_TTL_MS / 2 + 2000);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN FOLLOWS("Z"));
    scenario_pass_ms(w, 60000);
    scenario_expect(w, B,
                    CANDIDATE("B") FOLLOWS("A") AGAIN FOLLOWS("Z") AGAIN LEADS);
}

static void dead_watch_costs_no_more_than_half_a_ttl(void **state)
{
    struct world *w = *state;
    scenario_start(w, 2);
    scenario_fault(w, FAULT_silence_stream, B, 0);
    scenario_pass_ms(w, 1000);
    peer_leave(w, A);
    scenario_pass_ms(w, SCENARIO_TTL_MS / 2 + 1000);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN LEADS);
}

static void compacted_watch_is_read_again(void **state)
{
    struct world *w = *state;
    scenario_start(w, 3);
    scenario_fault(w, FAULT_link, C,
                   5000); /* C's watch is to begin in the past */
    scenario_fault(w, FAULT_end_stream, C, 0);
    peer_leave(w, A);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_fault(w, FAULT_compact, 0, 0);
    scenario_pass_ms(w, 10000);
    scenario_expect(w, C, CANDIDATE("C") FOLLOWS("A") AGAIN FOLLOWS("B"));
    peer_leave(w, B);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, C,
                    CANDIDATE("C") FOLLOWS("A") AGAIN FOLLOWS("B") AGAIN LEADS);
}

static void overwritten_leader_key_is_followed_until_it_goes(void **state)
{
    struct world *w = *state;
    scenario_start(w, 2);
    scenario_fault(w, FAULT_overwrite_leader, A, 5000);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, A,
                    CANDIDATE("A") LEADS
                    "Lost leadership: leader key changed\n" AGAIN FOLLOWS("Z"));
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") FOLLOWS("Z"));
    scenario_pass_ms(w, 5000);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") FOLLOWS("Z") AGAIN LEADS);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scenario_setup, scenario_teardown)
#define TEST_ALONE(name)                                                       \
    cmocka_unit_test_setup_teardown(name, scenario_setup_alone,                \
                                    scenario_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(overwritten_leader_key_is_followed_until_it_goes),
        TEST(etcd_changes_its_leader_without_anybody_noticing),
        TEST_ALONE(etcd_restarts_without_anybody_noticing),
        TEST_ALONE(etcd_that_is_away_for_long_is_waited_for),
        TEST(leader_key_without_a_lease_is_respected),
        TEST(foreign_lock_holder_is_named_and_waited_for),
        TEST(foreign_lock_takes_its_turn_between_ours),
        TEST(dead_watch_costs_no_more_than_half_a_ttl),
        TEST(compacted_watch_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
