/* test_strangers.c: an endpoint in the list that belongs to another cluster.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/version.h"
#include "support/stage.h"

#define STRANGER "belongs to another etcd cluster"

enum { ENDPOINTS_BYTES_MAX = 256 };

struct two {
    struct stage *stage;
    struct etcd_server *other;
    char endpoints[ENDPOINTS_BYTES_MAX]; /* the stage's etcd first */
};

static int setup(void **state)
{
    struct two *two = calloc(1, sizeof *two);
    assert_non_null(two);
    void *stage;
    stage_setup(&stage);
    two->stage = stage;
    two->other = etcd_server_start(two->stage->set, 1);
    (void)snprintf(two->endpoints, sizeof two->endpoints, "%s,%s",
                   etcd_server_endpoints(two->stage->etcd),
                   etcd_server_endpoints(two->other));
    *state = two;
    return 0;
}

static int teardown(void **state)
{
    struct two *two = *state;
    void *stage = two->stage;
    stage_teardown(&stage);
    etcd_server_free(two->other);
    free(two);
    return 0;
}

static struct process *candidate(struct two *two, const char *id)
{
    const char *const argv[] = {
        stage_program(), "--endpoints", two->endpoints, "--ttl", "20", id, NULL
    };
    struct process *p;
    p = process_start(two->stage->set, PROCESS_PIPES, argv, NULL);
    process_ignore_errors(p, VERSION_MENDED);
    stage_expect_begin(p, id);
    return p;
}

static void expect_stranger_named(const struct two *two, struct process *p)
{
    struct process_line said = process_expect_error(p, STRANGER);
    const char *other = etcd_server_endpoints(two->other);
    const char *ours = etcd_server_endpoints(two->stage->etcd);
    assert_non_null(strstr(said.text, other));
    assert_non_null(strstr(said.text, ours));
    assert_true(strstr(said.text, other) < strstr(said.text, ours));
}

static void stranger_is_named_at_once_and_costs_nothing(void **state)
{
    struct two *two = *state;
    struct etcdctl_key key;
    struct process *a = candidate(two, "A");
    stage_expect_lead(a);
    expect_stranger_named(two, a);
    struct process *b = candidate(two, "B");
    stage_expect_follow(b, "A");
    expect_stranger_named(two, b);

    /* When their own etcd is silent, both turn to the stranger. */
    etcd_server_pause(two->stage->etcd, 0);
    process_expect_error(a, etcd_server_endpoints(two->stage->etcd));
    process_expect_error(b, etcd_server_endpoints(two->stage->etcd));
    etcd_server_resume(two->stage->etcd, 0);
    key = etcdctl_get(two->stage->etcd, "leader");
    etcdctl_await_renewal(two->stage->etcd, key.lease);
    process_skip_errors(a);
    process_expect_nothing_more(a);
    process_skip_errors(b);
    process_expect_nothing_more(b);

    process_write(a, "\n");
    process_expect_line(a, "End");
    process_expect_exit(a, 0);
    stage_expect_next_lead(b);
    assert_int_equal(etcdctl_list(two->other, "", &key, 1), 0);
}

/* Whoever cannot know better believes the first that answers. */
static void first_that_answers_is_the_one_that_is_meant(void **state)
{
    struct two *two = *state;
    etcd_server_kill(two->stage->etcd, 0);
    struct process *a = candidate(two, "A");
    process_expect_error(a, etcd_server_endpoints(two->stage->etcd));
    stage_expect_lead(a);
    struct etcdctl_key key = etcdctl_get(two->other, "leader");
    etcd_server_relaunch(two->stage->etcd, 0);
    etcd_server_await(two->stage->etcd, 0);
    etcd_server_pause(two->other, 0);
    process_expect_error(a, etcd_server_endpoints(two->other));
    etcd_server_resume(two->other, 0);
    etcdctl_await_renewal(two->other, key.lease);
    assert_int_equal(etcdctl_list(two->stage->etcd, "", &key, 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stranger_is_named_at_once_and_costs_nothing),
        TEST(first_that_answers_is_the_one_that_is_meant),
    };
    return cmocka_run_group_tests_name("strangers", tests, NULL, NULL);
}
