/* cluster.c: see cluster.h. Members and leaders; requests are served in
 * cluster_requests.c. */
#include "sim/cluster.h"

#include <assert.h>

#include "sim/world.h"

enum {
    TERM_FIRST = 2,
    MEMBER_LAG_US_MAX = 2000,
    TRANSFER_NOTICE_US = 20000, /* until the old leader has heard of it */
};

static const int64_t election_us = (int64_t)CLUSTER_ELECTION_MS *
    WORLD_US_PER_MS;

void cluster_begin(struct world *w)
{
    w->cluster = (struct cluster){
        .members_n = w->plan.members_n,
        .leader = (int)world_between(w, 0, w->plan.members_n - 1),
        .term = TERM_FIRST,
        .old_leader = -1,
        .had_quorum = true,
        .commit_us_min = CLUSTER_COMMIT_US_MIN,
        .commit_us_max = CLUSTER_COMMIT_US_MAX,
        .expiry_late_us_max = (int64_t)CLUSTER_SCAN_MS * WORLD_US_PER_MS,
    };
    assert(w->plan.members_n >= 1);
    assert(w->plan.members_n <= CLUSTER_MEMBERS_MAX);
    for (int i = 0; i < w->plan.members_n; i++)
        w->cluster.members[i] = (struct member){
            .up = true,
            .lag_us = world_between(w, 0, MEMBER_LAG_US_MAX),
        };
}

static bool can_elect(const struct cluster *c)
{
    int n = 0;
    for (int i = 0; i < c->members_n; i++)
        n += c->members[i].up && !c->members[i].cut && !c->members[i].stuck;
    return n > c->members_n / 2;
}

bool cluster_has_quorum(const struct world *w)
{
    const struct cluster *c = &w->cluster;
    if (c->leader < 0)
        return false;
    const struct member *leader = &c->members[c->leader];
    return !leader->cut && !leader->stuck && can_elect(c);
}

bool cluster_hears(const struct world *w, int member)
{
    const struct member *m = &w->cluster.members[member];
    return m->up && !m->cut && !m->stuck;
}

bool cluster_reaches_leader(const struct world *w, int member)
{
    const struct cluster *c = &w->cluster;
    if (c->leader < 0)
        return false;
    const struct member *leader = &c->members[c->leader];
    const struct member *m = &c->members[member];
    if (!m->up || m->cut != leader->cut)
        return false;
    if (m->stuck && member != c->leader)
        return false;
    /* CheckQuorum: it steps down when it hears of nobody for so long. */
    return cluster_has_quorum(w) || leader->stuck ||
        w->now_us < c->quorum_lost_at_us + 2 * election_us;
}

bool cluster_reaches_old_leader(const struct world *w, int member)
{
    const struct cluster *c = &w->cluster;
    if (c->old_leader < 0 || w->now_us >= c->old_until_us)
        return false;
    const struct member *old = &c->members[c->old_leader];
    return old->up &&
        (member == c->old_leader ||
         (old->cut && c->members[member].cut && c->members[member].up));
}

/* Something happened to a member: is there still a leader, will there be? */
static void reconsider(struct world *w)
{
    struct cluster *c = &w->cluster;
    bool has_quorum = cluster_has_quorum(w);
    if (c->had_quorum && !has_quorum)
        c->quorum_lost_at_us = w->now_us;
    c->had_quorum = has_quorum;
    c->elections_n++; /* one that was coming is off */
    if (has_quorum || !can_elect(c))
        return;
    int64_t delay_us = world_between(w, election_us, 2 * election_us);
    world_at(w, w->now_us + delay_us, WORLD_ELECT, 0, c->elections_n);
}

static int pick_leader(struct world *w)
{
    struct cluster *c = &w->cluster;
    int member;
    do {
        member = (int)world_between(w, 0, c->members_n - 1);
    } while (!cluster_hears(w, member));
    return member;
}

/* A member becomes leader: every lease gets its full time, and one election
 * time-out more for what an old leader may have promised. */
static void promote(struct world *w, int member)
{
    struct cluster *c = &w->cluster;
    c->leader = member;
    c->term++;
    c->had_quorum = true;
    for (size_t i = 0; i < w->etcd.leases_n; i++) {
        struct fake_lease *lease = &w->etcd.leases[i];
        lease->revoking = false;
        lease->expires_at_us = w->now_us + election_us +
            lease->ttl_ms * WORLD_US_PER_MS;
    }
}

static void succeed(struct world *w, int64_t old_until_us)
{
    struct cluster *c = &w->cluster;
    int old = c->leader;
    uint64_t old_term = c->term;
    promote(w, pick_leader(w));
    if (old < 0 || old == c->leader)
        return;
    c->old_leader = old;
    c->old_term = old_term;
    c->old_until_us = old_until_us;
}

void cluster_elect(struct world *w, uint64_t number)
{
    struct cluster *c = &w->cluster;
    if (number != c->elections_n)
        return;
    assert(!cluster_has_quorum(w));
    succeed(w,
            c->leader >= 0 && c->members[c->leader].stuck
                ? INT64_MAX
                : c->quorum_lost_at_us + 2 * election_us);
}

void cluster_transfer(struct world *w)
{
    if (w->cluster.members_n > 1 && cluster_has_quorum(w))
        succeed(w, w->now_us + TRANSFER_NOTICE_US);
}

void cluster_stop(struct world *w, int member)
{
    struct cluster *c = &w->cluster;
    c->members[member].up = false;
    c->members[member].stuck = false;
    if (c->leader == member)
        c->leader = -1; /* and none when it comes back, until it is elected */
    if (c->old_leader == member)
        c->old_leader = -1;
    /* Its connections end, so it owes no answers. */
    for (int i = 0; i < w->network.used_n; i++) {
        struct parcel *parcel = &w->network.parcels[i];
        if (parcel->proposed && parcel->member == member)
            parcel->member = NETWORK_NONE;
    }
    for (int i = 0; i < w->plan.peers_n; i++) {
        struct peer *p = &w->peers[i];
        if (p->stream.open && p->stream.member == member)
            stream_end(w, p, p->stream.op);
    }
    reconsider(w);
}

void cluster_start(struct world *w, int member)
{
    w->cluster.members[member].up = true;
    reconsider(w);
}

/* Watches at members that hear nothing starve; the others are told. */
static void tell_streams(struct world *w)
{
    for (int i = 0; i < w->plan.peers_n; i++) {
        struct peer *p = &w->peers[i];
        if (!p->stream.open)
            continue;
        if (cluster_hears(w, p->stream.member))
            stream_pump(w, p);
        else
            stream_starve(w, p);
    }
}

void cluster_cut(struct world *w, unsigned members)
{
    struct cluster *c = &w->cluster;
    for (int i = 0; i < c->members_n; i++)
        c->members[i].cut = members >> i & 1;
    if (c->old_leader >= 0 && !c->members[c->old_leader].cut &&
        !c->members[c->old_leader].stuck)
        c->old_leader = -1;
    reconsider(w);
    tell_streams(w);
}

void cluster_stick(struct world *w)
{
    if (w->cluster.leader < 0)
        return;
    w->cluster.members[w->cluster.leader].stuck = true;
    reconsider(w);
    tell_streams(w);
}

void cluster_unstick(struct world *w)
{
    struct cluster *c = &w->cluster;
    for (int i = 0; i < c->members_n; i++)
        c->members[i].stuck = false;
    if (c->old_leader >= 0 && !c->members[c->old_leader].cut)
        c->old_leader = -1;
    reconsider(w);
    tell_streams(w);
}
