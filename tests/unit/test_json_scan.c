/* test_json_scan.c: what is one object of strict JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/json_scan.h"

static struct candidate_error err;

/* Scan from memory that ends where the text does. */
static int scan(const char *text, size_t bytes)
{
    char *exact = malloc(bytes > 0 ? bytes : 1);
    assert_non_null(exact);
    memcpy(exact, text, bytes);
    int r = json_scan(exact, bytes, &err);
    free(exact);
    return r;
}

static int scan_text(const char *text)
{
    return scan(text, strlen(text));
}

static void accept(const char *text)
{
    if (scan_text(text) < 0)
        fail_msg("%s: %s", text, err.message);
}

static void refuse(const char *text, const char *message)
{
    if (scan_text(text) != CANDIDATE_EPROTO)
        fail_msg("accepts %s", text);
    if (strcmp(err.message, message) != 0)
        fail_msg("%s\nsays      %s\nshould be %s", text, err.message, message);
}

static void one_object_of_json_is_accepted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        " \t\r\n{ } \t\r\n",
        "{\"\":\"\"}",
        "{\"a\":[],\"b\":[1,2],\"c\":{\"d\":null},\"e\":true,\"f\":false}",
        "{ \"a\" : [ 1 , 2 ] , \"b\" : 3 }",
        "{\"a\":[0,-0,1.5,-1e3,1E+3,1e-3,10,0.0e0]}",
        "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"}",
        "{\"caf\u00e9\":\"\u20ac \U0001f600 \x7f\xc2\x80\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        accept(texts[i]);
}

static void text_that_is_no_single_object_is_refused(void **state)
{
    (void)state;
    refuse("", "not JSON: expected '{' at byte 0 of 0");
    refuse(" \n", "not JSON: expected '{' at byte 2 of 2");
    refuse("<html>", "not JSON: expected '{' at byte 0 of 6");
    refuse("[]", "not JSON: expected '{' at byte 0 of 2");
    refuse("\"a\"", "not JSON: expected '{' at byte 0 of 3");
    refuse("null", "not JSON: expected '{' at byte 0 of 4");
    refuse("\xef\xbb\xbf{}", "not JSON: expected '{' at byte 0 of 5");
    refuse("{}{}", "not JSON: expected the end at byte 2 of 4");
    refuse("{}\n{}", "not JSON: expected the end at byte 3 of 5");
    refuse("{} x", "not JSON: expected the end at byte 3 of 4");
    refuse("{}\v", "not JSON: expected the end at byte 2 of 3");
    assert_int_equal(scan("{}\0", 3), CANDIDATE_EPROTO);
    assert_int_equal(scan("{\0}", 3), CANDIDATE_EPROTO);
}

static void grammar_is_kept_to_the_letter(void **state)
{
    (void)state;
    refuse("{", "not JSON: expected a string at byte 1 of 1");
    refuse("{a:1}", "not JSON: expected a string at byte 1 of 5");
    refuse("{'a':1}", "not JSON: expected a string at byte 1 of 7");
    refuse("{\"a\"}", "not JSON: expected ':' at byte 4 of 5");
    refuse("{\"a\":}", "not JSON: expected a value at byte 5 of 6");
    refuse("{\"a\":1", "not JSON: expected ',' or '}' at byte 6 of 6");
    refuse("{\"a\":1,}", "not JSON: expected a string at byte 7 of 8");
    refuse("{\"a\":1 \"b\":2}",
           "not JSON: expected ',' or '}' at byte 7 of 13");
    refuse("{\"a\":[1,]}", "not JSON: expected a value at byte 8 of 10");
    refuse("{\"a\":[1}", "not JSON: expected ',' or ']' at byte 7 of 8");
    refuse("{\"a\":[,]}", "not JSON: expected a value at byte 6 of 9");
    refuse("{\"a\":True}", "not JSON: expected a value at byte 5 of 10");
    refuse("{\"a\":nul}", "not JSON: expected a value at byte 5 of 9");
    refuse("{\"a\":tru", "not JSON: expected a value at byte 5 of 8");
    refuse("{\"a\":NaN}", "not JSON: expected a value at byte 5 of 9");
    refuse("{\"a\":truex}", "not JSON: expected ',' or '}' at byte 9 of 11");
    refuse("{/**/}", "not JSON: expected a string at byte 1 of 6");
}

static void numbers_are_those_of_json(void **state)
{
    (void)state;
    refuse("{\"a\":+1}", "not JSON: expected a value at byte 5 of 8");
    refuse("{\"a\":01}", "not JSON: expected ',' or '}' at byte 6 of 8");
    refuse("{\"a\":-}", "not JSON: expected a digit at byte 6 of 7");
    refuse("{\"a\":.5}", "not JSON: expected a value at byte 5 of 8");
    refuse("{\"a\":1.}", "not JSON: expected a digit at byte 7 of 8");
    refuse("{\"a\":1e}", "not JSON: expected a digit at byte 7 of 8");
    refuse("{\"a\":1e+}", "not JSON: expected a digit at byte 8 of 9");
    refuse("{\"a\":0x1}", "not JSON: expected ',' or '}' at byte 6 of 9");
    accept("{\"a\":[1e999,-1e999]}");
    accept("{\"a\":1234567890123456789012345678901234567890}");
    refuse("{\"a\":12345678901234567890123456789012345678901}",
           "not JSON: a number of too many digits at byte 46 of 47");
}

static void strings_are_those_of_json(void **state)
{
    (void)state;
    refuse("{\"a", "not JSON: expected the end of a string at byte 3 of 3");
    refuse("{\"a\nb\":1}",
           "not JSON: a control character in a string at byte 3 of 9");
    refuse("{\"a\":\"\033[2J\"}",
           "not JSON: a control character in a string at byte 6 of 12");
    assert_int_equal(scan("{\"a\0\":1}", 8), CANDIDATE_EPROTO);
    refuse("{\"a\":\"\\x\"}", "not JSON: no such escape at byte 7 of 10");
    refuse("{\"a\":\"\\", "not JSON: no such escape at byte 7 of 7");
    assert_int_equal(scan("{\"\\\0\":1}", 8), CANDIDATE_EPROTO);
    refuse("{\"a\":\"\\u12g4\"}",
           "not JSON: expected a hexadecimal digit at byte 10 of 14");
    refuse("{\"a\":\"\\u12",
           "not JSON: expected a hexadecimal digit "
           "at byte 10 of 10");
    refuse("{\"a\":\"\\ud83d\\u12g4\"}",
           "not JSON: expected a hexadecimal digit at byte 16 of 20");
    refuse("{\"a\":\"5\\u0000evil\"}",
           "not JSON: a NUL character in a string at byte 13 of 19");
    refuse("{\"a\\u0000b\":1}",
           "not JSON: a NUL character in a string at byte 9 of 14");
}

static void every_byte_alone_and_behind_a_backslash(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const char plain[] = { '{', '"', (char)c, '"', ':', '1', '}' };
        bool good = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
        if (scan(plain, sizeof plain) != (good ? 0 : CANDIDATE_EPROTO))
            fail_msg("0x%02x by itself", c);
        const char escaped[] = { '{', '"', '\\', (char)c, '"', ':', '1', '}' };
        good = c != 0 && c != 'u' && strchr("\"\\/bfnrtu", (int)c);
        if (scan(escaped, sizeof escaped) != (good ? 0 : CANDIDATE_EPROTO))
            fail_msg("0x%02x behind a backslash", c);
    }
}

static void lone_surrogates_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"a\":\"\\ud83d\"}",        "{\"a\":\"\\ude00\"}",
        "{\"a\":\"\\ud83dx\"}",       "{\"a\":\"\\ud83d\\n\"}",
        "{\"a\":\"\\ud83d\\ud83d\"}", "{\"a\":\"\\ude00\\ud83d\"}",
        "{\"a\":\"\\ud83d\\u0041\"}", "{\"a\":\"\\udbff\\ue000\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int r = scan_text(texts[i]);
        assert_int_equal(r, CANDIDATE_EPROTO);
        assert_non_null(strstr(err.message, "half a pair of surrogates"));
    }
    accept("{\"a\":\"\\ud800\\udc00\\udbff\\udfff\\ud7ff\\ue000\"}");
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\xff",     "\x80",         "\xc0\x80",        "\xc3",
        "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80"
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[32];
        snprintf(text, sizeof text, "{\"a\":\"%s\"}", bad[i]);
        int r = scan_text(text);
        assert_int_equal(r, CANDIDATE_EPROTO);
        assert_non_null(strstr(err.message, "not UTF-8 at byte 6 of"));
        snprintf(text, sizeof text, "{\"%s\":\"a\"}", bad[i]);
        assert_int_equal(scan_text(text), CANDIDATE_EPROTO);
    }
}

static int scan_nested(const char *opening, const char *closing, size_t levels)
{
    size_t one = strlen(opening) + strlen(closing);
    char *text = malloc(levels * one + 1);
    assert_non_null(text);
    char *end = text;
    for (size_t i = 0; i < levels; i++)
        end += sprintf(end, "%s", opening);
    for (size_t i = 0; i < levels; i++)
        end += sprintf(end, "%s", closing);
    int r = scan(text, (size_t)(end - text));
    free(text);
    return r;
}

/* The innermost is an empty object: "{"a":" needs a value. */
static void nesting_ends_at_32_levels(void **state)
{
    (void)state;
    assert_int_equal(scan_nested("{\"a\":[", "]}", 16), 0);
    static const size_t too_many[] = { 17, 500, 50000, 87380 };
    for (size_t i = 0; i < sizeof too_many / sizeof *too_many; i++) {
        int r = scan_nested("{\"a\":[", "]}", too_many[i]);
        assert_int_equal(r, CANDIDATE_EPROTO);
        assert_non_null(strstr(err.message, "too many levels at byte 96"));
    }
}

static void values_are_counted(void **state)
{
    (void)state;
    enum { BYTES = 2 * JSON_VALUES_MAX + 16 };
    char *text = malloc(BYTES);
    assert_non_null(text);
    for (int extra = 0; extra <= 1; extra++) {
        char *end = text + sprintf(text, "{\"a\":[1");
        /* The array is a value as well, the object around it is not. */
        for (int i = 2; i < JSON_VALUES_MAX + extra; i++)
            end += sprintf(end, ",1");
        sprintf(end, "]}");
        assert_int_equal(scan_text(text), extra ? CANDIDATE_EPROTO : 0);
    }
    assert_non_null(strstr(err.message, "too many values"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_object_of_json_is_accepted),
        cmocka_unit_test(text_that_is_no_single_object_is_refused),
        cmocka_unit_test(grammar_is_kept_to_the_letter),
        cmocka_unit_test(numbers_are_those_of_json),
        cmocka_unit_test(strings_are_those_of_json),
        cmocka_unit_test(every_byte_alone_and_behind_a_backslash),
        cmocka_unit_test(lone_surrogates_are_refused),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(nesting_ends_at_32_levels),
        cmocka_unit_test(values_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
