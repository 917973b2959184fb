/* test_request.c: the request key's name, and the JSON in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "etcd/lock.h"
#include "etcd/request.h"

static void expect_keys(const char *election, const char *request,
                        const char *priorities, const char *end)
{
    struct request_keys k;
    request_keys_init(&k, election);
    assert_string_equal(k.request, request);
    assert_string_equal(k.priorities, priorities);
    assert_string_equal(k.priorities_end, end);
    struct lock l;
    lock_init(&l, election, "A");
    assert_null(strstr(k.request, l.prefix));
    assert_null(strstr(k.priorities, l.prefix));
}

static void keys_stand_outside_of_the_lock_prefix(void **state)
{
    (void)state;
    expect_keys("leader", "election-request_leader",
                "election-priority_leader/", "election-priority_leader0");
    expect_keys("/svc/db", "/svc/election-request_db",
                "/svc/election-priority_db/", "/svc/election-priority_db0");
    expect_keys("a/", "a/election-request_", "a/election-priority_/",
                "a/election-priority_0");
}

static void longest_election_has_keys(void **state)
{
    (void)state;
    char election[CANDIDATE_ELECTION_BYTES_MAX + 1];
    memset(election, 'e', sizeof election - 1);
    election[sizeof election - 1] = '\0';
    struct request_keys k;
    request_keys_init(&k, election);
    char key[REQUEST_PRIORITY_BYTES_MAX];
    request_priority_key(&k, INT64_MAX, key);
    assert_non_null(strstr(key, "/7fffffffffffffff"));
}

static void expect_written(struct request request, const char *expected)
{
    char value[REQUEST_VALUE_BYTES_MAX];
    assert_int_equal(request_build(&request, value), strlen(expected));
    assert_string_equal(value, expected);
    struct request read;
    assert_int_equal(request_parse(value, strlen(value), &read, NULL), 0);
    assert_int_equal(read.type, request.type);
    assert_int_equal(read.token, request.token);
    assert_int_equal(read.to_token, request.to_token);
    assert_string_equal(read.to, request.to);
}

static void requests_are_read_as_they_are_written(void **state)
{
    (void)state;
    expect_written((struct request){ .type = REQUEST_DEPOSE, .token = 12 },
                   "{\"v\":1,\"type\":\"depose\",\"token\":\"12\"}");
    expect_written(
        (struct request){ REQUEST_TRANSFER, 12, 40, "B" },
        "{\"v\":1,\"type\":\"transfer\",\"token\":\"12\",\"to\":\"B\","
        "\"to_token\":\"40\"}");
    expect_written(
        (struct request){ REQUEST_DEPOSE, INT64_MAX, 40, "a\"\\\xc3\xa4" },
        "{\"v\":1,\"type\":\"depose\",\"token\":\"9223372036854775807\","
        "\"to\":\"a\\\"\\\\\xc3\xa4\",\"to_token\":\"40\"}");
}

static void longest_id_fits_however_it_is_escaped(void **state)
{
    (void)state;
    struct request request = { REQUEST_TRANSFER, INT64_MAX, INT64_MAX, "" };
    memset(request.to, '"', CANDIDATE_ID_BYTES_MAX);
    char value[REQUEST_VALUE_BYTES_MAX];
    size_t bytes = request_build(&request, value);
    struct request read;
    assert_int_equal(request_parse(value, bytes, &read, NULL), 0);
    assert_string_equal(read.to, request.to);
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *value, *message;
    } cases[] = {
        { "{\"type\":\"depose\",\"token\":\"1\"}", "v: not 1: 0" },
        { "{\"v\":2,\"type\":\"depose\",\"token\":\"1\"}", "v: not 1: 2" },
        { "{\"v\":1,\"token\":\"1\"}", "type: missing" },
        { "{\"v\":1,\"type\":\"kill\",\"token\":\"1\"}",
          "type: not \"depose\" or \"transfer\": \"kill\"" },
        { "{\"v\":1,\"type\":\"depose\"}", "token: missing" },
        { "{\"v\":1,\"type\":\"transfer\",\"token\":\"1\"}",
          "to_token: missing" },
    };
    static const char *const others[] = {
        "",
        "[]",
        "depose",
        "{\"v\":1,\"type\":\"depose\",\"token\":1}",
        "{\"v\":1,\"type\":\"depose\",\"token\":\"0\"}",
        "{\"v\":1,\"type\":\"depose\",\"token\":\"-1\"}",
        "{\"v\":1,\"type\":\"depose\",\"token\":\"1\",\"token\":\"2\"}",
        "{\"v\":1,\"type\":\"depose\",\"token\":\"1\",\"to_token\":\"x\"}",
        "{\"v\":1,\"type\":\"depose\",\"token\":\"1\"}{}",
    };
    struct candidate_error err;
    struct request read;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(
            request_parse(cases[i].value, strlen(cases[i].value), &read, &err),
            CANDIDATE_EPROTO);
        assert_string_equal(err.message, cases[i].message);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(
            request_parse(others[i], strlen(others[i]), &read, NULL),
            CANDIDATE_EPROTO);
}

static void id_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char value[1024] = "{\"v\":1,\"type\":\"transfer\",\"token\":\"1\","
                       "\"to_token\":\"2\",\"to\":\"";
    size_t used = strlen(value);
    memset(value + used, 'x', CANDIDATE_ID_BYTES_MAX + 1);
    memcpy(value + used + CANDIDATE_ID_BYTES_MAX + 1, "\"}", 3);
    struct request read;
    assert_int_equal(request_parse(value, strlen(value), &read, NULL),
                     CANDIDATE_EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_stand_outside_of_the_lock_prefix),
        cmocka_unit_test(longest_election_has_keys),
        cmocka_unit_test(requests_are_read_as_they_are_written),
        cmocka_unit_test(longest_id_fits_however_it_is_escaped),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(id_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
