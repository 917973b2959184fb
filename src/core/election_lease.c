/* election_lease.c: until when the lease surely lives, and so may we lead. */
#include "core/election_private.h"

enum {
    RENEW_AGAIN_MS = 50, /* after one that was not confirmed */
};

/* R4, without the stop budget, which is the caller's. */
static int64_t deadline_of(const struct election *e, int64_t sent_at_ms)
{
    int64_t ttl_ms = e->lease.ttl_ms;
    return sent_at_ms + ttl_ms - ttl_ms * e->config.margin_permille / 1000 -
        e->config.margin_ms;
}

void election_lease_confirm(struct election *e, int64_t now_ms,
                            uint64_t raft_term)
{
    if (!e->lease.unconfirmed_at_ms)
        return;
    int64_t until_ms = deadline_of(e, e->lease.unconfirmed_at_ms);
    if (raft_term != e->lease.unconfirmed_term)
        e->renew_at_ms = now_ms + RENEW_AGAIN_MS;
    else {
        e->lease.confirmed_at_ms = e->lease.unconfirmed_at_ms;
        if (until_ms > e->lease.lead_until_ms)
            e->lease.lead_until_ms = until_ms;
    }
    e->lease.unconfirmed_at_ms = 0;
}

void election_lease_granted(struct election *e, int64_t ttl_ms)
{
    struct election_lease *lease = &e->lease;
    lease->ttl_ms = election_clamp(ttl_ms, 1, ELECTION_TTL_MS_MAX);
    lease->sent_at_ms = e->request_sent_at_ms;
    lease->confirmed_at_ms = lease->sent_at_ms;
    lease->lead_until_ms = deadline_of(e, lease->sent_at_ms);
    e->renew_at_ms = lease->sent_at_ms + lease->ttl_ms / 3;
}

void election_lease_renewed(struct election *e, int64_t ttl_ms,
                            uint64_t raft_term)
{
    struct election_lease *lease = &e->lease;
    lease->ttl_ms = election_clamp(ttl_ms, 1, lease->ttl_ms);
    lease->sent_at_ms = e->request_sent_at_ms;
    lease->unconfirmed_at_ms = e->request_sent_at_ms;
    lease->unconfirmed_term = raft_term;
    e->renew_at_ms = lease->sent_at_ms + lease->ttl_ms / 3;
}

int64_t election_confirmed_at_ms(const struct election *e, int64_t now_ms)
{
    int64_t at_ms;
    if (e->state == ELECTION_LEADING)
        at_ms = e->lease.confirmed_at_ms;
    else if (e->state == ELECTION_WAITING)
        at_ms = e->lease.sent_at_ms; /* R3 is for leaders */
    else
        return 0;
    return e->watch_op && now_ms < deadline_of(e, at_ms) ? now_ms : at_ms;
}
