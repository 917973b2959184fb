/* fake_etcd.c: see fake_etcd.h. */
#include "sim/fake_etcd.h"

#include <assert.h>
#include <stdlib.h>

enum { CAPACITY_MIN = 64 };

void fake_etcd_init(struct fake_etcd *e)
{
    *e = (struct fake_etcd){ .revision = 1 };
}

void fake_etcd_done(struct fake_etcd *e)
{
    free(e->leases);
    free(e->changes);
}

void fake_etcd_clear(struct fake_etcd *e)
{
    e->revision = 1;
    e->compacted_revision = 0;
    e->keys_n = 0;
    e->leases_n = 0;
    e->changes_n = 0;
    e->dirty = false;
    e->by_operator = false;
}

/* ---- leases ---- */

struct fake_lease *fake_etcd_lease(struct fake_etcd *e, int64_t id)
{
    for (size_t i = e->leases_n; i-- > 0;)
        if (e->leases[i].id == id && !e->leases[i].revoked_term)
            return &e->leases[i];
    return NULL;
}

int64_t fake_etcd_ttl_known(const struct fake_etcd *e, int64_t id,
                            uint64_t term)
{
    for (size_t i = e->leases_n; i-- > 0;) {
        const struct fake_lease *lease = &e->leases[i];
        bool known = lease->granted_term <= term &&
            (!lease->revoked_term || lease->revoked_term > term);
        if (lease->id == id)
            return known ? lease->ttl_ms : 0;
    }
    return 0;
}

bool fake_etcd_grant(struct fake_etcd *e, int64_t id, int64_t ttl_ms,
                     uint64_t term)
{
    assert(id > 0);
    assert(term > 0);
    if (fake_etcd_lease(e, id))
        return false;
    if (e->leases_n == e->leases_capacity) {
        size_t n = e->leases_capacity ? 2 * e->leases_capacity : CAPACITY_MIN;
        e->leases = realloc(e->leases, n * sizeof *e->leases);
        assert(e->leases);
        e->leases_capacity = n;
    }
    e->leases[e->leases_n++] = (struct fake_lease){
        .id = id,
        .ttl_ms = ttl_ms,
        .granted_term = term,
    };
    return true;
}

bool fake_etcd_revoke(struct fake_etcd *e, int64_t id, uint64_t term)
{
    struct fake_lease *lease = fake_etcd_lease(e, id);
    if (!lease)
        return false;
    for (int i = e->keys_n; i-- > 0;)
        if (e->keys[i].at.lease == id)
            fake_etcd_delete(e, e->keys[i].name);
    fake_etcd_commit(e);
    lease->revoked_term = term;
    return true;
}

/* ---- keys ---- */

const struct fake_key *fake_etcd_key(const struct fake_etcd *e, int64_t name)
{
    for (int i = 0; i < e->keys_n; i++)
        if (e->keys[i].name == name)
            return &e->keys[i];
    return NULL;
}

const struct fake_key *fake_etcd_newest_before(const struct fake_etcd *e,
                                               int64_t create_revision)
{
    const struct fake_key *newest = NULL;
    for (int i = 0; i < e->keys_n; i++) {
        const struct fake_key *key = &e->keys[i];
        if (key->name != FAKE_ETCD_LEADER &&
            key->at.create_revision < create_revision &&
            (!newest || key->at.create_revision > newest->at.create_revision))
            newest = key;
    }
    return newest;
}

const struct fake_key *fake_etcd_oldest(const struct fake_etcd *e)
{
    const struct fake_key *oldest = NULL;
    for (int i = 0; i < e->keys_n; i++) {
        const struct fake_key *key = &e->keys[i];
        if (key->name != FAKE_ETCD_LEADER &&
            (!oldest || key->at.create_revision < oldest->at.create_revision))
            oldest = key;
    }
    return oldest;
}

int fake_etcd_queue_n(const struct fake_etcd *e)
{
    int n = 0;
    for (int i = 0; i < e->keys_n; i++)
        n += e->keys[i].name != FAKE_ETCD_LEADER;
    return n;
}

static void remember(struct fake_etcd *e, struct fake_key before,
                     struct fake_key after)
{
    if (e->changes_n == e->changes_capacity) {
        size_t n = e->changes_capacity ? 2 * e->changes_capacity : CAPACITY_MIN;
        e->changes = realloc(e->changes, n * sizeof *e->changes);
        assert(e->changes);
        e->changes_capacity = n;
    }
    e->changes[e->changes_n++] = (struct fake_change){
        .revision = e->revision + 1,
        .before = before,
        .after = after,
        .by_operator = e->by_operator,
    };
    e->dirty = true;
}

void fake_etcd_put(struct fake_etcd *e, int64_t name, int64_t lease, int owner)
{
    assert(!lease || fake_etcd_lease(e, lease));
    int i = 0;
    while (i < e->keys_n && e->keys[i].name != name)
        i++;
    struct fake_key before = { .name = name };
    if (i < e->keys_n)
        before = e->keys[i];
    else
        e->keys_n++;
    assert(e->keys_n <= FAKE_ETCD_KEYS_MAX);
    e->keys[i] = (struct fake_key){
        .name = name,
        .owner = owner,
        .at = {
            .create_revision = before.at.create_revision
                ? before.at.create_revision
                : e->revision + 1,
            .mod_revision = e->revision + 1,
            .lease = lease,
        },
    };
    remember(e, before, e->keys[i]);
}

void fake_etcd_delete(struct fake_etcd *e, int64_t name)
{
    for (int i = 0; i < e->keys_n; i++)
        if (e->keys[i].name == name) {
            remember(e, e->keys[i], (struct fake_key){ .name = name });
            e->keys[i] = e->keys[--e->keys_n];
            return;
        }
}

void fake_etcd_commit(struct fake_etcd *e)
{
    e->revision += e->dirty;
    e->dirty = false;
}

void fake_etcd_compact(struct fake_etcd *e)
{
    e->compacted_revision = e->revision;
}
