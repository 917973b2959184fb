/* test_cluster.c: three members of which some are lost, stopped or moved. */
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

#define PREFIX "election_leader/"

enum {
    MEMBERS_N = 3,
    ENDPOINTS_BYTES_MAX = 256,
    TTL_MS = 10000,
    MOVE_MS_MAX = 2000, /* from a refused connection to another member */
    SLACK_MS = 3000,    /* of a machine that is busy with other tests */
};

static int setup(void **state)
{
    stage_setup_without_etcd(state);
    struct stage *stage = *state;
    stage->etcd = etcd_server_start(stage->set, MEMBERS_N);
    return 0;
}

/* A candidate that is told of the members from this one on, going round. */
static struct process *candidate_from(struct stage *s, unsigned member,
                                      const char *id)
{
    char endpoints[ENDPOINTS_BYTES_MAX] = "";
    for (unsigned i = 0; i < MEMBERS_N; i++) {
        size_t used = strlen(endpoints);
        (void)snprintf(endpoints + used, sizeof endpoints - used, "%s%s",
                       i > 0 ? "," : "",
                       etcd_server_endpoint(s->etcd, (member + i) % MEMBERS_N));
    }
    const char *const argv[] = { stage_program(), "--endpoints", endpoints, id,
                                 NULL };
    struct process *p = process_start(s->set, PROCESS_PIPES, argv, NULL);
    process_ignore_errors(p, VERSION_MENDED);
    stage_expect_begin(p, id);
    return p;
}

static struct process *leader_from(struct stage *s, unsigned member,
                                   const char *id)
{
    struct process *p = candidate_from(s, member, id);
    stage_expect_lead(p);
    return p;
}

static struct process *waiter_from(struct stage *s, unsigned member,
                                   const char *leader, const char *id)
{
    struct process *p = candidate_from(s, member, id);
    stage_expect_follow(p, leader);
    return p;
}

/* What was said of the members meanwhile is not the matter here. */
static void resign(struct process *p)
{
    process_write(p, "\n");
    process_expect_line(p, "End");
    process_expect_exit(p, 0);
    process_skip_errors(p);
}

/* A renewal that etcd took after this moment, on the same key. */
static bool still_leads(struct stage *s, const struct etcdctl_key *key)
{
    return etcdctl_see_renewal(s->etcd, key->lease) &&
        etcdctl_get(s->etcd, "leader").mod_revision == key->mod_revision;
}

/* When etcd's leader is stopped, versions before VERSION_MENDED may revoke a
 * lease that was renewed. */
static bool may_break_leases(struct stage *s)
{
    struct etcdctl_status status = etcdctl_status(s->etcd, 0);
    return !version_keeps_leases(
        (struct etcd_bytes){ status.version, strlen(status.version) });
}

static void loss_of_any_member_leaves_leader_and_queue(void **state)
{
    struct stage *s = *state;
    struct process *a = leader_from(s, 0, "A");
    struct process *b = waiter_from(s, 0, "A", "B");
    struct process *c = waiter_from(s, 1, "A", "C");
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    for (unsigned i = 0; i < MEMBERS_N; i++) {
        etcd_server_kill(s->etcd, i);
        assert_true(still_leads(s, &key));
        etcd_server_relaunch(s->etcd, i);
        etcd_server_await(s->etcd, i);
    }
    resign(a);
    stage_expect_next_lead(b);
    stage_expect_next_follow(c, "B");
    resign(b);
    stage_expect_next_lead(c);
    resign(c);
    stage_expect_nothing_left(s);
}

/* Nobody leads together with another for longer than it takes to hear of the
 * lease's end. */
static void expect_lead_passed_on(struct process *a, struct process *b)
{
    struct process_line lost = stage_expect_lost(a, "");
    assert_null(strstr(lost.text, "deadline")); /* that is not etcd's fault */
    struct process_line lead = stage_expect_next_lead(b);
    assert_true(lost.at_ms <= lead.at_ms + SLACK_MS);
    stage_expect_next_follow(a, "B");
    resign(b);
    stage_expect_next_lead(a);
    resign(a);
}

static void stopped_member_leaves_leader_and_queue(void **state)
{
    struct stage *s = *state;
    struct process *a = leader_from(s, 0, "A");
    struct process *b = waiter_from(s, 1, "A", "B");
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    bool kept = true;
    for (unsigned i = 0; i < MEMBERS_N && kept; i++) {
        etcd_server_pause(s->etcd, i);
        kept = still_leads(s, &key);
        etcd_server_resume(s->etcd, i);
        etcd_server_await(s->etcd, i);
    }
    /* What the last one makes of the leases that it finds. */
    if (!kept || !still_leads(s, &key)) {
        assert_true(may_break_leases(s));
        expect_lead_passed_on(a, b);
        return;
    }
    resign(a);
    stage_expect_next_lead(b);
    resign(b);
}

/* So that etcd has a leader at once when another member is lost: a resignation
 * does not wait for long. */
static void let_lead_etcd(struct stage *s, unsigned member)
{
    etcdctl(s->etcd, "move-leader", etcdctl_status(s->etcd, member).id);
}

/* What happens while nobody serves the waiter's watch is not missed. */
static void waiter_of_a_killed_member_hears_of_its_turn(void **state)
{
    struct stage *s = *state;
    struct process *a = leader_from(s, 1, "A");
    struct process *b = waiter_from(s, 0, "A", "B");
    let_lead_etcd(s, 1);
    etcd_server_kill(s->etcd, 0);
    resign(a);
    int64_t resigned_at_ms = process_now_ms();
    process_expect_line(b, STAGE_ATTEMPTING);
    struct process_line lead = stage_expect_lead(b);
    assert_true(lead.at_ms - resigned_at_ms <= MOVE_MS_MAX + SLACK_MS);
    resign(b);
}

static void waiter_of_a_stopped_member_hears_of_its_turn(void **state)
{
    struct stage *s = *state;
    struct process *a = leader_from(s, 1, "A");
    struct process *b = waiter_from(s, 0, "A", "B");
    let_lead_etcd(s, 1);
    etcd_server_pause(s->etcd, 0);
    resign(a);
    int64_t resigned_at_ms = process_now_ms();
    process_expect_line(b, STAGE_ATTEMPTING);
    struct process_line lead = stage_expect_lead(b);
    assert_true(lead.at_ms - resigned_at_ms <= TTL_MS / 2 + SLACK_MS);
    etcd_server_resume(s->etcd, 0);
    resign(b);
}

static void without_a_quorum_nobody_leads_and_then_the_first_does(void **state)
{
    struct stage *s = *state;
    struct process *a = leader_from(s, 0, "A");
    etcd_server_kill(s->etcd, 1);
    etcd_server_kill(s->etcd, 2);
    stage_expect_lost(a, "no confirmed renewal");
    process_expect_line(a, STAGE_ATTEMPTING);
    etcd_server_relaunch(s->etcd, 1);
    etcd_server_relaunch(s->etcd, 2);
    stage_expect_lead(a);
    resign(a);
    etcd_server_await(s->etcd, 1);
    stage_expect_nothing_left(s);
}

static void short_loss_of_the_quorum_is_no_loss(void **state)
{
    struct stage *s = *state;
    struct process *a = leader_from(s, 0, "A");
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    etcd_server_pause(s->etcd, 1);
    etcd_server_pause(s->etcd, 2);
    process_expect_error(a, etcd_server_endpoint(s->etcd, 0));
    etcd_server_resume(s->etcd, 1);
    etcd_server_resume(s->etcd, 2);
    assert_true(still_leads(s, &key));
    resign(a);
}

/* Each member is the leader of etcd for a while. */
static void moved_leader_of_etcd_leaves_ours(void **state)
{
    struct stage *s = *state;
    struct process *a = leader_from(s, 0, "A");
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    for (unsigned i = 0; i < MEMBERS_N; i++) {
        let_lead_etcd(s, i);
        assert_true(still_leads(s, &key));
    }
    resign(a);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(loss_of_any_member_leaves_leader_and_queue),
        TEST(stopped_member_leaves_leader_and_queue),
        TEST(waiter_of_a_killed_member_hears_of_its_turn),
        TEST(waiter_of_a_stopped_member_hears_of_its_turn),
        TEST(without_a_quorum_nobody_leads_and_then_the_first_does),
        TEST(short_loss_of_the_quorum_is_no_loss),
        TEST(moved_leader_of_etcd_leaves_ours),
    };
    int failed_n = cmocka_run_group_tests_name("cluster", tests, NULL, NULL);
    if (etcd_server_use_other())
        failed_n += cmocka_run_group_tests_name("cluster, other etcd", tests,
                                                NULL, NULL);
    return failed_n;
}
