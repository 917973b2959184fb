/* test_srv.c: endpoints from DNS, against a name server within the test.
 *
 * The clock is the test's own: time passes when the server answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/nameser.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etcd/endpoints.h"
#include "support/dns_server.h"
#include "sys/clock.h"
#include "sys/srv.h"

#define SECURE_NAME "_etcd-client-ssl._tcp.etcd.example.test"
#define PLAIN_NAME "_etcd-client._tcp.etcd.example.test"
#define UNTOUCHED "untouched"

static _Atomic int64_t now_ms;

int64_t clock_now_ms(void)
{
    return now_ms;
}

struct outcome {
    int result;
    char list[SRV_LIST_BYTES_MAX];
    struct candidate_error err;
    struct dns_server server; /* stopped */
};

static int setup(void **state)
{
    struct outcome *o = calloc(1, sizeof *o);
    assert_non_null(o);
    now_ms = 1000;
    *state = o;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void ask_with_clock(struct outcome *o, const char *domain,
                           const struct dns_zone *zones,
                           void (*before_reply)(void))
{
    struct candidate_error err = { .message = "" };
    o->err = err;
    snprintf(o->list, sizeof o->list, UNTOUCHED);
    dns_server_start(&o->server, zones, before_reply);
    o->result = srv_endpoints(domain, &o->server.address, o->list,
                              sizeof o->list, &o->err);
    dns_server_stop(&o->server);
}

static void ask(struct outcome *o, const struct dns_zone *zones)
{
    ask_with_clock(o, "etcd.example.test", zones, NULL);
}

/* Whoever takes the list must be able to. */
static void expect_list(const struct outcome *o, const char *list)
{
    static struct endpoints endpoints;
    assert_string_equal(o->err.message, "");
    assert_int_equal(o->result, 0);
    assert_string_equal(o->list, list);
    assert_int_equal(endpoints_parse(&endpoints, o->list, false, NULL), 0);
}

static void expect_error(const struct outcome *o, int error,
                         const char *message)
{
    assert_string_equal(o->err.message, message);
    assert_int_equal(o->result, error);
    assert_int_equal(o->err.code, error);
    assert_string_equal(o->list, UNTOUCHED);
}

static void expect_asked(const struct outcome *o, unsigned n,
                         const char *const *names)
{
    for (unsigned i = 0; i < n && i < o->server.asked_n; i++)
        assert_string_equal(o->server.asked[i], names[i]);
    assert_int_equal(o->server.asked_n, n);
}

/* ---- answers ---- */

static void host_a(struct dns_message *m)
{
    dns_add_srv(m, 0, 0, 2379, "a.test");
}

static void host_b(struct dns_message *m)
{
    dns_add_srv(m, 0, 0, 2379, "b.test");
}

static void hosts_c_and_b_and_a(struct dns_message *m)
{
    dns_add_srv(m, 2, 9, 2381, "c.test");
    dns_add_srv(m, 1, 1, 2380, "B.test");
    dns_add_srv(m, 1, 2, 2379, "A.test");
}

static void many_hosts(struct dns_message *m)
{
    char host[16];
    for (unsigned i = 0; i < CANDIDATE_ENDPOINTS_MAX; i++) {
        snprintf(host, sizeof host, "h%u", i);
        dns_add_srv(m, i, 0, 2379, host);
    }
}

static void longest_hosts(struct dns_message *m)
{
    char host[SRV_HOST_BYTES_MAX + 1];
    memset(host, 'h', sizeof host - 1);
    for (size_t i = 63; i < sizeof host; i += 64)
        host[i] = '.';
    host[sizeof host - 1] = '\0';
    for (unsigned i = 0; i < 12; i++)
        dns_add_srv(m, 0, 0, 65500 + i, host);
}

static void nothing(struct dns_message *m)
{
    (void)m;
}

static void declined(struct dns_message *m)
{
    dns_add_srv(m, 0, 0, 0, "");
}

static void silence(struct dns_message *m)
{
    m->bytes = 0;
}

static void server_failure(struct dns_message *m)
{
    dns_set_rcode(m, ns_r_servfail);
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

static void host_a_after_a_forged_reply(struct dns_message *m)
{
    host_a(m);
    m->forged_is_first = true;
}

static void host_a_without_edns(struct dns_message *m)
{
    if (m->edns)
        dns_set_rcode(m, ns_r_formerr);
    else
        host_a(m);
}

static void host_a_with_edns(struct dns_message *m)
{
    if (m->edns)
        host_a(m);
    else
        server_failure(m);
}

/* ---- what is found ---- */

static void ssl_records_give_https_and_then_plain_ones_http(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, host_a },
                                      { PLAIN_NAME, host_b },
                                      { NULL, NULL } };
    ask(o, zones);
    expect_list(o, "https://a.test:2379,http://b.test:2379");
    static const char *const names[] = { SECURE_NAME, PLAIN_NAME };
    expect_asked(o, 2, names);
}

static void one_kind_of_records_is_enough(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone secure[] = { { SECURE_NAME, host_a },
                                       { NULL, NULL } };
    ask(o, secure);
    expect_list(o, "https://a.test:2379");
    const struct dns_zone plain[] = { { PLAIN_NAME, host_b }, { NULL, NULL } };
    ask(o, plain);
    expect_list(o, "http://b.test:2379");
}

static void order_is_by_priority_and_weight(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { PLAIN_NAME, hosts_c_and_b_and_a },
                                      { NULL, NULL } };
    ask(o, zones);
    expect_list(o, "http://A.test:2379,http://B.test:2380,http://c.test:2381");
}

static void one_server_in_both_is_taken_once_with_tls(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, host_a },
                                      { PLAIN_NAME, hosts_c_and_b_and_a },
                                      { NULL, NULL } };
    ask(o, zones);
    expect_list(o, "https://a.test:2379,http://B.test:2380,http://c.test:2381");
}

static void as_many_as_endpoints_may_be_are_taken(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, many_hosts },
                                      { PLAIN_NAME, many_hosts },
                                      { NULL, NULL } };
    ask(o, zones);
    assert_int_equal(o->result, 0);
    static struct endpoints endpoints;
    assert_int_equal(endpoints_parse(&endpoints, o->list, false, NULL), 0);
    assert_int_equal(endpoints.n, CANDIDATE_ENDPOINTS_MAX);
    assert_string_equal(endpoints.urls[31], "https://h31:2379");
}

static void longest_hosts_fit(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, longest_hosts },
                                      { NULL, NULL } };
    ask(o, zones);
    assert_int_equal(o->result, 0);
    static struct endpoints endpoints;
    assert_int_equal(endpoints_parse(&endpoints, o->list, false, NULL), 0);
    assert_int_equal(endpoints.n, 12);
}

static void too_many_of_both_kinds_are_refused(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, many_hosts },
                                      { PLAIN_NAME, host_a },
                                      { NULL, NULL } };
    ask(o, zones);
    expect_error(o, CANDIDATE_ETOOBIG,
                 "DNS domain \"etcd.example.test\": more than 32 endpoints");
}

static void the_search_list_is_used_as_the_resolver_does(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, nothing },
                                      { SECURE_NAME ".search.test", host_a },
                                      { PLAIN_NAME ".search.test", host_b },
                                      { NULL, NULL } };
    ask(o, zones);
    expect_list(o, "https://a.test:2379,http://b.test:2379");
    static const char *const names[] = { SECURE_NAME,
                                         SECURE_NAME ".search.test", PLAIN_NAME,
                                         PLAIN_NAME ".search.test" };
    expect_asked(o, 4, names);
}

static void names_of_few_dots_are_searched_for_first(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = {
        { "_etcd-client-ssl._tcp.etcd.test", host_a },
        { "_etcd-client._tcp.etcd.test.search.test", host_b },
        { NULL, NULL }
    };
    ask_with_clock(o, "etcd.test", zones, NULL);
    expect_list(o, "https://a.test:2379,http://b.test:2379");
    static const char *const names[] = {
        "_etcd-client-ssl._tcp.etcd.test.search.test",
        "_etcd-client-ssl._tcp.etcd.test",
        "_etcd-client._tcp.etcd.test.search.test"
    };
    expect_asked(o, 3, names);
}

static void a_dot_behind_the_domain_ends_it(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { PLAIN_NAME, host_b }, { NULL, NULL } };
    ask_with_clock(o, "etcd.example.test.", zones, NULL);
    expect_list(o, "http://b.test:2379");
    static const char *const names[] = { SECURE_NAME, PLAIN_NAME };
    expect_asked(o, 2, names);
}

static void a_forged_reply_is_passed_over(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = {
        { SECURE_NAME, host_a_after_a_forged_reply }, { NULL, NULL }
    };
    ask(o, zones);
    expect_list(o, "https://a.test:2379");
}

/* Which is what makes room for more records than a few. */
static void edns_is_asked_for(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, host_a_with_edns },
                                      { NULL, NULL } };
    ask(o, zones);
    expect_list(o, "https://a.test:2379");
}

static void a_server_without_edns_is_asked_again(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, host_a_without_edns },
                                      { NULL, NULL } };
    ask(o, zones);
    expect_list(o, "https://a.test:2379");
}

/* ---- what is not there ---- */

static void names_that_do_not_exist_are_not_found(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { NULL, NULL } };
    ask(o, zones);
    expect_error(
        o, CANDIDATE_ENOTFOUND,
        "DNS domain \"etcd.example.test\": neither _etcd-client-ssl._tcp "
        "nor _etcd-client._tcp is there (NXDOMAIN)");
}

static void names_without_srv_records_are_not_found(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { PLAIN_NAME, nothing }, { NULL, NULL } };
    ask(o, zones);
    expect_error(o, CANDIDATE_ENOTFOUND,
                 "DNS domain \"etcd.example.test\": no SRV records of "
                 "_etcd-client-ssl._tcp or _etcd-client._tcp");
}

static void a_service_that_is_declined_is_not_searched_for(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, declined },
                                      { PLAIN_NAME, declined },
                                      { PLAIN_NAME ".search.test", host_a },
                                      { NULL, NULL } };
    ask(o, zones);
    expect_error(
        o, CANDIDATE_ENOTFOUND,
        "DNS domain \"etcd.example.test\": its SRV records say that it has "
        "no such service");
}

static void declined_tls_leaves_the_plain_records(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, declined },
                                      { PLAIN_NAME, host_b },
                                      { NULL, NULL } };
    ask(o, zones);
    expect_list(o, "http://b.test:2379");
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
        const struct dns_zone zones[] = { { SECURE_NAME, cases[i].answer },
                                          { NULL, NULL } };
        char message[CANDIDATE_ERROR_BYTES_MAX];
        snprintf(message, sizeof message,
                 "DNS domain \"etcd.example.test\": _etcd-client-ssl._tcp: %s",
                 cases[i].words);
        ask(o, zones);
        expect_error(o, CANDIDATE_ERETRY, message);
    }
}

static void a_silent_server_is_given_up(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, silence },
                                      { PLAIN_NAME, host_b },
                                      { NULL, NULL } };
    ask(o, zones);
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
    const struct dns_zone zones[] = { { PLAIN_NAME, host_b }, { NULL, NULL } };
    ask_with_clock(o, "etcd.example.test", zones, take_time);
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
    const struct dns_zone zones[] = { { NULL, NULL } };
    dns_server_start(&o->server, zones, NULL);
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
        const struct dns_zone zones[] = { { SECURE_NAME, cases[i].answer },
                                          { PLAIN_NAME, host_b },
                                          { NULL, NULL } };
        char message[CANDIDATE_ERROR_BYTES_MAX];
        snprintf(message, sizeof message,
                 "DNS domain \"etcd.example.test\": _etcd-client-ssl._tcp: %s",
                 cases[i].words);
        ask(o, zones);
        expect_error(o, cases[i].error, message);
    }
}

static void no_answer_about_tls_is_not_taken_for_no_tls(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, server_failure },
                                      { PLAIN_NAME, host_b },
                                      { NULL, NULL } };
    ask(o, zones);
    assert_int_equal(o->result, CANDIDATE_ERETRY);
    assert_string_equal(o->list, UNTOUCHED);
}

static void tls_records_do_without_an_answer_about_plain_ones(void **state)
{
    struct outcome *o = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, host_a },
                                      { PLAIN_NAME, server_failure },
                                      { NULL, NULL } };
    ask(o, zones);
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
    const struct dns_zone zones[] = { { NULL, NULL } };
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        char message[CANDIDATE_ERROR_BYTES_MAX];
        snprintf(message, sizeof message,
                 "\"%s\" is not the name of a DNS domain", domains[i][1]);
        ask_with_clock(o, domains[i][0], zones, NULL);
        expect_error(o, CANDIDATE_EINVAL, message);
        assert_int_equal(o->server.asked_n, 0);
    }
}

static void longest_domain_is_asked_for_and_a_longer_one_refused(void **state)
{
    struct outcome *o = *state;
    char domain[233];
    const struct dns_zone zones[] = { { NULL, NULL } };
    memset(domain, 'd', sizeof domain);
    for (size_t i = 57; i < sizeof domain; i += 58)
        domain[i] = '.';
    domain[231] = '\0';
    ask_with_clock(o, domain, zones, NULL);
    assert_int_equal(o->result, CANDIDATE_ENOTFOUND);
    assert_int_equal(o->server.asked_n, 2); /* the search list would not fit */
    domain[231] = 'd';
    domain[232] = '\0';
    ask_with_clock(o, domain, zones, NULL);
    assert_int_equal(o->result, CANDIDATE_EINVAL);
}

static void a_label_that_is_too_long_is_refused(void **state)
{
    struct outcome *o = *state;
    char domain[65] = { 0 };
    memset(domain, 'd', 64);
    const struct dns_zone zones[] = { { NULL, NULL } };
    ask_with_clock(o, domain, zones, NULL);
    assert_int_equal(o->result, CANDIDATE_EINVAL);
    assert_int_equal(o->server.asked_n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ssl_records_give_https_and_then_plain_ones_http),
        TEST(one_kind_of_records_is_enough),
        TEST(order_is_by_priority_and_weight),
        TEST(one_server_in_both_is_taken_once_with_tls),
        TEST(as_many_as_endpoints_may_be_are_taken),
        TEST(longest_hosts_fit),
        TEST(too_many_of_both_kinds_are_refused),
        TEST(the_search_list_is_used_as_the_resolver_does),
        TEST(names_of_few_dots_are_searched_for_first),
        TEST(a_dot_behind_the_domain_ends_it),
        TEST(a_forged_reply_is_passed_over),
        TEST(edns_is_asked_for),
        TEST(a_server_without_edns_is_asked_again),
        TEST(names_that_do_not_exist_are_not_found),
        TEST(names_without_srv_records_are_not_found),
        TEST(a_service_that_is_declined_is_not_searched_for),
        TEST(declined_tls_leaves_the_plain_records),
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
    /* Read once in a process, in place of what resolv.conf says. */
    setenv("LOCALDOMAIN", "search.test", 1);
    setenv("RES_OPTIONS", "ndots:4 timeout:1 attempts:1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
