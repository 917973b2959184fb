/* election.c: the interface, and which request is due. The order within a
 * step: the deadline first, then the event, then whatever request is due. */
#include "core/election_private.h"

#include <assert.h>

enum {
    TRY_MS_MIN = 250, /* R6: one try of a renewal */
    TRY_MS_MAX = 1500,
    ENTRY_MS_MIN = 1000, /* one try of a grant or an attempt */
    ENTRY_MS_MAX = 3000,
    RETRY_BASE_MS = 100,
    RETRY_CAP_MS = 5000,
    RESTART_BASE_MS = 50,
    WATCH_RETRY_BASE_MS = 50,
    WATCH_RETRY_CAP_MS = 2000,
};

void election_config_init(struct election_config *config)
{
    *config = (struct election_config){
        .ttl_ms = 10000,
        .endpoints_n = 1,
        .margin_permille = ELECTION_MARGIN_PERMILLE,
        .margin_ms = ELECTION_MARGIN_MS,
        .crowd = ELECTION_CROWD,
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
    backoff_init(&e->restart_backoff, RESTART_BASE_MS, RETRY_CAP_MS);
}

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

/* Revoking deletes the keys as well, but the successor may start before. */
static bool wants_resign(const struct election *e)
{
    bool in_order = e->state == ELECTION_LEAVING || e->yielding;
    return e->lock_detached || (in_order && e->leader_revision && !e->resigned);
}

static void send_due(struct election *e, int64_t now_ms,
                     struct election_actions *out)
{
    int64_t try_ms = election_clamp(e->lease.ttl_ms / 6, TRY_MS_MIN,
                                    TRY_MS_MAX);
    int64_t entry_ms = election_clamp(e->config.ttl_ms / 3, ENTRY_MS_MIN,
                                      ENTRY_MS_MAX);
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
        if (e->held)
            break;
        send(e, now_ms, wants_resign(e) ? ELECTION_RESIGN : ELECTION_REVOKE,
             try_ms, out);
        break;
    case ELECTION_LEAVING:
        send(e, now_ms, wants_resign(e) ? ELECTION_RESIGN : ELECTION_REVOKE,
             try_ms, out);
        break;
    case ELECTION_IDLE:
    case ELECTION_ENDED:
        break;
    }
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* When send_due() has something to send, apart from retry_at_ms. */
static int64_t request_due_at(const struct election *e)
{
    if (e->state == ELECTION_DROPPING && e->held)
        return INT64_MAX;
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

void election_step(struct election *e, const struct election_event *event,
                   struct election_actions *ret_actions)
{
    int64_t now_ms = event->now_ms;
    assert(now_ms >= e->stepped_at_ms);
    *ret_actions = (struct election_actions){ 0 };
    election_candidacy_pass_deadlines(e, now_ms, ret_actions);
    bool ours = e->watch_op && event->watch_op == e->watch_op;
    switch (event->type) {
    case ELECTION_START:
        if (e->state == ELECTION_IDLE) {
            election_candidacy_begin(e, now_ms);
            election_notice_attempting(e, ret_actions);
        }
        break;
    case ELECTION_TICK:
        break;
    case ELECTION_REPLY:
        election_reply_take(e, now_ms, &event->reply, ret_actions);
        break;
    case ELECTION_CHANGED:
        if (ours)
            election_watch_changed(e, event, ret_actions);
        break;
    case ELECTION_WATCH_LOST:
        if (ours)
            election_watch_lost(e, now_ms);
        break;
    case ELECTION_LEAVE:
        election_candidacy_leave(e, now_ms, ret_actions);
        break;
    case ELECTION_YIELD:
        election_candidacy_yield(e, now_ms, ret_actions);
        break;
    }
    if (!e->request_pending && now_ms >= e->retry_at_ms)
        send_due(e, now_ms, ret_actions);
    e->stepped_at_ms = now_ms;
    assert(e->state != ELECTION_LEADING || e->lease.id > 0);
    assert(e->state != ELECTION_LEADING || now_ms < e->lease.lead_until_ms);
}

int64_t election_deadline(const struct election *e)
{
    if (e->state == ELECTION_IDLE || e->state == ELECTION_ENDED)
        return INT64_MAX;
    int64_t at_ms = INT64_MAX;
    if (e->state == ELECTION_LEADING)
        at_ms = e->lease.lead_until_ms;
    else if (e->state == ELECTION_LEAVING)
        at_ms = e->give_up_at_ms;
    if (e->request_pending)
        return at_ms;
    int64_t due_at_ms = request_due_at(e);
    if (due_at_ms < e->retry_at_ms)
        due_at_ms = e->retry_at_ms;
    return earlier(at_ms, due_at_ms);
}

void election_hold(struct election *e, bool held)
{
    assert(e->config.ttl_ms > 0);
    assert(e->state <= ELECTION_ENDED);
    e->held = held;
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
