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

/* Against the definition: a code point's one shortest form, nothing else. */
static void a_character_is_the_one_form_of_a_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x3fffff; c++) { /* all that 4 bytes can spell */
        char all[3][4] = {
            { (char)(0xc0 | c >> 6), (char)(0x80 | (c & 63)) },
            { (char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 63)),
              (char)(0x80 | (c & 63)) },
            { (char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 63)),
              (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63)) },
        };
        bool exists = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        size_t shortest = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t size = c < 0x800 ? 2
                 : c < 0x10000       ? 3
                                     : 4;
             size <= 4; size++) {
            size_t n = text_character_bytes(all[size - 2], size);
            if (n != (exists && size == shortest ? size : 0))
                fail_msg("U+%04X in %zu bytes gives %zu", c, size, n);
            if (text_character_bytes(all[size - 2], size - 1) != 0)
                fail_msg("U+%04X cut after %zu bytes passes", c, size - 1);
        }
    }
    assert_int_equal(text_character_bytes("a", 0), 0);
    assert_int_equal(text_character_bytes("\n", 1), 1);
    assert_int_equal(text_character_bytes("\x80", 1), 0);
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

static void a_word_for_a_shell_is_whole_and_in_quotes(void **state)
{
    (void)state;
    char out[12];
    text_shell_word(out, sizeof out, "");
    assert_string_equal(out, "''");
    text_shell_word(out, sizeof out, "$a b");
    assert_string_equal(out, "'$a b'");
    text_shell_word(out, sizeof out, "it's one");
    assert_string_equal(out, "'...'");
    text_shell_word(out, sizeof out, "it's 1");
    assert_string_equal(out, "'it'\\''s 1'");
    memset(out, 'x', sizeof out);
    text_shell_word(out, 8, "it's");
    assert_string_equal(out, "'...'");
    assert_int_equal(out[8], 'x');
    text_shell_word(out, 8, "12345");
    assert_string_equal(out, "'12345'");
    assert_int_equal(out[8], 'x');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_utf8_is_clean),
        cmocka_unit_test(control_characters_are_not_clean),
        cmocka_unit_test(malformed_utf8_is_not_clean),
        cmocka_unit_test(a_character_is_the_one_form_of_a_code_point),
        cmocka_unit_test(escape_keeps_clean_text_and_spells_the_rest),
        cmocka_unit_test(escape_never_writes_past_its_buffer),
        cmocka_unit_test(a_word_for_a_shell_is_whole_and_in_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
