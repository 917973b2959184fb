/* test_text.c: what is shown of bytes from anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sys/text.h"

static bool clean(const char *text)
{
    return text_is_clean(text, strlen(text));
}

static void well_formed_utf8_is_clean(void **state)
{
    (void)state;
    assert_true(clean(""));
    assert_true(clean("node-1 / caf\u00e9 \u20ac \U0001f600 \U0010ffff"));
}

static void control_characters_are_not_clean(void **state)
{
    (void)state;
    assert_false(clean("a\nb"));
    assert_false(clean("\033[2J"));
    assert_false(clean("\x7f"));
    assert_false(clean("\xc2\x9b")); /* C1: a terminal's CSI */
    assert_false(text_is_clean("a\0b", 3));
}

static void malformed_utf8_is_not_clean(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xff",
        "\xc3",
        "\xc3(",
        "\xc0\xaf",
        "\xc1\x81",
        "\xe2\x82",
        "\xe0\x80\x80",
        "\xed\xa0\x80",
        "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(clean(bad[i]));
}

static void escape_keeps_clean_text_and_spells_the_rest(void **state)
{
    (void)state;
    char out[64];
    text_escape(out, sizeof out, "caf\u00e9\033[0m\xff\0x", 12);
    assert_string_equal(out, "caf\u00e9\\x1b[0m\\xff\\x00x");
    text_escape(out, sizeof out, "", 0);
    assert_string_equal(out, "");
}

static void escape_never_writes_past_its_buffer(void **state)
{
    (void)state;
    static const char data[] = "ab\u20accd\033ef\U0001f600\xff gh";
    for (size_t size = 8; size < 48; size++) {
        char out[64];
        memset(out, '#', sizeof out);
        text_escape(out, size, data, sizeof data - 1);
        assert_true(memchr(out, '\0', size) != NULL);
        assert_int_equal(out[size], '#');
        assert_true(text_is_clean(out, strlen(out)));
        if (size < sizeof "ab\u20accd\\x1bef\U0001f600\\xff gh")
            assert_string_equal(out + strlen(out) - 3, "...");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_utf8_is_clean),
        cmocka_unit_test(control_characters_are_not_clean),
        cmocka_unit_test(malformed_utf8_is_not_clean),
        cmocka_unit_test(escape_keeps_clean_text_and_spells_the_rest),
        cmocka_unit_test(escape_never_writes_past_its_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
