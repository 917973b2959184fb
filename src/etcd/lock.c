/* lock.c: the keys of a candidacy, and the transactions on them. */
#include "etcd/lock_private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static_assert((int)LOCK_PREFIX_BYTES_MAX >=
                  (int)CANDIDATE_ELECTION_BYTES_MAX + 9 + 1 + 1,
              "election_, the name, a slash and the NUL byte fit");
static_assert((int)LOCK_KEY_BYTES_MAX >=
                  (int)CANDIDATE_ELECTION_BYTES_MAX + 9 + 1 + 16 + 8 + 1,
              "prefix, 64 bits in hex, /barrier and the NUL byte fit");

void lock_init(struct lock *l, const char *election, const char *id)
{
    assert(strlen(election) < sizeof l->leader_key);
    assert(strlen(id) < sizeof l->value);
    *l = (struct lock){ .lease = 0 };
    memcpy(l->leader_key, election, strlen(election));
    memcpy(l->value, id, strlen(id));
    const char *slash = strrchr(election, '/');
    const char *last = slash ? slash + 1 : election;
    (void)snprintf(l->prefix, sizeof l->prefix, "%.*selection_%s/",
                   (int)(last - election), election, last);
    memcpy(l->prefix_end, l->prefix, sizeof l->prefix);
    l->prefix_end[strlen(l->prefix) - 1] = '/' + 1;
}

void lock_set_lease(struct lock *l, int64_t lease)
{
    assert(lease > 0);
    l->lease = lease;
    int n = snprintf(l->key, sizeof l->key, "%s%llx", l->prefix,
                     (unsigned long long)lease);
    assert(n > 0);
    n = snprintf(l->barrier_key, sizeof l->barrier_key, "%s/barrier", l->key);
    assert((size_t)n < sizeof l->barrier_key);
}

/* ---- parts of transactions ---- */

static struct etcd_bytes bytes(const char *text)
{
    return (struct etcd_bytes){ text, strlen(text) };
}

static struct etcd_op put(const struct lock *l, const char *key)
{
    return (struct etcd_op){
        .type = ETCD_OP_PUT,
        .put = { .key = bytes(key),
                 .value = bytes(l->value),
                 .lease = l->lease },
    };
}

static struct etcd_op del(const char *key)
{
    return (struct etcd_op){
        .type = ETCD_OP_DELETE,
        .del = { .key = bytes(key) },
    };
}

static struct etcd_op nested(const struct etcd_txn *txn)
{
    return (struct etcd_op){ .type = ETCD_OP_TXN, .txn = txn };
}

static struct etcd_op get(const char *key)
{
    return (struct etcd_op){
        .type = ETCD_OP_RANGE,
        .range = { .key = bytes(key) },
    };
}

/* Lock keys in the order in which they were created. */
static struct etcd_op get_queue(const struct lock *l, enum etcd_sort order,
                                int64_t limit, int64_t max_create_revision)
{
    return (struct etcd_op){
        .type = ETCD_OP_RANGE,
        .range = { .key = bytes(l->prefix),
                   .range_end = bytes(l->prefix_end),
                   .limit = limit,
                   .order = order,
                   .target = ETCD_CREATE,
                   .max_create_revision = max_create_revision },
    };
}

static struct etcd_compare number_is(const char *key, enum etcd_target target,
                                     int64_t number)
{
    return (struct etcd_compare){
        .key = bytes(key),
        .target = target,
        .relation = ETCD_EQUAL,
        .number = number,
    };
}

static struct etcd_compare is_absent(const char *key)
{
    return number_is(key, ETCD_CREATE, 0);
}

/* Holds for every lock key, hence also when there is none. */
static struct etcd_compare queue_is(const struct lock *l,
                                    enum etcd_relation relation,
                                    int64_t create_revision)
{
    return (struct etcd_compare){
        .key = bytes(l->prefix),
        .range_end = bytes(l->prefix_end),
        .target = ETCD_CREATE,
        .relation = relation,
        .number = create_revision,
    };
}

/* ---- the transactions ---- */

/* Finds our ID as the value of a lock key in [from, to). No key has it when
 * the compare holds for all; but it does not hold for a range without keys
 * either, so the keys are counted then. Compares of nested transactions look
 * at the keys before anything is put (etcd, compareToPath); our own key is in
 * neither range, so that makes no difference. */
struct id_search {
    struct etcd_compare compare;
    struct etcd_op count;
    struct etcd_txn txn;
};

static struct etcd_op search_id(struct id_search *s, const struct lock *l,
                                struct etcd_bytes from, struct etcd_bytes to)
{
    s->compare = (struct etcd_compare){
        .key = from,
        .range_end = to,
        .target = ETCD_VALUE,
        .relation = ETCD_NOT_EQUAL,
        .value = bytes(l->value),
    };
    s->count = (struct etcd_op){
        .type = ETCD_OP_RANGE,
        .range = { .key = from, .range_end = to, .count_only = true },
    };
    s->txn = (struct etcd_txn){
        .compares = &s->compare,
        .compares_n = 1,
        .failure = &s->count,
        .failure_n = 1,
    };
    return nested(&s->txn);
}

void lock_attempt(const struct lock *l, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms)
{
    assert(l->lease > 0);
    struct etcd_compare nobody[] = { queue_is(l, ETCD_EQUAL, 0),
                                     is_absent(l->leader_key) };
    struct etcd_op lead[] = { put(l, l->key), put(l, l->leader_key) };
    struct etcd_compare not_queued = is_absent(l->key);
    struct etcd_txn enqueue = {
        .compares = &not_queued,
        .compares_n = 1,
        .success = lead, /* the lock key alone */
        .success_n = 1,
    };
    struct id_search before, behind;
    struct etcd_bytes own = bytes(l->key);
    struct etcd_bytes after_own = { l->key, own.size + 1 }; /* NUL included */
    struct etcd_op queue[] = {
        [ATTEMPT_ENQUEUE] = nested(&enqueue),
        [ATTEMPT_OWN] = get(l->key),
        [ATTEMPT_NEWEST] = get_queue(l, ETCD_DESCEND, 2, 0),
        [ATTEMPT_LEADER] = get(l->leader_key),
        [ATTEMPT_HOLDER] = get_queue(l, ETCD_ASCEND, 1, 0),
        [ATTEMPT_ID_BEFORE] = search_id(&before, l, bytes(l->prefix), own),
        [ATTEMPT_ID_BEHIND] = search_id(&behind, l, after_own,
                                        bytes(l->prefix_end)),
    };
    struct etcd_txn txn = {
        .compares = nobody,
        .compares_n = COUNT(nobody),
        .success = lead,
        .success_n = COUNT(lead),
        .failure = queue,
        .failure_n = COUNT(queue),
    };
    etcd_txn(e, tag, timeout_ms, &txn);
}

/* Send compares and what follows when they hold; else read back. */
static void send_or_view(const struct lock *l, struct etcd *e, uint64_t tag,
                         int64_t timeout_ms, int64_t lock_revision,
                         struct etcd_txn txn)
{
    assert(lock_revision > 0);
    struct etcd_op view[] = {
        [VIEW_OWN] = get(l->key),
        [VIEW_PREDECESSOR] = get_queue(l, ETCD_DESCEND, 1, lock_revision - 1),
        [VIEW_LEADER] = get(l->leader_key),
        [VIEW_HOLDER] = get_queue(l, ETCD_ASCEND, 1, 0),
    };
    txn.failure = view;
    txn.failure_n = COUNT(view);
    etcd_txn(e, tag, timeout_ms, &txn);
}

void lock_claim(const struct lock *l, struct etcd *e, uint64_t tag,
                int64_t timeout_ms, int64_t lock_revision)
{
    struct etcd_compare our_turn[] = {
        number_is(l->key, ETCD_CREATE, lock_revision),
        number_is(l->key, ETCD_LEASE, l->lease),
        queue_is(l, ETCD_GREATER, lock_revision - 1),
        is_absent(l->leader_key),
    };
    struct etcd_op lead = put(l, l->leader_key);
    struct etcd_txn txn = {
        .compares = our_turn,
        .compares_n = COUNT(our_turn),
        .success = &lead,
        .success_n = 1,
    };
    send_or_view(l, e, tag, timeout_ms, lock_revision, txn);
}

void lock_check(const struct lock *l, struct etcd *e, uint64_t tag,
                int64_t timeout_ms, int64_t lock_revision)
{
    /* Never holds, so the reply has the shape of the others' view. */
    struct etcd_compare never = number_is(l->barrier_key, ETCD_VERSION, 1);
    struct etcd_txn txn = { .compares = &never, .compares_n = 1 };
    send_or_view(l, e, tag, timeout_ms, lock_revision, txn);
}

void lock_barrier(const struct lock *l, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms, int64_t lock_revision)
{
    struct etcd_compare ours[] = {
        number_is(l->key, ETCD_CREATE, lock_revision),
        number_is(l->key, ETCD_LEASE, l->lease),
        number_is(l->leader_key, ETCD_LEASE, l->lease),
    };
    struct etcd_op commit = del(l->barrier_key); /* a read would not commit */
    struct etcd_txn txn = {
        .compares = ours,
        .compares_n = COUNT(ours),
        .success = &commit,
        .success_n = 1,
    };
    send_or_view(l, e, tag, timeout_ms, lock_revision, txn);
}

void lock_resign(const struct lock *l, struct etcd *e, uint64_t tag,
                 int64_t timeout_ms, int64_t lock_revision)
{
    assert(lock_revision > 0);
    struct etcd_compare lock_is_ours = number_is(l->key, ETCD_CREATE,
                                                 lock_revision);
    struct etcd_compare leader_is_ours = number_is(l->leader_key, ETCD_LEASE,
                                                   l->lease);
    struct etcd_op unlead = del(l->leader_key);
    struct etcd_txn if_leader = {
        .compares = &leader_is_ours,
        .compares_n = 1,
        .success = &unlead,
        .success_n = 1,
    };
    struct etcd_op leave[] = { del(l->key), nested(&if_leader) };
    struct etcd_txn txn = {
        .compares = &lock_is_ours,
        .compares_n = 1,
        .success = leave,
        .success_n = COUNT(leave),
    };
    etcd_txn(e, tag, timeout_ms, &txn);
}
