/* test_cluster.c: three members of which some are lost, or lead in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "e2e/trio.h"

enum {
    MOVE_MS_MAX = 2000, /* from a refused connection to another member */
    LONG_TTL_S = 60,    /* half of it, as for a silent one, would be too late */
};

static void loss_of_any_member_leaves_leader_and_queue(void **state)
{
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .member = 0);
    struct process *b = trio_waiter(s, "A", "B", .member = 0);
    struct process *c = trio_waiter(s, "A", "C", .member = 1);
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    for (unsigned i = 0; i < TRIO_N; i++) {
        /* The other tests must not eat what is left of an older renewal; what
         * happens at any moment is the fault table's affair. */
        etcdctl_await_renewal(s->etcd, key.lease);
        etcd_server_kill(s->etcd, i);
        trio_expect_leads(s, a, &key);
        etcd_server_relaunch(s->etcd, i);
        etcd_server_await(s->etcd, i);
    }
    trio_hand_over(a, b);
    stage_expect_next_follow(c, "B");
    trio_hand_over(b, c);
    trio_resign(c);
    stage_expect_nothing_left(s);
}

/* What happens while nobody serves the waiter's watch is not missed. */
static void waiter_of_a_killed_member_hears_of_its_turn(void **state)
{
    trio_resign(trio_turn_despite_loss(*state, etcd_server_kill, LONG_TTL_S,
                                       MOVE_MS_MAX));
}

static void without_a_quorum_nobody_leads_and_then_the_first_does(void **state)
{
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .member = 0);
    etcd_server_kill(s->etcd, 1);
    etcd_server_kill(s->etcd, 2);
    stage_expect_lost(a, "no confirmed renewal");
    process_expect_line(a, STAGE_ATTEMPTING);
    etcd_server_relaunch(s->etcd, 1);
    etcd_server_relaunch(s->etcd, 2);
    stage_expect_lead(a);
    trio_resign(a);
    etcd_server_await(s->etcd, 1);
    stage_expect_nothing_left(s);
}

static void short_loss_of_the_quorum_is_no_loss(void **state)
{
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .member = 0);
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    etcd_server_pause(s->etcd, 1);
    etcd_server_pause(s->etcd, 2);
    process_expect_error(a, etcd_server_endpoint(s->etcd, 0));
    etcd_server_resume(s->etcd, 1);
    etcd_server_resume(s->etcd, 2);
    trio_expect_leads(s, a, &key);
    trio_resign(a);
}

/* Each member is the leader of etcd for a while. */
static void moved_leader_of_etcd_leaves_ours(void **state)
{
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .member = 0);
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    for (unsigned i = 0; i < TRIO_N; i++) {
        trio_let_lead(s, i);
        trio_expect_leads(s, a, &key);
    }
    trio_resign(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRIO_TEST(loss_of_any_member_leaves_leader_and_queue),
        TRIO_TEST(waiter_of_a_killed_member_hears_of_its_turn),
        TRIO_TEST(without_a_quorum_nobody_leads_and_then_the_first_does),
        TRIO_TEST(short_loss_of_the_quorum_is_no_loss),
        TRIO_TEST(moved_leader_of_etcd_leaves_ours),
    };
    return trio_run(tests);
}
