/* test_fenced.c: writes that are done only while a leadership lasts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "unit/asker.h"

#define LOCK_KEY "/svc/election_db/1f"
#define COMPARE                                                                \
    "{\"compare\":[{\"key\":\"L3N2Yy9lbGVjdGlvbl9kYi8xZg==\","                 \
    "\"target\":\"CREATE\",\"result\":\"EQUAL\",\"create_revision\":\"42\"}]," \
    "\"success\":"
#define PUT                                                                    \
    COMPARE "[{\"request_put\":{\"key\":\"L3N2Yy9k\",\"value\":\"djEA\"}}]}"
#define DELETE COMPARE "[{\"request_delete_range\":{\"key\":\"L3N2Yy9k\"}}]}"
#define PUT_DONE                                                               \
    "{" ASKER_HEADER ",\"succeeded\":true,\"responses\":"                      \
    "[{\"response_put\":{\"header\":{\"revision\":\"90\"}}}]}"
#define DELETE_DONE                                                            \
    "{" ASKER_HEADER ",\"succeeded\":true,\"responses\":"                      \
    "[{\"response_delete_range\":{\"header\":{\"revision\":\"90\"}}}]}"
#define OVER "{" ASKER_HEADER "}"
#define TXN "/v3/kv/txn"

static const struct candidate_fence fence = { LOCK_KEY, 42 };

static int put(struct asker *a)
{
    return candidate_fenced_put(&a->config, &fence, "/svc/d", "v1", 3,
                                a->timeout_ms, &a->err);
}

static int delete_key(struct asker *a)
{
    return candidate_fenced_delete(&a->config, &fence, "/svc/d", a->timeout_ms,
                                   &a->err);
}

static void write_is_one_transaction_guarded_by_the_token(void **state)
{
    struct asker *a = *state;
    asker_begin(a, put);
    asker_exchange(a, TXN, PUT, 200, PUT_DONE);
    assert_int_equal(asker_end(a), 0);
    asker_begin(a, delete_key);
    asker_exchange(a, TXN, DELETE, 200, DELETE_DONE);
    assert_int_equal(asker_end(a), 0);
}

static void leadership_that_is_over_is_said(void **state)
{
    struct asker *a = *state;
    asker_begin(a, put);
    asker_exchange(a, TXN, PUT, 200, OVER);
    assert_int_equal(asker_end(a), CANDIDATE_EFENCED);
    assert_int_equal(a->err.code, CANDIDATE_EFENCED);
    assert_string_equal(a->err.message, "the leadership with token 42 is over");
}

static void lost_reply_is_asked_for_again_with_the_same_write(void **state)
{
    struct asker *a = *state;
    struct gateway_request request;
    asker_begin(a, put);
    unsigned i = asker_request(a, &request);
    gateway_hang_up(&a->gateways[i], request.connection);
    asker_exchange(a, TXN, PUT, 200, PUT_DONE);
    assert_int_equal(asker_end(a), 0);
}

static void lost_reply_is_not_forgotten_when_it_is_over(void **state)
{
    struct asker *a = *state;
    struct gateway_request request;
    asker_begin(a, put);
    unsigned i = asker_request(a, &request);
    gateway_hang_up(&a->gateways[i], request.connection);
    asker_exchange(a, TXN, PUT, 200, OVER);
    assert_int_equal(asker_end(a), CANDIDATE_EFENCED);
    assert_string_equal(a->err.message,
                        "the leadership with token 42 is over; an earlier try "
                        "got no answer and may have been carried out before");
}

static void missing_rights_are_named(void **state)
{
    struct asker *a = *state;
    asker_begin(a, put);
    asker_exchange(a, TXN, PUT, 403,
                   "{\"code\":7,\"message\":\"etcdserver: permission "
                   "denied\"}");
    assert_int_equal(asker_end(a), CANDIDATE_EDENIED);
    assert_non_null(strstr(a->err.message,
                           "etcdserver: permission denied; the user needs READ "
                           "on the key " LOCK_KEY
                           " and WRITE on the key /svc/d"));
}

static void time_ends_when_nobody_answers(void **state)
{
    struct asker *a = *state;
    struct gateway_request request;
    a->timeout_ms = 2000;
    asker_begin(a, put);
    (void)asker_request(a, &request);
    assert_int_equal(asker_end(a), CANDIDATE_ERETRY);
}

static int try_put(const char *lock_key, int64_t token, const char *key,
                   size_t value_bytes, struct candidate_error *err)
{
    static char value[CANDIDATE_VALUE_BYTES_MAX + 1];
    struct candidate_config config;
    candidate_config_init(&config);
    config.endpoints = "http://127.0.0.1:1"; /* nobody is there */
    struct candidate_fence f = { lock_key, token };
    return candidate_fenced_put(&config, &f, key, value, value_bytes, 1, err);
}

static void wrong_arguments_are_named_and_nothing_is_sent(void **state)
{
    (void)state;
    static char long_key[CANDIDATE_KEY_BYTES_MAX + 2];
    memset(long_key, 'k', sizeof long_key - 1);
    static const struct {
        const char *lock_key;
        int64_t token;
        const char *key;
        size_t value_bytes;
        const char *words;
    } bad[] = {
        { NULL, 1, "k", 0, "lock key: \"\" is not a candidate's" },
        { "x", 1, "k", 0, "lock key: \"x\" is not a candidate's" },
        { "x/\n/", 1, "k", 0, "lock key: \"x/\\x0a/\" is not a candidate's" },
        { "a/b", 0, "k", 0, "token: 0 is not a fencing token" },
        { "a/b", -7, "k", 0, "token: -7 is not a fencing token" },
        { "a/b", 1, NULL, 0, "key: is empty" },
        { "a/b", 1, "", 0, "key: is empty" },
        { "a/b", 1, long_key, 0, "key: is longer than 1024 bytes" },
        { "a/b", 1, "k", CANDIDATE_VALUE_BYTES_MAX + 1,
          "value: is longer than 40960 bytes" },
        { "a/b", 1, "a/c", 0, "key: \"a/c\" belongs to the election itself" },
        { "a/b", 1, "a/", 0, "key: \"a/\" belongs to the election itself" },
        { "election_x/1", 1, "x", 0,
          "key: \"x\" belongs to the election itself" },
        { LOCK_KEY, 1, "/svc/db", 0,
          "key: \"/svc/db\" belongs to the election itself" },
        { LOCK_KEY, 1, "/svc/election_db/other", 0,
          "key: \"/svc/election_db/other\" belongs to the election itself" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct candidate_error err = { 0 };
        assert_int_equal(try_put(bad[i].lock_key, bad[i].token, bad[i].key,
                                 bad[i].value_bytes, &err),
                         CANDIDATE_EINVAL);
        assert_string_equal(err.message, bad[i].words);
    }
}

/* These get as far as the endpoint. */
static void neighbours_of_the_election_are_free(void **state)
{
    (void)state;
    static const struct {
        const char *lock_key, *key;
    } good[] = {
        { LOCK_KEY, "/svc/db2" },         { LOCK_KEY, "/svc/d" },
        { LOCK_KEY, "/svc/election_db" }, { LOCK_KEY, "db" },
        { LOCK_KEY, "/svc/db/x" },        { "locks/x", "locks" },
        { "election_/1", "x" },           { "a/b", "a" },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(try_put(good[i].lock_key, 1, good[i].key,
                                 CANDIDATE_VALUE_BYTES_MAX, NULL),
                         CANDIDATE_ERETRY);
}

/* Keys and value as long as they may be make a request that can be sent. */
static int put_largest(struct asker *a)
{
    static char key[CANDIDATE_KEY_BYTES_MAX + 1];
    static char lock_key[CANDIDATE_KEY_BYTES_MAX + 1];
    static char value[CANDIDATE_VALUE_BYTES_MAX];
    memset(key, 'k', sizeof key - 1);
    memset(lock_key, 'l', sizeof lock_key - 1);
    lock_key[5] = '/';
    struct candidate_fence f = { lock_key, INT64_MAX };
    return candidate_fenced_put(&a->config, &f, key, value, sizeof value,
                                a->timeout_ms, &a->err);
}

static void largest_write_can_be_sent(void **state)
{
    struct asker *a = *state;
    struct gateway_request request;
    asker_begin(a, put_largest);
    unsigned i = asker_request(a, &request);
    assert_true(strlen(request.body) > CANDIDATE_VALUE_BYTES_MAX);
    gateway_reply(&a->gateways[i], request.connection, 200, PUT_DONE);
    assert_int_equal(asker_end(a), 0);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, asker_setup, asker_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(write_is_one_transaction_guarded_by_the_token),
        TEST(leadership_that_is_over_is_said),
        TEST(lost_reply_is_asked_for_again_with_the_same_write),
        TEST(lost_reply_is_not_forgotten_when_it_is_over),
        TEST(missing_rights_are_named),
        TEST(time_ends_when_nobody_answers),
        cmocka_unit_test(wrong_arguments_are_named_and_nothing_is_sent),
        cmocka_unit_test(neighbours_of_the_election_are_free),
        TEST(largest_write_can_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
