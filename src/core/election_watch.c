/* election_watch.c: the stream of watches, and what changed keys mean. */
#include "core/election_private.h"

enum {
    WATCH_STABLE_MS = 10000, /* a stream that lived so long was a good one */
};

/* Who waits behind another is woken by that one's lock key, which goes with
 * the leader key or after it. Were all told that the leader key has gone, the
 * one whose turn it is would lead later, for nothing; and so it would in a
 * crowd that is told who leads now. */
static unsigned roles_to_watch(const struct election *e)
{
    unsigned roles = ELECTION_OWN | ELECTION_LEADER | ELECTION_REQUEST;
    if (e->state == ELECTION_LEADING)
        return roles;
    if (e->predecessor.create_revision) {
        roles |= ELECTION_PREDECESSOR;
        if (e->queue_n > e->config.crowd)
            roles &= ~(unsigned)ELECTION_LEADER;
    }
    if (e->said_holder_revision)
        roles |= ELECTION_HOLDER;
    return roles;
}

/* And not that the leader key has gone. */
static bool tells_puts(const struct election *e)
{
    return e->watch_roles & ELECTION_PREDECESSOR;
}

void election_watch_open(struct election *e, int64_t now_ms, int64_t revision,
                         struct election_actions *out)
{
    e->watch_op = ++e->ops;
    e->watch_opened_at_ms = now_ms;
    e->watch_roles = roles_to_watch(e);
    out->open_watch = true;
    out->watch = (struct election_watch){
        .op = e->watch_op,
        .roles = e->watch_roles,
        .leader_puts = tells_puts(e),
        .from_revision = revision + 1,
    };
}

bool election_watch_suits(const struct election *e)
{
    unsigned differ = e->watch_roles ^ roles_to_watch(e);
    return e->watch_op && !(differ & (ELECTION_LEADER | ELECTION_PREDECESSOR));
}

bool election_watch_tells_leader(const struct election *e)
{
    return e->watch_roles & ELECTION_LEADER &&
        (e->leader.create_revision || !tells_puts(e));
}

/* Its lease does not take this lock key along, should it end. */
static bool is_detached(const struct election *e,
                        const struct election_key *own)
{
    return own->create_revision == e->lock_revision &&
        own->lease != e->lease.id;
}

static void leader_sees_change(struct election *e,
                               const struct election_event *event,
                               struct election_actions *out)
{
    bool own = event->role == ELECTION_OWN;
    if (!own && event->role != ELECTION_LEADER)
        return;
    int64_t ours = own ? e->lock_revision : e->leader_revision;
    enum election_reason reason;
    if (event->deleted_at_revision > ours)
        reason = own ? ELECTION_OWN_DELETED : ELECTION_LEADER_DELETED;
    else if (event->key.mod_revision > ours)
        reason = own ? ELECTION_OWN_CHANGED : ELECTION_LEADER_CHANGED;
    else
        return;
    e->lock_detached = own && is_detached(e, &event->key);
    election_candidacy_lose(e, event->now_ms, reason, out);
}

static void waiter_sees_leader(struct election *e,
                               const struct election_event *event,
                               struct election_actions *out)
{
    int64_t revision = event->key.create_revision ? event->key.mod_revision
                                                  : event->deleted_at_revision;
    if (revision <= e->leader_seen_revision)
        return; /* a transaction has read what came of it */
    e->leader_seen_revision = revision;
    e->leader = event->key;
    if (e->leader.lease != e->lease.id || !e->leader.create_revision)
        election_notice_leader(e, event->now_ms, out);
    if (!e->leader.create_revision) {
        e->leaderless_at_ms = event->now_ms;
        e->check_at_ms = event->now_ms + ELECTION_LEADERLESS_MS;
        if (!e->predecessor.create_revision)
            e->claim_due = true;
    }
}

static void waiter_sees_change(struct election *e,
                               const struct election_event *event,
                               struct election_actions *out)
{
    int64_t gone_at = event->deleted_at_revision;
    switch (event->role) {
    case ELECTION_OWN:
        e->lock_detached = is_detached(e, &event->key);
        if (gone_at > e->lock_revision || e->lock_detached)
            election_candidacy_restart(e, event->now_ms, false, out);
        break;
    case ELECTION_PREDECESSOR:
        if (gone_at > e->predecessor.create_revision) {
            if (e->leader.lease && e->leader.lease == e->predecessor.lease)
                election_notice_turn(e, out);
            e->predecessor = (struct election_key){ 0 };
            e->claim_due = true;
        }
        break;
    case ELECTION_LEADER:
        waiter_sees_leader(e, event, out);
        break;
    case ELECTION_REQUEST:
        break;
    case ELECTION_HOLDER:
        if (e->said_holder_revision && gone_at > e->said_holder_revision) {
            election_notice_attempting(e, out);
            e->leaderless_at_ms = event->now_ms;
            e->check_at_ms = event->now_ms + ELECTION_LEADERLESS_MS;
        }
        break;
    }
}

/* A request that was withdrawn asks for nothing. */
static void see_request(struct election *e, const struct election_event *event,
                        struct election_actions *out)
{
    e->asked = event->key.create_revision ? event->asked
                                          : (struct election_asked){ 0 };
    e->asked_at_ms = event->now_ms;
    if (e->state != ELECTION_LEADING) {
        (void)election_queue_step_aside(e, event->now_ms, out);
        return;
    }
    if (e->asked.token != e->lock_revision || e->asked.to_token ||
        e->said_asked_revision == event->key.create_revision)
        return;
    e->said_asked_revision = event->key.create_revision;
    election_notice_add(out, ELECTION_SAY_ASKED)->token = e->lock_revision;
}

void election_watch_changed(struct election *e,
                            const struct election_event *event,
                            struct election_actions *out)
{
    int64_t revision = event->key.mod_revision > event->deleted_at_revision
        ? event->key.mod_revision
        : event->deleted_at_revision;
    if (revision > e->told_revision)
        e->told_revision = revision;
    if (event->role == ELECTION_REQUEST)
        see_request(e, event, out);
    else if (e->state == ELECTION_LEADING)
        leader_sees_change(e, event, out);
    else if (e->state == ELECTION_WAITING)
        waiter_sees_change(e, event, out);
}

void election_watch_lost(struct election *e, int64_t now_ms)
{
    if (now_ms - e->watch_opened_at_ms >= WATCH_STABLE_MS)
        backoff_reset(&e->watch_backoff);
    e->watch_op = 0;
    e->watch_retry_at_ms = now_ms +
        backoff_next(&e->watch_backoff, &e->config.random_state);
    e->check_at_ms = e->watch_retry_at_ms; /* read again, then watch */
}
