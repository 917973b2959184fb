/* store.c: see store.h. */
#include "fuzz/store.h"

#include <string.h>

#include "fuzz/fuzz.h"

enum {
    FIRST_REVISION = 90,
    FIRST_TERM = 2,
    PER_CENT_FASTER = 10, /* its clock */
};

void store_init(struct store *s, int64_t now_ms)
{
    memset(s, 0, sizeof *s);
    s->now_ms = now_ms;
    s->revision = FIRST_REVISION;
    s->term = FIRST_TERM;
}

void store_begin(struct store *s)
{
    s->writes = false;
}

/* The revision of what is written now. */
static int64_t write_revision(struct store *s)
{
    s->revision += !s->writes;
    s->writes = true;
    return s->revision;
}

static void tell(struct store *s, const struct store_kv *kv)
{
    if (s->news_n < STORE_NEWS_MAX)
        s->news[s->news_n++] = *kv;
}

/* ---- keys ---- */

static struct store_kv *find(struct store *s, const struct asked_key *key)
{
    for (size_t i = 0; i < STORE_KEYS_MAX; i++)
        if (s->kvs[i].create_revision && asked_order(&s->kvs[i].key, key) == 0)
            return &s->kvs[i];
    return NULL;
}

const struct store_kv *store_find(const struct store *s,
                                  const struct asked_key *key)
{
    return find((struct store *)s, key);
}

static struct store_kv *find_room(struct store *s)
{
    for (size_t i = 0; i < STORE_KEYS_MAX; i++)
        if (!s->kvs[i].create_revision)
            return &s->kvs[i];
    return NULL;
}

void store_put(struct store *s, const struct asked_key *key, const char *value,
               size_t value_bytes, int64_t lease)
{
    struct store_kv *kv = find(s, key);
    if (!kv) {
        kv = find_room(s);
        CHECK(kv);
        *kv = (struct store_kv){ .key = *key };
        kv->create_revision = write_revision(s);
    }
    CHECK(value_bytes <= sizeof kv->value);
    memcpy(kv->value, value, value_bytes);
    kv->value_bytes = value_bytes;
    kv->mod_revision = write_revision(s);
    kv->version++;
    kv->lease = lease;
    tell(s, kv);
}

static void remove_kv(struct store *s, struct store_kv *kv)
{
    kv->create_revision = 0;
    kv->mod_revision = write_revision(s);
    tell(s, kv);
}

bool store_delete(struct store *s, const struct asked_key *key)
{
    struct store_kv *kv = find(s, key);
    if (kv)
        remove_kv(s, kv);
    return kv != NULL;
}

/* ---- leases ---- */

struct store_lease *store_find_lease(struct store *s, int64_t id)
{
    for (size_t i = 0; id && i < STORE_LEASES_MAX; i++)
        if (s->leases[i].id == id)
            return &s->leases[i];
    return NULL;
}

static void end_lease(struct store *s, struct store_lease *lease)
{
    for (size_t i = 0; i < STORE_KEYS_MAX; i++)
        if (s->kvs[i].create_revision && s->kvs[i].lease == lease->id)
            remove_kv(s, &s->kvs[i]);
    lease->id = 0;
}

bool store_revoke(struct store *s, int64_t id)
{
    struct store_lease *lease = store_find_lease(s, id);
    if (lease)
        end_lease(s, lease);
    return lease != NULL;
}

void store_grant(struct store *s, int64_t id, int64_t ttl_s)
{
    size_t i = 0;
    while (s->leases[i].id)
        CHECK(++i < STORE_LEASES_MAX);
    s->leases[i] = (struct store_lease){ id, ttl_s, 0, s->term };
    store_renew(s, &s->leases[i]);
}

void store_renew(struct store *s, struct store_lease *lease)
{
    lease->until_ms = s->now_ms +
        lease->ttl_s * 1000 * 100 / (100 + PER_CENT_FASTER);
}

/* Each end has a revision of its own. */
void store_pass_time(struct store *s, int64_t now_ms)
{
    s->now_ms = now_ms;
    for (size_t i = 0; i < STORE_LEASES_MAX; i++) {
        store_begin(s);
        if (s->leases[i].id && now_ms >= s->leases[i].until_ms)
            end_lease(s, &s->leases[i]);
    }
}

void store_change_leader(struct store *s)
{
    s->term++;
    for (size_t i = 0; i < STORE_LEASES_MAX; i++)
        store_renew(s, &s->leases[i]);
}
