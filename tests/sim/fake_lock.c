/* fake_lock.c: see fake_lock.h. */
#include "sim/fake_lock.h"

#include <assert.h>

/* One transaction under way. */
struct txn {
    struct fake_etcd *etcd;
    const struct election_request *request;
    int owner;
    struct election_reply *reply;
    struct fake_lock_names *names;
};

static struct election_key key_at(const struct fake_key *key)
{
    return key ? key->at : (struct election_key){ 0 };
}

static bool lock_is_ours(const struct txn *t)
{
    const struct fake_key *own = fake_etcd_key(t->etcd, t->request->lease);
    return own && own->at.create_revision == t->request->lock_revision;
}

static bool lock_is_on_lease(const struct txn *t)
{
    const struct fake_key *own = fake_etcd_key(t->etcd, t->request->lease);
    return own && own->at.lease == t->request->lease;
}

static bool leader_is_ours(const struct txn *t)
{
    const struct fake_key *leader = fake_etcd_key(t->etcd, FAKE_ETCD_LEADER);
    return leader && leader->at.lease == t->request->lease;
}

static bool leader_is_absent(const struct txn *t)
{
    return !fake_etcd_key(t->etcd, FAKE_ETCD_LEADER);
}

static bool nobody_older(const struct txn *t)
{
    return !fake_etcd_newest_before(t->etcd, t->request->lock_revision);
}

static void read_back(struct txn *t)
{
    const struct fake_key *leader = fake_etcd_key(t->etcd, FAKE_ETCD_LEADER);
    const struct fake_key *holder = fake_etcd_oldest(t->etcd);
    t->reply->own = key_at(fake_etcd_key(t->etcd, t->request->lease));
    t->reply->leader = key_at(leader);
    t->reply->holder = key_at(holder);
    t->reply->queue_n = fake_etcd_queue_n(t->etcd);
    t->names->holder = holder ? holder->name : 0;
    t->names->leader_owner = leader ? leader->owner : -1;
    t->names->holder_owner = holder ? holder->owner : -1;
}

static void read_predecessor(struct txn *t, int64_t create_revision)
{
    const struct fake_key *key;
    key = fake_etcd_newest_before(t->etcd, create_revision);
    t->reply->predecessor = key_at(key);
    t->names->predecessor = key ? key->name : 0;
}

/* A put on a lease that is gone makes the whole transaction fail. */
static bool lease_lives(struct txn *t)
{
    if (fake_etcd_lease(t->etcd, t->request->lease))
        return true;
    t->reply->outcome = ELECTION_NO_LEASE;
    return false;
}

static void put(struct txn *t, int64_t name)
{
    fake_etcd_put(t->etcd, name, t->request->lease, t->owner);
}

static bool same_id(const struct txn *t)
{
    for (int i = 0; i < t->etcd->keys_n; i++) {
        const struct fake_key *key = &t->etcd->keys[i];
        if (key->name != FAKE_ETCD_LEADER && key->name != t->request->lease &&
            key->owner == t->owner)
            return true;
    }
    return false;
}

static void attempt(struct txn *t, bool unchecked)
{
    bool nobody = !fake_etcd_oldest(t->etcd) && leader_is_absent(t);
    bool queued = fake_etcd_key(t->etcd, t->request->lease);
    if ((nobody || unchecked || !queued) && !lease_lives(t))
        return;
    t->reply->succeeded = nobody || unchecked;
    if (t->reply->succeeded) {
        put(t, t->request->lease);
        put(t, FAKE_ETCD_LEADER);
        fake_etcd_commit(t->etcd);
        return;
    }
    if (!queued)
        put(t, t->request->lease);
    fake_etcd_commit(t->etcd);
    read_back(t);
    t->reply->same_id = same_id(t);
    /* Only the newest two keys are read. */
    if (!fake_etcd_newest_before(t->etcd, INT64_MAX) ||
        fake_etcd_newest_before(t->etcd, INT64_MAX)->name == t->request->lease)
        read_predecessor(t, t->reply->own.create_revision);
}

static void claim(struct txn *t, const struct fake_lock_sabotage *sabotage)
{
    bool our_turn = lock_is_ours(t) && lock_is_on_lease(t) &&
        leader_is_absent(t) && (nobody_older(t) || sabotage->queue_unchecked);
    if (!our_turn && !sabotage->claim_unchecked) {
        read_back(t);
        read_predecessor(t, t->request->lock_revision);
        return;
    }
    if (!lease_lives(t))
        return;
    put(t, FAKE_ETCD_LEADER);
    fake_etcd_commit(t->etcd);
    t->reply->succeeded = true;
}

static void look(struct txn *t)
{
    read_back(t);
    read_predecessor(t, t->request->lock_revision);
}

static void resign(struct txn *t)
{
    t->reply->succeeded = lock_is_ours(t);
    if (!t->reply->succeeded)
        return;
    fake_etcd_delete(t->etcd, t->request->lease);
    if (leader_is_ours(t))
        fake_etcd_delete(t->etcd, FAKE_ETCD_LEADER);
    fake_etcd_commit(t->etcd);
}

void fake_lock_apply(struct fake_etcd *e,
                     const struct election_request *request, int owner,
                     const struct fake_lock_sabotage *sabotage,
                     struct election_reply *ret_reply,
                     struct fake_lock_names *ret_names)
{
    *ret_reply = (struct election_reply){ .outcome = ELECTION_ANSWERED };
    *ret_names = (struct fake_lock_names){ 0, 0, -1, -1 };
    struct txn t = { e, request, owner, ret_reply, ret_names };
    switch (request->type) {
    case ELECTION_ATTEMPT:
        attempt(&t, sabotage->attempt_unchecked);
        break;
    case ELECTION_CLAIM:
        claim(&t, sabotage);
        break;
    case ELECTION_CHECK:
        look(&t);
        break;
    case ELECTION_BARRIER:
        ret_reply->succeeded = lock_is_ours(&t) && lock_is_on_lease(&t) &&
            leader_is_ours(&t);
        if (!ret_reply->succeeded)
            look(&t);
        break;
    case ELECTION_RESIGN:
        resign(&t);
        break;
    case ELECTION_GRANT:
    case ELECTION_KEEPALIVE:
    case ELECTION_REVOKE:
        assert(false); /* calls of the lease service are no transactions */
        break;
    }
    ret_reply->header.revision = e->revision;
}
