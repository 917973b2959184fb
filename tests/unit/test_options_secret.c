/* test_options_secret.c: where a password may stand, and where it does not stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "unit/command_line.h"

enum { ARGUMENT_BYTES = 64 };

/* Arguments that can be written to, as main()'s. */
struct arguments {
    char text[4][ARGUMENT_BYTES];
    char *argv[7];
};

static char **arguments(struct arguments *a, const char *first,
                        const char *second)
{
    static char program[] = "candidate";
    static char id[] = "A";
    snprintf(a->text[0], ARGUMENT_BYTES, "%s", first);
    snprintf(a->text[1], ARGUMENT_BYTES, "%s", second);
    a->argv[0] = program;
    a->argv[1] = a->text[0];
    a->argv[2] = a->text[1];
    a->argv[3] = id;
    a->argv[4] = NULL;
    return a->argv;
}

static void assert_nowhere(const struct arguments *a, const char *secret)
{
    assert_null(memmem(a->text, sizeof a->text, secret, strlen(secret)));
}

/* These two arguments give this password, of which nothing is left in them, and
 * nothing anywhere once it is forgotten. */
static void expect_wiped(const char *const form[2], const char *password)
{
    struct arguments a = { 0 };
    struct options o;
    assert_int_equal(
        command_line_parse(&o, NULL, arguments(&a, form[0], form[1])), 0);
    assert_string_equal(o.config.user, "u");
    assert_string_equal(o.config.password, password);
    assert_ptr_equal(o.config.password, o.password);
    assert_nowhere(&a, password);
    options_forget(&o);
    assert_null(o.config.password);
    assert_null(memmem(&o, sizeof o, password, strlen(password)));
}

static void password_on_the_command_line_is_wiped_there(void **state)
{
    (void)state;
    static const char *const forms[][2] = {
        { "--user", "u:s3cret" },
        { "--user=u:s3cret", "--once" },
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        expect_wiped(forms[i], "s3cret");
}

static void password_option_is_wiped_and_goes_with_any_user(void **state)
{
    (void)state;
    static const char *const forms[][2] = {
        { "--password", "s3:cret" },
        { "--password=s3:cret", "--once" },
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        setenv("ETCDCTL_USER", "u", 1);
        expect_wiped(forms[i], "s3:cret");
    }
}

static void password_in_the_environment_is_wiped_there(void **state)
{
    (void)state;
    static char user[] = "ETCDCTL_USER=u:s3cret";
    static char other[] = "ETCDCTL_PASSWORD=s3cret";
    struct options o;
    putenv(user);
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    assert_string_equal(o.config.user, "u");
    assert_string_equal(o.config.password, "s3cret");
    assert_null(memmem(user, sizeof user, "s3cret", 6));
    assert_null(getenv("ETCDCTL_USER"));
    putenv(other);
    char named[] = "--user=v";
    assert_int_equal(PARSE(&o, NULL, named, "A"), 0);
    assert_string_equal(o.config.user, "v");
    assert_string_equal(o.config.password, "s3cret");
    assert_null(memmem(other, sizeof other, "s3cret", 6));
    assert_null(getenv("ETCDCTL_PASSWORD"));
}

static void password_that_does_not_count_is_wiped_all_the_same(void **state)
{
    (void)state;
    static char user[] = "ETCDCTL_USER=u:one";
    static char other[] = "ETCDCTL_PASSWORD=two";
    putenv(user);
    putenv(other);
    struct options o;
    char named[] = "--user=v";
    assert_int_equal(PARSE(&o, NULL, named, "--password-file", "f", "A"), 0);
    assert_string_equal(o.config.user, "v");
    assert_string_equal(o.password_file, "f");
    assert_null(o.config.password);
    assert_null(memmem(user, sizeof user, "one", 3));
    assert_null(memmem(other, sizeof other, "two", 3));
}

static void password_of_nobody_is_refused_unless_it_just_lies_about(void **s)
{
    (void)s;
    char secret[] = "--password=x";
    REFUSES("--password: no user is given, by --user", secret, "A");
    REFUSES("--password-file: no user is given, by --user", "--password-file=f",
            "A");
    static char other[] = "ETCDCTL_PASSWORD=two";
    putenv(other);
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    assert_null(o.config.password);
    assert_false(o.has_password);
}

static void password_comes_from_one_place(void **state)
{
    (void)state;
    struct arguments a = { 0 };
    command_line_refuses("--password: cannot be given beside --user",
                         arguments(&a, "--user=u:one", "--password=two"));
    command_line_refuses("--user: cannot be given beside --password-file",
                         arguments(&a, "--password-file=f", "--user=u:two"));
    static char user[] = "ETCDCTL_USER=u:one";
    static char other[] = "ETCDCTL_PASSWORD=two";
    putenv(user);
    putenv(other);
    REFUSES("ETCDCTL_PASSWORD: cannot be given beside ETCDCTL_USER", "A");
}

static void no_message_shows_a_password(void **state)
{
    (void)state;
    char secret[CANDIDATE_PASSWORD_BYTES_MAX + 64];
    memset(secret, 's', sizeof secret);
    secret[sizeof secret - 1] = '\0';
    char user[] = "--user=u";
    REFUSES("--password: the password is longer than 1024 bytes", user,
            "--password", secret, "A");
    REFUSES("unknown option \"--pasword\"", "--pasword=s3cret", "A");
}

#define TEST(name) cmocka_unit_test_setup(name, command_line_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(password_on_the_command_line_is_wiped_there),
        TEST(password_option_is_wiped_and_goes_with_any_user),
        TEST(password_in_the_environment_is_wiped_there),
        TEST(password_that_does_not_count_is_wiped_all_the_same),
        TEST(password_of_nobody_is_refused_unless_it_just_lies_about),
        TEST(password_comes_from_one_place),
        TEST(no_message_shows_a_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
