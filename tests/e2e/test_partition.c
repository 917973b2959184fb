/* test_partition.c: candidates that cannot reach some members, or any; silence
 * instead of refused connections takes a network of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "e2e/trio.h"
#include "support/network.h"
#include "support/port.h"

enum { TTL_S = 5, TTL_MS = TTL_S * 1000 };

/* Of the hosts of etcd_server_start_at(): who is cut off talks to this one. */
#define HOST "127.0.1.1"

static void dead_endpoint_at_the_head_of_the_list_is_passed_over(void **state)
{
    struct stage *s = *state;
    char dead[64];
    (void)snprintf(dead, sizeof dead, "http://127.0.0.1:%u,", port_free());
    struct process *a = trio_leader(s, "A", .before = dead);
    struct process *b = trio_waiter(s, "A", "B", .before = dead);
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    trio_expect_leads(s, a, &key);
    process_expect_error(a, "refused");
    trio_hand_over(a, b);
    trio_resign(b);
    stage_expect_nothing_left(s);
}

static void silent_endpoint_at_the_head_of_the_list_is_passed_over(void **state)
{
    struct stage *s = *state;
    network_cut(s->set, HOST, etcd_server_port(s->etcd, 0));
    struct process *a = trio_leader(s, "A", .host = 1);
    process_expect_error(a, "no connection within");
    trio_resign(a);
}

static void leader_cut_off_from_its_member_goes_on_leading(void **state)
{
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .host = 1);
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    network_cut(s->set, HOST, etcd_server_port(s->etcd, 0));
    process_expect_error(a, "no reply within");
    trio_expect_leads(s, a, &key);
    trio_resign(a);
}

static void waiter_cut_off_from_its_member_hears_of_its_turn(void **state)
{
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .member = 1);
    struct process *b = trio_waiter(s, "A", "B", .host = 1, .ttl_s = TTL_S);
    network_cut(s->set, HOST, etcd_server_port(s->etcd, 0));
    trio_hand_over_within(a, b, TTL_MS / 2);
    trio_resign(b);
}

/* It stops in time by its own clock, and comes back when it can. */
static void leader_cut_off_from_all_members_is_followed(void **state)
{
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .host = 1);
    struct process *b = trio_waiter(s, "A", "B", .member = 1);
    network_cut(s->set, HOST, 0);
    struct process_line lost = stage_expect_lost(a, "no confirmed renewal");
    struct process_line lead = stage_expect_next_lead(b);
    assert_true(lost.at_ms <= lead.at_ms);
    process_expect_line(a, STAGE_ATTEMPTING);
    network_heal(s->set);
    stage_expect_follow(a, "B");
    trio_hand_over(b, a);
    trio_resign(a);
    stage_expect_nothing_left(s);
}

static int heal(void **state)
{
    struct stage *s = *state;
    network_heal(s->set);
    return stage_teardown(state);
}

/* ---- a member among its own ---- */

static int setup_apart(void **state)
{
    stage_setup_without_etcd(state);
    struct stage *s = *state;
    s->etcd = etcd_server_start_apart(s->set, TRIO_N);
    return 0;
}

static bool knows_a_leader(struct stage *s, unsigned member)
{
    const char *const argv[] = { "endpoint", "status", "-w", "fields", NULL };
    struct process *p = etcdctl_start_argv(
        s->set, etcd_server_endpoint(s->etcd, member), argv);
    process_expect_exit(p, 0);
    bool yes = !strstr(process_output(p), "\"Leader\" : 0\n");
    process_free(p);
    return yes;
}

/* It answers whoever asks it, but hears nothing of the others. */
static void waiter_of_a_member_without_a_quorum_hears_of_its_turn(void **state)
{
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .member = 1);
    struct process *b = trio_waiter(s, "A", "B", .ttl_s = TTL_S);
    trio_let_lead(s, 1);
    network_isolate(s->set, ETCD_SERVER_GROUP_MIN,
                    etcd_server_port(s->etcd, 0));
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (knows_a_leader(s, 0))
        assert_true(process_now_ms() < end_at_ms);
    trio_hand_over_within(a, b, TTL_MS / 2);
    trio_resign(b);
}

#define CUT_TEST(test) cmocka_unit_test_setup_teardown(test, trio_setup, heal)

int main(void)
{
    const struct CMUnitTest refused[] = {
        TRIO_TEST(dead_endpoint_at_the_head_of_the_list_is_passed_over),
    };
    const struct CMUnitTest tests[] = {
        TRIO_TEST(dead_endpoint_at_the_head_of_the_list_is_passed_over),
        CUT_TEST(silent_endpoint_at_the_head_of_the_list_is_passed_over),
        CUT_TEST(leader_cut_off_from_its_member_goes_on_leading),
        CUT_TEST(waiter_cut_off_from_its_member_hears_of_its_turn),
        CUT_TEST(leader_cut_off_from_all_members_is_followed),
    };
    const struct CMUnitTest groups[] = {
        cmocka_unit_test_setup_teardown(
            waiter_of_a_member_without_a_quorum_hears_of_its_turn, setup_apart,
            heal),
    };
    if (!network_own())
        return trio_run(refused);
    int failed_n = 0;
    if (network_has_groups())
        failed_n = cmocka_run_group_tests(groups, NULL, NULL);
    else
        print_message("# no member is cut off from its own: it takes root\n");
    return failed_n + trio_run(tests);
}
