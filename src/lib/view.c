/* view.c: see view.h. */
#include "lib/view.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/words.h"
#include "sys/text.h"

static struct view_lock read_lock(const struct etcd_kv *kv)
{
    struct view_lock lock = {
        .created = kv->create_revision,
        .modified = kv->mod_revision,
        .lease = kv->lease,
    };
    text_escape(lock.id, sizeof lock.id, kv->value.data, kv->value.size);
    text_escape(lock.key, sizeof lock.key, kv->key.data, kv->key.size);
    return lock;
}

struct view_leader view_leader(const struct etcd_kv *kv)
{
    struct view_leader leader = { 0 };
    if (kv->create_revision == 0)
        return leader;
    leader.created = kv->create_revision;
    leader.modified = kv->mod_revision;
    leader.lease = kv->lease;
    text_escape(leader.id, sizeof leader.id, kv->value.data, kv->value.size);
    return leader;
}

/* The same leadership, though its key may have been written again. */
static bool same_leader(const struct view_leader *a,
                        const struct view_leader *b)
{
    return a->created == b->created && a->lease == b->lease &&
        strcmp(a->id, b->id) == 0;
}

static bool same_lock(const struct view_lock *a, const struct view_lock *b)
{
    return a->created == b->created && a->lease == b->lease &&
        strcmp(a->id, b->id) == 0 && strcmp(a->key, b->key) == 0;
}

/* ---- surveys ---- */

void view_survey_begin(struct view *v)
{
    v->incoming.n = 0;
}

void view_survey_lock(struct view *v, const struct etcd_kv *kv)
{
    if (v->incoming.n < CANDIDATE_VIEW_QUEUE_MAX)
        v->incoming.locks[v->incoming.n++] = read_lock(kv);
}

static struct view_lock *find(struct view_queue *queue, const char *key)
{
    for (size_t i = 0; i < queue->n; i++)
        if (strcmp(queue->locks[i].key, key) == 0)
            return &queue->locks[i];
    return NULL;
}

static bool same_queue(const struct view_queue *a, const struct view_queue *b)
{
    if (a->n != b->n || a->more != b->more)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!same_lock(&a->locks[i], &b->locks[i]))
            return false;
    return true;
}

/* What is known of a lease stays so. */
static void keep_leases(struct view *v)
{
    for (size_t i = 0; i < v->incoming.n; i++) {
        struct view_lock *new = &v->incoming.locks[i];
        const struct view_lock *old = find(&v->queue, new->key);
        if (!old || old->lease != new->lease)
            continue;
        new->lease_ends_at_ms = old->lease_ends_at_ms;
        new->lease_ttl_ms = old->lease_ttl_ms;
    }
}

static void settle(struct view *v, int64_t revision)
{
    v->revision = v->settled = revision;
    for (size_t i = 0; i < SURVEY_WATCHES; i++)
        v->applied[i] = revision;
}

unsigned view_survey_end(struct view *v, const struct view_leader *leader,
                         int64_t count, int64_t revision)
{
    unsigned changes = 0;
    v->incoming.more = count - (int64_t)v->incoming.n;
    if (v->incoming.more < 0)
        v->incoming.more = 0;
    if (!same_leader(&v->leader, leader))
        changes |= VIEW_LEADER;
    if (!same_queue(&v->queue, &v->incoming))
        changes |= VIEW_QUEUE;
    keep_leases(v);
    v->leader = *leader;
    v->queue.n = v->incoming.n;
    v->queue.more = v->incoming.more;
    memcpy(v->queue.locks, v->incoming.locks,
           v->incoming.n * sizeof *v->incoming.locks);
    v->incomplete = false;
    settle(v, revision);
    return changes;
}

/* ---- events ---- */

static unsigned leader_event(struct view *v,
                             const struct etcd_watch_event *event)
{
    struct view_leader leader = { 0 };
    if (!event->deleted)
        leader = view_leader(&event->kv);
    bool same = same_leader(&v->leader, &leader);
    v->leader = leader;
    return same ? 0 : VIEW_LEADER;
}

static unsigned remove_lock(struct view *v, struct view_lock *lock)
{
    struct view_queue *queue = &v->queue;
    if (!lock) { /* one that was only counted, or is gone already */
        v->incomplete = v->incomplete || queue->more > 0;
        return 0;
    }
    size_t behind = (size_t)(queue->locks + queue->n - (lock + 1));
    memmove(lock, lock + 1, behind * sizeof *lock);
    queue->n--;
    if (queue->more > 0)
        v->incomplete = true; /* one of those has its place now */
    return VIEW_QUEUE;
}

static unsigned add_lock(struct view *v, const struct view_lock *lock)
{
    struct view_queue *queue = &v->queue;
    if (queue->n == CANDIDATE_VIEW_QUEUE_MAX || queue->more > 0) {
        queue->more++;
        return VIEW_QUEUE;
    }
    size_t at = queue->n;
    while (at > 0 && queue->locks[at - 1].created > lock->created)
        at--;
    memmove(&queue->locks[at + 1], &queue->locks[at],
            (queue->n - at) * sizeof *lock);
    queue->locks[at] = *lock;
    queue->n++;
    return VIEW_QUEUE;
}

static unsigned change_lock(struct view *v, struct view_lock *old,
                            const struct view_lock *new)
{
    if (old->created != new->created) { /* deleted and made again, unseen */
        (void)remove_lock(v, old);
        return add_lock(v, new);
    }
    bool same = same_lock(old, new);
    if (same) {
        old->modified = new->modified;
        return 0;
    }
    *old = *new;
    return VIEW_QUEUE;
}

static unsigned queue_event(struct view *v,
                            const struct etcd_watch_event *event)
{
    struct view_lock lock = read_lock(&event->kv);
    if (event->kv.key.size >= sizeof lock.key)
        v->incomplete = true; /* other keys may look the same */
    struct view_lock *known = find(&v->queue, lock.key);
    if (event->deleted)
        return remove_lock(v, known);
    if (known)
        return change_lock(v, known, &lock);
    if (lock.created != lock.modified) { /* not new, so it was only counted */
        v->incomplete = true;
        return 0;
    }
    return add_lock(v, &lock);
}

unsigned view_event(struct view *v, enum survey_watch watch,
                    const struct etcd_watch_event *event)
{
    int64_t revision = event->kv.mod_revision;
    if (revision <= v->settled || revision < v->applied[watch])
        return 0;
    v->applied[watch] = revision;
    if (revision > v->revision)
        v->revision = revision;
    return watch == SURVEY_LEADER ? leader_event(v, event)
                                  : queue_event(v, event);
}

bool view_confirm(struct view *v, const struct survey_page *check,
                  int64_t revision)
{
    int64_t newest = 0;
    for (size_t i = 0; i < v->queue.n; i++)
        if (v->queue.locks[i].modified > newest)
            newest = v->queue.locks[i].modified;
    const struct etcd_kvs *queue = &check->queue;
    int64_t newest_there = queue->n > 0 ? queue->items[0].mod_revision : 0;
    if (v->incomplete || revision < v->revision ||
        check->leader.create_revision != v->leader.created ||
        (v->leader.created && check->leader.mod_revision != v->leader.modified))
        return false;
    if (queue->count != (int64_t)v->queue.n + v->queue.more ||
        (v->queue.more == 0 && newest_there != newest))
        return false;
    settle(v, revision);
    return true;
}

int64_t view_watch_from(const struct view *v)
{
    int64_t least = v->applied[SURVEY_LEADER];
    if (v->applied[SURVEY_QUEUE] < least)
        least = v->applied[SURVEY_QUEUE];
    return least + 1;
}

/* ---- showing ---- */

int64_t view_token(const struct view *v)
{
    if (v->leader.created == 0 || v->leader.lease == 0)
        return 0;
    for (size_t i = 0; i < v->queue.n; i++)
        if (v->queue.locks[i].lease == v->leader.lease)
            return v->queue.locks[i].created;
    return 0;
}

const struct view_lock *view_holder(const struct view *v)
{
    return v->leader.created == 0 && v->queue.n > 0 ? &v->queue.locks[0] : NULL;
}

void view_lease(struct view *v, int64_t lease, int64_t ends_at_ms,
                int64_t ttl_ms)
{
    for (size_t i = 0; i < v->queue.n; i++) {
        struct view_lock *lock = &v->queue.locks[i];
        if (lock->lease != lease)
            continue;
        lock->lease_ends_at_ms = ends_at_ms;
        lock->lease_ttl_ms = ttl_ms;
    }
}

static bool is_foreign(const struct view_lock *lock, const struct lock *names)
{
    char key[LOCK_KEY_BYTES_MAX];
    (void)snprintf(key, sizeof key, "%s%llx", names->prefix,
                   (unsigned long long)lock->lease);
    return lock->lease == 0 || strcmp(key, lock->key) != 0;
}

void view_show(struct view *v, const struct lock *names,
               struct candidate_view *shown)
{
    for (size_t i = 0; i < v->queue.n; i++) {
        const struct view_lock *lock = &v->queue.locks[i];
        v->shown[i] = (struct candidate_lock){
            .id = lock->id,
            .key = lock->key,
            .token = lock->created,
            .revision = lock->modified,
            .lease = lock->lease,
            .foreign = is_foreign(lock, names),
            .lease_ends_at_ms = lock->lease_ends_at_ms,
            .lease_ttl_ms = lock->lease_ttl_ms,
        };
    }
    shown->election = names->leader_key;
    shown->prefix = names->prefix;
    shown->revision = v->revision;
    shown->led = v->leader.created != 0;
    shown->leader = v->leader.id;
    shown->token = view_token(v);
    shown->lease = v->leader.lease;
    shown->leader_created = v->leader.created;
    shown->leader_modified = v->leader.modified;
    shown->queue = v->shown;
    shown->queue_n = v->queue.n;
    shown->queue_more = v->queue.more;
}
