/* request_rank.c: priority keys; see request_txn.h. */
#include <stdio.h>
#include <string.h>

#include "etcd/request_txn.h"

enum { RANK_HOLDER, RANK_LEADER, RANK_LEADERS, RANK_ALL, RANK_RESULTS };

enum { PRIORITY_MAX = 100 };

static struct etcd_bytes bytes(const char *text)
{
    return (struct etcd_bytes){ text, strlen(text) };
}

void request_show(const struct request_keys *keys, const struct lock *l,
                  unsigned priority, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms)
{
    char key[REQUEST_PRIORITY_BYTES_MAX];
    char value[16];
    request_priority_key(keys, l->lease, key);
    (void)snprintf(value, sizeof value, "%u", priority);
    struct etcd_put put = {
        .key = bytes(key),
        .value = bytes(value),
        .lease = l->lease,
    };
    etcd_put(e, tag, timeout_ms, &put);
}

static struct etcd_op get(struct etcd_bytes key, struct etcd_bytes end,
                          int64_t limit)
{
    return (struct etcd_op){
        .type = ETCD_OP_RANGE,
        .range = { .key = key, .range_end = end, .limit = limit },
    };
}

void request_rank(const struct request_keys *keys, const struct lock *l,
                  int64_t leader_lease, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms)
{
    char leaders[REQUEST_PRIORITY_BYTES_MAX];
    struct etcd_bytes none = { 0 };
    request_priority_key(keys, leader_lease, leaders);
    struct etcd_op ops[RANK_RESULTS] = {
        [RANK_HOLDER] = get(bytes(l->prefix), bytes(l->prefix_end), 1),
        [RANK_LEADER] = get(bytes(l->leader_key), none, 0),
        [RANK_LEADERS] = get(bytes(leaders), none, 0),
        [RANK_ALL] = get(bytes(keys->priorities), bytes(keys->priorities_end),
                         REQUEST_RANKS_MAX),
    };
    ops[RANK_HOLDER].range.order = ETCD_ASCEND;
    ops[RANK_HOLDER].range.target = ETCD_CREATE;
    struct etcd_txn txn = { .success = ops, .success_n = RANK_RESULTS };
    etcd_txn(e, tag, timeout_ms, &txn);
}

int request_parse_ranks(const struct etcd_txn_result *txn,
                        struct request_ranks *ret_ranks)
{
    struct etcd_kv found[RANK_ALL] = { 0 };
    if (txn->results_n != RANK_RESULTS)
        return CANDIDATE_EPROTO;
    for (size_t i = 0; i < RANK_RESULTS; i++)
        if (txn->results[i].type != ETCD_OP_RANGE)
            return CANDIDATE_EPROTO;
    for (size_t i = 0; i < RANK_ALL; i++) {
        const struct etcd_kvs *kvs = &txn->results[i].range;
        if (kvs->n > 1)
            return CANDIDATE_EPROTO;
        if (kvs->n == 1)
            found[i] = kvs->items[0];
    }
    *ret_ranks = (struct request_ranks){
        .holder = found[RANK_HOLDER],
        .leader = found[RANK_LEADER],
        .leader_priority = found[RANK_LEADERS],
        .priorities = txn->results[RANK_ALL].range,
    };
    return 0;
}

unsigned request_priority(const struct etcd_kv *kv)
{
    unsigned priority = 0;
    if (kv->value.size > 3 || kv->lease == 0)
        return 0;
    for (size_t i = 0; i < kv->value.size; i++) {
        char c = kv->value.data[i];
        if (c < '0' || c > '9')
            return 0;
        priority = priority * 10 + (unsigned)(c - '0');
    }
    return priority <= PRIORITY_MAX ? priority : 0;
}
