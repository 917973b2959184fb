/* test_options_fencing.c: command lines that do something for a leadership. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "cli/options.h"
#include "unit/command_line.h"

static void put_has_a_key_and_a_value(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "--fenced-put", "k", "v", "--token=7"), 0);
    assert_int_equal(o.action, OPTIONS_FENCED_PUT);
    assert_string_equal(o.object, "k");
    assert_string_equal(o.value, "v");
    assert_string_equal(o.token, "7");
    assert_null(o.lock_key);
    assert_null(o.config.id);
    assert_int_equal(PARSE(&o, NULL, "", "--fenced-put=k"), 0);
    assert_string_equal(o.value, "");
    assert_int_equal(PARSE(&o, NULL, "--fenced-put=k", "--", "-5"), 0);
    assert_string_equal(o.value, "-5");
    assert_int_equal(PARSE(&o, NULL, "--fenced-put=k", "-"), 0);
    assert_string_equal(o.value, "-");
    REFUSES("--fenced-put: no VALUE is given", "--fenced-put", "k");
    REFUSES("\"w\": there is one VALUE already", "--fenced-put", "k", "v", "w");
    REFUSES("\"c\": a fenced write runs no command", "--fenced-put", "k", "v",
            "--", "c");
}

static void delete_has_a_key_alone(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "--fenced-delete", "k", "--lock-key", "l"),
                     0);
    assert_int_equal(o.action, OPTIONS_FENCED_DELETE);
    assert_string_equal(o.object, "k");
    assert_string_equal(o.lock_key, "l");
    REFUSES("\"v\": --fenced-delete takes no VALUE", "--fenced-delete", "k",
            "v");
    REFUSES("--fenced-delete: needs an argument, KEY", "--fenced-delete");
}

static void fence_file_has_a_command(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "--fence-file", "f", "--token", "7", "--",
                           "cmd", "--once"),
                     0);
    assert_int_equal(o.action, OPTIONS_FENCE_FILE);
    assert_string_equal(o.object, "f");
    assert_string_equal(o.command[0], "cmd");
    assert_string_equal(o.command[1], "--once");
    REFUSES("--fence-file: no COMMAND is given, behind \"--\"", "--fence-file",
            "f");
    REFUSES("--: no command follows", "--fence-file", "f", "--");
    REFUSES("\"cmd\": COMMAND stands behind \"--\"", "--fence-file", "f", "cmd",
            "--", "arg");
}

static void one_of_them_is_enough(void **state)
{
    (void)state;
    REFUSES("--fenced-delete: cannot be given beside --fenced-put",
            "--fenced-put=k", "--fenced-delete=k", "v");
}

/* A command that runs for a leadership has these, whatever it is. */
static void variables_count_only_where_they_are_needed(void **state)
{
    (void)state;
    struct options o;
    setenv("CANDIDATE_TOKEN", "garbage", 1);
    setenv("CANDIDATE_LOCK_KEY", "", 1);
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    setenv("CANDIDATE_TOKEN", "7", 1);
    setenv("CANDIDATE_LOCK_KEY", "election_x/1", 1);
    assert_int_equal(PARSE(&o, NULL, "--fenced-delete", "k"), 0);
    assert_string_equal(o.token, "7");
    assert_string_equal(o.lock_key, "election_x/1");
    assert_int_equal(PARSE(&o, NULL, "--fenced-delete=k", "--token=8"), 0);
    assert_string_equal(o.token, "8");
    assert_string_equal(getenv("CANDIDATE_TOKEN"), "7");
}

#define TEST(name) cmocka_unit_test_setup(name, command_line_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(put_has_a_key_and_a_value),
        TEST(delete_has_a_key_alone),
        TEST(fence_file_has_a_command),
        TEST(one_of_them_is_enough),
        TEST(variables_count_only_where_they_are_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
