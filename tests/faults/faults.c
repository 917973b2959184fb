/* faults.c: see faults.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "faults.h"
#include "support/network.h"

enum {
    TTL_S = 5,          /* where the TTL is what one waits for */
    TTL_S_DEFAULT = 10, /* where it is what leadership must outlast */
    OUTAGE_MS = 3000,
};

/* ---- waiting ---- */

/* Until this one has renewed its lease anew, or leads no longer. */
static void await_renewal(struct cast *c, unsigned leader)
{
    int64_t from_ms = process_now_ms();
    const struct cast_player *p = &c->players[leader];
    while (p->leads && p->renewed_ms < from_ms)
        if (!cast_step(c, from_ms + PROCESS_PATIENCE_MS))
            cast_fail(c, "it neither renews nor loses");
}

static bool another_leads(const struct cast *c, unsigned leader)
{
    for (unsigned i = 0; i < CAST_PLAYERS_N; i++)
        if (i != leader && c->players[i].leads)
            return true;
    return false;
}

static void await_another(struct cast *c, unsigned leader)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!another_leads(c, leader))
        if (!cast_step(c, end_at_ms))
            cast_fail(c, "no other leads");
}

static void await_loss(struct cast *c, unsigned leader)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (c->players[leader].leads)
        if (!cast_step(c, end_at_ms))
            cast_fail(c, "it goes on leading");
}

/* ---- candidates ---- */

static void resign(struct cast *c, unsigned leader)
{
    cast_resign(c, leader);
    await_another(c, leader);
}

static void kill_candidate(struct cast *c, unsigned leader)
{
    cast_kill(c, leader);
    await_another(c, leader);
}

static void stop_candidate(struct cast *c, unsigned leader)
{
    cast_pause(c, leader);
    await_another(c, leader);
    cast_resume(c, leader);
    await_loss(c, leader);
}

/* ---- members ---- */

/* The one that serves the candidate, if it can be. */
static unsigned following_member(struct cast *c, unsigned leader)
{
    unsigned member = c->players[leader].member;
    return member == etcdctl_leader(c->stage->etcd)
        ? (member + 1) % CAST_MEMBERS_N
        : member;
}

/* Away until a renewal went through without it. */
static void take_away(struct cast *c, unsigned leader, unsigned member,
                      void (*take)(struct etcd_server *, unsigned),
                      void (*bring_back)(struct etcd_server *, unsigned))
{
    take(c->stage->etcd, member);
    await_renewal(c, leader);
    bring_back(c->stage->etcd, member);
    etcd_server_await(c->stage->etcd, member);
    await_renewal(c, leader);
}

static void kill_member(struct cast *c, unsigned leader, unsigned member)
{
    take_away(c, leader, member, etcd_server_kill, etcd_server_relaunch);
}

static void stop_member(struct cast *c, unsigned leader, unsigned member)
{
    take_away(c, leader, member, etcd_server_pause, etcd_server_resume);
}

static void kill_follower(struct cast *c, unsigned leader)
{
    kill_member(c, leader, following_member(c, leader));
}

static void kill_leader(struct cast *c, unsigned leader)
{
    kill_member(c, leader, etcdctl_leader(c->stage->etcd));
}

static void stop_follower(struct cast *c, unsigned leader)
{
    stop_member(c, leader, following_member(c, leader));
}

static void stop_leader(struct cast *c, unsigned leader)
{
    stop_member(c, leader, etcdctl_leader(c->stage->etcd));
}

static void move_leader(struct cast *c, unsigned leader)
{
    struct etcd_server *etcd = c->stage->etcd;
    unsigned next = (etcdctl_leader(etcd) + 1) % CAST_MEMBERS_N;
    etcdctl(etcd, "move-leader", etcdctl_status(etcd, next).id);
    await_renewal(c, leader);
}

static void wait_until(struct cast *c, int64_t end_at_ms)
{
    while (cast_step(c, end_at_ms))
        continue;
}

/* Its own clock says, when it goes on, that every lease has run out. */
static void stop_leader_for_long(struct cast *c, unsigned leader)
{
    unsigned member = etcdctl_leader(c->stage->etcd);
    etcd_server_pause(c->stage->etcd, member);
    wait_until(c, process_now_ms() + INT64_C(1500) * c->ttl_s);
    etcd_server_resume(c->stage->etcd, member);
    etcd_server_await(c->stage->etcd, member);
    await_renewal(c, leader);
    await_renewal(c, leader);
}

static void kill_two(struct cast *c, unsigned ret_members[2])
{
    ret_members[0] = etcdctl_leader(c->stage->etcd);
    ret_members[1] = (ret_members[0] + 1) % CAST_MEMBERS_N;
    for (int i = 0; i < 2; i++)
        etcd_server_kill(c->stage->etcd, ret_members[i]);
}

static void bring_back(struct cast *c, const unsigned members[2])
{
    for (int i = 0; i < 2; i++)
        etcd_server_relaunch(c->stage->etcd, members[i]);
    for (int i = 0; i < 2; i++)
        etcd_server_await(c->stage->etcd, members[i]);
}

static void lose_quorum(struct cast *c, unsigned leader)
{
    unsigned members[2];
    kill_two(c, members);
    wait_until(c, process_now_ms() + OUTAGE_MS);
    bring_back(c, members);
    await_renewal(c, leader);
}

static void lose_quorum_for_long(struct cast *c, unsigned leader)
{
    unsigned members[2];
    kill_two(c, members);
    await_loss(c, leader);
    bring_back(c, members);
}

/* ---- network ---- */

/* From that port of its own address of etcd; 0: from every port. */
static void cut(struct cast *c, unsigned player, unsigned port)
{
    char host[16];
    cast_host(player, host);
    network_cut(c->stage->set, host, port);
}

static void cut_from_member(struct cast *c, unsigned leader)
{
    unsigned member = c->players[leader].member;
    cut(c, leader, etcd_server_port(c->stage->etcd, member));
    await_renewal(c, leader);
    network_heal(c->stage->set);
    await_renewal(c, leader);
}

static void cut_from_all(struct cast *c, unsigned leader)
{
    cut(c, leader, 0);
    await_another(c, leader);
    network_heal(c->stage->set);
    await_loss(c, leader);
}

/* ---- the table ---- */

const struct fault faults[] = {
    { "leader resigns", TTL_S, false, resign },
    { "leader killed (`kill -9`)", TTL_S, false, kill_candidate },
    { "leader stopped beyond its deadline (SIGSTOP)", TTL_S, false,
      stop_candidate },
    { "leader cut off from all members", TTL_S, true, cut_from_all },
    { "leader of etcd stopped, beyond the lease", TTL_S, false,
      stop_leader_for_long },
    { "two of three members down until leadership is lost", TTL_S, false,
      lose_quorum_for_long },
    { "leader cut off from the member that serves it", TTL_S_DEFAULT, true,
      cut_from_member },
    { "follower of etcd killed", TTL_S_DEFAULT, false, kill_follower },
    { "leader of etcd killed", TTL_S_DEFAULT, false, kill_leader },
    { "follower of etcd stopped", TTL_S_DEFAULT, false, stop_follower },
    { "leader of etcd stopped", TTL_S_DEFAULT, false, stop_leader },
    { "leader of etcd moved", TTL_S_DEFAULT, false, move_leader },
    { "two of three members down for 3 s", TTL_S_DEFAULT, false, lose_quorum },
};
const size_t faults_n = sizeof faults / sizeof *faults;
