/* election_reply.c: what replies mean, and which are not believed. */
#include "core/election_private.h"

enum {
    RENEW_RETRY_MS_MIN = 50,
    RENEW_RETRY_MS_MAX = 500,
    STALE_REPLIES_MAX = 3, /* an endpoint, in a row */
};

/* Who leads or leaves is in a hurry; who waits would lose its place, but must
 * not come back in step with the others. */
static int64_t shorten(const struct election *e, int64_t delay_ms)
{
    int64_t ttl_ms = e->lease.ttl_ms;
    int64_t most_ms = INT64_MAX;
    switch (e->state) {
    case ELECTION_LEADING:
    case ELECTION_LEAVING:
        most_ms = election_clamp(ttl_ms / 20, RENEW_RETRY_MS_MIN,
                                 RENEW_RETRY_MS_MAX);
        break;
    case ELECTION_ATTEMPTING:
    case ELECTION_WAITING:
        if (delay_ms > ttl_ms / 3)
            most_ms = ttl_ms / 3 - delay_ms % (ttl_ms / 6 + 1);
        break;
    case ELECTION_IDLE:
    case ELECTION_GRANTING:
    case ELECTION_DROPPING:
    case ELECTION_ENDED:
        break;
    }
    return election_clamp(delay_ms, 0, most_ms);
}

static void retry(struct election *e, int64_t now_ms)
{
    int64_t delay_ms = 0;
    if (++e->failures_n % e->config.endpoints_n == 0)
        delay_ms = backoff_next(&e->backoff, &e->config.random_state);
    e->retry_at_ms = now_ms + shorten(e, delay_ms);
}

/* Whoever was let in before is configured well enough: a proxy's bad moment,
 * or a role that is just being changed, must not end it. */
static bool is_final(const struct election *e, int64_t now_ms)
{
    return e->denials_n >= e->config.endpoints_n &&
        (!e->admitted || e->state == ELECTION_LEAVING ||
         now_ms - e->denied_at_ms >= ELECTION_DENIED_MS_MAX);
}

static void denied(struct election *e, int64_t now_ms,
                   enum election_reason reason, struct election_actions *out)
{
    if (e->denials_n++ == 0)
        e->denied_at_ms = now_ms;
    e->denied_type = e->request.type;
    if (e->state == ELECTION_LEADING || !is_final(e, now_ms))
        retry(e, now_ms);
    else if (e->state == ELECTION_LEAVING)
        election_candidacy_end(e, ELECTION_NOT_TOLD, out);
    else
        election_candidacy_end(e, reason, out);
}

/* A lease is renewed for everybody: that tells nothing of the right to read or
 * write keys. */
static bool disproves_denial(const struct election *e)
{
    return e->request.type != ELECTION_KEEPALIVE ||
        e->denied_type == ELECTION_KEEPALIVE;
}

static void no_answer(struct election *e, int64_t now_ms)
{
    if (e->admitted) /* one endpoint's refusals say nothing of a dead one */
        e->denials_n = 0;
    retry(e, now_ms);
}

static void no_lease(struct election *e, int64_t now_ms,
                     struct election_actions *out)
{
    if (e->state == ELECTION_GRANTING)
        retry(e, now_ms);
    else if (e->state == ELECTION_DROPPING)
        election_candidacy_begin(e, now_ms);
    else if (e->state == ELECTION_LEAVING)
        election_candidacy_end(e, ELECTION_REASON_NONE, out);
    else
        election_candidacy_lost(e, now_ms, ELECTION_LEASE_LOST, out);
}

static bool is_commit(enum election_request_type type)
{
    return type == ELECTION_ATTEMPT || type == ELECTION_CLAIM ||
        type == ELECTION_CHECK || type == ELECTION_BARRIER ||
        type == ELECTION_RESIGN;
}

/* R2 and R7: does this reply come from the etcd that we know? */
static bool believe(struct election *e, int64_t now_ms,
                    const struct election_header *header,
                    struct election_actions *out)
{
    if (!e->cluster_id)
        e->cluster_id = header->cluster_id;
    if (header->cluster_id != e->cluster_id) {
        if (e->state == ELECTION_LEADING)
            election_candidacy_lose(e, now_ms, ELECTION_OTHER_CLUSTER, out);
        else
            denied(e, now_ms, ELECTION_OTHER_CLUSTER, out);
        return false;
    }
    /* What is given back may be given back to an etcd that was restored. */
    if (e->state == ELECTION_DROPPING || e->state == ELECTION_LEAVING)
        return true;
    if (header->raft_term < e->raft_term_max) {
        if (e->state != ELECTION_LEADING &&
            ++e->refusals_n >= STALE_REPLIES_MAX * e->config.endpoints_n)
            election_candidacy_restart(e, now_ms, false, out);
        else
            retry(e, now_ms);
        return false;
    }
    bool commit = is_commit(e->request.type);
    if (commit && header->revision < e->revision_max) {
        election_candidacy_lost(e, now_ms, ELECTION_REVISION_BACK, out);
        return false;
    }
    e->raft_term_max = header->raft_term;
    if (commit)
        e->revision_max = header->revision;
    return true;
}

static void on_grant(struct election *e, int64_t now_ms,
                     const struct election_reply *reply,
                     struct election_actions *out)
{
    if (reply->ttl_ms <= 0) {
        retry(e, now_ms);
        return;
    }
    election_lease_granted(e, reply->ttl_ms);
    if (e->lease.ttl_ms != e->said_ttl_ms)
        election_notice_add(out, ELECTION_SAY_TTL_CHANGED)->ttl_ms =
            e->lease.ttl_ms;
    e->said_ttl_ms = e->lease.ttl_ms;
    election_candidacy_become(e, ELECTION_ATTEMPTING);
}

static void on_keepalive(struct election *e, int64_t now_ms,
                         const struct election_reply *reply,
                         struct election_actions *out)
{
    if (reply->ttl_ms <= 0) {
        no_lease(e, now_ms, out);
        return;
    }
    election_lease_renewed(e, reply->ttl_ms, reply->header.raft_term);
    e->barrier_due = e->state == ELECTION_LEADING;
}

static void on_attempt(struct election *e, int64_t now_ms,
                       const struct election_reply *reply,
                       struct election_actions *out)
{
    e->admitted = true;
    if (reply->same_id && !e->said_same_id) {
        election_notice_add(out, ELECTION_SAY_SAME_ID);
        e->said_same_id = true;
    }
    if (reply->succeeded) {
        e->lock_revision = reply->header.revision;
        election_queue_win(e, now_ms, reply, out);
    } else {
        e->lock_revision = reply->own.create_revision;
        if (e->lock_revision)
            election_queue_view(e, now_ms, reply, out);
        else
            election_candidacy_restart(e, now_ms, false, out);
    }
}

static void on_barrier(struct election *e, int64_t now_ms,
                       const struct election_reply *reply,
                       struct election_actions *out)
{
    e->barrier_due = false;
    if (reply->succeeded) {
        election_lease_confirm(e, now_ms, reply->header.raft_term);
        if (!e->watch_op && now_ms >= e->watch_retry_at_ms)
            election_watch_open(e, now_ms, reply->header.revision, out);
    } else if (reply->own.create_revision != e->lock_revision) {
        election_candidacy_lose(e, now_ms, ELECTION_OWN_DELETED, out);
    } else if (reply->own.lease != e->lease.id) {
        e->lock_detached = true;
        election_candidacy_lose(e, now_ms, ELECTION_OWN_CHANGED, out);
    } else if (!reply->leader.create_revision) {
        election_candidacy_lose(e, now_ms, ELECTION_LEADER_DELETED, out);
    } else {
        election_candidacy_lose(e, now_ms, ELECTION_LEADER_CHANGED, out);
    }
}

static void on_answer(struct election *e, int64_t now_ms,
                      const struct election_reply *reply,
                      struct election_actions *out)
{
    switch (e->request.type) {
    case ELECTION_GRANT:
        on_grant(e, now_ms, reply, out);
        break;
    case ELECTION_ATTEMPT:
        on_attempt(e, now_ms, reply, out);
        break;
    case ELECTION_CLAIM:
        e->claim_due = false;
        if (reply->succeeded)
            election_queue_win(e, now_ms, reply, out);
        else
            election_queue_view(e, now_ms, reply, out);
        break;
    case ELECTION_CHECK:
        election_queue_view(e, now_ms, reply, out);
        break;
    case ELECTION_KEEPALIVE:
        on_keepalive(e, now_ms, reply, out);
        break;
    case ELECTION_BARRIER:
        on_barrier(e, now_ms, reply, out);
        break;
    case ELECTION_RESIGN:
        e->resigned = true;
        e->lock_detached = false;
        break;
    case ELECTION_REVOKE:
        no_lease(e, now_ms, out);
        break;
    }
}

void election_reply_take(struct election *e, int64_t now_ms,
                         const struct election_reply *reply,
                         struct election_actions *out)
{
    if (!e->request_pending || reply->op != e->request.op)
        return; /* late: it changes nothing */
    e->request_pending = false;
    switch (reply->outcome) {
    case ELECTION_NO_ANSWER:
        no_answer(e, now_ms);
        break;
    case ELECTION_NO_LEASE:
        no_lease(e, now_ms, out);
        break;
    case ELECTION_DENIED:
        denied(e, now_ms, ELECTION_REFUSED, out);
        break;
    case ELECTION_ANSWERED:
        if (!believe(e, now_ms, &reply->header, out))
            break;
        backoff_reset(&e->backoff);
        e->failures_n = e->refusals_n = 0;
        if (disproves_denial(e))
            e->denials_n = 0;
        on_answer(e, now_ms, reply, out);
        break;
    }
}
