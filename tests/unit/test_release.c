/* test_release.c: telling etcd that the holder of a lease is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sys/clock.h"
#include "unit/asker.h"

#define REVOKE "/v3/lease/revoke"
#define BODY "{\"ID\":\"4660\"}"
#define DONE "{" ASKER_HEADER "}"
#define NO_LEASE                                                               \
    "{\"code\":5,\"message\":\"etcdserver: requested lease not found\"}"
#define DENIED "{\"code\":7,\"message\":\"etcdserver: permission denied\"}"
#define NO_LEADER "{\"code\":14,\"message\":\"etcdserver: no leader\"}"

static int release(struct asker *a)
{
    return candidate_release(&a->config, 0x1234, a->timeout_ms, &a->err);
}

static void lease_is_revoked(void **state)
{
    struct asker *a = *state;
    asker_begin(a, release);
    asker_exchange(a, REVOKE, BODY, 200, DONE);
    assert_int_equal(asker_end(a), 0);
}

static void lease_that_is_gone_is_a_success(void **state)
{
    struct asker *a = *state;
    asker_begin(a, release);
    asker_exchange(a, REVOKE, BODY, 404, NO_LEASE);
    assert_int_equal(asker_end(a), 0);
}

static void next_endpoint_is_asked_until_one_has_done_it(void **state)
{
    struct asker *a = *state;
    asker_begin(a, release);
    asker_exchange(a, REVOKE, BODY, 503, NO_LEADER);
    struct gateway_request request;
    unsigned second = asker_request(a, &request);
    gateway_hang_up(&a->gateways[second], request.connection);
    asker_exchange(a, REVOKE, BODY, 200, "garbage");
    asker_exchange(a, REVOKE, BODY, 200, DONE);
    assert_int_equal(asker_end(a), 0);
    for (unsigned i = 0; i < a->gateways_n; i++)
        assert_true(a->gateways[i].accepted > 0);
}

static void one_that_is_silent_does_not_have_all_the_time(void **state)
{
    struct asker *a = *state;
    a->timeout_ms = 6000;
    asker_begin(a, release);
    struct gateway_request request;
    int64_t began_at_ms = clock_now_ms();
    unsigned first = asker_request(a, &request);
    unsigned second = asker_request(a, &request);
    assert_int_not_equal(second, first);
    assert_true(clock_now_ms() - began_at_ms < 6000);
    gateway_reply(&a->gateways[second], request.connection, 200, DONE);
    assert_int_equal(asker_end(a), 0);
}

static void one_that_denies_is_not_the_last_word(void **state)
{
    struct asker *a = *state;
    asker_begin(a, release);
    asker_exchange(a, REVOKE, BODY, 403, DENIED);
    asker_exchange(a, REVOKE, BODY, 403, DENIED);
    asker_exchange(a, REVOKE, BODY, 200, DONE);
    assert_int_equal(asker_end(a), 0);
}

static void all_that_deny_are(void **state)
{
    struct asker *a = *state;
    asker_begin(a, release);
    for (unsigned i = 0; i < a->gateways_n; i++)
        asker_exchange(a, REVOKE, BODY, 403, DENIED);
    assert_int_equal(asker_end(a), CANDIDATE_EDENIED);
    assert_int_equal(a->err.code, CANDIDATE_EDENIED);
    assert_non_null(strstr(a->err.message, "etcdserver: permission denied"));
    for (unsigned i = 0; i < a->gateways_n; i++)
        assert_int_equal(a->gateways[i].accepted, 1);
}

static void time_ends_when_nobody_answers(void **state)
{
    struct asker *a = *state;
    char words[128];
    gateway_close(&a->gateways[0]);
    a->timeout_ms = 1000;
    int64_t began_at_ms = clock_now_ms();
    asker_begin(a, release);
    assert_int_equal(asker_end(a), CANDIDATE_ERETRY);
    assert_true(clock_now_ms() - began_at_ms >= 1000);
    assert_int_equal(a->err.code, CANDIDATE_ERETRY);
    snprintf(words, sizeof words, "%s: connection refused", a->gateways[0].url);
    assert_string_equal(a->err.message, words);
}

static void silence_is_named_when_time_ends(void **state)
{
    struct asker *a = *state;
    a->timeout_ms = 2000;
    asker_begin(a, release);
    struct gateway_request request;
    (void)asker_request(a, &request);
    assert_int_equal(asker_end(a), CANDIDATE_ERETRY);
    assert_non_null(strstr(a->err.message, a->gateways[0].url));
}

static void wrong_arguments_are_named_and_nothing_is_sent(void **state)
{
    struct asker *a = *state;
    struct candidate_error err;
    assert_int_equal(candidate_release(&a->config, 0, 1, &err),
                     CANDIDATE_EINVAL);
    assert_string_equal(err.message, "lease: 0 is not the number of one");
    assert_int_equal(candidate_release(&a->config, 1, 0, &err),
                     CANDIDATE_EINVAL);
    assert_string_equal(err.message,
                        "timeout: 0 ms is not from 1 to 3600000 ms");
    a->config.endpoints = "http://a";
    assert_int_equal(candidate_release(&a->config, 1, 1, &err),
                     CANDIDATE_EINVAL);
    assert_non_null(strstr(err.message, "endpoints: \"http://a\": no port"));
    a->config.endpoints = a->endpoints;
    a->config.key = "x";
    assert_int_equal(candidate_release(&a->config, 1, 1, &err),
                     CANDIDATE_EINVAL);
    assert_non_null(strstr(err.message, "key: "));
    assert_int_equal(candidate_release(&a->config, 1, 1, NULL),
                     CANDIDATE_EINVAL);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, asker_setup, asker_teardown)
#define TEST_OF_THREE(name)                                                    \
    cmocka_unit_test_setup_teardown(name, asker_setup_three, asker_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lease_is_revoked),
        TEST(lease_that_is_gone_is_a_success),
        TEST_OF_THREE(next_endpoint_is_asked_until_one_has_done_it),
        TEST_OF_THREE(one_that_is_silent_does_not_have_all_the_time),
        TEST_OF_THREE(one_that_denies_is_not_the_last_word),
        TEST_OF_THREE(all_that_deny_are),
        TEST(time_ends_when_nobody_answers),
        TEST(silence_is_named_when_time_ends),
        TEST(wrong_arguments_are_named_and_nothing_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
