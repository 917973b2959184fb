/* election_candidacy.c: the states, and how a candidacy begins and ends. */
#include "core/election_private.h"

#include <assert.h>

enum {
    EARLY_END_MS = 10000, /* a candidacy that ended so soon ended early */
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

void election_candidacy_become(struct election *e, enum election_state state)
{
    assert(moves[e->state] & (1u << state));
    e->state = state;
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

/* Candidacies that all end early, whoever ends them, must not follow each
 * other as fast as etcd can answer. The first one is replaced at once. */
static void calm_down(struct election *e, int64_t now_ms)
{
    bool early = e->began_at_ms && now_ms - e->began_at_ms < EARLY_END_MS;
    e->began_at_ms = now_ms;
    if (!early) {
        backoff_reset(&e->restart_backoff);
        return;
    }
    bool again = e->restart_backoff.tries > 0;
    int64_t begin_at_ms = now_ms +
        backoff_next(&e->restart_backoff, &e->config.random_state);
    if (again && begin_at_ms > e->retry_at_ms)
        e->retry_at_ms = begin_at_ms;
}

void election_candidacy_begin(struct election *e, int64_t now_ms)
{
    calm_down(e, now_ms);
    election_candidacy_become(e, ELECTION_GRANTING);
    e->lease = (struct election_lease){ 0 };
    e->lock_revision = 0;
    e->leader_revision = 0;
    e->lock_detached = false;
    e->yielding = false;
    e->resigned = false;
    e->claim_due = false;
    e->barrier_due = false;
    e->late_wins_n = 0;
    e->refusals_n = 0;
    e->raft_term_max = 0;
    e->revision_max = 0;
    e->told_revision = 0;
    e->predecessor = e->leader = e->holder = (struct election_key){ 0 };
    e->leader_seen_revision = 0;
    e->leaderless_at_ms = now_ms;
}

void election_candidacy_restart(struct election *e, int64_t now_ms,
                                bool lease_gone, struct election_actions *out)
{
    forget_request(e, out);
    forget_watch(e, out);
    if (lease_gone) {
        election_candidacy_begin(e, now_ms);
        return;
    }
    election_candidacy_become(e, ELECTION_DROPPING);
}

void election_candidacy_lose(struct election *e, int64_t now_ms,
                             enum election_reason reason,
                             struct election_actions *out)
{
    assert(e->state == ELECTION_LEADING);
    election_notice_add(out, ELECTION_SAY_LOST)->reason = reason;
    election_notice_attempting(e, out);
    election_candidacy_restart(e, now_ms, reason == ELECTION_LEASE_LOST, out);
}

void election_candidacy_lost(struct election *e, int64_t now_ms,
                             enum election_reason reason,
                             struct election_actions *out)
{
    if (e->state == ELECTION_LEADING)
        election_candidacy_lose(e, now_ms, reason, out);
    else
        election_candidacy_restart(e, now_ms, reason == ELECTION_LEASE_LOST,
                                   out);
}

void election_candidacy_end(struct election *e, enum election_reason reason,
                            struct election_actions *out)
{
    forget_request(e, out);
    forget_watch(e, out);
    election_candidacy_become(e, ELECTION_ENDED);
    election_notice_add(out, ELECTION_SAY_ENDED)->reason = reason;
}

void election_candidacy_leave(struct election *e, int64_t now_ms,
                              struct election_actions *out)
{
    if (e->state == ELECTION_LEAVING || e->state == ELECTION_ENDED)
        return;
    if (e->state == ELECTION_IDLE || e->state == ELECTION_GRANTING) {
        /* Nothing of ours is in etcd. */
        election_candidacy_end(e, ELECTION_REASON_NONE, out);
        return;
    }
    forget_request(e, out);
    forget_watch(e, out);
    election_candidacy_become(e, ELECTION_LEAVING);
    e->retry_at_ms = now_ms;
    e->give_up_at_ms = now_ms + ELECTION_LEAVE_MS_MAX;
}

/* Where nothing is held there is nothing to give up. */
void election_candidacy_yield(struct election *e, int64_t now_ms,
                              struct election_actions *out)
{
    switch (e->state) {
    case ELECTION_LEADING:
        election_candidacy_lose(e, now_ms, ELECTION_YIELDED, out);
        e->yielding = true;
        break;
    case ELECTION_ATTEMPTING:
    case ELECTION_WAITING:
        election_candidacy_restart(e, now_ms, false, out);
        break;
    case ELECTION_IDLE:
    case ELECTION_GRANTING:
    case ELECTION_DROPPING:
    case ELECTION_LEAVING:
    case ELECTION_ENDED:
        return;
    }
    e->retry_at_ms = now_ms;
}

void election_candidacy_pass_deadlines(struct election *e, int64_t now_ms,
                                       struct election_actions *out)
{
    if (e->state == ELECTION_LEADING && now_ms >= e->lease.lead_until_ms) {
        bool stalled = now_ms - e->stepped_at_ms > e->lease.ttl_ms / 2;
        election_candidacy_lose(
            e, now_ms, stalled ? ELECTION_STALLED : ELECTION_SILENCE, out);
    } else if (e->state == ELECTION_LEAVING && now_ms >= e->give_up_at_ms) {
        election_candidacy_end(
            e, e->resigned ? ELECTION_REASON_NONE : ELECTION_NOT_TOLD, out);
    }
}
