/* test_cluster_stopped.c: three members of which one is stopped: it accepts
 * connections, and says nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "e2e/trio.h"
#include "etcd/version.h"

enum { STOPPED_TTL_S = 20 }; /* outlives a stop until the next renewal */

/* After etcd's leader was stopped, versions before VERSION_MENDED may revoke a
 * lease that others renewed. So does any version in the moment in which it goes
 * on, if nothing is left of the lease by its own clock: seen on 3.5.16. */
static bool may_break_leases(struct stage *s, int64_t stopped_ms)
{
    struct etcdctl_status status = etcdctl_status(s->etcd, 0);
    struct etcd_bytes version = { status.version, strlen(status.version) };
    return stopped_ms >= STOPPED_TTL_S * 1000 * 2 / 3 ||
        !version_keeps_leases(version);
}

/* Nobody leads together with another for longer than it takes to hear of the
 * lease's end. */
static void expect_lead_passed_on(struct process *a, struct process *b)
{
    struct process_line lost = stage_expect_lost(a, "");
    assert_null(strstr(lost.text, "deadline")); /* that is not etcd's fault */
    struct process_line lead = stage_expect_next_lead(b);
    assert_true(lost.at_ms <= lead.at_ms + TRIO_SLACK_MS);
    stage_expect_next_follow(a, "B");
    trio_hand_over(b, a);
    trio_resign(a);
}

/* Returns for how long it was stopped; a renewal goes through meanwhile. */
static int64_t stop_member(struct stage *s, unsigned member,
                           const struct etcdctl_key *key, bool *ret_kept)
{
    int64_t from_ms = process_now_ms();
    etcd_server_pause(s->etcd, member);
    *ret_kept = trio_still_leads(s, key);
    etcd_server_resume(s->etcd, member);
    int64_t stopped_ms = process_now_ms() - from_ms;
    etcd_server_await(s->etcd, member);
    return stopped_ms;
}

static void stopped_member_leaves_leader_and_queue(void **state)
{
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .ttl_s = STOPPED_TTL_S);
    struct process *b = trio_waiter(s, "A", "B", .member = 1,
                                    .ttl_s = STOPPED_TTL_S);
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    bool kept = true;
    int64_t longest_ms = 0;
    for (unsigned i = 0; i < TRIO_N && kept; i++) {
        int64_t stopped_ms = stop_member(s, i, &key, &kept);
        if (stopped_ms > longest_ms)
            longest_ms = stopped_ms;
    }
    /* What the last one makes of the leases that it finds. */
    if (!kept || !trio_still_leads(s, &key)) {
        assert_true(may_break_leases(s, longest_ms));
        expect_lead_passed_on(a, b);
        return;
    }
    trio_hand_over(a, b);
    trio_resign(b);
}

static void waiter_of_a_stopped_member_hears_of_its_turn(void **state)
{
    struct stage *s = *state;
    struct process *b = trio_turn_despite_loss(s, etcd_server_pause, TRIO_TTL_S,
                                               TRIO_TTL_S * 1000 / 2);
    etcd_server_resume(s->etcd, 0);
    trio_resign(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRIO_TEST(stopped_member_leaves_leader_and_queue),
        TRIO_TEST(waiter_of_a_stopped_member_hears_of_its_turn),
    };
    return trio_run(tests);
}
