/* test_fake.c: the fake etcd behaves as the real one does.
 *
 * What is checked here was seen on etcd 3.4 and 3.5, or read in its source;
 * the simulator's verdict is worth no more than that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/world.h"

enum { LEASE = 11, OTHER = 12, OWNER = 0, TERM = 2, TTL_MS = 5000 };
enum { NOT_YET = -1 }; /* in place of a reply's TTL */

static const struct fake_lock_sabotage nothing = { 0 };

/* A candidate's transactions, on a fake without members. */
static struct election_reply run(struct fake_etcd *e,
                                 enum election_request_type type, int64_t lease,
                                 int64_t lock_revision)
{
    struct election_request request = {
        .type = type,
        .lease = lease,
        .lock_revision = lock_revision,
    };
    struct election_reply reply;
    struct fake_lock_names names;
    fake_lock_apply(e, &request, OWNER, &nothing, &reply, &names);
    return reply;
}

static int setup_store(void **state)
{
    static struct fake_etcd e;
    fake_etcd_init(&e);
    assert_true(fake_etcd_grant(&e, LEASE, TTL_MS, TERM));
    assert_true(fake_etcd_grant(&e, OTHER, TTL_MS, TERM));
    *state = &e;
    return 0;
}

static int teardown_store(void **state)
{
    fake_etcd_done(*state);
    return 0;
}

static void first_attempt_puts_both_keys_in_one_revision(void **state)
{
    struct fake_etcd *e = *state;
    struct election_reply reply = run(e, ELECTION_ATTEMPT, LEASE, 0);
    assert_true(reply.succeeded);
    const struct fake_key *own = fake_etcd_key(e, LEASE);
    const struct fake_key *leader = fake_etcd_key(e, FAKE_ETCD_LEADER);
    assert_int_equal(own->at.create_revision, reply.header.revision);
    assert_int_equal(leader->at.create_revision, reply.header.revision);
}

static void revocation_takes_all_keys_in_one_revision(void **state)
{
    struct fake_etcd *e = *state;
    (void)run(e, ELECTION_ATTEMPT, LEASE, 0);
    int64_t revision = e->revision;
    assert_true(fake_etcd_revoke(e, LEASE, TERM));
    assert_int_equal(e->revision, revision + 1);
    assert_int_equal(e->keys_n, 0);
    assert_int_equal(e->changes[e->changes_n - 1].revision, revision + 1);
    assert_int_equal(e->changes[e->changes_n - 2].revision, revision + 1);
    assert_false(fake_etcd_revoke(e, LEASE, TERM));
}

static void put_on_a_dead_lease_fails_the_whole_transaction(void **state)
{
    struct fake_etcd *e = *state;
    (void)fake_etcd_revoke(e, LEASE, TERM);
    struct election_reply reply = run(e, ELECTION_ATTEMPT, LEASE, 0);
    assert_int_equal(reply.outcome, ELECTION_NO_LEASE);
    assert_int_equal(e->keys_n, 0);
}

static void claim_compares_own_key_older_keys_and_leader_key(void **state)
{
    struct fake_etcd *e = *state;
    int64_t first = run(e, ELECTION_ATTEMPT, LEASE, 0).header.revision;
    struct election_reply queued = run(e, ELECTION_ATTEMPT, OTHER, 0);
    assert_false(queued.succeeded);
    assert_int_equal(queued.predecessor.create_revision, first);
    int64_t second = queued.own.create_revision;
    assert_false(run(e, ELECTION_CLAIM, OTHER, second).succeeded);
    fake_etcd_delete(e, FAKE_ETCD_LEADER);
    fake_etcd_commit(e);
    assert_false(run(e, ELECTION_CLAIM, OTHER, second).succeeded);
    fake_etcd_delete(e, LEASE);
    fake_etcd_commit(e);
    assert_false(run(e, ELECTION_CLAIM, OTHER, second + 1).succeeded);
    assert_true(run(e, ELECTION_CLAIM, OTHER, second).succeeded);
}

static void resignation_leaves_the_keys_of_others(void **state)
{
    struct fake_etcd *e = *state;
    int64_t first = run(e, ELECTION_ATTEMPT, LEASE, 0).header.revision;
    (void)run(e, ELECTION_ATTEMPT, OTHER, 0);
    assert_false(run(e, ELECTION_RESIGN, LEASE, first + 1).succeeded);
    assert_int_equal(e->keys_n, 3);
    assert_true(run(e, ELECTION_RESIGN, LEASE, first).succeeded);
    assert_int_equal(e->keys_n, 1);
    assert_non_null(fake_etcd_key(e, OTHER));
}

/* ---- the cluster ---- */

static int setup(void **state)
{
    struct world *w = world_new();
    world_begin(w,
                &(struct world_plan){
                    .seed = 1,
                    .peers_n = 2,
                    .members_n = 3,
                    .ttl_ms = TTL_MS,
                    .rate_ppm_min = PEER_RATE_PPM,
                    .rate_ppm_max = PEER_RATE_PPM,
                });
    peer_start(w, 0);
    world_run_until(w, WORLD_US_PER_S);
    assert_true(peer_believes(&w->peers[0], w->now_us));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static struct fake_lease *lease_of_leader(struct world *w)
{
    return fake_etcd_lease(&w->etcd, w->peers[0].e.lease.id);
}

static void new_leader_gives_leases_their_whole_time_and_more(void **state)
{
    struct world *w = *state;
    uint64_t term = w->cluster.term;
    cluster_transfer(w);
    assert_int_equal(w->cluster.term, term + 1);
    assert_int_equal(
        lease_of_leader(w)->expires_at_us,
        w->now_us + (int64_t)(CLUSTER_ELECTION_MS + TTL_MS) * WORLD_US_PER_MS);
}

/* Ask a member to keep the leader's lease alive. */
static struct parcel *send_keepalive(struct world *w, int member)
{
    struct parcel *parcel = network_take(w);
    parcel->who = 1; /* does not live, so nobody reads it */
    parcel->member = member;
    parcel->request = (struct election_request){
        .type = ELECTION_KEEPALIVE,
        .lease = w->peers[0].e.lease.id,
    };
    parcel->event.reply = (struct election_reply){ .ttl_ms = NOT_YET };
    cluster_arrive(w, parcel);
    return parcel;
}

/* And the reply is on its way. */
static struct election_reply keep_alive(struct world *w, int member)
{
    return send_keepalive(w, member)->event.reply;
}

static void keepalive_of_an_expired_lease_waits_for_its_end(void **state)
{
    struct world *w = *state;
    peer_crash(w, 0);
    world_run_until(w, lease_of_leader(w)->expires_at_us);
    const struct parcel *parcel = send_keepalive(w, w->cluster.leader);
    while (lease_of_leader(w)) {
        assert_int_equal(parcel->event.reply.ttl_ms, NOT_YET);
        world_run_until(w, w->now_us + WORLD_US_PER_MS);
    }
    world_run_until(w, w->now_us + WORLD_US_PER_S);
    assert_int_equal(parcel->event.reply.outcome, ELECTION_ANSWERED);
    assert_int_equal(parcel->event.reply.ttl_ms, 0);
}

static void stuck_leader_confirms_what_means_nothing(void **state)
{
    struct world *w = *state;
    int stuck = w->cluster.leader;
    uint64_t term = w->cluster.term;
    cluster_stick(w);
    world_run_until(w, w->now_us + 3L * WORLD_US_PER_S);
    assert_int_not_equal(w->cluster.leader, stuck);
    int64_t expires_at_us = lease_of_leader(w)->expires_at_us;
    struct election_reply reply = keep_alive(w, stuck);
    assert_int_equal(reply.ttl_ms, TTL_MS);
    assert_int_equal(reply.header.raft_term, term);
    assert_int_equal(lease_of_leader(w)->expires_at_us, expires_at_us);
    reply = keep_alive(w, w->cluster.leader);
    assert_int_equal(reply.header.raft_term, term + 1);
    assert_true(lease_of_leader(w)->expires_at_us > expires_at_us);
}

static void restarted_leader_has_to_be_elected_again(void **state)
{
    struct world *w = *state;
    uint64_t term = w->cluster.term;
    for (int i = 0; i < w->plan.members_n; i++)
        cluster_stop(w, i);
    for (int i = 0; i < w->plan.members_n; i++)
        cluster_start(w, i);
    assert_false(cluster_has_quorum(w));
    world_run_until(
        w, w->now_us + (int64_t)2 * CLUSTER_ELECTION_MS * WORLD_US_PER_MS);
    assert_true(cluster_has_quorum(w));
    assert_int_equal(w->cluster.term, term + 1);
}

static void leader_cut_off_steps_down_after_two_time_outs(void **state)
{
    struct world *w = *state;
    int old = w->cluster.leader;
    cluster_cut(w, 1u << old);
    world_run_until(w,
                    w->now_us + 2L * CLUSTER_ELECTION_MS * WORLD_US_PER_MS - 1);
    assert_true(cluster_reaches_old_leader(w, old));
    world_run_until(w, w->now_us + 1);
    assert_false(cluster_reaches_old_leader(w, old));
    assert_true(cluster_has_quorum(w));
}

static void lease_never_ends_early_and_not_much_late(void **state)
{
    struct world *w = *state;
    int64_t expires_at_us = lease_of_leader(w)->expires_at_us;
    peer_crash(w, 0);
    world_run_until(w, expires_at_us - 1);
    assert_int_equal(w->etcd.keys_n, 2);
    world_run_until(w,
                    expires_at_us + (CLUSTER_SCAN_MS + 10L) * WORLD_US_PER_MS);
    assert_int_equal(w->etcd.keys_n, 0);
}

static void nothing_is_committed_without_a_quorum(void **state)
{
    struct world *w = *state;
    cluster_cut(w, 1u << w->cluster.leader);
    assert_false(cluster_has_quorum(w));
    int64_t revision = w->etcd.revision;
    peer_start(w, 1);
    world_run_until(
        w, w->now_us + (int64_t)CLUSTER_ELECTION_MS * WORLD_US_PER_MS - 1);
    assert_int_equal(w->etcd.revision, revision);
}

#define STORE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, setup_store, teardown_store)
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE(first_attempt_puts_both_keys_in_one_revision),
        STORE(revocation_takes_all_keys_in_one_revision),
        STORE(put_on_a_dead_lease_fails_the_whole_transaction),
        STORE(claim_compares_own_key_older_keys_and_leader_key),
        STORE(resignation_leaves_the_keys_of_others),
        TEST(new_leader_gives_leases_their_whole_time_and_more),
        TEST(keepalive_of_an_expired_lease_waits_for_its_end),
        TEST(stuck_leader_confirms_what_means_nothing),
        TEST(restarted_leader_has_to_be_elected_again),
        TEST(leader_cut_off_steps_down_after_two_time_outs),
        TEST(lease_never_ends_early_and_not_much_late),
        TEST(nothing_is_committed_without_a_quorum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
