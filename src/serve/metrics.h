/* metrics.h: what is counted, as Prometheus reads it (text format 0.0.4).
 *
 * Keeps what events have told, and renders; asks no clock and does no input
 * or output.
 */
#ifndef METRICS_H
#define METRICS_H

#include "candidate.h"

enum {
    METRICS_BUCKETS_N = 10,
    METRICS_LABEL_BYTES_MAX = 2 * CANDIDATE_ELECTION_BYTES_MAX + 64,
};

struct metrics {
    uint64_t elected_n, lost_n, transitions_n;
    bool leader_known;        /* one was seen, at some time */
    int64_t leaderless_at_ms; /* since when nobody was seen to lead; 0: not */
    int64_t gap_ms;           /* of the last failover; < 0: none was seen */
    uint64_t renewals;        /* of candidate_stats(), as last seen */
    uint64_t buckets[METRICS_BUCKETS_N + 1]; /* the last one has no bound */
    uint64_t observed_n;
    int64_t observed_ms;
};

void metrics_init(struct metrics *m);

/* To be told of every event, and after each turn of what is counted. */
void metrics_event(struct metrics *m, const struct candidate_event *event);
void metrics_stats(struct metrics *m, const struct candidate_stats *stats);

/* What else is to be shown, as it is at this moment. */
struct metrics_now {
    const char *election;
    int64_t lead_ms; /* that leadership is certain for; 0: not leading */
    int64_t token;   /* while leading */
    bool in_touch;
    const struct candidate_stats *stats;
    const struct candidate_endpoint *endpoints;
    unsigned endpoints_n;
};

/* Write the text.
 * Returns its bytes, or 0 when it does not fit. */
size_t metrics_render(const struct metrics *m, const struct metrics_now *now,
                      char *text, size_t bytes_max);

#endif
