/* test_backoff.c: the delays between tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/backoff.h"

static void delays_double_up_to_the_cap(void **state)
{
    (void)state;
    struct backoff b;
    uint64_t random_state = 1;
    backoff_init(&b, 100, 1000);
    static const int64_t bounds_ms[] = { 100, 200, 400, 800, 1000, 1000 };
    for (size_t i = 0; i < sizeof bounds_ms / sizeof *bounds_ms; i++) {
        int64_t delay_ms = backoff_next(&b, &random_state);
        assert_in_range(delay_ms, bounds_ms[i] / 2, bounds_ms[i]);
    }
}

static void reset_starts_at_the_base_again(void **state)
{
    (void)state;
    struct backoff b;
    uint64_t random_state = 2;
    backoff_init(&b, 100, 100000);
    for (int i = 0; i < 8; i++)
        backoff_next(&b, &random_state);
    backoff_reset(&b);
    assert_in_range(backoff_next(&b, &random_state), 50, 100);
}

static void a_million_failures_stay_within_the_cap(void **state)
{
    (void)state;
    struct backoff b;
    uint64_t random_state = 3;
    backoff_init(&b, 50, INT64_C(5000));
    for (int i = 0; i < 1000000; i++)
        assert_in_range(backoff_next(&b, &random_state), 25, 5000);
}

static void candidates_with_other_seeds_do_not_keep_step(void **state)
{
    (void)state;
    struct backoff a, b;
    uint64_t random_a = 4, random_b = 5;
    backoff_init(&a, 1 << 20, 1 << 20);
    backoff_init(&b, 1 << 20, 1 << 20);
    int same = 0;
    for (int i = 0; i < 100; i++)
        same += backoff_next(&a, &random_a) == backoff_next(&b, &random_b);
    assert_true(same < 5);
}

/* First outputs for state 0, as the algorithm's published code gives them. */
static void random_numbers_are_splitmix64(void **state)
{
    (void)state;
    uint64_t random_state = 0;
    assert_true(backoff_random(&random_state) == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(backoff_random(&random_state) == UINT64_C(0x6e789e6aa1b965f4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_double_up_to_the_cap),
        cmocka_unit_test(reset_starts_at_the_base_again),
        cmocka_unit_test(a_million_failures_stay_within_the_cap),
        cmocka_unit_test(candidates_with_other_seeds_do_not_keep_step),
        cmocka_unit_test(random_numbers_are_splitmix64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
