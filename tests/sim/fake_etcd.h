/* fake_etcd.h: what etcd stores: keys, leases, revisions and their history.
 *
 * The state machine that Raft feeds, so everything here happens at once and
 * in order. Time, members and messages are cluster.h's; the transactions of
 * an election are fake_lock.h's. It knows the keys of one election only: the
 * leader key, and lock keys that bear their lease's id.
 */
#ifndef FAKE_ETCD_H
#define FAKE_ETCD_H

#include "core/election.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FAKE_ETCD_KEYS_MAX = 256,
    FAKE_ETCD_LEADER = 0, /* the leader key's name; a lock key's is > 0 */
};

struct fake_key {
    int64_t name;
    struct election_key at; /* absent: all zero */
    int owner;              /* the value: whose ID */
};

struct fake_lease {
    int64_t id;
    int64_t ttl_ms;
    int64_t expires_at_us; /* in the memory of etcd's leader */
    uint64_t granted_term;
    uint64_t revoked_term; /* 0: it lives */
    bool revoking;         /* expired, and its revocation is on its way */
};

/* One key's change; changes of one transaction share the revision. */
struct fake_change {
    int64_t revision;
    struct fake_key before;
    struct fake_key after;
    bool by_operator;
};

struct fake_etcd {
    int64_t revision;
    int64_t compacted_revision;
    struct fake_key keys[FAKE_ETCD_KEYS_MAX];
    int keys_n;
    struct fake_lease *leases; /* the dead ones too */
    size_t leases_n;
    size_t leases_capacity;
    struct fake_change *changes;
    size_t changes_n;
    size_t changes_capacity;
    bool dirty; /* something was written since the last commit */
    bool by_operator;
};

void fake_etcd_init(struct fake_etcd *e);
void fake_etcd_done(struct fake_etcd *e);

/* Empty it, keep the memory. */
void fake_etcd_clear(struct fake_etcd *e);

/* A living lease, or NULL. */
struct fake_lease *fake_etcd_lease(struct fake_etcd *e, int64_t id);

/* The TTL of a lease as an etcd leader knows it that has heard of nothing
 * after this term; 0: it does not know it. */
int64_t fake_etcd_ttl_known(const struct fake_etcd *e, int64_t id,
                            uint64_t term);

/* False: the id is taken. */
bool fake_etcd_grant(struct fake_etcd *e, int64_t id, int64_t ttl_ms,
                     uint64_t term);
/* All keys of the lease go in one revision. False: there is no such lease. */
bool fake_etcd_revoke(struct fake_etcd *e, int64_t id, uint64_t term);

/* NULL: there is no such key. */
const struct fake_key *fake_etcd_key(const struct fake_etcd *e, int64_t name);

/* The newest lock key older than this revision, or NULL. */
const struct fake_key *fake_etcd_newest_before(const struct fake_etcd *e,
                                               int64_t create_revision);
/* The oldest lock key, or NULL. */
const struct fake_key *fake_etcd_oldest(const struct fake_etcd *e);
/* How many lock keys there are. */
int fake_etcd_queue_n(const struct fake_etcd *e);

/* The writes of one transaction; the lease lives or is 0. Commit closes it. */
void fake_etcd_put(struct fake_etcd *e, int64_t name, int64_t lease, int owner);
void fake_etcd_delete(struct fake_etcd *e, int64_t name);
void fake_etcd_commit(struct fake_etcd *e);

/* Watches can no longer begin at the present revision or before. */
void fake_etcd_compact(struct fake_etcd *e);

#endif
