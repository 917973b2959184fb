/* cluster_requests.c: what a member does with a request, and when a lease
 * ends. See cluster.h. */
#include <assert.h>

#include "sim/cluster.h"
#include "sim/world.h"

enum {
    COMMIT_RETRY_US = 100000,  /* to look again for a quorum */
    REVOCATION_LOOK_US = 1000, /* to look again for a lease's end */
    CARRIED_PERMILLE = 500,    /* of a lost leader's proposals */
    NO_LEADER_PERMILLE = 250,  /* are told so at once */
    PROMPT_PERMILLE = 250,     /* of expired leases go without delay */
    EARLY_PERCENT = 60,        /* sabotage: of the TTL */
};

static void answer(struct world *w, struct parcel *parcel, uint64_t term)
{
    struct election_reply *reply = &parcel->event.reply;
    reply->header.cluster_id = CLUSTER_ID;
    reply->header.raft_term = term;
    reply->header.revision = w->etcd.revision;
    network_answer(w, parcel);
}

static void fail(struct world *w, struct parcel *parcel,
                 enum election_outcome outcome)
{
    parcel->event.reply = (struct election_reply){ .outcome = outcome };
    network_answer(w, parcel);
}

/* ---- keepalives: an affair between a member and a leader ---- */

static void keep_alive_in_vain(struct world *w, struct parcel *parcel)
{
    const struct cluster *c = &w->cluster;
    int64_t id = parcel->request.lease;
    parcel->event.reply = (struct election_reply){
        .outcome = ELECTION_ANSWERED,
        .ttl_ms = fake_etcd_ttl_known(&w->etcd, id, c->old_term),
    };
    answer(w, parcel, w->plan.sabotage.terms_hidden ? c->term : c->old_term);
}

static void keep_alive(struct world *w, struct parcel *parcel)
{
    if (cluster_reaches_old_leader(w, parcel->member)) {
        keep_alive_in_vain(w, parcel);
        return;
    }
    if (!cluster_reaches_leader(w, parcel->member)) {
        network_drop(w, parcel);
        return;
    }
    struct fake_lease *lease = fake_etcd_lease(&w->etcd, parcel->request.lease);
    bool expired = lease &&
        (lease->revoking || w->now_us >= lease->expires_at_us);
    if (expired) { /* it waits for the revocation */
        world_at(w, w->now_us + REVOCATION_LOOK_US, WORLD_ARRIVE, parcel->who,
                 (uint64_t)parcel->slot);
        return;
    }
    parcel->event.reply = (struct election_reply){
        .outcome = ELECTION_ANSWERED,
        .ttl_ms = lease ? lease->ttl_ms : 0,
    };
    if (lease)
        lease->expires_at_us = w->now_us + lease->ttl_ms * WORLD_US_PER_MS;
    answer(w, parcel, w->cluster.term);
}

/* ---- everything else goes through Raft ---- */

static int64_t commit_delay_us(struct world *w)
{
    return world_between(w, w->cluster.commit_us_min, w->cluster.commit_us_max);
}

static void propose(struct world *w, struct parcel *parcel)
{
    if (cluster_reaches_old_leader(w, parcel->member)) {
        network_drop(w, parcel); /* it will never be replicated */
        return;
    }
    if (!cluster_reaches_leader(w, parcel->member)) {
        if (world_chance(w, NO_LEADER_PERMILLE))
            fail(w, parcel, ELECTION_NO_ANSWER);
        else
            network_drop(w, parcel);
        return;
    }
    parcel->proposed = true;
    parcel->replicated = cluster_has_quorum(w);
    parcel->term = w->cluster.term;
    world_at(w, w->now_us + commit_delay_us(w), WORLD_COMMIT, parcel->who,
             (uint64_t)parcel->slot);
}

void cluster_arrive(struct world *w, struct parcel *parcel)
{
    const struct member *member = &w->cluster.members[parcel->member];
    if (!member->up)
        fail(w, parcel, ELECTION_NO_ANSWER);
    else if (member->refusing)
        fail(w, parcel, ELECTION_DENIED);
    else if (parcel->request.type == ELECTION_KEEPALIVE)
        keep_alive(w, parcel);
    else
        propose(w, parcel);
}

/* Look for the lease's end from now on. */
static void schedule_scan(struct world *w, int64_t id)
{
    const struct fake_lease *lease = fake_etcd_lease(&w->etcd, id);
    int64_t at_us = lease->expires_at_us;
    if (w->plan.sabotage.early_expiry)
        at_us -= lease->ttl_ms * WORLD_US_PER_MS * (100 - EARLY_PERCENT) / 100;
    if (at_us < w->now_us)
        at_us = w->now_us;
    if (!world_chance(w, PROMPT_PERMILLE))
        at_us += world_between(w, 0, w->cluster.expiry_late_us_max);
    world_at(w, at_us, WORLD_SCAN, 0, (uint64_t)id);
}

static void grant(struct world *w, struct parcel *parcel)
{
    struct election_reply *reply = &parcel->event.reply;
    *reply = (struct election_reply){ .outcome = ELECTION_NO_ANSWER };
    int64_t id = parcel->request.lease;
    int64_t ttl_ms = parcel->request.ttl_ms;
    if (ttl_ms < w->plan.etcd_ttl_ms_min)
        ttl_ms = w->plan.etcd_ttl_ms_min;
    if (!fake_etcd_grant(&w->etcd, id, ttl_ms, w->cluster.term))
        return; /* "lease already exists" */
    fake_etcd_lease(&w->etcd, id)->expires_at_us = w->now_us +
        ttl_ms * WORLD_US_PER_MS;
    schedule_scan(w, id);
    *reply = (struct election_reply){
        .outcome = ELECTION_ANSWERED,
        .ttl_ms = ttl_ms,
    };
}

static void execute(struct world *w, struct parcel *parcel)
{
    assert(parcel->request.type != ELECTION_KEEPALIVE);
    int64_t lease = parcel->request.lease;
    bool revoked;
    switch (parcel->request.type) {
    case ELECTION_GRANT:
        grant(w, parcel);
        break;
    case ELECTION_REVOKE:
        revoked = w->plan.sabotage.revoked_in_vain ||
            fake_etcd_revoke(&w->etcd, lease, w->cluster.term);
        parcel->event.reply = (struct election_reply){
            .outcome = revoked ? ELECTION_ANSWERED : ELECTION_NO_LEASE,
        };
        break;
    case ELECTION_ATTEMPT:
    case ELECTION_CLAIM:
    case ELECTION_CHECK:
    case ELECTION_BARRIER:
    case ELECTION_RESIGN:
        fake_lock_apply(&w->etcd, &parcel->request, parcel->who,
                        &w->plan.sabotage.lock, &parcel->event.reply,
                        &parcel->names);
        break;
    case ELECTION_KEEPALIVE:
        break;
    }
    world_etcd_changed(w);
}

void cluster_commit(struct world *w, struct parcel *parcel)
{
    bool has_quorum = cluster_has_quorum(w);
    if (parcel->term == w->cluster.term && !has_quorum) {
        world_at(w, w->now_us + COMMIT_RETRY_US, WORLD_COMMIT, parcel->who,
                 (uint64_t)parcel->slot);
        return;
    }
    /* A leader was lost meanwhile: the next one has it, or has it not. */
    if (parcel->term != w->cluster.term &&
        (!has_quorum || !parcel->replicated ||
         !world_chance(w, CARRIED_PERMILLE))) {
        network_drop(w, parcel);
        return;
    }
    parcel->proposed = false;
    execute(w, parcel);
    if (parcel->member != NETWORK_NONE && cluster_hears(w, parcel->member))
        answer(w, parcel, w->cluster.term);
    else
        network_drop(w, parcel);
}

/* ---- leases run out ---- */

void cluster_scan(struct world *w, int64_t id)
{
    struct fake_lease *lease = fake_etcd_lease(&w->etcd, id);
    if (!lease || w->plan.sabotage.leases_for_ever)
        return;
    bool expired = w->now_us >= lease->expires_at_us ||
        w->plan.sabotage.early_expiry;
    if (expired && cluster_has_quorum(w)) {
        lease->revoking = true;
        world_at(w, w->now_us + commit_delay_us(w), WORLD_EXPIRE, 0,
                 (uint64_t)id);
    } else if (expired) {
        world_at(w, w->now_us + (int64_t)CLUSTER_SCAN_MS * WORLD_US_PER_MS,
                 WORLD_SCAN, 0, (uint64_t)id);
    } else {
        schedule_scan(w, id);
    }
}

void cluster_expire(struct world *w, int64_t id)
{
    struct fake_lease *lease = fake_etcd_lease(&w->etcd, id);
    if (!lease)
        return;
    if (!lease->revoking) { /* a leader came and gave it more time */
        schedule_scan(w, id);
        return;
    }
    if (!cluster_has_quorum(w)) {
        world_at(w, w->now_us + COMMIT_RETRY_US, WORLD_EXPIRE, 0, (uint64_t)id);
        return;
    }
    (void)fake_etcd_revoke(&w->etcd, id, w->cluster.term);
    world_etcd_changed(w);
}
