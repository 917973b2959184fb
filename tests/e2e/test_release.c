/* test_release.c: a lease's end, told to a real etcd by somebody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "e2e/live.h"
#include "support/etcdctl.h"
#include "support/port.h"

static struct candidate_config config(const char *endpoints)
{
    struct candidate_config c;
    candidate_config_init(&c);
    c.endpoints = endpoints;
    return c;
}

static void all_keys_of_the_lease_vanish_at_once(void **state)
{
    struct live *l = *state;
    live_grant(l, LIVE_LEASE);
    live_put(l, "a", "1", LIVE_LEASE);
    live_put(l, "b", "2", LIVE_LEASE);
    struct candidate_config c = config(etcd_server_endpoint(l->server, 0));
    struct candidate_error err = { 0 };
    int64_t before = live_revision(l);
    assert_int_equal(
        candidate_release(&c, LIVE_LEASE, PROCESS_PATIENCE_MS, &err), 0);
    assert_int_equal(live_get(l, "a").create_revision, 0);
    assert_int_equal(live_get(l, "b").create_revision, 0);
    assert_int_equal(live_revision(l), before + 1);
    assert_int_equal(etcdctl_leases_n(l->server), 0);
    /* and once more, as whoever got no answer does */
    assert_int_equal(
        candidate_release(&c, LIVE_LEASE, PROCESS_PATIENCE_MS, &err), 0);
}

static void dead_endpoint_is_passed_over(void **state)
{
    struct live *l = *state;
    char endpoints[256];
    snprintf(endpoints, sizeof endpoints, "http://127.0.0.1:%d,%s", port_free(),
             etcd_server_endpoint(l->server, 0));
    struct candidate_config c = config(endpoints);
    live_grant(l, LIVE_LEASE);
    assert_int_equal(
        candidate_release(&c, LIVE_LEASE, PROCESS_PATIENCE_MS, NULL), 0);
    assert_int_equal(etcdctl_leases_n(l->server), 0);
}

/* With authentication it takes a user who may write the keys. */
static void user_without_rights_is_denied(void **state)
{
    struct live *l = *state;
    live_grant(l, LIVE_LEASE);
    live_put(l, "a", "1", LIVE_LEASE);
    etcdctl(l->server, "user", "add", "root:secret");
    etcdctl(l->server, "user", "add", "ann:secret");
    etcdctl(l->server, "auth", "enable");
    struct candidate_config c = config(etcd_server_endpoint(l->server, 0));
    struct candidate_error err = { 0 };
    c.user = "ann";
    c.password = "secret";
    int denied = candidate_release(&c, LIVE_LEASE, PROCESS_PATIENCE_MS, &err);
    c.user = "root";
    int allowed = candidate_release(&c, LIVE_LEASE, PROCESS_PATIENCE_MS, NULL);
    etcdctl(l->server, "--user", "root:secret", "auth", "disable");
    assert_int_equal(denied, CANDIDATE_EDENIED);
    assert_non_null(strstr(err.message, "permission denied"));
    assert_int_equal(allowed, 0);
    assert_int_equal(live_get(l, "a").create_revision, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, live_begin, live_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_keys_of_the_lease_vanish_at_once),
        TEST(dead_endpoint_is_passed_over),
        TEST(user_without_rights_is_denied),
    };
    return cmocka_run_group_tests(tests, live_setup, live_teardown);
}
