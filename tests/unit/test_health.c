/* test_health.c: which endpoint is asked next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "etcd/health.h"

static struct health three(void)
{
    struct health h;
    health_init(&h, 3);
    return h;
}

static void healthy_endpoint_is_kept(void **state)
{
    (void)state;
    struct health h = three();
    assert_int_equal(health_pick(&h, 0, 1000), 0);
    assert_int_equal(health_pick(&h, 2, 1000), 2);
}

static void failed_endpoint_rests_and_the_next_serves(void **state)
{
    (void)state;
    struct health h = three();
    health_failed(&h, 2, 1000);
    assert_int_equal(health_pick(&h, 2, 1000), 0);
    assert_int_equal(health_pick(&h, 2, 1000 + HEALTH_REST_MS_MIN - 1), 0);
    assert_int_equal(health_pick(&h, 2, 1000 + HEALTH_REST_MS_MIN), 2);
}

static void rest_doubles_up_to_its_limit(void **state)
{
    (void)state;
    struct health h = three();
    int64_t rest_ms = HEALTH_REST_MS_MIN;
    for (int i = 0; i < 40; i++) {
        health_failed(&h, 1, 0);
        assert_int_equal(h.endpoints[1].rest_until_ms, rest_ms);
        rest_ms = rest_ms * 2 > HEALTH_REST_MS_MAX ? HEALTH_REST_MS_MAX
                                                   : rest_ms * 2;
    }
    assert_int_equal(rest_ms, HEALTH_REST_MS_MAX);
}

static void answer_ends_the_rest(void **state)
{
    (void)state;
    struct health h = three();
    for (int i = 0; i < 5; i++)
        health_failed(&h, 0, 1000);
    health_answered(&h, 0);
    assert_int_equal(health_pick(&h, 0, 1000), 0);
    health_failed(&h, 0, 1000);
    assert_int_equal(health_pick(&h, 0, 1000 + HEALTH_REST_MS_MIN), 0);
}

static void when_all_rest_the_first_to_end_serves(void **state)
{
    (void)state;
    struct health h = three();
    health_failed(&h, 1, 1000);
    health_failed(&h, 0, 1010);
    health_failed(&h, 2, 1020);
    assert_int_equal(health_pick(&h, 0, 1030), 1);
    assert_int_equal(health_pick(&h, 2, 1030), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy_endpoint_is_kept),
        cmocka_unit_test(failed_endpoint_rests_and_the_next_serves),
        cmocka_unit_test(rest_doubles_up_to_its_limit),
        cmocka_unit_test(answer_ends_the_rest),
        cmocka_unit_test(when_all_rest_the_first_to_end_serves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
