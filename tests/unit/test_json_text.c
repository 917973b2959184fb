/* test_json_text.c: what is written is JSON, whatever it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sys/json_text.h"

static void values_have_names_and_commas_between_them(void **state)
{
    (void)state;
    char text[512];
    struct json_text j;
    json_text_init(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_string(&j, "id", "A");
    json_text_string(&j, "none", NULL);
    json_text_number(&j, "n", -7);
    json_text_bool(&j, "yes", true);
    json_text_array(&j, "list");
    json_text_number(&j, NULL, 1);
    json_text_object(&j, NULL);
    json_text_object_end(&j);
    json_text_string(&j, NULL, "x");
    json_text_array_end(&j);
    json_text_int64(&j, "token", INT64_MAX);
    json_text_lease(&j, "lease", 0x32695410dcc0ca06);
    json_text_time(&j, "at", INT64_C(1795510800123));
    json_text_object_end(&j);
    json_text_line_end(&j);
    assert_string_equal(
        text,
        "{\"id\":\"A\",\"none\":null,\"n\":-7,\"yes\":true,"
        "\"list\":[1,{},\"x\"],\"token\":\"9223372036854775807\","
        "\"lease\":\"32695410dcc0ca06\","
        "\"at\":\"2026-11-24T09:00:00.123Z\"}\n");
    assert_int_equal(j.bytes, strlen(text));
    assert_false(j.too_long);
}

static void strings_are_escaped(void **state)
{
    (void)state;
    char text[512];
    struct json_text j;
    json_text_init(&j, text, sizeof text);
    json_text_string(&j, NULL, "a\"b\\c\n\x1b\xff\u00e9</script>");
    assert_string_equal(text,
                        "\"a\\\"b\\\\c\\\\x0a\\\\x1b\\\\xff\u00e9</script>\"");
}

/* It never writes beyond its memory, and it says that something is missing. */
static void what_does_not_fit_is_said(void **state)
{
    (void)state;
    char whole[64];
    struct json_text j;
    json_text_init(&j, whole, sizeof whole);
    json_text_string(&j, NULL, "0123456789");
    assert_false(j.too_long);
    for (size_t room = 1; room <= 13; room++) {
        char text[64];
        memset(text, '#', sizeof text);
        json_text_init(&j, text, room);
        json_text_string(&j, NULL, "0123456789");
        assert_int_equal(j.too_long, room < 13);
        assert_int_equal(strlen(text), j.bytes);
        assert_int_equal(text[room], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_names_and_commas_between_them),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(what_does_not_fit_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
