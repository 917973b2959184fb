/* priority.c: see priority.h. */
#include "lib/priority.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "etcd/request_txn.h"

static_assert((int)STEERING_TEXT_BYTES_MAX == (int)EVENTS_TEXT_BYTES_MAX,
              "what became of it is one event's text");

/* Names our calls but those of the steering. */
static const uint64_t priority_tag = UINT64_MAX - 2;

void priority_init(struct priority *p, unsigned priority,
                   const struct request_keys *keys, const struct lock *lock,
                   uint64_t random_state)
{
    rank_init(&p->rank, priority);
    p->keys = keys;
    p->lock = lock;
    p->random_state = random_state;
}

/* ---- calls ---- */

static void work_on_rank(struct priority *p, struct etcd *e, int64_t now_ms)
{
    struct rank_facts facts = {
        .lease = p->standing.lease,
        .waits = p->standing.waits,
        .leader_revision = p->standing.leader.mod_revision,
    };
    enum rank_call call = rank_next(&p->rank, now_ms, &facts);
    p->calls = call != RANK_NOTHING;
    switch (call) {
    case RANK_NOTHING:
        break;
    case RANK_SHOW:
        request_show(p->keys, p->lock, p->rank.priority, e, priority_tag,
                     STEERING_CALL_MS);
        break;
    case RANK_LOOK:
        request_rank(p->keys, p->lock, p->standing.leader.lease, e,
                     priority_tag, STEERING_CALL_MS);
        break;
    }
}

static void finish(struct priority *p, struct announcer *a, int64_t now_ms)
{
    p->steers = false;
    enum steer_outcome outcome = steer_outcome(&p->steering.machine);
    if (outcome == STEER_DONE || outcome == STEER_STALE)
        return;
    steering_words(&p->steering, announce_notice(a, now_ms, CANDIDATE_INFO));
    rank_failed(&p->rank, now_ms);
}

/* It is for one place in the queue alone. */
static void work_on_steering(struct priority *p, struct etcd *e,
                             struct announcer *a,
                             const struct election_standing *now,
                             int64_t now_ms)
{
    if (!now->waits || now->lease != p->standing.lease)
        steering_stop(&p->steering, now_ms);
    steering_work(&p->steering, e, now_ms);
    p->calls = etcd_busy(e);
    if (steer_ended(&p->steering.machine))
        finish(p, a, now_ms);
}

void priority_work(struct priority *p, struct etcd *e, struct announcer *a,
                   const struct election *election, int64_t now_ms)
{
    struct election_standing now = { 0 };
    if (!p->rank.priority || p->calls)
        return;
    (void)election_standing(election, &now); /* or none: all zero */
    if (p->steers) {
        work_on_steering(p, e, a, &now, now_ms);
        return;
    }
    p->standing = now;
    work_on_rank(p, e, now_ms);
}

/* ---- replies ---- */

static bool is_better(const struct priority *p, const struct etcd_kv *other,
                      int64_t own_revision)
{
    unsigned priority = request_priority(other);
    return priority > p->rank.priority ||
        (priority == p->rank.priority && other->create_revision < own_revision);
}

static struct rank_seen read_ranks(const struct priority *p,
                                   const struct request_ranks *ranks)
{
    const struct etcd_kvs *all = &ranks->priorities;
    struct rank_seen seen = { request_priority(&ranks->leader_priority),
                              false };
    int64_t own_revision = INT64_MAX;
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].lease == p->standing.lease)
            own_revision = all->items[i].create_revision;
    for (size_t i = 0; i < all->n; i++) {
        const struct etcd_kv *kv = &all->items[i];
        bool waits = kv->lease != p->standing.lease &&
            kv->lease != ranks->leader.lease;
        if (waits && is_better(p, kv, own_revision))
            seen.better = true;
    }
    return seen;
}

static void ask(struct priority *p, struct announcer *a, unsigned endpoints_n,
                int64_t now_ms, const struct request_ranks *ranks,
                unsigned leaders)
{
    const struct steering_target us = {
        .key = { p->lock->key, strlen(p->lock->key) },
        .token = p->standing.lock_revision,
        .id = p->lock->value,
    };
    struct words_name leader = words_name(ranks->leader.value);
    (void)snprintf(announce_notice(a, now_ms, CANDIDATE_INFO),
                   EVENTS_TEXT_BYTES_MAX,
                   "\"%s\" leads with priority %u; it is asked to step down"
                   " for us, of priority %u",
                   leader.text, leaders, p->rank.priority);
    steering_init(&p->steering, p->lock->leader_key, &us,
                  ranks->holder.create_revision, endpoints_n,
                  backoff_random(&p->random_state), now_ms);
    p->steers = true;
}

/* A leader that is another than we thought, or that holds no lock, is looked at
 * again later. */
static void take_ranks(struct priority *p, struct announcer *a,
                       unsigned endpoints_n, int64_t now_ms,
                       const struct etcd_reply *reply)
{
    struct request_ranks ranks;
    if (reply->type != ETCD_REPLY_TXN ||
        request_parse_ranks(&reply->txn, &ranks) < 0 ||
        ranks.leader.lease != p->standing.leader.lease ||
        ranks.holder.lease != ranks.leader.lease) {
        (void)rank_looked(&p->rank, now_ms, NULL);
        return;
    }
    struct rank_seen seen = read_ranks(p, &ranks);
    if (rank_looked(&p->rank, now_ms, &seen))
        ask(p, a, endpoints_n, now_ms, &ranks, seen.leader);
}

/* Then it takes part without. */
static void refuse(struct priority *p, struct announcer *a, int64_t now_ms,
                   const struct etcd_reply *reply)
{
    (void)snprintf(announce_notice(a, now_ms, CANDIDATE_WARNING),
                   EVENTS_TEXT_BYTES_MAX,
                   "no priority: %s; the user needs READWRITE on the range from"
                   " %s to %s and on the key %s",
                   reply->message, p->keys->priorities, p->keys->priorities_end,
                   p->keys->request);
    rank_init(&p->rank, 0);
}

static void take_rank(struct priority *p, struct announcer *a,
                      unsigned endpoints_n, int64_t now_ms,
                      const struct etcd_reply *reply)
{
    if (reply->type == ETCD_REPLY_FAILED && reply->status == CANDIDATE_EDENIED)
        refuse(p, a, now_ms, reply);
    else if (p->rank.pending == RANK_SHOW)
        rank_shown(&p->rank, now_ms, reply->type == ETCD_REPLY_RESULT);
    else if (p->rank.pending == RANK_LOOK)
        take_ranks(p, a, endpoints_n, now_ms, reply);
}

bool priority_take(struct priority *p, struct announcer *a,
                   unsigned endpoints_n, int64_t now_ms,
                   const struct etcd_reply *reply)
{
    bool steering = reply->tag == steering_tag;
    if (!steering && reply->tag != priority_tag)
        return false;
    p->calls = false;
    if (steering)
        steering_take(&p->steering, now_ms, reply);
    else
        take_rank(p, a, endpoints_n, now_ms, reply);
    return true;
}

void priority_forget(struct priority *p, int64_t now_ms)
{
    if (!p->calls)
        return;
    p->calls = false;
    if (p->steers)
        steering_forget(&p->steering, now_ms);
    else if (p->rank.pending == RANK_SHOW)
        rank_shown(&p->rank, now_ms, false);
    else if (p->rank.pending == RANK_LOOK)
        (void)rank_looked(&p->rank, now_ms, NULL);
}

int64_t priority_deadline(const struct priority *p)
{
    if (!p->rank.priority || p->calls)
        return INT64_MAX;
    return p->steers ? steer_deadline(&p->steering.machine)
                     : rank_deadline(&p->rank);
}
