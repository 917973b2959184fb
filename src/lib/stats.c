/* stats.c: see stats.h. */
#include "lib/stats.h"

#include <assert.h>

void stats_answer(struct stats *s, unsigned endpoint, bool failed)
{
    assert(endpoint < CANDIDATE_ENDPOINTS_MAX);
    if (failed)
        s->endpoints[endpoint].errors++;
    else
        s->endpoints[endpoint].answers++;
}

/* A leader's renewal counts when it is confirmed; see R3 of the safety rule.
 * What a new lease or a new state brings along is no renewal. */
void stats_reply(struct stats *s, const struct election *e, int64_t now_ms)
{
    int64_t renewed_at_ms = e->state == ELECTION_LEADING
        ? e->lease.confirmed_at_ms
        : e->lease.sent_at_ms;
    bool same = s->state == e->state && s->lease == e->lease.id;
    if (same && renewed_at_ms > s->renewed_at_ms) {
        s->counted.renewals++;
        s->counted.renewal_ms = now_ms - renewed_at_ms;
    }
    s->state = e->state;
    s->lease = e->lease.id;
    s->renewed_at_ms = renewed_at_ms;
}

void stats_renewal_sent(struct stats *s, int64_t due_at_ms, int64_t now_ms)
{
    if (due_at_ms == s->sent_for_ms)
        return;
    s->sent_for_ms = due_at_ms;
    if (now_ms - due_at_ms > s->counted.renewal_late_ms_max)
        s->counted.renewal_late_ms_max = now_ms - due_at_ms;
}
