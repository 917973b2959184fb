/* request_txn.c: see request_txn.h. */
#include "etcd/request_txn.h"

#include <assert.h>
#include <string.h>

enum { SEEN_QUEUE, SEEN_LEADER, SEEN_REQUEST, SEEN_TARGET, SEEN_MAX };

static struct etcd_bytes bytes(const char *text)
{
    return (struct etcd_bytes){ text, strlen(text) };
}

static struct etcd_op get(struct etcd_bytes key)
{
    return (struct etcd_op){ .type = ETCD_OP_RANGE, .range = { .key = key } };
}

static struct etcd_compare number_is(struct etcd_bytes key,
                                     enum etcd_target target, int64_t number)
{
    return (struct etcd_compare){
        .key = key,
        .target = target,
        .relation = ETCD_EQUAL,
        .number = number,
    };
}

/* Without a target its place is left out. */
static size_t seen_n(const struct request_scene *scene)
{
    return scene->target_lock.size > 0 ? SEEN_MAX : SEEN_TARGET;
}

static void look(const struct request_scene *scene,
                 struct etcd_op ops[SEEN_MAX])
{
    const struct lock *l = scene->lock;
    ops[SEEN_QUEUE] = (struct etcd_op){
        .type = ETCD_OP_RANGE,
        .range = { .key = bytes(l->prefix),
                   .range_end = bytes(l->prefix_end),
                   .limit = 2,
                   .order = ETCD_ASCEND,
                   .target = ETCD_CREATE },
    };
    ops[SEEN_LEADER] = get(bytes(l->leader_key));
    ops[SEEN_REQUEST] = get(bytes(scene->keys->request));
    ops[SEEN_TARGET] = get(scene->target_lock);
}

void request_look(const struct request_scene *scene, struct etcd *e,
                  uint64_t tag, int64_t timeout_ms)
{
    struct etcd_op ops[SEEN_MAX];
    look(scene, ops);
    struct etcd_txn txn = { .success = ops, .success_n = seen_n(scene) };
    etcd_txn(e, tag, timeout_ms, &txn);
}

void request_put(const struct request_scene *scene, struct etcd *e,
                 uint64_t tag, int64_t timeout_ms,
                 const struct request *request, bool again)
{
    assert(scene->leader_lock.size > 0);
    assert(scene->lease > 0);
    char value[REQUEST_VALUE_BYTES_MAX];
    struct etcd_bytes key = bytes(scene->keys->request);
    struct etcd_op ops[1 + SEEN_MAX] = { {
        .type = ETCD_OP_PUT,
        .put = { .key = key,
                 .value = { value, request_build(request, value) },
                 .lease = scene->lease },
    } };
    look(scene, ops + 1);
    struct etcd_compare compares[] = {
        number_is(scene->leader_lock, ETCD_CREATE, request->token),
        again ? number_is(key, ETCD_LEASE, scene->lease)
              : number_is(key, ETCD_CREATE, 0),
    };
    struct etcd_txn txn = {
        .compares = compares,
        .compares_n = sizeof compares / sizeof *compares,
        .success = ops,
        .success_n = 1 + seen_n(scene),
        .failure = ops + 1,
        .failure_n = seen_n(scene),
    };
    etcd_txn(e, tag, timeout_ms, &txn);
}

static void take_key(const struct etcd_result *result, size_t i,
                     struct etcd_kv *ret_kv)
{
    if (i < result->range.n)
        *ret_kv = result->range.items[i];
}

int request_parse_view(const struct request_scene *scene, bool put,
                       const struct etcd_txn_result *txn,
                       struct request_view *ret_view)
{
    static const size_t most[] = { 2, 1, 1, 1 };
    struct request_view view = { .succeeded = put && txn->succeeded };
    size_t first = view.succeeded ? 1 : 0;
    if (txn->results_n != first + seen_n(scene) ||
        (view.succeeded && txn->results[0].type != ETCD_OP_PUT))
        return CANDIDATE_EPROTO;
    const struct etcd_result *seen = txn->results + first;
    for (size_t i = 0; i < seen_n(scene); i++)
        if (seen[i].type != ETCD_OP_RANGE || seen[i].range.n > most[i])
            return CANDIDATE_EPROTO;
    take_key(&seen[SEEN_QUEUE], 0, &view.holder);
    take_key(&seen[SEEN_QUEUE], 1, &view.next);
    take_key(&seen[SEEN_LEADER], 0, &view.leader);
    take_key(&seen[SEEN_REQUEST], 0, &view.request);
    if (seen_n(scene) > SEEN_TARGET)
        take_key(&seen[SEEN_TARGET], 0, &view.target);
    *ret_view = view;
    return 0;
}
