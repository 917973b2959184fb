/* test_number.c: which numbers are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/number.h"

static void digits_within_the_range_are_taken(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t least, most, number;
    } good[] = {
        { "0", 0, 0, 0 },
        { "1", 1, 1, 1 },
        { "10", 9, 10, 10 },
        { "9223372036854775807", 1, INT64_MAX, INT64_MAX },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t number = -1;
        assert_true(
            number_parse(good[i].text, good[i].least, good[i].most, &number));
        assert_int_equal(number, good[i].number);
    }
}

static void all_else_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " 5",
        "5 ",
        "+5",
        "-5",
        "5s",
        "5.0",
        "0x1",
        "05",
        "00",
        "1e1",
        "\u0665",
        "10",
        "1",
        "9\n",
        "/",
        ":",
        "99999999999999999999999",
        "9223372036854775808",
        "18446744073709551619",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t number = -1;
        assert_false(number_parse(bad[i], 2, 9, &number));
        assert_int_equal(number, -1);
        if (i > 14)
            assert_false(number_parse(bad[i], 0, INT64_MAX, &number));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_within_the_range_are_taken),
        cmocka_unit_test(all_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
