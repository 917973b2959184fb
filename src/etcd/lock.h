/* lock.h: the lock recipe: an election's keys, its transactions, and what
 * their replies mean.
 *
 * The layout is that of etcd's own lock and election recipes, so that their
 * clients and ours take turns. Source: etcd clientv3/concurrency, key.go and
 * election.go; design of the transactions: README, "How it works".
 */
#ifndef LOCK_H
#define LOCK_H

#include "candidate.h"
#include "etcd/etcd.h"

enum {
    LOCK_PREFIX_BYTES_MAX = CANDIDATE_ELECTION_BYTES_MAX + 16,
    LOCK_KEY_BYTES_MAX = LOCK_PREFIX_BYTES_MAX + 16 + 8,
};

/* The keys of one candidacy. */
struct lock {
    char leader_key[CANDIDATE_ELECTION_BYTES_MAX + 1]; /* the election's name */
    char prefix[LOCK_PREFIX_BYTES_MAX];                /* "election_NAME/" */
    char prefix_end[LOCK_PREFIX_BYTES_MAX]; /* first key behind the prefix */
    char key[LOCK_KEY_BYTES_MAX];           /* prefix + lease in hex */
    char barrier_key[LOCK_KEY_BYTES_MAX];   /* never exists */
    char value[CANDIDATE_ID_BYTES_MAX + 1]; /* the candidate's ID */
    int64_t lease;
};

/* The names that hold for the whole election: "leader" has the prefix
 * "election_leader/", "/svc/db" has "/svc/election_db/". Neither argument is
 * longer than candidate.h allows. */
void lock_init(struct lock *l, const char *election, const char *id);

/* Begin a candidacy on this lease: sets key and barrier_key. */
void lock_set_lease(struct lock *l, int64_t lease);

/* The transactions. Each begins a call on e, as etcd_txn() does. */

/* Nobody queued and no leader key: put both keys. Else queue up, unless this
 * lease is queued already, and read back. */
void lock_attempt(const struct lock *l, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms);
/* Our lock key has this create_revision and is on our lease, no lock key is
 * older and there is no leader key: put the leader key. Else read back. */
void lock_claim(const struct lock *l, struct etcd *e, uint64_t tag,
                int64_t timeout_ms, int64_t lock_revision);
/* Read back only, through etcd's leader (linearizable). */
void lock_check(const struct lock *l, struct etcd *e, uint64_t tag,
                int64_t timeout_ms, int64_t lock_revision);
/* A commit that changes nothing and succeeds only while both keys are ours and
 * on our lease (safety rule R3). Else reads back. */
void lock_barrier(const struct lock *l, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms, int64_t lock_revision);
/* Delete our lock key, and the leader key if it is on our lease, provided
 * that the lock key has this create_revision (R9). */
void lock_resign(const struct lock *l, struct etcd *e, uint64_t tag,
                 int64_t timeout_ms, int64_t lock_revision);

/* What a transaction's reply says. Borrowed from the reply; a key that is
 * absent has create_revision 0. */
struct lock_view {
    bool succeeded;
    bool same_id;               /* attempt: our ID stands in the queue twice */
    struct etcd_kv own;         /* our lock key */
    struct etcd_kv predecessor; /* the newest that is older than ours */
    struct etcd_kv leader;      /* the leader key */
    struct etcd_kv holder;      /* the oldest lock key */
    int64_t queue_n;            /* lock keys that there are */
};

/* Read the reply to the transaction of that name. After an attempt,
 * predecessor is absent when others queued behind us since: claim, then.
 * Returns 0, or CANDIDATE_EPROTO when the reply has another shape. */
int lock_parse_attempt(const struct lock *l, const struct etcd_txn_result *txn,
                       struct lock_view *ret_view);
/* claim, check and barrier. */
int lock_parse(const struct etcd_txn_result *txn, struct lock_view *ret_view);

#endif
