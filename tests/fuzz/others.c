/* others.c: see others.h. */
#include "fuzz/others.h"

#include <string.h>

#include "fuzz/fuzz.h"

enum { B_LEASE = 10, C_LEASE = 11, OTHERS_TTL_S = 100000 };

static const char prefix[] = "election_leader/";

static struct asked_key key_of(const char *text)
{
    struct asked_key key = { .size = strlen(text) };
    CHECK(key.size <= sizeof key.data);
    memcpy(key.data, text, key.size);
    return key;
}

static struct asked_key leader_key(void)
{
    return key_of("leader");
}

static struct asked_key lock_key(int64_t lease)
{
    char text[ASKED_KEY_BYTES_MAX];
    (void)snprintf(text, sizeof text, "%s%llx", prefix,
                   (unsigned long long)lease);
    return key_of(text);
}

static const struct store_kv *oldest(const struct store *s)
{
    const struct store_kv *best = NULL;
    for (size_t i = 0; i < STORE_KEYS_MAX; i++) {
        const struct store_kv *kv = &s->kvs[i];
        if (!kv->create_revision || kv->key.size <= strlen(prefix) ||
            memcmp(kv->key.data, prefix, strlen(prefix)) != 0)
            continue;
        if (!best || kv->create_revision < best->create_revision)
            best = kv;
    }
    return best;
}

static const struct store_kv *find_leader(const struct store *s)
{
    struct asked_key key = leader_key();
    return store_find(s, &key);
}

bool others_lead(const struct store *s, int64_t lease)
{
    const struct store_kv *leader = find_leader(s);
    return leader && leader->lease != lease;
}

static bool is_first(const struct store *s, int64_t lease)
{
    struct asked_key key = lock_key(lease);
    const struct store_kv *first = oldest(s);
    return first && first->lease == lease &&
        asked_order(&first->key, &key) == 0;
}

bool others_see_leader(const struct store *s, int64_t lease)
{
    return lease && is_first(s, lease) && find_leader(s) &&
        !others_lead(s, lease);
}

bool others_see_own(const struct asked_key *key, int64_t lease)
{
    struct asked_key leader = leader_key();
    struct asked_key lock = lock_key(lease);
    return asked_order(key, &leader) == 0 || asked_order(key, &lock) == 0;
}

static void put(struct store *s, struct asked_key key, const char *value,
                int64_t lease)
{
    store_put(s, &key, value, strlen(value), lease);
}

static void queue(struct store *s, const char *id, int64_t lease)
{
    if (!store_find_lease(s, lease))
        store_grant(s, lease, OTHERS_TTL_S);
    put(s, lock_key(lease), id, lease);
}

static void request(struct store *s, int64_t lease)
{
    struct asked_key key = lock_key(lease);
    const struct store_kv *own = store_find(s, &key);
    char value[STORE_VALUE_BYTES_MAX];
    (void)snprintf(value, sizeof value,
                   "{\"v\":1,\"type\":\"depose\",\"token\":\"%lld\"}",
                   (long long)(own ? own->create_revision : 1));
    put(s, key_of("election-request_leader"), value, 0);
}

void others_act(struct store *s, enum other what, int64_t lease)
{
    struct asked_key leader = leader_key();
    struct asked_key own = lock_key(lease);
    store_begin(s);
    switch (what) {
    case B_QUEUES:
        queue(s, "B", B_LEASE);
        break;
    case B_LEAVES:
        (void)store_revoke(s, B_LEASE);
        break;
    case B_CLAIMS:
        if (is_first(s, B_LEASE) && !store_find(s, &leader))
            put(s, leader, "B", B_LEASE);
        break;
    case PUT_LEADER:
        put(s, leader, "C", 0);
        break;
    case DELETE_LEADER:
        (void)store_delete(s, &leader);
        break;
    case PUT_OWN:
        if (store_find(s, &own))
            put(s, own, "C", 0);
        break;
    case DELETE_OWN:
        (void)store_delete(s, &own);
        break;
    case REVOKE_OWN:
        (void)store_revoke(s, lease);
        break;
    case REQUEST:
        request(s, lease);
        break;
    case CHANGE_LEADER:
        store_change_leader(s);
        break;
    case C_QUEUES:
        queue(s, "C", C_LEASE);
        break;
    case C_LEAVES:
        (void)store_revoke(s, C_LEASE);
        break;
    case OTHERS_N:
        break;
    }
}
