/* test_error.c: error messages, their context and their length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sys/error.h"

static void every_code_has_words_of_its_own(void **state)
{
    (void)state;
#define CHECK(name, number, meaning)                                           \
    assert_string_equal(candidate_strerror(CANDIDATE_##name), meaning);        \
    assert_int_equal(CANDIDATE_##name, -(number));
    CANDIDATE_ERRORS(CHECK)
#undef CHECK
    assert_string_equal(candidate_strerror(0), "success");
}

static void unknown_codes_have_words_too(void **state)
{
    (void)state;
    static const int codes[] = { 1, 9, -12, -1000, INT32_MIN, INT32_MAX };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_string_equal(candidate_strerror(codes[i]), "unknown error");
}

static void setting_gives_code_and_message(void **state)
{
    (void)state;
    struct candidate_error err;
    int r = error_set(&err, CANDIDATE_EINVAL, "ttl %d s: too short", 1);
    assert_int_equal(r, CANDIDATE_EINVAL);
    assert_int_equal(err.code, CANDIDATE_EINVAL);
    assert_string_equal(err.message, "ttl 1 s: too short");
}

static void context_is_put_in_front(void **state)
{
    (void)state;
    struct candidate_error err;
    error_set(&err, CANDIDATE_ERETRY, "connection refused");
    int r = error_wrap(&err, CANDIDATE_ESYSTEM, "%s", "http://a:2379");
    assert_int_equal(r, CANDIDATE_ERETRY);
    error_wrap(&err, CANDIDATE_ESYSTEM, "watch");
    assert_int_equal(err.code, CANDIDATE_ERETRY);
    assert_string_equal(err.message,
                        "watch: http://a:2379: connection refused");
}

static void nobody_need_want_the_message(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, CANDIDATE_ENOMEM, "x"), CANDIDATE_ENOMEM);
    assert_int_equal(error_wrap(NULL, CANDIDATE_ERETRY, "x"), CANDIDATE_ERETRY);
}

static void a_message_that_fits_just_so_is_whole(void **state)
{
    (void)state;
    struct candidate_error err;
    error_set(&err, CANDIDATE_EINVAL, "%0*d", CANDIDATE_ERROR_BYTES_MAX - 1, 7);
    assert_int_equal(strlen(err.message), CANDIDATE_ERROR_BYTES_MAX - 1);
    assert_int_equal(err.message[CANDIDATE_ERROR_BYTES_MAX - 2], '7');
}

static void assert_cut(const char *message, size_t length)
{
    assert_int_equal(strlen(message), length);
    assert_string_equal(message + length - 3, "...");
}

static void a_message_too_long_ends_in_dots(void **state)
{
    (void)state;
    struct candidate_error err;
    error_set(&err, CANDIDATE_EINVAL, "%0*d", CANDIDATE_ERROR_BYTES_MAX, 7);
    assert_cut(err.message, CANDIDATE_ERROR_BYTES_MAX - 1);
}

static void context_too_long_ends_in_dots(void **state)
{
    (void)state;
    struct candidate_error err;
    error_set(&err, CANDIDATE_EINVAL, "%0500d", 7);
    error_wrap(&err, CANDIDATE_EINVAL, "a context of some length");
    assert_cut(err.message, CANDIDATE_ERROR_BYTES_MAX - 1);
    error_wrap(&err, CANDIDATE_EINVAL, "%02000d", 1);
    assert_cut(err.message, CANDIDATE_ERROR_BYTES_MAX - 1);
}

static void cutting_leaves_no_half_character(void **state)
{
    (void)state;
    enum { CUT_AT = CANDIDATE_ERROR_BYTES_MAX - 4 };
    for (int shift = 1; shift <= 3; shift++) {
        size_t cut_bytes = (size_t)CUT_AT - (size_t)shift + 3;
        struct candidate_error err;
        error_set(&err, CANDIDATE_EINVAL, "%0*d\xf0\x9f\x90\xa7%020d",
                  CUT_AT - shift, 0, 0);
        assert_cut(err.message, cut_bytes);
        assert_int_equal(err.message[CUT_AT - shift - 1], '0');
    }
}

static void message_is_clean_whatever_is_in_it(void **state)
{
    (void)state;
    struct candidate_error err;
    error_set(&err, CANDIDATE_EINVAL, "%s: unreadable", "a\nb\xff");
    assert_string_equal(err.message, "a\\x0ab\\xff: unreadable");
    error_wrap(&err, CANDIDATE_EINVAL, "%s", "\x1b[2J");
    assert_string_equal(err.message, "\\x1b[2J: a\\x0ab\\xff: unreadable");
    error_set(&err, CANDIDATE_EINVAL, "\x1b%0*d", CANDIDATE_ERROR_BYTES_MAX, 7);
    assert_cut(err.message, CANDIDATE_ERROR_BYTES_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_words_of_its_own),
        cmocka_unit_test(unknown_codes_have_words_too),
        cmocka_unit_test(setting_gives_code_and_message),
        cmocka_unit_test(context_is_put_in_front),
        cmocka_unit_test(nobody_need_want_the_message),
        cmocka_unit_test(a_message_that_fits_just_so_is_whole),
        cmocka_unit_test(a_message_too_long_ends_in_dots),
        cmocka_unit_test(context_too_long_ends_in_dots),
        cmocka_unit_test(cutting_leaves_no_half_character),
        cmocka_unit_test(message_is_clean_whatever_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
