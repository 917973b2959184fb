/* lock_parse.c: what the replies to the lock recipe's transactions say. */
#include "etcd/lock_private.h"

#include <string.h>

/* The results of a branch, all of one type. */
static bool are(const struct etcd_txn_result *txn, enum etcd_op_type type,
                size_t n)
{
    if (txn->results_n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (txn->results[i].type != type)
            return false;
    return true;
}

/* Read a range of at most one key. */
static bool take_key(const struct etcd_result *result, struct etcd_kv *ret_kv)
{
    if (result->type != ETCD_OP_RANGE || result->range.n > 1)
        return false;
    *ret_kv = (struct etcd_kv){ 0 };
    if (result->range.n == 1)
        *ret_kv = result->range.items[0];
    return result->range.n == 0 || ret_kv->create_revision > 0;
}

/* Read the oldest lock key, and how many there are. */
static bool take_queue(const struct etcd_result *result,
                       struct lock_view *ret_view)
{
    if (!take_key(result, &ret_view->holder))
        return false;
    ret_view->queue_n = result->range.count;
    return true;
}

/* Read the newest two keys: who is before us, if we are the newest. */
static bool take_predecessor(const struct etcd_result *result,
                             const struct etcd_kv *own, struct etcd_kv *ret_kv)
{
    if (result->type != ETCD_OP_RANGE || result->range.n > 2)
        return false;
    const struct etcd_kv *newest = result->range.items;
    *ret_kv = (struct etcd_kv){ 0 };
    if (result->range.n < 2 ||
        newest[0].create_revision != own->create_revision)
        return true;
    *ret_kv = newest[1];
    return newest[1].create_revision > 0 &&
        newest[1].create_revision < own->create_revision;
}

static bool take_id_search(const struct etcd_result *result, bool *found)
{
    if (result->type != ETCD_OP_TXN)
        return false;
    const struct etcd_txn_result *txn = &result->txn;
    if (txn->succeeded)
        return txn->results_n == 0;
    if (!are(txn, ETCD_OP_RANGE, 1))
        return false;
    *found = *found || txn->results[0].range.count > 0;
    return true;
}

static bool is_named(const struct etcd_kv *kv, const char *key)
{
    size_t size = strlen(key);
    return kv->create_revision == 0 ||
        (kv->key.size == size && memcmp(kv->key.data, key, size) == 0);
}

static bool take_enqueue(const struct etcd_result *result)
{
    return result->type == ETCD_OP_TXN &&
        are(&result->txn, ETCD_OP_PUT, result->txn.succeeded ? 1 : 0);
}

int lock_parse_attempt(const struct lock *l, const struct etcd_txn_result *txn,
                       struct lock_view *ret_view)
{
    struct lock_view view = { .succeeded = txn->succeeded };
    if (txn->succeeded) {
        if (!are(txn, ETCD_OP_PUT, 2))
            return CANDIDATE_EPROTO;
        *ret_view = view;
        return 0;
    }
    if (txn->results_n != ATTEMPT_RESULTS)
        return CANDIDATE_EPROTO;
    const struct etcd_result *results = txn->results;
    bool ok = take_enqueue(&results[ATTEMPT_ENQUEUE]) &&
        take_key(&results[ATTEMPT_OWN], &view.own) &&
        is_named(&view.own, l->key) &&
        take_predecessor(&results[ATTEMPT_NEWEST], &view.own,
                         &view.predecessor) &&
        take_key(&results[ATTEMPT_LEADER], &view.leader) &&
        is_named(&view.leader, l->leader_key) &&
        take_queue(&results[ATTEMPT_HOLDER], &view) &&
        take_id_search(&results[ATTEMPT_ID_BEFORE], &view.same_id) &&
        take_id_search(&results[ATTEMPT_ID_BEHIND], &view.same_id);
    if (!ok)
        return CANDIDATE_EPROTO;
    *ret_view = view;
    return 0;
}

int lock_parse(const struct etcd_txn_result *txn, struct lock_view *ret_view)
{
    struct lock_view view = { .succeeded = txn->succeeded };
    bool ok;
    if (txn->succeeded)
        ok = are(txn, ETCD_OP_PUT, 1) || are(txn, ETCD_OP_DELETE, 1);
    else
        ok = txn->results_n == VIEW_RESULTS &&
            take_key(&txn->results[VIEW_OWN], &view.own) &&
            take_key(&txn->results[VIEW_PREDECESSOR], &view.predecessor) &&
            take_key(&txn->results[VIEW_LEADER], &view.leader) &&
            take_queue(&txn->results[VIEW_HOLDER], &view);
    if (!ok)
        return CANDIDATE_EPROTO;
    *ret_view = view;
    return 0;
}
