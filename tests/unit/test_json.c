/* test_json.c: an object of JSON, and what its fields may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/json.h"

struct fixture {
    struct json json;
    struct arena arena;
    struct candidate_error err;
};

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static void forget(struct fixture *f)
{
    json_done(&f->json);
    arena_done(&f->arena);
}

static int teardown(void **state)
{
    forget(*state);
    free(*state);
    return 0;
}

/* Read from memory that ends where the text does. */
static struct json *read_bytes(struct fixture *f, const char *text,
                               size_t bytes)
{
    forget(f);
    char *exact = malloc(bytes > 0 ? bytes : 1);
    assert_non_null(exact);
    memcpy(exact, text, bytes);
    int r = json_init(&f->json, &f->arena, exact, bytes, &f->err);
    assert_int_equal(r, f->json.status);
    free(exact);
    return &f->json;
}

static struct json *read_text(struct fixture *f, const char *text)
{
    return read_bytes(f, text, strlen(text));
}

static struct json *accept(struct fixture *f, const char *text)
{
    struct json *j = read_text(f, text);
    if (j->status < 0)
        fail_msg("%s: %s", text, f->err.message);
    return j;
}

static void refuse(struct fixture *f, const char *text, const char *message)
{
    struct json *j = read_text(f, text);
    if (j->status != CANDIDATE_EPROTO)
        fail_msg("accepts %s", text);
    if (strcmp(f->err.message, message) != 0)
        fail_msg("%s\nsays      %s\nshould be %s", text, f->err.message,
                 message);
}

/* ---- the text ---- */

static void a_name_stands_once_in_an_object(void **state)
{
    struct fixture *f = *state;
    refuse(f, "{\"a\":1,\"b\":2,\"a\":3}", "a: stands twice");
    refuse(f, "{\"a\":[{\"x\":1},{\"TTL\":\"1\",\"\\u0054TL\":\"2\"}]}",
           "a[1].TTL: stands twice");
    refuse(f, "{\"\":1,\"\":1}", ": stands twice");
    refuse(f, "{\"\\u001b\":1,\"\\u001b\":1}", "\\x1b: stands twice");
    accept(f, "{\"a\":1,\"A\":2,\"b\":{\"a\":3},\"aa\":4}");
}

/* Text with members "0", "1", ... and one more, `last`. */
static char *many_members(unsigned n, const char *last)
{
    char *text = malloc((size_t)n * 11 + strlen(last) + 32);
    assert_non_null(text);
    char *end = text + sprintf(text, "{");
    for (unsigned i = 0; i < n; i++)
        end += sprintf(end, "\"%u\":1,", i);
    sprintf(end, "\"%s\":2}", last);
    return text;
}

/* Comparing each with each would take longer than the runner waits. */
static void names_are_told_apart_among_100000(void **state)
{
    struct fixture *f = *state;
    enum { N = 100000 };
    char *text = many_members(N, "x");
    accept(f, text);
    free(text);
    text = many_members(N, "77777");
    assert_int_equal(read_text(f, text)->status, CANDIDATE_EPROTO);
    assert_string_equal(f->err.message, "77777: stands twice");
    free(text);
}

static void numbers_past_every_double_are_refused(void **state)
{
    struct fixture *f = *state;
    refuse(f, "{\"a\":[1,1e999]}", "a[1]: not a number in range: a number");
    refuse(f, "{\"a\":-1e999}", "a: not a number in range: a number");
    accept(f, "{\"a\":1e308}");
}

/* ---- fields ---- */

static void int64_is_read_exactly(void **state)
{
    static const struct {
        const char *text;
        int64_t number;
    } good[] = {
        { "{\"n\":\"0\"}", 0 },
        { "{}", 0 },
        { "{\"n\":null}", 0 },
        { "{\"n\":\"1\"}", 1 },
        { "{\"n\":\"-1\"}", -1 },
        { "{\"n\":\"7587823380406781187\"}", INT64_C(7587823380406781187) },
        { "{\"n\":\"9223372036854775807\"}", INT64_MAX },
        { "{\"n\":\"-9223372036854775808\"}", INT64_MIN },
        { "{\"n\":\"\\u0031\\u0032\"}", 12 },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct json *j = accept(*state, good[i].text);
        int64_t n = json_int64(j, j->root, "n", INT64_MIN);
        assert_int_equal(j->status, 0);
        assert_int_equal(n, good[i].number);
    }
}

static void int64_of_another_form_is_refused(void **state)
{
    static const char *const bad[] = {
        "\"\"",
        "\" 5\"",
        "\"5 \"",
        "\"+5\"",
        "\"5x\"",
        "\"05\"",
        "\"00\"",
        "\"-0\"",
        "\"-\"",
        "\"--1\"",
        "\"-01\"",
        "\"0x5\"",
        "\"1e9\"",
        "\"1.0\"",
        "\"1,0\"",
        "\"\\u0665\"",
        "\"5\\n\"",
        "5",
        "5.0",
        "7587823380406781187",
        "true",
        "[\"5\"]",
        "{}",
        "\"9223372036854775808\"",
        "\"18446744073709551620\"",
        "\"99999999999999999999999999\"",
        "\"-9223372036854775809\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[64];
        snprintf(text, sizeof text, "{\"n\":%s}", bad[i]);
        struct json *j = accept(*state, text);
        assert_int_equal(json_int64(j, j->root, "n", INT64_MIN), 0);
        if (j->status != CANDIDATE_EPROTO)
            fail_msg("accepts %s", bad[i]);
        assert_memory_equal(j->err->message, "n: not a string of digits: ", 27);
    }
}

static void uint64_is_read_exactly(void **state)
{
    struct json *j = accept(*state, "{\"n\":\"18446744073709551615\"}");
    assert_true(json_uint64(j, j->root, "n", 1) == UINT64_MAX);
    assert_int_equal(j->status, 0);
    static const char *const bad[] = {
        "{\"n\":\"18446744073709551616\"}",
        "{\"n\":\"-1\"}",
        "{\"n\":\"-0\"}",
        "{\"n\":\"+1\"}",
        "{\"n\":\"01\"}",
        "{\"n\":1}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        j = accept(*state, bad[i]);
        assert_int_equal(json_uint64(j, j->root, "n", 0), 0);
        assert_int_equal(j->status, CANDIDATE_EPROTO);
    }
}

static void int32_is_a_number_without_a_fraction(void **state)
{
    struct json *j = accept(*state,
                            "{\"a\":-2147483648,\"b\":2147483647,"
                            "\"c\":5}");
    assert_int_equal(json_int32(j, j->root, "a"), INT32_MIN);
    assert_int_equal(json_int32(j, j->root, "b"), INT32_MAX);
    assert_int_equal(json_int32(j, j->root, "c"), 5);
    assert_int_equal(json_int32(j, j->root, "d"), 0);
    assert_int_equal(j->status, 0);
    static const char *const bad[] = { "{\"n\":2147483648}",
                                       "{\"n\":-2147483649}", "{\"n\":0.5}",
                                       "{\"n\":1e300}", "{\"n\":\"5\"}" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        j = accept(*state, bad[i]);
        assert_int_equal(json_int32(j, j->root, "n"), 0);
        assert_int_equal(j->status, CANDIDATE_EPROTO);
    }
}

static void names_are_compared_with_their_case(void **state)
{
    struct json *j = accept(*state, "{\"TTL\":\"5\"}");
    assert_int_equal(json_int64(j, j->root, "ttl", 0), 0);
    assert_int_equal(json_int64(j, j->root, "Ttl", 0), 0);
    assert_int_equal(json_int64(j, j->root, "TTL", 0), 5);
    assert_int_equal(j->status, 0);
}

static void bytes_come_out_of_base64(void **state)
{
    struct json *j = accept(*state,
                            "{\"a\":\"AGEA\",\"b\":\"\","
                            "\"c\":\"Zm9v\\u0059g==\"}");
    const char *data;
    size_t size;
    json_bytes(j, j->root, "a", &data, &size);
    assert_int_equal(size, 3);
    assert_memory_equal(data, "\0a\0\0", 4);
    json_bytes(j, j->root, "b", &data, &size);
    assert_int_equal(size, 0);
    assert_string_equal(data, "");
    json_bytes(j, j->root, "c", &data, &size);
    assert_string_equal(data, "foob");
    json_bytes(j, j->root, "none", &data, &size);
    assert_int_equal(size, 0);
    assert_string_equal(data, "");
    assert_int_equal(j->status, 0);
    j = accept(*state, "{\"a\":\"Zg\"}");
    json_bytes(j, j->root, "a", &data, &size);
    assert_int_equal(j->status, CANDIDATE_EPROTO);
    assert_string_equal(data, "");
    assert_int_equal(size, 0);
}

static void a_megabyte_comes_out_of_base64(void **state)
{
    enum { DIGITS = 1000 * 1000 };
    char *text = malloc(DIGITS + 32);
    assert_non_null(text);
    char *end = text + sprintf(text, "{\"v\":\"");
    memset(end, 'a', DIGITS);
    sprintf(end + DIGITS, "\"}");
    struct json *j = accept(*state, text);
    const char *data;
    size_t size;
    json_bytes(j, j->root, "v", &data, &size);
    assert_int_equal(j->status, 0);
    assert_int_equal(size, DIGITS / 4 * 3);
    free(text);
}

static void text_for_people_is_clean_and_short(void **state)
{
    struct json *j = accept(*state, "{\"m\":\"a\\u001b\\u009b\u00e9\"}");
    const char *data;
    size_t size;
    json_text(j, j->root, "m", &data, &size);
    assert_string_equal(data, "a\\x1b\\xc2\\x9b\u00e9");
    assert_int_equal(size, strlen(data));
    char text[512];
    snprintf(text, sizeof text, "{\"m\":\"%0300d\"}", 0);
    j = accept(*state, text);
    json_text(j, j->root, "m", &data, &size);
    assert_int_equal(size, JSON_TEXT_BYTES_MAX);
    assert_int_equal(strlen(data), size);
}

static void the_first_complaint_stays(void **state)
{
    struct json *j = accept(*state, "{\"a\":{\"n\":1},\"b\":[2],\"c\":\"3\"}");
    json_int64(j, json_object(j, j->root, "a"), "n", 0);
    assert_string_equal(j->err->message,
                        "a.n: not a string of digits: a "
                        "number");
    size_t n;
    assert_null(json_object(j, j->root, "b"));
    assert_null(json_array(j, j->root, "b", &n));
    assert_int_equal(n, 0);
    assert_int_equal(json_int64(j, j->root, "c", 0), 0);
    assert_null(json_alloc(j, 1, 1));
    assert_string_equal(j->err->message,
                        "a.n: not a string of digits: a "
                        "number");
}

static void a_long_path_is_cut(void **state)
{
    char text[1200];
    snprintf(text, sizeof text, "{\"%0500d\":{\"%0500d\":7}}", 0, 0);
    struct json *j = accept(*state, text);
    json_complain(j, j->root->child->child, "wanted");
    assert_int_equal(j->status, CANDIDATE_EPROTO);
    assert_memory_equal(j->err->message, "0000", 4);
    assert_non_null(strstr(j->err->message, ": not wanted: a number"));
    assert_true(strlen(j->err->message) < 300);
}

/* ---- memory ---- */

static int mallocs_left;

static void *failing_malloc(size_t size)
{
    return mallocs_left-- > 0 ? malloc(size) : NULL;
}

static void running_out_of_memory_is_told_at_each_step(void **state)
{
    struct fixture *f = *state;
    cJSON_Hooks hooks = { .malloc_fn = failing_malloc, .free_fn = free };
    cJSON_InitHooks(&hooks);
    int failures = 0;
    for (int n = 0; n < 100; n++) {
        mallocs_left = n;
        struct json *j = read_text(f, "{\"a\":[{\"b\":\"c\"},1,true]}");
        if (j->status == 0)
            break;
        assert_int_equal(j->status, CANDIDATE_ENOMEM);
        assert_int_equal(f->err.code, CANDIDATE_ENOMEM);
        assert_null(j->root);
        assert_null(json_member(j, j->root, "a"));
        failures++;
    }
    cJSON_InitHooks(NULL);
    assert_int_equal(f->json.status, 0);
    assert_in_range(failures, 9, 20); /* 6 values, 2 names, 1 string */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(numbers_past_every_double_are_refused),
        TEST(a_name_stands_once_in_an_object),
        TEST(names_are_told_apart_among_100000),
        TEST(int64_is_read_exactly),
        TEST(int64_of_another_form_is_refused),
        TEST(uint64_is_read_exactly),
        TEST(int32_is_a_number_without_a_fraction),
        TEST(names_are_compared_with_their_case),
        TEST(bytes_come_out_of_base64),
        TEST(a_megabyte_comes_out_of_base64),
        TEST(text_for_people_is_clean_and_short),
        TEST(the_first_complaint_stays),
        TEST(a_long_path_is_cut),
        TEST(running_out_of_memory_is_told_at_each_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
