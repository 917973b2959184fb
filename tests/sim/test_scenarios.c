/* test_scenarios.c: what candidates print when one of them goes, stops, or is
 * deposed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/scenario.h"

/* The transcript that the README shows. */
static void three_candidates_lead_in_turn(void **state)
{
    struct world *w = *state;
    scenario_start(w, 3);
    scenario_pass_ms(w, 30000);
    peer_leave(w, A); /* ENTER */
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN LEADS);
    scenario_pass_ms(w, 30000);
    peer_crash(w, B); /* Ctrl-C */
    scenario_pass_ms(w, SCENARIO_CRASH_MS);
    scenario_expect(w, C,
                    CANDIDATE("C") FOLLOWS("A") AGAIN FOLLOWS("B") AGAIN LEADS);
    scenario_pass_ms(w, 30000);
    peer_leave(w, C); /* ENTER */
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, A, CANDIDATE("A") LEADS "End\n");
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN LEADS);
    scenario_expect(w, C,
                    CANDIDATE("C") FOLLOWS("A") AGAIN FOLLOWS("B") AGAIN LEADS
                    "End\n");
    assert_int_equal(w->etcd.keys_n, 0);
}

static void crashed_leader_is_followed_when_its_lease_ends(void **state)
{
    struct world *w = *state;
    scenario_start(w, 2);
    scenario_pass_ms(w, 1000);
    peer_crash(w, A);
    scenario_pass_ms(w, SCENARIO_TTL_MS - 2000);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A"));
    scenario_pass_ms(w, SCENARIO_CRASH_MS - SCENARIO_TTL_MS + 2000);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN LEADS);
}

static void waiter_that_goes_changes_nothing(void **state)
{
    struct world *w = *state;
    scenario_start(w, 3);
    peer_leave(w, B);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") "End\n");
    scenario_expect(w, C, CANDIDATE("C") FOLLOWS("A"));
    peer_leave(w, A);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, C, CANDIDATE("C") FOLLOWS("A") AGAIN LEADS);
}

static void leader_that_yields_queues_behind_the_others(void **state)
{
    struct world *w = *state;
    scenario_start(w, 3);
    peer_yield(w, A);
    assert_false(peer_believes(&w->peers[A], w->now_us));
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, A,
                    CANDIDATE("A") LEADS
                    "Lost leadership: yielded\n" AGAIN FOLLOWS("B"));
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN LEADS);
    peer_leave(w, B);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, C,
                    CANDIDATE("C") FOLLOWS("A") AGAIN FOLLOWS("B") AGAIN LEADS);
}

static void leader_that_yields_alone_leads_again(void **state)
{
    struct world *w = *state;
    scenario_start(w, 1);
    peer_yield(w, A);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(
        w, A, CANDIDATE("A") LEADS "Lost leadership: yielded\n" AGAIN LEADS);
}

static void waiter_that_yields_goes_to_the_end_in_silence(void **state)
{
    struct world *w = *state;
    scenario_start(w, 3);
    peer_yield(w, B);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A"));
    peer_leave(w, A);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, C, CANDIDATE("C") FOLLOWS("A") AGAIN LEADS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN FOLLOWS("C"));
}

static int64_t lock_revision(const struct world *w, int who)
{
    return w->peers[who].e.lock_revision;
}

static void ask(struct world *w, int64_t token, int64_t to_token)
{
    w->faults.requests_n++;
    for (int i = 0; i < w->plan.peers_n; i++)
        peer_ask(w, i, w->faults.requests_n,
                 &(struct election_asked){ token, to_token });
}

static void leader_that_is_asked_steps_down(void **state)
{
    struct world *w = *state;
    scenario_start(w, 2);
    ask(w, lock_revision(w, A) - 1, 0); /* of one that leads no longer */
    assert_true(peer_believes(&w->peers[A], w->now_us));
    ask(w, lock_revision(w, A), 0);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN LEADS);
    assert_true(lock_revision(w, A) > lock_revision(w, B));
}

static void waiters_step_aside_in_their_order(void **state)
{
    struct world *w = *state;
    w->plan.peers_n = 5;
    peer_init(w, 3);
    peer_init(w, 4);
    scenario_start(w, 5);
    int64_t d = lock_revision(w, 3), e = lock_revision(w, 4);
    ask(w, lock_revision(w, A), d);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    assert_true(peer_believes(&w->peers[A], w->now_us));
    assert_int_equal(lock_revision(w, 3), d);
    assert_int_equal(lock_revision(w, 4), e);
    assert_true(e < lock_revision(w, B));
    assert_true(lock_revision(w, B) < lock_revision(w, C));
    ask(w, lock_revision(w, A), 0);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    assert_true(peer_believes(&w->peers[3], w->now_us));
}

/* What somebody asked for and gave up must not move anybody later. */
static void request_that_is_not_put_again_is_forgotten(void **state)
{
    struct world *w = *state;
    w->plan.peers_n = 4;
    peer_init(w, 3);
    scenario_start(w, 4);
    int64_t c = lock_revision(w, C);
    peer_pause(w, B); /* it does not hear of it, and C waits behind it */
    ask(w, lock_revision(w, A), lock_revision(w, 3));
    peer_resume(w, B);
    scenario_pass_ms(w, ELECTION_ASKED_MS + SCENARIO_SOON_MS);
    peer_yield(w, B);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    assert_int_equal(lock_revision(w, C), c);
}

static void operator_who_deletes_the_lock_key_deposes(void **state)
{
    struct world *w = *state;
    scenario_start(w, 2);
    scenario_fault(w, FAULT_delete_own, A, 0);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, A,
                    CANDIDATE("A") LEADS
                    "Lost leadership: own key deleted\n" AGAIN FOLLOWS("B"));
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN LEADS);
}

static void operator_who_deletes_the_leader_key_deposes(void **state)
{
    struct world *w = *state;
    scenario_start(w, 2);
    scenario_fault(w, FAULT_delete_leader, A, 0);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, A,
                    CANDIDATE("A") LEADS
                    "Lost leadership: leader key deleted\n" AGAIN FOLLOWS("B"));
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN LEADS);
}

/* Both keys go in one revision; either watch may be told first. */
static void operator_who_revokes_the_lease_deposes(void **state)
{
    struct world *w = *state;
    scenario_start(w, 2);
    scenario_fault(w, FAULT_revoke, A, 0);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    assert_int_equal(w->checks.lost_n, 1);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN LEADS);
}

static void stopped_leader_finds_another_when_it_goes_on(void **state)
{
    struct world *w = *state;
    scenario_start(w, 2);
    peer_pause(w, A);
    scenario_pass_ms(w, SCENARIO_CRASH_MS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN LEADS);
    scenario_expect(w, A, CANDIDATE("A") LEADS);
    assert_false(peer_believes(&w->peers[A], w->now_us));
    peer_resume(w, A);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, A,
                    CANDIDATE("A") LEADS
                    "Lost leadership: stalled\n" AGAIN FOLLOWS("B"));
}

static void leader_that_was_stopped_briefly_leads_on(void **state)
{
    struct world *w = *state;
    scenario_start(w, 2);
    peer_pause(w, A);
    scenario_pass_ms(w, 7000);
    peer_resume(w, A);
    scenario_pass_ms(w, 60000);
    scenario_expect(w, A, CANDIDATE("A") LEADS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A"));
}

static void leader_cut_off_stops_before_another_leads(void **state)
{
    struct world *w = *state;
    scenario_start(w, 2);
    scenario_fault(w, FAULT_link, A, 3L * SCENARIO_TTL_MS);
    scenario_pass_ms(w, SCENARIO_TTL_MS - 1000);
    scenario_expect(w, A,
                    CANDIDATE("A") LEADS "Lost leadership: silence\n" AGAIN);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A"));
    scenario_pass_ms(w, 2000);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN LEADS);
    scenario_pass_ms(w, 3L * SCENARIO_TTL_MS);
    scenario_expect(w, A,
                    CANDIDATE("A") LEADS
                    "Lost leadership: silence\n" AGAIN FOLLOWS("B"));
}

static void waiter_without_its_lease_goes_to_the_end(void **state)
{
    struct world *w = *state;
    scenario_start(w, 3);
    scenario_fault(w, FAULT_revoke, B, 0);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A"));
    peer_leave(w, A);
    scenario_pass_ms(w, SCENARIO_SOON_MS);
    scenario_expect(w, C, CANDIDATE("C") FOLLOWS("A") AGAIN LEADS);
    scenario_expect(w, B, CANDIDATE("B") FOLLOWS("A") AGAIN FOLLOWS("C"));
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scenario_setup, scenario_teardown)
#define TEST_ALONE(name)                                                       \
    cmocka_unit_test_setup_teardown(name, scenario_setup_alone,                \
                                    scenario_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(three_candidates_lead_in_turn),
        TEST_ALONE(three_candidates_lead_in_turn),
        TEST(crashed_leader_is_followed_when_its_lease_ends),
        TEST(waiter_that_goes_changes_nothing),
        TEST(leader_that_yields_queues_behind_the_others),
        TEST(leader_that_yields_alone_leads_again),
        TEST(waiter_that_yields_goes_to_the_end_in_silence),
        TEST(leader_that_is_asked_steps_down),
        TEST(waiters_step_aside_in_their_order),
        TEST(request_that_is_not_put_again_is_forgotten),
        TEST(operator_who_deletes_the_lock_key_deposes),
        TEST(operator_who_deletes_the_leader_key_deposes),
        TEST(operator_who_revokes_the_lease_deposes),
        TEST(stopped_leader_finds_another_when_it_goes_on),
        TEST(leader_that_was_stopped_briefly_leads_on),
        TEST(leader_cut_off_stops_before_another_leads),
        TEST(waiter_without_its_lease_goes_to_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
