/* election_queue.c: who is before us, and whether it is our turn. */
#include "core/election_private.h"

enum {
    LATE_WINS_MAX = 3,
};

static void lead(struct election *e, int64_t now_ms,
                 struct election_actions *out)
{
    election_notice_attempting(e, out);
    election_candidacy_become(e, ELECTION_LEADING);
    struct election_notice *notice;
    notice = election_notice_add(out, ELECTION_SAY_ELECTED);
    notice->token = e->lock_revision;
    notice->lease = e->lease.id;
    e->said_attempting = false;
    e->claim_due = false;
    e->late_wins_n = 0;
    if (!election_watch_suits(e))
        election_watch_open(e, now_ms, e->leader_revision, out);
}

static bool leader_is_ours(const struct election *e)
{
    return e->leader.create_revision && e->leader.lease == e->lease.id;
}

void election_queue_win(struct election *e, int64_t now_ms,
                        const struct election_reply *reply,
                        struct election_actions *out)
{
    e->leader_revision = reply->succeeded ? reply->header.revision
                                          : reply->leader.mod_revision;
    if (e->leader_seen_revision > e->leader_revision && !leader_is_ours(e)) {
        /* The watch was faster: somebody has taken it from us since. */
        election_candidacy_restart(e, now_ms, false, out);
        return;
    }
    election_lease_confirm(e, now_ms, reply->header.raft_term);
    if (e->lease.lead_until_ms - now_ms >= e->lease.ttl_ms / 4) {
        lead(e, now_ms, out);
        return;
    }
    if (++e->late_wins_n >= LATE_WINS_MAX) {
        election_candidacy_restart(e, now_ms, false, out);
        return;
    }
    if (e->state == ELECTION_ATTEMPTING)
        election_candidacy_become(e, ELECTION_WAITING);
    e->renew_at_ms = now_ms;
    e->claim_due = true;
}

/* Returns whether the leader is another than was known. */
static bool see_leader(struct election *e, int64_t now_ms,
                       const struct election_reply *reply)
{
    e->leader_seen_revision = reply->header.revision;
    bool news = e->leader.mod_revision != reply->leader.mod_revision;
    /* As far as we know: who has not looked yet has missed nothing. */
    bool had_leader = e->leader.create_revision ||
        e->state == ELECTION_ATTEMPTING;
    if (had_leader && !reply->leader.create_revision)
        e->leaderless_at_ms = now_ms;
    e->leader = reply->leader;
    return news;
}

bool election_queue_step_aside(struct election *e, int64_t now_ms,
                               struct election_actions *out)
{
    const struct election_asked *asked = &e->asked;
    if (e->state != ELECTION_WAITING || asked->to_token <= e->lock_revision ||
        e->predecessor.create_revision != asked->token ||
        now_ms - e->asked_at_ms > ELECTION_ASKED_MS)
        return false;
    election_candidacy_yield(e, now_ms, out);
    return true;
}

void election_queue_view(struct election *e, int64_t now_ms,
                         const struct election_reply *reply,
                         struct election_actions *out)
{
    e->lock_detached = reply->own.create_revision == e->lock_revision &&
        reply->own.lease != e->lease.id;
    if (reply->own.create_revision != e->lock_revision || e->lock_detached) {
        election_candidacy_restart(e, now_ms, false, out);
        return;
    }
    if (reply->header.revision < e->told_revision) {
        e->told_revision = 0; /* what is asked for now is no older */
        e->claim_due = true;
        return;
    }
    bool news = see_leader(e, now_ms, reply);
    news = (news && election_watch_tells_leader(e)) ||
        e->predecessor.create_revision != reply->predecessor.create_revision;
    e->predecessor = reply->predecessor;
    e->holder = reply->holder;
    e->queue_n = reply->queue_n;
    e->check_at_ms = now_ms + e->lease.ttl_ms / 2;
    bool first = e->holder.create_revision == e->lock_revision;
    if (first && leader_is_ours(e)) {
        election_queue_win(e, now_ms, reply, out);
        return;
    }
    if (leader_is_ours(e)) {
        /* Somebody deleted the lock key that stood for it. Everyone would wait
         * for it to go, we as well. */
        election_candidacy_restart(e, now_ms, false, out);
        return;
    }
    if (e->state == ELECTION_ATTEMPTING)
        election_candidacy_become(e, ELECTION_WAITING);
    if (election_queue_step_aside(e, now_ms, out))
        return;
    e->claim_due = first ? !e->leader.create_revision
                         : !e->predecessor.create_revision;
    if (e->claim_due && e->request.type == ELECTION_CLAIM) {
        /* It failed and yet nothing was in its way: not etcd's work. */
        e->claim_due = false;
        e->check_at_ms = now_ms + ELECTION_LEADERLESS_MS;
    }
    election_notice_leader(e, now_ms, out);
    /* A watch that kept news from us may be dead. */
    if (election_notice_holder(e, now_ms, out) || news ||
        !election_watch_suits(e))
        election_watch_open(e, now_ms, reply->header.revision, out);
    if (!e->leader.create_revision && !e->said_holder_revision)
        e->check_at_ms = now_ms + ELECTION_LEADERLESS_MS;
}

bool election_standing(const struct election *e,
                       struct election_standing *ret_standing)
{
    bool waits = e->state == ELECTION_WAITING;
    if (!waits && e->state != ELECTION_LEADING)
        return false;
    *ret_standing = (struct election_standing){
        .waits = waits,
        .lease = e->lease.id,
        .lock_revision = e->lock_revision,
    };
    if (waits)
        ret_standing->leader = e->leader;
    return true;
}

int election_place(const struct election *e, int64_t now_ms)
{
    if (election_leading(e, now_ms))
        return 1;
    int64_t before = e->predecessor.create_revision;
    bool next = e->state == ELECTION_WAITING && before &&
        before == e->holder.create_revision;
    return next ? 2 : 0;
}
