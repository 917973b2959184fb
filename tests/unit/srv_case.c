/* srv_case.c: see srv_case.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "etcd/endpoints.h"
#include "srv_case.h"

int srv_case_setup(void **state)
{
    struct outcome *o = calloc(1, sizeof *o);
    assert_non_null(o);
    *state = o;
    return 0;
}

int srv_case_teardown(void **state)
{
    free(*state);
    return 0;
}

void ask_with_clock(struct outcome *o, const char *domain,
                    const struct dns_zone *zones, void (*before_reply)(void))
{
    struct candidate_error err = { .message = "" };
    o->err = err;
    snprintf(o->list, sizeof o->list, UNTOUCHED);
    dns_server_start(&o->server, zones, before_reply);
    o->result = srv_endpoints(domain, &o->server.address, o->list,
                              sizeof o->list, &o->err);
    dns_server_stop(&o->server);
}

void ask_zones(struct outcome *o, const struct dns_zone *zones)
{
    ask_with_clock(o, "etcd.example.test", zones, NULL);
}

void ask(struct outcome *o, void (*secure)(struct dns_message *m),
         void (*plain)(struct dns_message *m))
{
    struct dns_zone zones[3] = { { NULL, NULL } };
    size_t n = 0;
    if (secure)
        zones[n++] = (struct dns_zone){ SECURE_NAME, secure };
    if (plain)
        zones[n++] = (struct dns_zone){ PLAIN_NAME, plain };
    ask_zones(o, zones);
}

void expect_list(const struct outcome *o, const char *list)
{
    static struct endpoints endpoints;
    assert_string_equal(o->err.message, "");
    assert_int_equal(o->result, 0);
    assert_string_equal(o->list, list);
    assert_int_equal(endpoints_parse(&endpoints, o->list, false, NULL), 0);
}

void expect_error(const struct outcome *o, int error, const char *message)
{
    assert_string_equal(o->err.message, message);
    assert_int_equal(o->result, error);
    assert_int_equal(o->err.code, error);
    assert_string_equal(o->list, UNTOUCHED);
}

void expect_asked(const struct outcome *o, unsigned n, const char *const *names)
{
    for (unsigned i = 0; i < n && i < o->server.asked_n; i++)
        assert_string_equal(o->server.asked[i], names[i]);
    assert_int_equal(o->server.asked_n, n);
}

void srv_case_set_resolver(void)
{
    setenv("LOCALDOMAIN", "search.test", 1);
    setenv("RES_OPTIONS", "ndots:4 timeout:1 attempts:1", 1);
}

/* ---- answers ---- */

void host_a(struct dns_message *m)
{
    dns_add_srv(m, 0, 0, 2379, "a.test");
}

void host_b(struct dns_message *m)
{
    dns_add_srv(m, 0, 0, 2379, "b.test");
}

void server_failure(struct dns_message *m)
{
    dns_set_rcode(m, ns_r_servfail);
}
