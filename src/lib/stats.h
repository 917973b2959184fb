/* stats.h: what a candidate counts, for those who watch over it. Decides and
 * says nothing. */
#ifndef STATS_H
#define STATS_H

#include "candidate.h"
#include "core/election.h"

struct stats {
    struct candidate_stats counted;
    struct {
        uint64_t answers, errors;
    } endpoints[CANDIDATE_ENDPOINTS_MAX];
    /* The lease as it was last seen. */
    enum election_state state;
    int64_t lease;
    int64_t renewed_at_ms;
    int64_t sent_for_ms; /* the renewal due at this time was sent */
};

/* An endpoint has answered, or failed to. */
void stats_answer(struct stats *s, unsigned endpoint, bool failed);

/* A reply has been dealt with: has it renewed the lease? */
void stats_reply(struct stats *s, const struct election *e, int64_t now_ms);

/* A renewal is being sent that was due at due_at_ms. Only the first try of
 * each counts. */
void stats_renewal_sent(struct stats *s, int64_t due_at_ms, int64_t now_ms);

#endif
