/* test_sabotage.c: the checks of the simulator can fail.
 *
 * Each of sabotage.c's ways to break something must be noticed, by the check
 * that is meant for it, within its number of seeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/trial.h"

/* The first seed that violates the check, or 0. */
static uint64_t seed_that_violates(struct world *w,
                                   const struct sabotage_choice *choice)
{
    for (uint64_t seed = 1; seed <= choice->seeds_n; seed++) {
        (void)trial_run(w, seed, &choice->sabotage, false);
        if (w->checks.violations[choice->check].n > 0)
            return seed;
    }
    return 0;
}

static void expect_noticed(const char *name, enum check check)
{
    struct world *w = world_new();
    const struct sabotage_choice *choice = sabotage_find(name);
    assert_non_null(choice);
    assert_int_equal(choice->check, check);
    uint64_t seed = seed_that_violates(w, choice);
    world_free(w);
    if (!seed)
        fail_msg("%s goes unnoticed by %s", name, checks_name(check));
}

static void no_margin_and_slow_clocks_make_two_leaders(void **state)
{
    (void)state;
    expect_noticed("no-margin", CHECK_at_most_one_leader);
}

static void claims_that_compare_nothing_make_two_leaders(void **state)
{
    (void)state;
    expect_noticed("claim-unchecked", CHECK_at_most_one_leader);
}

static void every_sabotage_is_noticed_and_every_check_can_fail(void **state)
{
    (void)state;
    bool failed[CHECKS_N] = { false };
    for (int i = 0; sabotage_at(i); i++) {
        const struct sabotage_choice *choice = sabotage_at(i);
        if (choice->check == CHECKS_N)
            continue;
        expect_noticed(choice->name, choice->check);
        failed[choice->check] = true;
    }
    for (int i = 0; i < CHECKS_N; i++)
        if (!failed[i])
            fail_msg("%s was never seen to fail", checks_name((enum check)i));
}

static void clocks_that_are_slow_within_rho_do_no_harm(void **state)
{
    (void)state;
    struct world *w = world_new();
    const struct sabotage_choice *choice = sabotage_find("slow-clocks");
    for (uint64_t seed = 1; seed <= TRIAL_SEEDS / 4; seed++)
        if (!trial_run(w, seed, &choice->sabotage, false)) {
            trial_print(w, stderr);
            fail_msg("seed %llu broke a promise", (unsigned long long)seed);
        }
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_margin_and_slow_clocks_make_two_leaders),
        cmocka_unit_test(claims_that_compare_nothing_make_two_leaders),
        cmocka_unit_test(every_sabotage_is_noticed_and_every_check_can_fail),
        cmocka_unit_test(clocks_that_are_slow_within_rho_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
