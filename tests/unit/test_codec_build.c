/* test_codec_build.c: every byte of every request.
 *
 * etcd drops a field whose name it does not know without a word, so the
 * bodies are compared in full.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/codec.h"
#include "support/bytes.h"

#define LEASE INT64_C(7587823380406781187) /* no double holds it */

static int setup(void **state)
{
    static struct buf body;
    buf_init(&body, CODEC_BODY_BYTES_MAX);
    *state = &body;
    return 0;
}

static int teardown(void **state)
{
    buf_done(*state);
    return 0;
}

static void assert_body(const struct buf *body, const char *expected)
{
    assert_string_equal(body->data, expected);
    assert_int_equal(body->size, strlen(expected));
}

static void grant_asks_for_a_lease_of_our_choice(void **state)
{
    assert_int_equal(codec_build_grant(*state, LEASE, 10), 0);
    assert_body(*state, "{\"TTL\":\"10\",\"ID\":\"7587823380406781187\"}");
}

static void grant_without_an_id_lets_etcd_choose(void **state)
{
    assert_int_equal(codec_build_grant(*state, 0, 2), 0);
    assert_body(*state, "{\"TTL\":\"2\"}");
}

static void lease_names_it(void **state)
{
    assert_int_equal(codec_build_lease(*state, INT64_MAX), 0);
    assert_body(*state, "{\"ID\":\"9223372036854775807\"}");
}

static void a_lease_may_be_negative(void **state)
{
    assert_int_equal(codec_build_lease(*state, INT64_MIN), 0);
    assert_body(*state, "{\"ID\":\"-9223372036854775808\"}");
}

static void time_to_live_asks_for_keys_only_when_told(void **state)
{
    struct buf *body = *state;
    assert_int_equal(codec_build_time_to_live(body, 77, false), 0);
    assert_body(body, "{\"ID\":\"77\"}");
    buf_consume(body, body->size);
    assert_int_equal(codec_build_time_to_live(body, 77, true), 0);
    assert_body(body, "{\"ID\":\"77\",\"keys\":true}");
}

static void range_of_one_key_has_no_other_field(void **state)
{
    struct etcd_range range = { .key = BYTES("leader") };
    assert_int_equal(codec_build_range(*state, &range), 0);
    assert_body(*state, "{\"key\":\"bGVhZGVy\"}");
}

static void range_has_every_field_that_is_set(void **state)
{
    struct etcd_range range = {
        .key = BYTES("e/"),
        .range_end = BYTES("e0"),
        .limit = 2,
        .order = ETCD_DESCEND,
        .target = ETCD_CREATE,
        .max_create_revision = 431,
        .revision = 500,
        .keys_only = true,
        .count_only = true,
        .serializable = true,
    };
    assert_int_equal(codec_build_range(*state, &range), 0);
    assert_body(*state,
                "{\"key\":\"ZS8=\",\"range_end\":\"ZTA=\",\"limit\":\"2\","
                "\"revision\":\"500\",\"sort_order\":\"DESCEND\","
                "\"sort_target\":\"CREATE\",\"max_create_revision\":\"431\","
                "\"keys_only\":true,\"count_only\":true,"
                "\"serializable\":true}");
}

static void range_sorts_by_each_target(void **state)
{
    struct buf *body = *state;
    static const char *const words[] = { "VERSION", "CREATE", "MOD", "VALUE" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct etcd_range range = {
            .key = BYTES("a"),
            .order = ETCD_ASCEND,
            .target = (enum etcd_target)i,
        };
        buf_consume(body, body->size);
        assert_int_equal(codec_build_range(body, &range), 0);
        char expected[128];
        snprintf(expected, sizeof expected,
                 "{\"key\":\"YQ==\",\"sort_order\":\"ASCEND\","
                 "\"sort_target\":\"%s\"}",
                 words[i]);
        assert_body(body, expected);
    }
}

static void put_has_key_value_and_lease(void **state)
{
    struct etcd_put put = {
        .key = BYTES("leader"),
        .value = BYTES("A"),
        .lease = LEASE,
    };
    assert_int_equal(codec_build_put(*state, &put), 0);
    assert_body(*state,
                "{\"key\":\"bGVhZGVy\",\"value\":\"QQ==\","
                "\"lease\":\"7587823380406781187\"}");
}

static void put_without_a_lease_names_none(void **state)
{
    struct etcd_put put = { .key = BYTES("k") };
    assert_int_equal(codec_build_put(*state, &put), 0);
    assert_body(*state, "{\"key\":\"aw==\",\"value\":\"\"}");
}

static void delete_has_every_field_that_is_set(void **state)
{
    struct buf *body = *state;
    struct etcd_delete del = { .key = BYTES("k") };
    assert_int_equal(codec_build_delete(body, &del), 0);
    assert_body(body, "{\"key\":\"aw==\"}");
    buf_consume(body, body->size);
    del = (struct etcd_delete){
        .key = BYTES("\0"),
        .range_end = BYTES("\0"),
        .prev_kv = true,
    };
    assert_int_equal(codec_build_delete(body, &del), 0);
    assert_body(body,
                "{\"key\":\"AA==\",\"range_end\":\"AA==\",\"prev_kv\":true}");
}

static void empty_txn_is_an_empty_object(void **state)
{
    struct etcd_txn txn = { 0 };
    assert_int_equal(codec_build_txn(*state, &txn), 0);
    assert_body(*state, "{}");
}

static void txn_compares_each_target_in_each_way(void **state)
{
    static const struct etcd_compare compares[] = {
        {
            .key = BYTES("a"),
            .target = ETCD_VERSION,
            .relation = ETCD_LESS,
            .number = 3,
        },
        {
            .key = BYTES("e/"),
            .range_end = BYTES("e0"),
            .target = ETCD_CREATE,
            .relation = ETCD_GREATER,
            .number = 41,
        },
        {
            .key = BYTES("a"),
            .target = ETCD_CREATE,
            .relation = ETCD_EQUAL,
            .number = 0,
        },
        {
            .key = BYTES("a"),
            .target = ETCD_MOD,
            .relation = ETCD_NOT_EQUAL,
            .number = 5,
        },
        { .key = BYTES("a"), .target = ETCD_VALUE, .value = BYTES("x\0y") },
        { .key = BYTES("a"), .target = ETCD_LEASE, .number = LEASE },
    };
    struct etcd_txn txn = {
        .compares = compares,
        .compares_n = sizeof compares / sizeof *compares,
    };
    assert_int_equal(codec_build_txn(*state, &txn), 0);
    assert_body(
        *state,
        "{\"compare\":["
        "{\"key\":\"YQ==\",\"target\":\"VERSION\",\"result\":\"LESS\","
        "\"version\":\"3\"},"
        "{\"key\":\"ZS8=\",\"range_end\":\"ZTA=\",\"target\":\"CREATE\","
        "\"result\":\"GREATER\",\"create_revision\":\"41\"},"
        "{\"key\":\"YQ==\",\"target\":\"CREATE\",\"result\":\"EQUAL\","
        "\"create_revision\":\"0\"},"
        "{\"key\":\"YQ==\",\"target\":\"MOD\",\"result\":\"NOT_EQUAL\","
        "\"mod_revision\":\"5\"},"
        "{\"key\":\"YQ==\",\"target\":\"VALUE\",\"result\":\"EQUAL\","
        "\"value\":\"eAB5\"},"
        "{\"key\":\"YQ==\",\"target\":\"LEASE\",\"result\":\"EQUAL\","
        "\"lease\":\"7587823380406781187\"}"
        "]}");
}

static void txn_has_operations_of_each_type_in_both_branches(void **state)
{
    static const struct etcd_op inner_ops[] = {
        {
            .type = ETCD_OP_PUT,
            .put = { .key = BYTES("i"), .value = BYTES("v"), .lease = 9 },
        },
    };
    static const struct etcd_txn inner = {
        .success = inner_ops,
        .success_n = 1,
    };
    static const struct etcd_op success[] = {
        {
            .type = ETCD_OP_PUT,
            .put = { .key = BYTES("a"), .value = BYTES("A"), .lease = 7 },
        },
        {
            .type = ETCD_OP_RANGE,
            .range = { .key = BYTES("a"), .limit = 1 },
        },
        { .type = ETCD_OP_TXN, .txn = &inner },
    };
    static const struct etcd_op failure[] = {
        { .type = ETCD_OP_DELETE, .del = { .key = BYTES("a") } },
    };
    struct etcd_txn txn = {
        .success = success,
        .success_n = 3,
        .failure = failure,
        .failure_n = 1,
    };
    assert_int_equal(codec_build_txn(*state, &txn), 0);
    assert_body(*state,
                "{\"success\":["
                "{\"request_put\":{\"key\":\"YQ==\",\"value\":\"QQ==\","
                "\"lease\":\"7\"}},"
                "{\"request_range\":{\"key\":\"YQ==\",\"limit\":\"1\"}},"
                "{\"request_txn\":{\"success\":[{\"request_put\":"
                "{\"key\":\"aQ==\",\"value\":\"dg==\",\"lease\":\"9\"}}]}}"
                "],\"failure\":["
                "{\"request_delete_range\":{\"key\":\"YQ==\"}}"
                "]}");
}

static void authenticate_escapes_what_json_must(void **state)
{
    struct buf *body = *state;
    assert_int_equal(codec_build_authenticate(body, "root", "pass"), 0);
    assert_body(body, "{\"name\":\"root\",\"password\":\"pass\"}");
    buf_consume(body, body->size);
    assert_int_equal(
        codec_build_authenticate(body, "", "\"\\/\x01\n\x1f\x7f\u00e9"), 0);
    assert_body(body,
                "{\"name\":\"\",\"password\":\"\\\"\\\\/"
                "\\u0001\\u000a\\u001f\x7f\u00e9\"}");
}

static void watch_has_one_request_for_each_key(void **state)
{
    static const struct etcd_watch_key keys[] = {
        { .key = BYTES("leader") },
        { .key = BYTES("e/"), .range_end = BYTES("e0"), .prev_kv = true },
    };
    assert_int_equal(codec_build_watch(*state, keys, 2, 432), 0);
    assert_body(*state,
                "{\"create_request\":{\"key\":\"bGVhZGVy\","
                "\"start_revision\":\"432\",\"progress_notify\":true}}\n"
                "{\"create_request\":{\"key\":\"ZS8=\",\"range_end\":\"ZTA=\","
                "\"start_revision\":\"432\",\"progress_notify\":true,"
                "\"prev_kv\":true}}\n");
}

static void watch_can_leave_deletions_out(void **state)
{
    static const struct etcd_watch_key key = { .key = BYTES("k"),
                                               .no_delete = true };
    assert_int_equal(codec_build_watch(*state, &key, 1, 0), 0);
    assert_body(*state,
                "{\"create_request\":{\"key\":\"aw==\","
                "\"progress_notify\":true,\"filters\":[\"NODELETE\"]}}\n");
}

static void watch_from_now_on_names_no_revision(void **state)
{
    static const struct etcd_watch_key key = { .key = BYTES("k") };
    assert_int_equal(codec_build_watch(*state, &key, 1, 0), 0);
    assert_body(*state,
                "{\"create_request\":{\"key\":\"aw==\","
                "\"progress_notify\":true}}\n");
}

static void bodies_are_appended(void **state)
{
    assert_int_equal(buf_add(*state, "before", 6), 0);
    assert_int_equal(codec_build_lease(*state, 1), 0);
    assert_body(*state, "before{\"ID\":\"1\"}");
}

static void long_values_are_encoded_in_one_piece(void **state)
{
    struct buf *body = *state;
    char value[1000];
    memset(value, 'a', sizeof value);
    struct etcd_put put = {
        .key = BYTES("k"),
        .value = { .data = value, .size = sizeof value },
    };
    assert_int_equal(codec_build_put(body, &put), 0);
    const char *text = body->data + strlen("{\"key\":\"aw==\",\"value\":\"");
    assert_int_equal(strspn(text, "YWFh"), 1333);
    assert_string_equal(text + 1332, "YQ==\"}");
}

static void body_past_its_limit_leaves_the_buffer_as_before(void **state)
{
    (void)state;
    struct buf body;
    buf_init(&body, (size_t)2 * CODEC_BODY_BYTES_MAX);
    assert_int_equal(buf_add(&body, "before", 6), 0);
    char *value = calloc(1, CODEC_BODY_BYTES_MAX);
    assert_non_null(value);
    struct etcd_put put = {
        .key = BYTES("k"),
        .value = { .data = value, .size = CODEC_BODY_BYTES_MAX },
    };
    assert_int_equal(codec_build_put(&body, &put), CANDIDATE_ETOOBIG);
    assert_body(&body, "before");
    put.value.size = CODEC_BODY_BYTES_MAX / 4 * 3 - 24;
    size_t largest = 0;
    int r;
    while ((r = codec_build_put(&body, &put)) == 0) {
        largest = body.size - 6;
        buf_truncate(&body, 6);
        put.value.size++;
    }
    assert_int_equal(r, CANDIDATE_ETOOBIG);
    assert_body(&body, "before");
    assert_true(largest <= CODEC_BODY_BYTES_MAX);
    assert_true(largest > CODEC_BODY_BYTES_MAX - 4);
    free(value);
    buf_done(&body);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(grant_asks_for_a_lease_of_our_choice),
        TEST(grant_without_an_id_lets_etcd_choose),
        TEST(lease_names_it),
        TEST(a_lease_may_be_negative),
        TEST(time_to_live_asks_for_keys_only_when_told),
        TEST(range_of_one_key_has_no_other_field),
        TEST(range_has_every_field_that_is_set),
        TEST(range_sorts_by_each_target),
        TEST(put_has_key_value_and_lease),
        TEST(put_without_a_lease_names_none),
        TEST(delete_has_every_field_that_is_set),
        TEST(empty_txn_is_an_empty_object),
        TEST(txn_compares_each_target_in_each_way),
        TEST(txn_has_operations_of_each_type_in_both_branches),
        TEST(authenticate_escapes_what_json_must),
        TEST(watch_has_one_request_for_each_key),
        TEST(watch_can_leave_deletions_out),
        TEST(watch_from_now_on_names_no_revision),
        TEST(bodies_are_appended),
        TEST(long_values_are_encoded_in_one_piece),
        TEST(body_past_its_limit_leaves_the_buffer_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
