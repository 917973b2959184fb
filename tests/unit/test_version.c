/* test_version.c: which versions of etcd keep their promises about leases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "etcd/version.h"

static bool keeps(const char *version)
{
    return version_keeps_leases(
        (struct etcd_bytes){ version, strlen(version) });
}

static void versions_before_the_mending_are_known(void **state)
{
    (void)state;
    static const char *const old[] = { "3.4.23", "3.4.30", "3.5.0",
                                       "3.5.12", "3.3.99", "2.9.9" };
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        assert_false(keeps(old[i]));
}

static void mended_versions_are_known(void **state)
{
    (void)state;
    static const char *const sound[] = { "3.4.31", "3.4.100", "3.5.13",
                                         "3.5.30", "3.6.0",   "4.0.0" };
    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++)
        assert_true(keeps(sound[i]));
}

static void unreadable_versions_are_taken_for_sound(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "",       "3",      "3.4",
        "3.4.",   "3.x.1",  "3.4.x",
        "v3.4.1", "-3.4.1", "3.4.99999999999999999999"
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        assert_true(keeps(odd[i]));
}

static void what_follows_the_numbers_does_not_matter(void **state)
{
    (void)state;
    assert_false(keeps("3.4.23-rc.1"));
    assert_true(keeps("3.5.13+git"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_before_the_mending_are_known),
        cmocka_unit_test(mended_versions_are_known),
        cmocka_unit_test(unreadable_versions_are_taken_for_sound),
        cmocka_unit_test(what_follows_the_numbers_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
