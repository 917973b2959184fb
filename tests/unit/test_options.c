/* test_options.c: command lines, good and bad, and the help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "sys/text.h"
#include "unit/command_line.h"

static void id_alone_takes_the_defaults(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    assert_int_equal(o.action, OPTIONS_RUN);
    assert_false(o.once);
    assert_string_equal(o.config.id, "A");
    assert_string_equal(o.config.election, "leader");
    assert_string_equal(o.config.endpoints, "http://127.0.0.1:2379");
    assert_int_equal(o.config.ttl_s, 10);
}

static void options_may_stand_on_both_sides_of_the_id(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "--endpoints", "http://a:1,http://b:2",
                           "A", "--election=/svc/db", "--ttl=2", "--once"),
                     0);
    assert_string_equal(o.config.endpoints, "http://a:1,http://b:2");
    assert_string_equal(o.config.election, "/svc/db");
    assert_int_equal(o.config.ttl_s, 2);
    assert_true(o.once);
    assert_string_equal(o.config.id, "A");
}

static void value_may_look_like_an_option_or_hold_an_equals_sign(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "--election", "--once", "A"), 0);
    assert_string_equal(o.config.election, "--once");
    assert_false(o.once);
    assert_int_equal(PARSE(&o, NULL, "--election=a=b", "A"), 0);
    assert_string_equal(o.config.election, "a=b");
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "--once", "--", "--ttl"), 0);
    assert_string_equal(o.config.id, "--ttl");
    assert_int_equal(PARSE(&o, NULL, "--", "--"), 0);
    assert_string_equal(o.config.id, "--");
    assert_int_equal(PARSE(&o, NULL, "-"), 0);
    assert_string_equal(o.config.id, "-");
}

static void empty_strings_are_passed_on_for_the_library_to_refuse(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "", "--election=", "--endpoints", ""), 0);
    assert_string_equal(o.config.id, "");
    assert_string_equal(o.config.election, "");
    assert_string_equal(o.config.endpoints, "");
}

static void environment_counts_unless_the_option_is_given(void **state)
{
    (void)state;
    struct options o;
    setenv("ETCDCTL_ENDPOINTS", "http://env:1", 1);
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    assert_string_equal(o.config.endpoints, "http://env:1");
    assert_int_equal(PARSE(&o, NULL, "--endpoints", "http://flag:2", "A"), 0);
    assert_string_equal(o.config.endpoints, "http://flag:2");
    setenv("ETCDCTL_ENDPOINTS", "", 1);
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    assert_string_equal(o.config.endpoints, "http://127.0.0.1:2379");
}

static void ttl_is_digits_within_its_range(void **state)
{
    (void)state;
    static char *const bad[] = {
        "abc",
        "",
        " 5",
        "5 ",
        "+5",
        "-5",
        "5s",
        "5.0",
        "0x10",
        "05",
        "1",
        "0",
        "301",
        "4294967298",
        "1e1",
        "\u0665",
        "99999999999999999999999999",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char words[256];
        snprintf(words, sizeof words,
                 "--ttl: \"%s\" is not a whole number of seconds from 2 to 300",
                 bad[i]);
        REFUSES(words, "A", "--ttl", bad[i]);
    }
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "A", "--ttl", "300"), 0);
    assert_int_equal(o.config.ttl_s, 300);
}

static void what_the_user_wrote_is_shown_escaped_and_cut(void **state)
{
    (void)state;
    REFUSES("--ttl: \"\\x1b[2J\\xff\" is not a whole number of seconds from 2"
            " to 300",
            "--ttl=\033[2J\xff", "A");
    char flag[4096];
    memset(flag, '-', sizeof flag);
    flag[sizeof flag - 1] = '\0';
    struct options o;
    struct candidate_error err = { 0 };
    assert_int_equal(PARSE(&o, &err, flag), CANDIDATE_EINVAL);
    assert_int_equal(strlen(err.message), strlen("unknown option \"\"") + 79);
    assert_non_null(strstr(err.message, "...\""));
}

static void unknown_options_are_named(void **state)
{
    (void)state;
    REFUSES("unknown option \"--tll\"", "--tll", "5", "A");
    REFUSES("unknown option \"--tl\"", "--tl=5", "A"); /* no abbreviations */
    REFUSES("unknown option \"--TTL\"", "--TTL=5", "A");
    REFUSES("unknown option \"--\"", "--=5", "A");
    REFUSES("unknown option \"-h\"", "-h");
    REFUSES("unknown option \"-5\"", "-5");
}

static void wrong_number_of_values_is_named(void **state)
{
    (void)state;
    REFUSES("--ttl: needs an argument, SECONDS", "A", "--ttl");
    REFUSES("--once: \"yes\" is neither true nor false", "A", "--once=yes");
    REFUSES("--once: \"\" is neither true nor false", "A", "--once=");
    REFUSES("--help: takes no argument", "--help=me");
}

static void option_given_twice_is_refused(void **state)
{
    (void)state;
    REFUSES("--ttl: given twice", "--ttl=5", "A", "--ttl", "5");
    REFUSES("--once: given twice", "--once", "A", "--once");
}

static void exactly_one_id_is_wanted(void **state)
{
    (void)state;
    REFUSES("no ID is given", "--once");
    REFUSES("no ID is given", "--");
    REFUSES("\"B\": there is one ID already", "A", "B");
    REFUSES("\"--once\": there is one ID already", "--", "A", "--once");
    REFUSES("\"B\\x0a\": there is one ID already", "", "B\n");
}

static void two_dashes_behind_the_id_begin_a_command(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    assert_null(o.command);
    assert_int_equal(PARSE(&o, NULL, "A", "--once", "--", "--ttl", "--", ""),
                     0);
    assert_string_equal(o.config.id, "A");
    assert_true(o.once);
    assert_int_equal(o.config.ttl_s, CANDIDATE_TTL_S_DEFAULT);
    assert_string_equal(o.command[0], "--ttl");
    assert_string_equal(o.command[1], "--");
    assert_string_equal(o.command[2], "");
    assert_null(o.command[3]);
    assert_int_equal(PARSE(&o, NULL, "--", "--", "--", "cmd"), 0);
    assert_string_equal(o.config.id, "--");
    assert_string_equal(o.command[0], "cmd");
    assert_null(o.command[1]);
}

static void command_must_have_a_name(void **state)
{
    (void)state;
    REFUSES("--: no command follows", "A", "--");
    REFUSES("--: the command is empty", "A", "--", "", "x");
}

static void no_arguments_at_all_are_survived(void **state)
{
    (void)state;
    struct options o;
    struct candidate_error err = { 0 };
    char *none[] = { NULL };
    assert_int_equal(options_parse(&o, 0, none, &err), CANDIDATE_EINVAL);
    assert_string_equal(err.message, "no ID is given");
}

static void help_and_version_end_the_reading(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "--help"), 0);
    assert_int_equal(o.action, OPTIONS_HELP);
    assert_int_equal(PARSE(&o, NULL, "A", "--version", "--nonsense"), 0);
    assert_int_equal(o.action, OPTIONS_VERSION);
    REFUSES("unknown option \"--nonsense\"", "--nonsense", "--help");
}

static void help_fits_the_screen_and_names_all(void **state)
{
    (void)state;
    char help[OPTIONS_HELP_BYTES_MAX];
    options_help(help);
    unsigned lines_n = 0;
    for (const char *p = help; *p; p++, lines_n++) {
        size_t columns = strcspn(p, "\n");
        assert_in_range(columns, 0, 80);
        assert_true(text_is_clean(p, columns));
        p += columns;
        assert_int_equal(*p, '\n');
    }
    assert_in_range(lines_n, 20, 120); /* output.h keeps no more */
    static const char *const named[] = {
        "--endpoints URL[,URL]...",
        "--election NAME",
        "--ttl SECONDS",
        "--once",
        "--help",
        "--version",
        "ETCDCTL_ENDPOINTS",
        "--cacert FILE",
        "--user NAME[:PASSWORD]",
        "--log-level LEVEL",
        "ETCDCTL_PASSWORD",
        "ENTER",
        "Ctrl-C",
        "SIGTERM",
        "SIGHUP",
        "\n  0 ",
        "\n  64 ",
        "\n  69 ",
        "\n  70 ",
        "\n  74 ",
        "\n  75 ",
    };
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        assert_non_null(strstr(help, named[i]));
}

/* The help says the defaults in words of its own: they must be the real ones.
 */
static void help_tells_the_defaults_as_they_are(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    char help[OPTIONS_HELP_BYTES_MAX];
    options_help(help);
    char words[128];
    snprintf(words, sizeof words, "default %s\n", o.config.endpoints);
    assert_non_null(strstr(help, words));
    snprintf(words, sizeof words, "default %s\n", o.config.election);
    assert_non_null(strstr(help, words));
    snprintf(words, sizeof words, "%d-%d, default %u\n", CANDIDATE_TTL_S_MIN,
             CANDIDATE_TTL_S_MAX, o.config.ttl_s);
    assert_non_null(strstr(help, words));
    snprintf(words, sizeof words, "1 to %d bytes", CANDIDATE_ID_BYTES_MAX);
    assert_non_null(strstr(help, words));
}

#define TEST(name) cmocka_unit_test_setup(name, command_line_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(id_alone_takes_the_defaults),
        TEST(options_may_stand_on_both_sides_of_the_id),
        TEST(value_may_look_like_an_option_or_hold_an_equals_sign),
        TEST(two_dashes_end_the_options),
        TEST(empty_strings_are_passed_on_for_the_library_to_refuse),
        TEST(environment_counts_unless_the_option_is_given),
        TEST(ttl_is_digits_within_its_range),
        TEST(what_the_user_wrote_is_shown_escaped_and_cut),
        TEST(unknown_options_are_named),
        TEST(wrong_number_of_values_is_named),
        TEST(option_given_twice_is_refused),
        TEST(exactly_one_id_is_wanted),
        TEST(two_dashes_behind_the_id_begin_a_command),
        TEST(command_must_have_a_name),
        TEST(no_arguments_at_all_are_survived),
        TEST(help_and_version_end_the_reading),
        TEST(help_fits_the_screen_and_names_all),
        TEST(help_tells_the_defaults_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
