/* test_config.c: which configurations are refused, and in what words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/config.h"

static struct candidate_config config(const char *id, const char *election)
{
    struct candidate_config c;
    candidate_config_init(&c);
    c.id = id;
    if (election)
        c.election = election;
    return c;
}

static void expect_refusal(const struct candidate_config *c, const char *words)
{
    struct candidate_error err = { 0 };
    assert_int_equal(config_check(c, &err), CANDIDATE_EINVAL);
    assert_string_equal(err.message, words);
}

static void defaults_with_an_id_are_fine(void **state)
{
    (void)state;
    struct candidate_config c = config("A", NULL);
    assert_int_equal(config_check(&c, NULL), 0);
    assert_string_equal(c.election, "leader");
    assert_int_equal(c.ttl_s, 10);
}

static void odd_but_valid_names_are_fine(void **state)
{
    (void)state;
    static const char *const names[] = { "%s%n", "-x", "\xc3\xa4 b", "/",
                                         "a'b" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct candidate_config c = config(names[i], NULL);
        assert_int_equal(config_check(&c, NULL), 0);
    }
}

static void id_is_bounded_on_both_sides(void **state)
{
    (void)state;
    char id[CANDIDATE_ID_BYTES_MAX + 2];
    memset(id, 'x', sizeof id);
    id[CANDIDATE_ID_BYTES_MAX] = '\0';
    struct candidate_config c = config(id, NULL);
    assert_int_equal(config_check(&c, NULL), 0);
    id[CANDIDATE_ID_BYTES_MAX] = 'x';
    id[CANDIDATE_ID_BYTES_MAX + 1] = '\0';
    expect_refusal(&c, "ID: has 256 bytes, at most 255 are allowed");
    c.id = "";
    expect_refusal(&c, "ID: is empty");
    c.id = NULL;
    expect_refusal(&c, "ID: is empty");
}

static void unclean_names_are_shown_escaped(void **state)
{
    (void)state;
    struct candidate_config c = config("a\nb", NULL);
    expect_refusal(&c,
                   "ID: \"a\\x0ab\" is not UTF-8 without control"
                   " characters");
    c = config("A", "\xff");
    expect_refusal(&c,
                   "election: \"\\xff\" is not UTF-8 without control"
                   " characters");
}

static void elections_among_the_lock_keys_of_another_are_refused(void **state)
{
    (void)state;
    static const char *const nested[] = { "election_leader/x",
                                          "/svc/election_db/x" };
    for (size_t i = 0; i < 2; i++) {
        struct candidate_config c = config("A", nested[i]);
        assert_int_equal(config_check(&c, NULL), CANDIDATE_EINVAL);
    }
    static const char *const fine[] = { "election_leader", "/svc/election_db",
                                        "/svc/db", "my_election_x/y" };
    for (size_t i = 0; i < 4; i++) {
        struct candidate_config c = config("A", fine[i]);
        assert_int_equal(config_check(&c, NULL), 0);
    }
}

static void election_that_ends_with_a_slash_is_refused(void **state)
{
    (void)state;
    struct candidate_config c = config("A", "/svc/");
    expect_refusal(&c, "election: \"/svc/\" ends with a slash");
}

static void ttl_is_bounded_on_both_sides(void **state)
{
    (void)state;
    static const unsigned bad[] = { 0, 1, 301, UINT32_MAX };
    for (size_t i = 0; i < 4; i++) {
        struct candidate_config c = config("A", NULL);
        c.ttl_s = bad[i];
        assert_int_equal(config_check(&c, NULL), CANDIDATE_EINVAL);
    }
    static const unsigned good[] = { 2, 300 };
    for (size_t i = 0; i < 2; i++) {
        struct candidate_config c = config("A", NULL);
        c.ttl_s = good[i];
        assert_int_equal(config_check(&c, NULL), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_with_an_id_are_fine),
        cmocka_unit_test(odd_but_valid_names_are_fine),
        cmocka_unit_test(id_is_bounded_on_both_sides),
        cmocka_unit_test(unclean_names_are_shown_escaped),
        cmocka_unit_test(elections_among_the_lock_keys_of_another_are_refused),
        cmocka_unit_test(election_that_ends_with_a_slash_is_refused),
        cmocka_unit_test(ttl_is_bounded_on_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
