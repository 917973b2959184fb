/* test_sim.c: thousands of seeded runs in which everything goes wrong.
 *
 * A seed that fails is printed with its transcript; `simulate --first-seed S
 * --seeds 1 --verbose` tells every step of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/trial.h"

static void no_seed_breaks_a_promise(void **state)
{
    (void)state;
    struct world *w = world_new();
    const struct sabotage *none = &sabotage_find("none")->sabotage;
    uint64_t elected_n = 0, lost_n = 0, deposed_n = 0;
    for (uint64_t seed = 1; seed <= TRIAL_SEEDS; seed++) {
        if (!trial_run(w, seed, none, false)) {
            trial_print(w, stderr);
            fail_msg("seed %llu broke a promise", (unsigned long long)seed);
        }
        elected_n += w->checks.elected_n;
        lost_n += w->checks.lost_n;
        deposed_n += w->checks.deposed_n;
    }
    /* Or nothing was tried. */
    assert_true(elected_n > 3 * (uint64_t)TRIAL_SEEDS);
    assert_true(lost_n > TRIAL_SEEDS / 2);
    assert_true(deposed_n > TRIAL_SEEDS / 4);
    world_free(w);
}

static char *story_of(struct world *w, uint64_t seed)
{
    char *text;
    size_t bytes;
    FILE *file = open_memstream(&text, &bytes);
    assert_non_null(file);
    (void)trial_run(w, seed, &sabotage_find("none")->sabotage, false);
    trial_print(w, file);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void same_seed_tells_the_same_story(void **state)
{
    (void)state;
    struct world *w = world_new();
    char *first = story_of(w, 7);
    char *other = story_of(w, 8);
    char *again = story_of(w, 7);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    free(first);
    free(other);
    free(again);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_seed_breaks_a_promise),
        cmocka_unit_test(same_seed_tells_the_same_story),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
