/* health.h: which endpoint to ask next.
 *
 * One that failed rests, longer with every failure in a row; the others serve
 * meanwhile. When all rest, the one whose rest ends first is asked all the
 * same: how often to try at all is the caller's affair. Pure.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "candidate.h"

enum {
    HEALTH_REST_MS_MIN = 250,
    HEALTH_REST_MS_MAX = 8000,
};

struct health_endpoint {
    unsigned failures_n; /* in a row */
    int64_t rest_until_ms;
};

struct health {
    struct health_endpoint endpoints[CANDIDATE_ENDPOINTS_MAX];
    unsigned n;
};

/* n  number of endpoints, 1..CANDIDATE_ENDPOINTS_MAX. */
void health_init(struct health *h, unsigned n);

/* The endpoint to ask: the first from `from` on, going round, that does not
 * rest. */
unsigned health_pick(const struct health *h, unsigned from, int64_t now_ms);

void health_failed(struct health *h, unsigned endpoint, int64_t now_ms);
void health_answered(struct health *h, unsigned endpoint);

#endif
