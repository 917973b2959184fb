/* faults_keys.c: see faults_keys.h. */
#include "sim/faults_keys.h"

#include "sim/world.h"

enum {
    STRANGER = 25, /* the ID that other programs' keys show: Z */
    FOREIGN_TTL_MS = 3600000,
    UNHEARD_PERMILLE = 100,
};

/* ---- other programs: they follow the recipe ---- */

/* As `etcdctl lock` does: a lock key, which is held once it is the oldest. */
static void queue_foreign_lock(struct world *w)
{
    int64_t lease = world_between(w, 1, INT64_MAX - 1);
    if (w->faults.foreign_lease ||
        !fake_etcd_grant(&w->etcd, lease, FOREIGN_TTL_MS, w->cluster.term))
        return;
    w->faults.foreign_lease = lease;
    fake_etcd_lease(&w->etcd, lease)->expires_at_us = w->now_us +
        (int64_t)FOREIGN_TTL_MS * WORLD_US_PER_MS;
    fake_etcd_put(&w->etcd, lease, lease, STRANGER);
    fake_etcd_commit(&w->etcd);
}

static void release_foreign_lock(struct world *w)
{
    if (w->faults.foreign_lease)
        (void)fake_etcd_revoke(&w->etcd, w->faults.foreign_lease,
                               w->cluster.term);
    w->faults.foreign_lease = 0;
}

/* A program that knows of no leases takes a free place. */
static void put_foreign_leader(struct world *w)
{
    if (fake_etcd_key(&w->etcd, FAKE_ETCD_LEADER))
        return;
    fake_etcd_put(&w->etcd, FAKE_ETCD_LEADER, 0, STRANGER);
    fake_etcd_commit(&w->etcd);
}

/* ---- who steers: writes nothing but the request key ---- */

/* Everyone hears of it, or almost. */
static void ask(struct world *w, const struct election_asked *asked)
{
    w->faults.requests_n++;
    for (int i = 0; i < w->plan.peers_n; i++)
        if (!world_chance(w, UNHEARD_PERMILLE))
            peer_ask(w, i, w->faults.requests_n, asked);
}

static void depose(struct world *w)
{
    const struct fake_key *holder = fake_etcd_oldest(&w->etcd);
    if (holder)
        ask(w, &(struct election_asked){ holder->at.create_revision, 0 });
}

static void transfer_to(struct world *w, int64_t lease)
{
    const struct fake_key *holder = fake_etcd_oldest(&w->etcd);
    const struct fake_key *to = fake_etcd_key(&w->etcd, lease);
    if (holder && to && lease != FAKE_ETCD_LEADER)
        ask(w,
            &(struct election_asked){ holder->at.create_revision,
                                      to->at.create_revision });
}

/* ---- an operator: allowed everything ---- */

static void revoke(struct world *w, int64_t lease)
{
    (void)fake_etcd_revoke(&w->etcd, lease, w->cluster.term);
}

static void overwrite(struct world *w, int64_t name)
{
    if (!fake_etcd_key(&w->etcd, name))
        return;
    fake_etcd_put(&w->etcd, name, 0, STRANGER);
    fake_etcd_commit(&w->etcd);
}

static void delete_key(struct world *w, int64_t name)
{
    fake_etcd_delete(&w->etcd, name);
    fake_etcd_commit(&w->etcd);
}

/* Sabotage: etcd is what it was in the beginning, and so are its revisions. */
static void restore(struct world *w)
{
    while (w->etcd.keys_n > 0)
        fake_etcd_delete(&w->etcd, w->etcd.keys[0].name);
    world_etcd_changed(w);
    for (int i = 0; i < w->plan.peers_n; i++)
        stream_end(w, &w->peers[i], w->peers[i].stream.op);
    fake_etcd_clear(&w->etcd);
    w->changes_seen = 0;
}

void faults_keys_start(struct world *w, const struct fault *fault)
{
    int64_t lease = w->peers[fault->who].e.lease.id;
    w->etcd.by_operator = (int)fault->kind >= (int)FAULTS_OPERATOR;
    switch (fault->kind) {
    case FAULT_yield:
        peer_yield(w, fault->who);
        break;
    case FAULT_depose:
        depose(w);
        break;
    case FAULT_transfer_to:
        transfer_to(w, lease);
        break;
    case FAULT_compact:
        fake_etcd_compact(&w->etcd);
        break;
    case FAULT_foreign_lock:
        queue_foreign_lock(w);
        break;
    case FAULT_foreign_leader:
        put_foreign_leader(w);
        break;
    case FAULT_revoke:
        revoke(w, lease);
        break;
    case FAULT_delete_own:
        delete_key(w, lease);
        break;
    case FAULT_delete_leader:
        delete_key(w, FAKE_ETCD_LEADER);
        break;
    case FAULT_overwrite_own:
        overwrite(w, lease);
        break;
    case FAULT_overwrite_leader:
        overwrite(w, FAKE_ETCD_LEADER);
        break;
    case FAULT_restore:
        restore(w);
        break;
    default:
        break;
    }
    w->etcd.by_operator = false;
    world_etcd_changed(w);
}

/* Nobody else deletes a key that has no lease, unless it is a lock key and
 * its candidate notices before it has lost its lease as well. */
static void sweep(struct world *w, bool locks)
{
    for (int i = w->etcd.keys_n; i-- > 0;) {
        const struct fake_key *key = &w->etcd.keys[i];
        if (!key->at.lease && locks == (key->name != FAKE_ETCD_LEADER))
            fake_etcd_delete(&w->etcd, key->name);
    }
    fake_etcd_commit(&w->etcd);
}

void faults_keys_mend(struct world *w, const struct fault *fault)
{
    w->etcd.by_operator = true;
    if (fault->kind == FAULT_foreign_lock)
        release_foreign_lock(w);
    else if (fault->kind == FAULT_foreign_leader ||
             fault->kind == FAULT_overwrite_leader)
        sweep(w, false);
    w->etcd.by_operator = false;
    world_etcd_changed(w);
}

void faults_keys_end(struct world *w)
{
    w->etcd.by_operator = true;
    release_foreign_lock(w);
    sweep(w, false);
    sweep(w, true);
    w->etcd.by_operator = false;
    world_etcd_changed(w);
}
