/* test_options_reading.c: the options of who only reads an election. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/command_line.h"

#define ARGV(...)                                                              \
    (char *[])                                                                 \
    {                                                                          \
        "candidate", __VA_ARGS__, NULL                                         \
    }

static struct options parsed(char *argv[])
{
    struct options o;
    struct candidate_error err = { 0 };
    int r = command_line_parse(&o, &err, argv);
    assert_string_equal(err.message, "");
    assert_int_equal(r, 0);
    return o;
}

static void status_is_of_the_usual_election_or_of_the_one_named(void **state)
{
    (void)state;
    struct options o = parsed(ARGV("--status"));
    assert_int_equal(o.action, OPTIONS_STATUS);
    assert_string_equal(o.config.election, "leader");
    o = parsed(ARGV("--status", "/svc/db"));
    assert_string_equal(o.config.election, "/svc/db");
    assert_null(o.config.id);
    o = parsed(ARGV("/svc/db", "--status"));
    assert_string_equal(o.config.election, "/svc/db");
    o = parsed(ARGV("--status", "--election", "x"));
    assert_string_equal(o.config.election, "x");
}

static void steering_is_of_an_election_as_well(void **state)
{
    (void)state;
    struct options o = parsed(ARGV("--depose"));
    assert_int_equal(o.action, OPTIONS_DEPOSE);
    assert_string_equal(o.config.election, "leader");
    o = parsed(ARGV("--depose", "/svc/db"));
    assert_string_equal(o.config.election, "/svc/db");
    o = parsed(ARGV("--transfer-to", "B", "/svc/db"));
    assert_int_equal(o.action, OPTIONS_TRANSFER);
    assert_string_equal(o.object, "B");
    assert_string_equal(o.config.election, "/svc/db");
    assert_null(o.config.id);
    command_line_refuses("--depose: cannot be given beside --transfer-to",
                         ARGV("--transfer-to", "B", "--depose"));
    command_line_refuses("--transfer-to: needs an argument, ID",
                         ARGV("--transfer-to"));
}

static void priority_is_a_number_up_to_100(void **state)
{
    (void)state;
    assert_int_equal(parsed(ARGV("A")).config.priority, 0);
    assert_int_equal(parsed(ARGV("--priority", "100", "A")).config.priority,
                     100);
    command_line_refuses("--priority: \"101\" is not a whole number from 0 to"
                         " 100",
                         ARGV("--priority", "101", "A"));
    command_line_refuses("--priority: \"-1\" is not a whole number from 0 to"
                         " 100",
                         ARGV("--priority", "-1", "A"));
}

static void each_way_to_read_is_an_action(void **state)
{
    (void)state;
    assert_int_equal(parsed(ARGV("--why", "x")).action, OPTIONS_WHY);
    assert_int_equal(parsed(ARGV("--observe")).action, OPTIONS_OBSERVE);
    assert_int_equal(parsed(ARGV("--history")).action, OPTIONS_HISTORY);
    assert_true(parsed(ARGV("--observe", "--plain")).plain);
    assert_false(parsed(ARGV("--why")).ttl_given);
    assert_true(parsed(ARGV("--why", "--ttl", "10")).ttl_given);
    command_line_refuses("--why: cannot be given beside --status",
                         ARGV("--status", "--why"));
}

static void output_is_for_people_or_in_json(void **state)
{
    (void)state;
    assert_false(parsed(ARGV("A")).json);
    assert_false(parsed(ARGV("-w", "simple", "A")).json);
    assert_true(parsed(ARGV("-w", "json", "A")).json);
    assert_true(parsed(ARGV("-wjson", "A")).json);
    assert_true(parsed(ARGV("-w=json", "A")).json);
    assert_true(parsed(ARGV("--write-out", "json", "A")).json);
    assert_true(parsed(ARGV("--write-out=json", "A")).json);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    command_line_refuses("\"y\": --election says already which one",
                         ARGV("--status", "--election", "x", "y"));
    command_line_refuses("\"true\": whoever takes no part runs no command",
                         ARGV("--status", "x", "--", "true"));
    command_line_refuses("--write-out: given twice",
                         ARGV("-w", "json", "-wjson", "A"));
    command_line_refuses("--write-out: \"table\" is neither simple nor json",
                         ARGV("-wtable", "A"));
    command_line_refuses("--write-out: needs an argument, FORMAT",
                         ARGV("A", "-w"));
    command_line_refuses("--status: takes no argument", ARGV("--status=x"));
}

static void what_says_nothing_to_an_action_is_refused(void **state)
{
    (void)state;
    REFUSES("--listen: is for who takes part", "--status", "--listen", "8080");
    REFUSES("--wait: is for who takes part", "--wait", "5", "--depose");
    REFUSES("--grace: is for who takes part", "--fenced-put", "k", "v",
            "--grace", "1s");
    REFUSES("--token: is for --fenced-put and its like", "--token", "7", "A");
    REFUSES("--plain: is for --observe", "--status", "--plain");
    REFUSES("--write-out: is for who takes part or reads", "-w", "json",
            "--transfer-to", "B");
    struct options o = parsed(ARGV("--observe", "--plain", "-w", "json"));
    assert_true(o.plain && o.json);
    o = parsed(ARGV("--wait", "5", "--listen", "8080", "-w", "json", "A"));
    assert_int_equal(o.action, OPTIONS_RUN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_is_of_the_usual_election_or_of_the_one_named),
        cmocka_unit_test(steering_is_of_an_election_as_well),
        cmocka_unit_test(priority_is_a_number_up_to_100),
        cmocka_unit_test(each_way_to_read_is_an_action),
        cmocka_unit_test(output_is_for_people_or_in_json),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(what_says_nothing_to_an_action_is_refused),
    };
    return cmocka_run_group_tests(tests, command_line_setup, NULL);
}
