/* request_txn.h: the transactions of whoever asks something of candidates, and
 * what their replies say.
 *
 * Each reads the head of the queue, so one round trip shows whether the request
 * is there and what has come of it. Nothing is written but the request key.
 */
#ifndef REQUEST_TXN_H
#define REQUEST_TXN_H

#include "etcd/etcd.h"
#include "etcd/lock.h"
#include "etcd/request.h"

/* Whose election, and whom it is about; all is borrowed. */
struct request_scene {
    const struct request_keys *keys;
    const struct lock *lock;       /* its names */
    struct etcd_bytes leader_lock; /* the lock key of the leader that is meant,
                                      for a put */
    struct etcd_bytes target_lock; /* of who shall be next; size 0: nobody */
    int64_t lease;                 /* of the request */
};

/* Look only, through etcd's leader (linearizable). */
void request_look(const struct request_scene *scene, struct etcd *e,
                  uint64_t tag, int64_t timeout_ms);

/* Put the request, provided that the leader's lock key has this token and that
 * there is none yet, or, with again, that the one that is there is on our
 * lease. Look in any case. */
void request_put(const struct request_scene *scene, struct etcd *e,
                 uint64_t tag, int64_t timeout_ms,
                 const struct request *request, bool again);

/* What was seen. Borrowed from the reply; a key that is absent has
 * create_revision 0. */
struct request_view {
    bool succeeded; /* the request was put */
    struct etcd_kv holder, next, leader, request, target;
};

/* Returns 0, or CANDIDATE_EPROTO when the reply has another shape. */
int request_parse_view(const struct request_scene *scene, bool put,
                       const struct etcd_txn_result *txn,
                       struct request_view *ret_view);

/* ---- priorities ---- */

enum { REQUEST_RANKS_MAX = 64 }; /* more are not looked at */

/* Put our priority key, on the lease of l. */
void request_show(const struct request_keys *keys, const struct lock *l,
                  unsigned priority, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms);

/* Look at the leader that has this lease, and at everyone's priority. */
void request_rank(const struct request_keys *keys, const struct lock *l,
                  int64_t leader_lease, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms);

/* What was seen; as with request_view. */
struct request_ranks {
    struct etcd_kv holder, leader, leader_priority;
    struct etcd_kvs priorities;
};

/* Returns 0, or CANDIDATE_EPROTO when the reply has another shape. */
int request_parse_ranks(const struct etcd_txn_result *txn,
                        struct request_ranks *ret_ranks);

/* The priority that a priority key holds: 1 to 100, else 0. */
unsigned request_priority(const struct etcd_kv *kv);

#endif
