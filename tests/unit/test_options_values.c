/* test_options_values.c: files, switches, times and words; variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "sys/log.h"
#include "unit/command_line.h"

static void tls_options_name_files_and_switches(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    assert_null(o.config.cacert);
    assert_null(o.config.cert);
    assert_null(o.config.key);
    assert_false(o.config.insecure_skip_tls_verify);
    assert_true(o.config.insecure_transport);
    assert_int_equal(PARSE(&o, NULL, "--cacert", "ca", "--cert=crt", "--key",
                           "key", "--insecure-skip-tls-verify",
                           "--insecure-transport=false", "A"),
                     0);
    assert_string_equal(o.config.cacert, "ca");
    assert_string_equal(o.config.cert, "crt");
    assert_string_equal(o.config.key, "key");
    assert_true(o.config.insecure_skip_tls_verify);
    assert_false(o.config.insecure_transport);
}

static void switch_takes_no_word_that_follows_it(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "--once", "false"), 0);
    assert_true(o.once);
    assert_string_equal(o.config.id, "false");
    assert_int_equal(PARSE(&o, NULL, "--once=0", "A"), 0);
    assert_false(o.once);
    assert_int_equal(PARSE(&o, NULL, "--once=1", "A"), 0);
    assert_true(o.once);
}

static void wait_is_seconds_or_a_time(void **state)
{
    (void)state;
    static const struct {
        char *text;
        int64_t ms;
    } waits[] = {
        { "0", 0 },          { "0s", 0 },
        { "1", 1000 },       { "86400", 86400000 },
        { "24h", 86400000 }, { "1m30s", 90000 },
        { "1.5s", 1500 },    { "250ms", 250 },
    };
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    assert_true(o.wait_ms < 0);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        assert_int_equal(PARSE(&o, NULL, "--wait", waits[i].text, "A"), 0);
        assert_int_equal(o.wait_ms, waits[i].ms);
    }
    static char *const wrong[] = { "",   "-1", "86401", "25h", "1.5",
                                   "01", "x",  "1s1",   " 1" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char words[200];
        (void)snprintf(words, sizeof words,
                       "--wait: \"%s\" is not a time up to 24h, in seconds or"
                       " such as 1m30s",
                       wrong[i]);
        REFUSES(words, "--wait", wrong[i], "A");
    }
}

static void hooks_are_commands_with_a_time_limit(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    assert_null(o.on_elected);
    assert_null(o.on_lost);
    assert_null(o.on_leader_change);
    assert_int_equal(o.hook_timeout_ms, 10000);
    assert_int_equal(PARSE(&o, NULL, "--on-elected", "a b", "--on-lost=c",
                           "--on-leader-change", "d", "--hook-timeout", "2s",
                           "A"),
                     0);
    assert_string_equal(o.on_elected, "a b");
    assert_string_equal(o.on_lost, "c");
    assert_string_equal(o.on_leader_change, "d");
    assert_int_equal(o.hook_timeout_ms, 2000);
}

static void nowait_is_a_switch_and_a_rival_of_wait(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "--nowait", "A"), 0);
    assert_int_equal(o.wait_ms, 0);
    assert_int_equal(PARSE(&o, NULL, "--nowait=false", "A"), 0);
    assert_true(o.wait_ms < 0);
    REFUSES("--nowait: \"no\" is neither true nor false", "--nowait=no", "A");
    REFUSES("--nowait: cannot be given beside --wait", "--wait", "3",
            "--nowait", "A");
}

static void every_variable_of_etcdctls_counts(void **state)
{
    (void)state;
    struct options o;
    setenv("ETCDCTL_CACERT", "ca", 1);
    setenv("ETCDCTL_CERT", "crt", 1);
    setenv("ETCDCTL_KEY", "key", 1);
    setenv("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "true", 1);
    setenv("ETCDCTL_INSECURE_TRANSPORT", "0", 1);
    setenv("ETCDCTL_DIAL_TIMEOUT", "1s", 1);
    setenv("ETCDCTL_COMMAND_TIMEOUT", "2s", 1);
    setenv("ETCDCTL_KEEPALIVE_TIME", "3s", 1);
    setenv("ETCDCTL_KEEPALIVE_TIMEOUT", "4s", 1);
    setenv("ETCDCTL_DISCOVERY_SRV", "example.com", 1);
    assert_int_equal(PARSE(&o, NULL, "--keepalive-time", "5s", "A"), 0);
    assert_string_equal(o.config.cacert, "ca");
    assert_string_equal(o.config.cert, "crt");
    assert_string_equal(o.config.key, "key");
    assert_true(o.config.insecure_skip_tls_verify);
    assert_false(o.config.insecure_transport);
    assert_int_equal(o.config.dial_timeout_ms, 1000);
    assert_int_equal(o.config.command_timeout_ms, 2000);
    assert_int_equal(o.config.keepalive_time_ms, 5000);
    assert_int_equal(o.config.keepalive_timeout_ms, 4000);
    assert_string_equal(o.discovery_srv, "example.com");
    setenv("ETCDCTL_INSECURE_TRANSPORT", "no", 1);
    REFUSES("ETCDCTL_INSECURE_TRANSPORT: \"no\" is neither true nor false",
            "A");
}

static void times_are_written_as_in_go(void **state)
{
    (void)state;
    static const struct {
        char *text;
        unsigned ms;
    } good[] = {
        { "2s", 2000 },           { "500ms", 500 },
        { "1m30s", 90000 },       { "1h", 3600000 },
        { "60m", 3600000 },       { "1.5s", 1500 },
        { ".5s", 500 },           { "1.s", 1000 },
        { "0002s", 2000 },        { "1ns", 1 },
        { "1001us", 2 },          { "1000\u00b5s", 1 },
        { "0h0m7s", 7000 },       { "0.000001h", 4 },
        { "1s1s", 2000 },         { "1.0000000000000000001s", 1000 },
        { "3600000ms", 3600000 }, { "3600000000000ns", 3600000 },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct options o;
        assert_int_equal(PARSE(&o, NULL, "A", "--dial-timeout", good[i].text),
                         0);
        assert_int_equal(o.config.dial_timeout_ms, good[i].ms);
    }
    static char *const bad[] = {
        "",
        "5",
        "s",
        ".s",
        "-5s",
        "+5s",
        "5 s",
        "5s ",
        "0s",
        "0",
        "2S",
        "1h1ns",
        "61m",
        "3600001ms",
        "1..s",
        "1s5",
        "5seconds",
        "0.0ns",
        "2x",
        "1e3s",
        "99999999999999999999999999999999999h",
        "18446744073709551616ns",
        "2562047h48m",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char words[256];
        snprintf(words, sizeof words,
                 "--command-timeout: \"%s\" is not a time up to 1h such as "
                 "2s, 500ms or 1m30s",
                 bad[i]);
        REFUSES(words, "A", "--command-timeout", bad[i]);
    }
}

static void log_level_and_format_are_words(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(PARSE(&o, NULL, "A"), 0);
    assert_int_equal(o.log_level, CANDIDATE_INFO);
    assert_int_equal(o.log_format, LOG_TEXT);
    assert_int_equal(
        PARSE(&o, NULL, "--log-level", "debug", "--log-format=json", "A"), 0);
    assert_int_equal(o.log_level, CANDIDATE_DEBUG);
    assert_int_equal(o.log_format, LOG_JSON);
    assert_int_equal(PARSE(&o, NULL, "--log-level=error", "A"), 0);
    assert_int_equal(o.log_level, CANDIDATE_ERROR);
    REFUSES("--log-level: \"loud\" is none of debug, info, warning, error",
            "--log-level=loud", "A");
    REFUSES("--log-format: \"xml\" is neither text nor json",
            "--log-format=xml", "A");
}

static void endpoints_come_from_one_place(void **state)
{
    (void)state;
    struct options o;
    REFUSES("--discovery-srv: cannot be given beside --endpoints",
            "--endpoints=a", "--discovery-srv", "d", "A");
    REFUSES("--endpoints: cannot be given beside --discovery-srv",
            "--discovery-srv=d", "--endpoints=a", "A");
    setenv("ETCDCTL_ENDPOINTS", "http://env:1", 1);
    assert_int_equal(PARSE(&o, NULL, "--discovery-srv=d", "A"), 0);
    assert_string_equal(o.discovery_srv, "d");
    assert_string_equal(o.config.endpoints, "http://127.0.0.1:2379");
    setenv("ETCDCTL_DISCOVERY_SRV", "env", 1);
    REFUSES("ETCDCTL_DISCOVERY_SRV: cannot be given beside ETCDCTL_ENDPOINTS",
            "A");
    assert_int_equal(PARSE(&o, NULL, "--endpoints=http://flag:1", "A"), 0);
    assert_string_equal(o.config.endpoints, "http://flag:1");
    assert_null(o.discovery_srv);
}

#define TEST(name) cmocka_unit_test_setup(name, command_line_setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tls_options_name_files_and_switches),
        TEST(switch_takes_no_word_that_follows_it),
        TEST(wait_is_seconds_or_a_time),
        TEST(hooks_are_commands_with_a_time_limit),
        TEST(nowait_is_a_switch_and_a_rival_of_wait),
        TEST(every_variable_of_etcdctls_counts),
        TEST(times_are_written_as_in_go),
        TEST(log_level_and_format_are_words),
        TEST(endpoints_come_from_one_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
