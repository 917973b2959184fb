/* election.c: see election.h. The order within a step: the deadline first,
 * then the event, then whatever request is due. */
#include "core/election.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum {
    TRY_MS_MIN = 250, /* R6: one try of a renewal */
    TRY_MS_MAX = 1500,
    ENTRY_MS_MIN = 1000, /* one try of a grant or an attempt */
    ENTRY_MS_MAX = 3000,
    RETRY_BASE_MS = 100,
    RETRY_CAP_MS = 5000,
    RENEW_RETRY_MS_MIN = 50,
    RENEW_RETRY_MS_MAX = 500,
    WATCH_RETRY_BASE_MS = 50,
    WATCH_RETRY_CAP_MS = 2000,
    WATCH_STABLE_MS = 10000, /* a stream that lived so long was a good one */
    LEADERLESS_MS = 1000,    /* then ask who holds the lock instead */
    DROP_EXTRA_MS = 1000,    /* beyond the lease's end */
    LATE_WINS_MAX = 3,
    STALE_REPLIES_MAX = 3, /* an endpoint, in a row */
};

#define BIT(state) (1u << ELECTION_##state)
/* From each state, the set of states that may follow. */
static const unsigned moves[] = {
    [ELECTION_IDLE] = BIT(GRANTING) | BIT(ENDED),
    [ELECTION_GRANTING] = BIT(ATTEMPTING) | BIT(ENDED),
    [ELECTION_ATTEMPTING] = BIT(WAITING) | BIT(LEADING) | BIT(GRANTING) |
        BIT(DROPPING) | BIT(LEAVING) | BIT(ENDED),
    [ELECTION_WAITING] = BIT(LEADING) | BIT(GRANTING) | BIT(DROPPING) |
        BIT(LEAVING) | BIT(ENDED),
    [ELECTION_LEADING] = BIT(GRANTING) | BIT(DROPPING) | BIT(LEAVING),
    [ELECTION_DROPPING] = BIT(GRANTING) | BIT(LEAVING) | BIT(ENDED),
    [ELECTION_LEAVING] = BIT(ENDED),
    [ELECTION_ENDED] = 0,
};

static void become(struct election *e, enum election_state state)
{
    assert(moves[e->state] & (1u << state));
    e->state = state;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

static struct election_notice *say(struct election_actions *out,
                                   enum election_notice_type type)
{
    assert(out->notices_n < ELECTION_NOTICES_MAX);
    struct election_notice *notice = &out->notices[out->notices_n++];
    notice->type = type;
    return notice;
}

static void say_attempting(struct election *e, struct election_actions *out)
{
    if (!e->said_attempting)
        say(out, ELECTION_SAY_ATTEMPTING);
    e->said_attempting = true;
    e->said_leader_revision = 0;
    e->said_holder_revision = 0;
}

/* R4, without the stop budget, which is the caller's. */
static int64_t deadline_of(const struct election *e, int64_t sent_at_ms)
{
    int64_t ttl_ms = e->lease.ttl_ms;
    return sent_at_ms + ttl_ms - ttl_ms * e->config.margin_permille / 1000 -
        e->config.margin_ms;
}

static void forget_request(struct election *e, struct election_actions *out)
{
    out->cancel_request = e->request_pending;
    e->request_pending = false;
}

static void forget_watch(struct election *e, struct election_actions *out)
{
    out->close_watch = e->watch_op != 0;
    e->watch_op = 0;
}

/* A fresh candidacy: nothing of the one before may count. */
static void begin(struct election *e, int64_t now_ms)
{
    become(e, ELECTION_GRANTING);
    e->lease = (struct election_lease){ 0 };
    e->lock_revision = 0;
    e->leader_revision = 0;
    e->claim_due = false;
    e->barrier_due = false;
    e->late_wins_n = 0;
    e->refusals_n = 0;
    e->raft_term_max = 0;
    e->revision_max = 0;
    e->predecessor = e->leader = e->holder = (struct election_key){ 0 };
    e->leaderless_at_ms = now_ms;
}

static void restart(struct election *e, int64_t now_ms, bool lease_gone,
                    struct election_actions *out)
{
    forget_request(e, out);
    forget_watch(e, out);
    if (lease_gone) {
        begin(e, now_ms);
        return;
    }
    become(e, ELECTION_DROPPING);
    e->give_up_at_ms = e->lease.sent_at_ms + e->lease.ttl_ms + DROP_EXTRA_MS;
}

static void lose(struct election *e, int64_t now_ms,
                 enum election_reason reason, struct election_actions *out)
{
    assert(e->state == ELECTION_LEADING);
    say(out, ELECTION_SAY_LOST)->reason = reason;
    say_attempting(e, out);
    restart(e, now_ms, reason == ELECTION_LEASE_LOST, out);
}

static void end(struct election *e, enum election_reason reason,
                struct election_actions *out)
{
    forget_request(e, out);
    forget_watch(e, out);
    become(e, ELECTION_ENDED);
    say(out, ELECTION_SAY_ENDED)->reason = reason;
}

/* The own lease is gone, or one of the own keys is. */
static void lost(struct election *e, int64_t now_ms,
                 enum election_reason reason, struct election_actions *out)
{
    if (e->state == ELECTION_LEADING)
        lose(e, now_ms, reason, out);
    else
        restart(e, now_ms, reason == ELECTION_LEASE_LOST, out);
}

/* ---- the queue, as etcd last told it ---- */

static void open_watch(struct election *e, int64_t now_ms, int64_t revision,
                       struct election_actions *out)
{
    unsigned roles = ELECTION_OWN | ELECTION_LEADER;
    if (e->state != ELECTION_LEADING && e->predecessor.create_revision)
        roles |= ELECTION_PREDECESSOR;
    if (e->state != ELECTION_LEADING && e->said_holder_revision)
        roles |= ELECTION_HOLDER;
    e->watch_op = ++e->ops;
    e->watch_opened_at_ms = now_ms;
    out->open_watch = true;
    out->watch = (struct election_watch){
        .op = e->watch_op,
        .roles = roles,
        .from_revision = revision + 1,
    };
}

/* Say who leads when that has changed. */
static void say_leader(struct election *e, int64_t now_ms,
                       struct election_actions *out)
{
    if (!e->leader.create_revision) {
        if (e->said_leader_revision)
            say_attempting(e, out);
        return;
    }
    e->leaderless_at_ms = now_ms;
    if (e->leader.mod_revision != e->said_leader_revision) {
        if (e->leader.create_revision > e->said_leader_revision)
            say_attempting(e, out);
        say(out, ELECTION_SAY_FOLLOWING);
        e->said_attempting = false;
        e->said_leader_revision = e->leader.mod_revision;
    }
    if (!e->leader.lease &&
        e->said_for_ever_revision != e->leader.mod_revision) {
        say(out, ELECTION_SAY_KEY_FOR_EVER);
        e->said_for_ever_revision = e->leader.mod_revision;
    }
}

/* A lock's holder that shows no leader key is another program's. */
static bool say_holder(struct election *e, int64_t now_ms,
                       struct election_actions *out)
{
    if (e->leader.create_revision || !e->holder.create_revision ||
        e->holder.create_revision == e->lock_revision ||
        e->holder.create_revision == e->said_holder_revision ||
        now_ms - e->leaderless_at_ms < LEADERLESS_MS)
        return false;
    say_attempting(e, out);
    say(out, ELECTION_SAY_FOREIGN);
    e->said_attempting = false;
    e->said_holder_revision = e->holder.create_revision;
    return true;
}

static void lead(struct election *e, int64_t now_ms,
                 struct election_actions *out)
{
    say_attempting(e, out);
    become(e, ELECTION_LEADING);
    struct election_notice *notice = say(out, ELECTION_SAY_ELECTED);
    notice->token = e->lock_revision;
    notice->lease = e->lease.id;
    e->said_attempting = false;
    e->claim_due = false;
    e->late_wins_n = 0;
    if (!e->watch_op)
        open_watch(e, now_ms, e->leader_revision, out);
}

/* R3: a committed transaction under the renewal's term confirms it. */
static void confirm(struct election *e, int64_t now_ms, uint64_t raft_term)
{
    if (!e->lease.unconfirmed_at_ms)
        return;
    int64_t until_ms = deadline_of(e, e->lease.unconfirmed_at_ms);
    if (raft_term != e->lease.unconfirmed_term)
        e->renew_at_ms = now_ms;
    else if (until_ms > e->lease.lead_until_ms)
        e->lease.lead_until_ms = until_ms;
    e->lease.unconfirmed_at_ms = 0;
}

/* etcd says that both keys are ours and that nobody is before us. */
static void win(struct election *e, int64_t now_ms,
                const struct election_reply *reply,
                struct election_actions *out)
{
    e->leader_revision = reply->succeeded ? reply->header.revision
                                          : reply->leader.mod_revision;
    confirm(e, now_ms, reply->header.raft_term);
    if (e->lease.lead_until_ms - now_ms >= e->lease.ttl_ms / 4) {
        lead(e, now_ms, out);
        return;
    }
    if (++e->late_wins_n >= LATE_WINS_MAX) {
        restart(e, now_ms, false, out);
        return;
    }
    if (e->state == ELECTION_ATTEMPTING)
        become(e, ELECTION_WAITING);
    e->renew_at_ms = now_ms;
    e->claim_due = true;
}

/* What a transaction read back, while not leading. */
static void take_view(struct election *e, int64_t now_ms,
                      const struct election_reply *reply,
                      struct election_actions *out)
{
    if (reply->own.create_revision != e->lock_revision) {
        restart(e, now_ms, false, out);
        return;
    }
    bool moved = e->predecessor.create_revision !=
        reply->predecessor.create_revision;
    e->predecessor = reply->predecessor;
    e->leader = reply->leader;
    e->holder = reply->holder;
    e->check_at_ms = now_ms + e->lease.ttl_ms / 2;
    bool first = e->holder.create_revision == e->lock_revision;
    bool ours = e->leader.create_revision && e->leader.lease == e->lease.id;
    if (first && ours) {
        win(e, now_ms, reply, out);
        return;
    }
    if (e->state == ELECTION_ATTEMPTING)
        become(e, ELECTION_WAITING);
    e->claim_due = first ? !e->leader.create_revision
                         : !e->predecessor.create_revision;
    if (!ours)
        say_leader(e, now_ms, out);
    if (say_holder(e, now_ms, out) || moved || !e->watch_op)
        open_watch(e, now_ms, reply->header.revision, out);
    if (!e->leader.create_revision && !e->said_holder_revision)
        e->check_at_ms = now_ms + LEADERLESS_MS;
}

/* ---- replies ---- */

static void retry(struct election *e, int64_t now_ms)
{
    int64_t delay_ms = 0;
    if (++e->failures_n % e->config.endpoints_n == 0)
        delay_ms = backoff_next(&e->backoff, &e->config.random_state);
    if (e->state == ELECTION_LEADING || e->state == ELECTION_LEAVING) {
        int64_t most_ms = clamp(e->lease.ttl_ms / 20, RENEW_RETRY_MS_MIN,
                                RENEW_RETRY_MS_MAX);
        delay_ms = clamp(delay_ms, 0, most_ms);
    }
    e->retry_at_ms = now_ms + delay_ms;
}

static void denied(struct election *e, int64_t now_ms,
                   struct election_actions *out)
{
    e->denials_n++;
    if (e->state == ELECTION_LEADING || e->denials_n < e->config.endpoints_n)
        retry(e, now_ms);
    else if (e->state == ELECTION_LEAVING)
        end(e, ELECTION_NOT_TOLD, out);
    else
        end(e, ELECTION_REFUSED, out);
}

static void no_lease(struct election *e, int64_t now_ms,
                     struct election_actions *out)
{
    if (e->state == ELECTION_GRANTING)
        retry(e, now_ms);
    else if (e->state == ELECTION_DROPPING)
        begin(e, now_ms);
    else if (e->state == ELECTION_LEAVING)
        end(e, ELECTION_REASON_NONE, out);
    else
        lost(e, now_ms, ELECTION_LEASE_LOST, out);
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
            lose(e, now_ms, ELECTION_OTHER_CLUSTER, out);
        else
            denied(e, now_ms, out);
        return false;
    }
    if (header->raft_term < e->raft_term_max) {
        if (e->state != ELECTION_LEADING && e->state != ELECTION_LEAVING &&
            e->state != ELECTION_DROPPING &&
            ++e->refusals_n >= STALE_REPLIES_MAX * e->config.endpoints_n)
            restart(e, now_ms, false, out);
        else
            retry(e, now_ms);
        return false;
    }
    bool commit = is_commit(e->request.type);
    if (commit && header->revision < e->revision_max &&
        e->state != ELECTION_LEAVING) {
        lost(e, now_ms, ELECTION_REVISION_BACK, out);
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
    struct election_lease *lease = &e->lease;
    lease->ttl_ms = clamp(reply->ttl_ms, 1, ELECTION_TTL_MS_MAX);
    lease->sent_at_ms = e->request_sent_at_ms;
    lease->lead_until_ms = deadline_of(e, lease->sent_at_ms);
    e->renew_at_ms = lease->sent_at_ms + lease->ttl_ms / 3;
    if (lease->ttl_ms != e->said_ttl_ms)
        say(out, ELECTION_SAY_TTL_CHANGED)->ttl_ms = lease->ttl_ms;
    e->said_ttl_ms = lease->ttl_ms;
    become(e, ELECTION_ATTEMPTING);
}

static void on_keepalive(struct election *e, int64_t now_ms,
                         const struct election_reply *reply,
                         struct election_actions *out)
{
    if (reply->ttl_ms <= 0) {
        no_lease(e, now_ms, out);
        return;
    }
    struct election_lease *lease = &e->lease;
    lease->ttl_ms = clamp(reply->ttl_ms, 1, lease->ttl_ms);
    lease->sent_at_ms = e->request_sent_at_ms;
    lease->unconfirmed_at_ms = e->request_sent_at_ms;
    lease->unconfirmed_term = reply->header.raft_term;
    e->renew_at_ms = lease->sent_at_ms + lease->ttl_ms / 3;
    e->barrier_due = e->state == ELECTION_LEADING;
}

static void on_attempt(struct election *e, int64_t now_ms,
                       const struct election_reply *reply,
                       struct election_actions *out)
{
    if (reply->same_id && !e->said_same_id) {
        say(out, ELECTION_SAY_SAME_ID);
        e->said_same_id = true;
    }
    if (reply->succeeded) {
        e->lock_revision = reply->header.revision;
        win(e, now_ms, reply, out);
    } else {
        e->lock_revision = reply->own.create_revision;
        if (e->lock_revision)
            take_view(e, now_ms, reply, out);
        else
            restart(e, now_ms, false, out);
    }
}

static void on_barrier(struct election *e, int64_t now_ms,
                       const struct election_reply *reply,
                       struct election_actions *out)
{
    e->barrier_due = false;
    if (reply->succeeded) {
        confirm(e, now_ms, reply->header.raft_term);
        if (!e->watch_op && now_ms >= e->watch_retry_at_ms)
            open_watch(e, now_ms, reply->header.revision, out);
    } else if (reply->own.create_revision != e->lock_revision) {
        lose(e, now_ms, ELECTION_OWN_DELETED, out);
    } else if (!reply->leader.create_revision) {
        lose(e, now_ms, ELECTION_LEADER_DELETED, out);
    } else {
        lose(e, now_ms, ELECTION_LEADER_CHANGED, out);
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
            win(e, now_ms, reply, out);
        else
            take_view(e, now_ms, reply, out);
        break;
    case ELECTION_CHECK:
        take_view(e, now_ms, reply, out);
        break;
    case ELECTION_KEEPALIVE:
        on_keepalive(e, now_ms, reply, out);
        break;
    case ELECTION_BARRIER:
        on_barrier(e, now_ms, reply, out);
        break;
    case ELECTION_RESIGN:
        e->resigned = true;
        break;
    case ELECTION_REVOKE:
        no_lease(e, now_ms, out);
        break;
    }
}

static void on_reply(struct election *e, int64_t now_ms,
                     const struct election_reply *reply,
                     struct election_actions *out)
{
    if (!e->request_pending || reply->op != e->request.op)
        return; /* late: it changes nothing */
    e->request_pending = false;
    switch (reply->outcome) {
    case ELECTION_NO_ANSWER:
        retry(e, now_ms);
        break;
    case ELECTION_NO_LEASE:
        no_lease(e, now_ms, out);
        break;
    case ELECTION_DENIED:
        denied(e, now_ms, out);
        break;
    case ELECTION_ANSWERED:
        if (!believe(e, now_ms, &reply->header, out))
            break;
        backoff_reset(&e->backoff);
        e->failures_n = e->denials_n = e->refusals_n = 0;
        on_answer(e, now_ms, reply, out);
        break;
    }
}

/* ---- watches ---- */

static void leader_sees_change(struct election *e,
                               const struct election_event *event,
                               struct election_actions *out)
{
    bool own = event->role == ELECTION_OWN;
    if (!own && event->role != ELECTION_LEADER)
        return;
    int64_t ours = own ? e->lock_revision : e->leader_revision;
    if (event->deleted_at_revision > ours)
        lose(e, event->now_ms,
             own ? ELECTION_OWN_DELETED : ELECTION_LEADER_DELETED, out);
    else if (event->key.mod_revision > ours)
        lose(e, event->now_ms,
             own ? ELECTION_OWN_CHANGED : ELECTION_LEADER_CHANGED, out);
}

static void waiter_sees_leader(struct election *e,
                               const struct election_event *event,
                               struct election_actions *out)
{
    int64_t known = e->leader.mod_revision;
    if (event->key.mod_revision > known)
        e->leader = event->key;
    else if (event->deleted_at_revision > known)
        e->leader = (struct election_key){ 0 };
    else
        return;
    if (e->leader.lease != e->lease.id || !e->leader.create_revision)
        say_leader(e, event->now_ms, out);
    if (!e->leader.create_revision) {
        e->leaderless_at_ms = event->now_ms;
        e->check_at_ms = event->now_ms + LEADERLESS_MS;
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
        if (gone_at > e->lock_revision)
            restart(e, event->now_ms, false, out);
        break;
    case ELECTION_PREDECESSOR:
        if (gone_at > e->predecessor.create_revision) {
            e->predecessor = (struct election_key){ 0 };
            e->claim_due = true;
        }
        break;
    case ELECTION_LEADER:
        waiter_sees_leader(e, event, out);
        break;
    case ELECTION_HOLDER:
        if (gone_at > e->holder.create_revision) {
            say_attempting(e, out);
            e->leaderless_at_ms = event->now_ms;
            e->check_at_ms = event->now_ms + LEADERLESS_MS;
        }
        break;
    }
}

static void on_watch_lost(struct election *e, int64_t now_ms)
{
    if (now_ms - e->watch_opened_at_ms >= WATCH_STABLE_MS)
        backoff_reset(&e->watch_backoff);
    e->watch_op = 0;
    e->watch_retry_at_ms = now_ms +
        backoff_next(&e->watch_backoff, &e->config.random_state);
    e->check_at_ms = e->watch_retry_at_ms; /* read again, then watch */
}

/* ---- what is due ---- */

static void send(struct election *e, int64_t now_ms,
                 enum election_request_type type, int64_t timeout_ms,
                 struct election_actions *out)
{
    e->request = (struct election_request){
        .type = type,
        .op = ++e->ops,
        .lease = e->lease.id,
        .ttl_ms = e->config.ttl_ms,
        .lock_revision = e->lock_revision,
        .timeout_ms = timeout_ms,
    };
    e->request_pending = true;
    e->request_sent_at_ms = now_ms; /* R1: read before it is sent */
    out->send_request = true;
    out->request = e->request;
}

static bool wants_barrier(const struct election *e, int64_t now_ms)
{
    return e->barrier_due || (!e->watch_op && now_ms >= e->watch_retry_at_ms);
}

static void send_due(struct election *e, int64_t now_ms,
                     struct election_actions *out)
{
    int64_t try_ms = clamp(e->lease.ttl_ms / 6, TRY_MS_MIN, TRY_MS_MAX);
    int64_t entry_ms = clamp(e->config.ttl_ms / 3, ENTRY_MS_MIN, ENTRY_MS_MAX);
    bool renew = now_ms >= e->renew_at_ms;
    switch (e->state) {
    case ELECTION_GRANTING:
        do {
            e->lease.id = (int64_t)(backoff_random(&e->config.random_state) &
                                    INT64_MAX);
        } while (!e->lease.id);
        send(e, now_ms, ELECTION_GRANT, entry_ms, out);
        break;
    case ELECTION_ATTEMPTING:
        send(e, now_ms, renew ? ELECTION_KEEPALIVE : ELECTION_ATTEMPT,
             renew ? try_ms : entry_ms, out);
        break;
    case ELECTION_WAITING:
        if (renew)
            send(e, now_ms, ELECTION_KEEPALIVE, try_ms, out);
        else if (e->claim_due)
            send(e, now_ms, ELECTION_CLAIM, try_ms, out);
        else if (now_ms >= e->check_at_ms)
            send(e, now_ms, ELECTION_CHECK, try_ms, out);
        break;
    case ELECTION_LEADING:
        if (wants_barrier(e, now_ms))
            send(e, now_ms, ELECTION_BARRIER, try_ms, out);
        else if (renew)
            send(e, now_ms, ELECTION_KEEPALIVE, try_ms, out);
        break;
    case ELECTION_DROPPING:
        send(e, now_ms, ELECTION_REVOKE, try_ms, out);
        break;
    case ELECTION_LEAVING:
        send(e, now_ms,
             e->leader_revision && !e->resigned ? ELECTION_RESIGN
                                                : ELECTION_REVOKE,
             try_ms, out);
        break;
    case ELECTION_IDLE:
    case ELECTION_ENDED:
        break;
    }
}

static void leave(struct election *e, int64_t now_ms,
                  struct election_actions *out)
{
    if (e->state == ELECTION_LEAVING || e->state == ELECTION_ENDED)
        return;
    if (e->state == ELECTION_IDLE || e->state == ELECTION_GRANTING) {
        end(e, ELECTION_REASON_NONE, out); /* nothing of ours is in etcd */
        return;
    }
    forget_request(e, out);
    forget_watch(e, out);
    become(e, ELECTION_LEAVING);
    e->retry_at_ms = now_ms;
    e->give_up_at_ms = now_ms + ELECTION_LEAVE_MS_MAX;
}

/* ---- the interface ---- */

void election_config_init(struct election_config *config)
{
    *config = (struct election_config){
        .ttl_ms = 10000,
        .endpoints_n = 1,
        .margin_permille = ELECTION_MARGIN_PERMILLE,
        .margin_ms = ELECTION_MARGIN_MS,
    };
}

void election_init(struct election *e, const struct election_config *config)
{
    assert(config->ttl_ms >= 2000);
    assert(config->ttl_ms <= ELECTION_TTL_MS_MAX);
    assert(config->endpoints_n >= 1);
    *e = (struct election){
        .config = *config,
        .said_ttl_ms = config->ttl_ms,
        .stepped_at_ms = INT64_MIN,
    };
    backoff_init(&e->backoff, RETRY_BASE_MS, RETRY_CAP_MS);
    backoff_init(&e->watch_backoff, WATCH_RETRY_BASE_MS, WATCH_RETRY_CAP_MS);
}

/* Deadlines come before whatever the event says. */
static void pass_deadlines(struct election *e, int64_t now_ms,
                           struct election_actions *out)
{
    if (e->state == ELECTION_LEADING && now_ms >= e->lease.lead_until_ms) {
        bool stalled = now_ms - e->stepped_at_ms > e->lease.ttl_ms / 2;
        lose(e, now_ms, stalled ? ELECTION_STALLED : ELECTION_SILENCE, out);
    } else if (e->state == ELECTION_DROPPING && now_ms >= e->give_up_at_ms) {
        forget_request(e, out);
        begin(e, now_ms);
    } else if (e->state == ELECTION_LEAVING && now_ms >= e->give_up_at_ms) {
        end(e, e->resigned ? ELECTION_REASON_NONE : ELECTION_NOT_TOLD, out);
    }
}

void election_step(struct election *e, const struct election_event *event,
                   struct election_actions *ret_actions)
{
    int64_t now_ms = event->now_ms;
    assert(now_ms >= e->stepped_at_ms);
    *ret_actions = (struct election_actions){ 0 };
    pass_deadlines(e, now_ms, ret_actions);
    bool ours = e->watch_op && event->watch_op == e->watch_op;
    switch (event->type) {
    case ELECTION_START:
        if (e->state == ELECTION_IDLE) {
            begin(e, now_ms);
            say_attempting(e, ret_actions);
        }
        break;
    case ELECTION_TICK:
        break;
    case ELECTION_REPLY:
        on_reply(e, now_ms, &event->reply, ret_actions);
        break;
    case ELECTION_CHANGED:
        if (ours && e->state == ELECTION_LEADING)
            leader_sees_change(e, event, ret_actions);
        else if (ours && e->state == ELECTION_WAITING)
            waiter_sees_change(e, event, ret_actions);
        break;
    case ELECTION_WATCH_LOST:
        if (ours)
            on_watch_lost(e, now_ms);
        break;
    case ELECTION_LEAVE:
        leave(e, now_ms, ret_actions);
        break;
    }
    if (!e->request_pending && now_ms >= e->retry_at_ms)
        send_due(e, now_ms, ret_actions);
    e->stepped_at_ms = now_ms;
    assert(e->state != ELECTION_LEADING || e->lease.id > 0);
    assert(e->state != ELECTION_LEADING || now_ms < e->lease.lead_until_ms);
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* When send_due() has something to send, apart from retry_at_ms. */
static int64_t request_due_at(const struct election *e)
{
    if (e->state == ELECTION_WAITING)
        return e->claim_due ? e->stepped_at_ms
                            : earlier(e->renew_at_ms, e->check_at_ms);
    if (e->state == ELECTION_LEADING) {
        int64_t at_ms = e->renew_at_ms;
        if (!e->watch_op)
            at_ms = earlier(at_ms, e->watch_retry_at_ms);
        return e->barrier_due ? e->stepped_at_ms : at_ms;
    }
    return e->stepped_at_ms;
}

int64_t election_deadline(const struct election *e)
{
    if (e->state == ELECTION_IDLE || e->state == ELECTION_ENDED)
        return INT64_MAX;
    int64_t at_ms = INT64_MAX;
    if (e->state == ELECTION_LEADING)
        at_ms = e->lease.lead_until_ms;
    else if (e->state == ELECTION_DROPPING || e->state == ELECTION_LEAVING)
        at_ms = e->give_up_at_ms;
    if (e->request_pending)
        return at_ms;
    int64_t due_at_ms = request_due_at(e);
    if (due_at_ms < e->retry_at_ms)
        due_at_ms = e->retry_at_ms;
    return earlier(at_ms, due_at_ms);
}

bool election_leading(const struct election *e, int64_t now_ms)
{
    return e->state == ELECTION_LEADING && now_ms < e->lease.lead_until_ms;
}

#define STATE_NAME(name) [ELECTION_##name] = #name,
const char *election_state_name(enum election_state state)
{
    static const char *const names[] = { ELECTION_STATES(STATE_NAME) };
    assert(state < sizeof names / sizeof *names);
    return names[state];
}
