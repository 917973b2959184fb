/* test_srv_failures.c: endpoints from DNS when name servers fail, lie or are
 * slow, and what is no domain.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "srv_case.h"
#include "sys/clock.h"

/* Time passes when the server answers. */
static _Atomic int64_t now_ms = 1000;

int64_t clock_now_ms(void)
{
    return now_ms;
}

/* ---- answers ---- */

static void silence(struct dns_message *m)
{
    m->bytes = 0;
}

static void refusal(struct dns_message *m)
{
    dns_set_rcode(m, ns_r_refused);
}

static void not_implemented(struct dns_message *m)
{
    dns_set_rcode(m, ns_r_notimpl);
}

static void lame(struct dns_message *m)
{
    dns_set_lame(m);
}

static void another_class(struct dns_message *m)
{
    dns_add(m, NULL, ns_t_srv, ns_c_chaos, "\0\0\0\0\0\1\1a", 9);
}

static void truncated(struct dns_message *m)
{
    host_a(m);
    dns_set_truncated(m);
}

static void truncated_to_nothing(struct dns_message *m)
{
    dns_set_truncated(m);
}

/* ---- failures ---- */

static void failures_of_the_server_are_named(void **state)
{
    struct outcome *o = *state;
    static const struct {
        void (*answer)(struct dns_message *m);
        const char *words;
    } cases[] = {
        { server_failure, "the name server has failed (SERVFAIL)" },
        { refusal, "the name server will not answer us (REFUSED)" },
        { not_implemented, "the name server answers with error 4" },
        { lame, "no answer of use from a name server" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char message[CANDIDATE_ERROR_BYTES_MAX];
        snprintf(message, sizeof message,
                 "DNS domain \"etcd.example.test\": _etcd-client-ssl._tcp: %s",
                 cases[i].words);
        ask(o, cases[i].answer, NULL);
        expect_error(o, CANDIDATE_ERETRY, message);
    }
}

static void a_silent_server_is_given_up(void **state)
{
    struct outcome *o = *state;
    ask(o, silence, host_b);
    expect_error(o, CANDIDATE_ERETRY,
                 "DNS domain \"etcd.example.test\": _etcd-client-ssl._tcp: no "
                 "answer from a name server in time");
    assert_int_equal(o->server.asked_n, 1);
}

static void take_time(void)
{
    now_ms += SRV_TOTAL_MS_MAX / 2;
}

static void slow_servers_are_given_up(void **state)
{
    struct outcome *o = *state;
    ask_with_clock(
        o, "etcd.example.test",
        (const struct dns_zone[]){ { PLAIN_NAME, host_b }, { NULL, NULL } },
        take_time);
    expect_error(
        o, CANDIDATE_ERETRY,
        "DNS domain \"etcd.example.test\": _etcd-client._tcp: the name "
        "servers are slow");
    static const char *const names[] = { SECURE_NAME,
                                         SECURE_NAME ".search.test" };
    expect_asked(o, 2, names);
}

static void no_server_at_all_is_named(void **state)
{
    struct outcome *o = *state;
    dns_server_start(&o->server, (const struct dns_zone[]){ { NULL, NULL } },
                     NULL);
    dns_server_stop(&o->server); /* nobody listens there now */
    snprintf(o->list, sizeof o->list, UNTOUCHED);
    o->result = srv_endpoints("etcd.example.test", &o->server.address, o->list,
                              sizeof o->list, &o->err);
    expect_error(
        o, CANDIDATE_ERETRY,
        "DNS domain \"etcd.example.test\": _etcd-client-ssl._tcp: cannot "
        "ask a name server: Connection refused");
}

static void bad_replies_are_refused(void **state)
{
    struct outcome *o = *state;
    static const struct {
        void (*answer)(struct dns_message *m);
        int error;
        const char *words;
    } cases[] = {
        { another_class, CANDIDATE_EPROTO,
          "bad reply: a record of another class" },
        { truncated, CANDIDATE_ETOOBIG,
          "the reply is truncated: its records are too many" },
        { truncated_to_nothing, CANDIDATE_ETOOBIG, "the reply is truncated" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char message[CANDIDATE_ERROR_BYTES_MAX];
        snprintf(message, sizeof message,
                 "DNS domain \"etcd.example.test\": _etcd-client-ssl._tcp: %s",
                 cases[i].words);
        ask(o, cases[i].answer, host_b);
        expect_error(o, cases[i].error, message);
    }
}

static void no_answer_about_tls_is_not_taken_for_no_tls(void **state)
{
    struct outcome *o = *state;
    ask(o, server_failure, host_b);
    assert_int_equal(o->result, CANDIDATE_ERETRY);
    assert_string_equal(o->list, UNTOUCHED);
}

static void tls_records_do_without_an_answer_about_plain_ones(void **state)
{
    struct outcome *o = *state;
    ask(o, host_a, server_failure);
    assert_int_equal(o->result, 0);
    assert_string_equal(o->list, "https://a.test:2379");
}

/* ---- domains ---- */

static void what_is_no_domain_is_refused_unasked(void **state)
{
    struct outcome *o = *state;
    static const char *const domains[][2] = {
        { "", "" },
        { ".", "." },
        { ".etcd.example.test", ".etcd.example.test" },
        { "example..test", "example..test" },
        { "example test", "example test" },
        { "etcd.example.test:53", "etcd.example.test:53" },
        { "http://etcd.example.test", "http://etcd.example.test" },
        { "caf\xc3\xa9.test", "caf\xc3\xa9.test" },
        { "a\033[2J", "a\\x1b[2J" },
    };
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        char message[CANDIDATE_ERROR_BYTES_MAX];
        snprintf(message, sizeof message,
                 "\"%s\" is not the name of a DNS domain", domains[i][1]);
        ask_with_clock(o, domains[i][0],
                       (const struct dns_zone[]){ { NULL, NULL } }, NULL);
        expect_error(o, CANDIDATE_EINVAL, message);
        assert_int_equal(o->server.asked_n, 0);
    }
}

static void longest_domain_is_asked_for_and_a_longer_one_refused(void **state)
{
    struct outcome *o = *state;
    char domain[233];
    memset(domain, 'd', sizeof domain);
    for (size_t i = 57; i < sizeof domain; i += 58)
        domain[i] = '.';
    domain[231] = '\0';
    ask_with_clock(o, domain, (const struct dns_zone[]){ { NULL, NULL } },
                   NULL);
    assert_int_equal(o->result, CANDIDATE_ENOTFOUND);
    assert_int_equal(o->server.asked_n, 2); /* the search list would not fit */
    domain[231] = 'd';
    domain[232] = '\0';
    ask_with_clock(o, domain, (const struct dns_zone[]){ { NULL, NULL } },
                   NULL);
    assert_int_equal(o->result, CANDIDATE_EINVAL);
}

static void a_label_that_is_too_long_is_refused(void **state)
{
    struct outcome *o = *state;
    char domain[65] = { 0 };
    memset(domain, 'd', 64);
    ask_with_clock(o, domain, (const struct dns_zone[]){ { NULL, NULL } },
                   NULL);
    assert_int_equal(o->result, CANDIDATE_EINVAL);
    assert_int_equal(o->server.asked_n, 0);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, srv_case_setup, srv_case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(failures_of_the_server_are_named),
        TEST(a_silent_server_is_given_up),
        TEST(slow_servers_are_given_up),
        TEST(no_server_at_all_is_named),
        TEST(bad_replies_are_refused),
        TEST(no_answer_about_tls_is_not_taken_for_no_tls),
        TEST(tls_records_do_without_an_answer_about_plain_ones),
        TEST(what_is_no_domain_is_refused_unasked),
        TEST(longest_domain_is_asked_for_and_a_longer_one_refused),
        TEST(a_label_that_is_too_long_is_refused),
    };
    srv_case_set_resolver();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
