/* test_srv.c: endpoints from DNS, against a name server within the test: what
 * is found, and what is not there. test_srv_failures.c has the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "etcd/endpoints.h"
#include "srv_case.h"
#include "sys/clock.h"

/* No time passes. */
int64_t clock_now_ms(void)
{
    return 1000;
}

/* ---- answers ---- */

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
    ask(o, host_a, host_b);
    expect_list(o, "https://a.test:2379,http://b.test:2379");
    static const char *const names[] = { SECURE_NAME, PLAIN_NAME };
    expect_asked(o, 2, names);
}

static void one_kind_of_records_is_enough(void **state)
{
    struct outcome *o = *state;
    ask(o, host_a, NULL);
    expect_list(o, "https://a.test:2379");
    ask(o, NULL, host_b);
    expect_list(o, "http://b.test:2379");
}

static void order_is_by_priority_and_weight(void **state)
{
    struct outcome *o = *state;
    ask(o, NULL, hosts_c_and_b_and_a);
    expect_list(o, "http://A.test:2379,http://B.test:2380,http://c.test:2381");
}

static void one_server_in_both_is_taken_once_with_tls(void **state)
{
    struct outcome *o = *state;
    ask(o, host_a, hosts_c_and_b_and_a);
    expect_list(o, "https://a.test:2379,http://B.test:2380,http://c.test:2381");
}

static void as_many_as_endpoints_may_be_are_taken(void **state)
{
    struct outcome *o = *state;
    ask(o, many_hosts, many_hosts);
    assert_int_equal(o->result, 0);
    static struct endpoints endpoints;
    assert_int_equal(endpoints_parse(&endpoints, o->list, false, NULL), 0);
    assert_int_equal(endpoints.n, CANDIDATE_ENDPOINTS_MAX);
    assert_string_equal(endpoints.urls[31], "https://h31:2379");
}

static void longest_hosts_fit(void **state)
{
    struct outcome *o = *state;
    ask(o, longest_hosts, NULL);
    assert_int_equal(o->result, 0);
    static struct endpoints endpoints;
    assert_int_equal(endpoints_parse(&endpoints, o->list, false, NULL), 0);
    assert_int_equal(endpoints.n, 12);
}

static void too_many_of_both_kinds_are_refused(void **state)
{
    struct outcome *o = *state;
    ask(o, many_hosts, host_a);
    expect_error(o, CANDIDATE_ETOOBIG,
                 "DNS domain \"etcd.example.test\": more than 32 endpoints");
}

static void the_search_list_is_used_as_the_resolver_does(void **state)
{
    struct outcome *o = *state;
    ask_zones(o,
              (const struct dns_zone[]){ { SECURE_NAME, nothing },
                                         { SECURE_NAME ".search.test", host_a },
                                         { PLAIN_NAME ".search.test", host_b },
                                         { NULL, NULL } });
    expect_list(o, "https://a.test:2379,http://b.test:2379");
    static const char *const names[] = { SECURE_NAME,
                                         SECURE_NAME ".search.test", PLAIN_NAME,
                                         PLAIN_NAME ".search.test" };
    expect_asked(o, 4, names);
}

static void names_of_few_dots_are_searched_for_first(void **state)
{
    struct outcome *o = *state;
    ask_with_clock(o, "etcd.test",
                   (const struct dns_zone[]){
                       { "_etcd-client-ssl._tcp.etcd.test", host_a },
                       { "_etcd-client._tcp.etcd.test.search.test", host_b },
                       { NULL, NULL } },
                   NULL);
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
    ask_with_clock(
        o, "etcd.example.test.",
        (const struct dns_zone[]){ { PLAIN_NAME, host_b }, { NULL, NULL } },
        NULL);
    expect_list(o, "http://b.test:2379");
    static const char *const names[] = { SECURE_NAME, PLAIN_NAME };
    expect_asked(o, 2, names);
}

static void a_forged_reply_is_passed_over(void **state)
{
    struct outcome *o = *state;
    ask(o, host_a_after_a_forged_reply, NULL);
    expect_list(o, "https://a.test:2379");
}

/* Which is what makes room for more records than a few. */
static void edns_is_asked_for(void **state)
{
    struct outcome *o = *state;
    ask(o, host_a_with_edns, NULL);
    expect_list(o, "https://a.test:2379");
}

static void a_server_without_edns_is_asked_again(void **state)
{
    struct outcome *o = *state;
    ask(o, host_a_without_edns, NULL);
    expect_list(o, "https://a.test:2379");
}

/* ---- what is not there ---- */

static void names_that_do_not_exist_are_not_found(void **state)
{
    struct outcome *o = *state;
    ask(o, NULL, NULL);
    expect_error(
        o, CANDIDATE_ENOTFOUND,
        "DNS domain \"etcd.example.test\": neither _etcd-client-ssl._tcp "
        "nor _etcd-client._tcp is there (NXDOMAIN)");
}

static void names_without_srv_records_are_not_found(void **state)
{
    struct outcome *o = *state;
    ask(o, NULL, nothing);
    expect_error(o, CANDIDATE_ENOTFOUND,
                 "DNS domain \"etcd.example.test\": no SRV records of "
                 "_etcd-client-ssl._tcp or _etcd-client._tcp");
}

static void a_service_that_is_declined_is_not_searched_for(void **state)
{
    struct outcome *o = *state;
    ask_zones(o,
              (const struct dns_zone[]){ { SECURE_NAME, declined },
                                         { PLAIN_NAME, declined },
                                         { PLAIN_NAME ".search.test", host_a },
                                         { NULL, NULL } });
    expect_error(
        o, CANDIDATE_ENOTFOUND,
        "DNS domain \"etcd.example.test\": its SRV records say that it has "
        "no such service");
}

static void declined_tls_leaves_the_plain_records(void **state)
{
    struct outcome *o = *state;
    ask(o, declined, host_b);
    expect_list(o, "http://b.test:2379");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, srv_case_setup, srv_case_teardown)

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
    };
    srv_case_set_resolver();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
