/* health.c: see health.h. */
#include "etcd/health.h"

#include <assert.h>

void health_init(struct health *h, unsigned n)
{
    assert(n >= 1);
    assert(n <= CANDIDATE_ENDPOINTS_MAX);
    *h = (struct health){ .n = n };
}

unsigned health_pick(const struct health *h, unsigned from, int64_t now_ms)
{
    assert(from < h->n);
    unsigned best = from;
    for (unsigned i = 0; i < h->n; i++) {
        unsigned at = (from + i) % h->n;
        if (h->endpoints[at].rest_until_ms <= now_ms)
            return at;
        if (h->endpoints[at].rest_until_ms < h->endpoints[best].rest_until_ms)
            best = at;
    }
    return best;
}

void health_failed(struct health *h, unsigned endpoint, int64_t now_ms)
{
    assert(endpoint < h->n);
    struct health_endpoint *failed = &h->endpoints[endpoint];
    int64_t rest_ms = HEALTH_REST_MS_MIN;
    for (unsigned i = 0; i < failed->failures_n && rest_ms < HEALTH_REST_MS_MAX;
         i++)
        rest_ms *= 2;
    if (rest_ms < HEALTH_REST_MS_MAX)
        failed->failures_n++;
    else
        rest_ms = HEALTH_REST_MS_MAX;
    failed->rest_until_ms = now_ms + rest_ms;
}

void health_answered(struct health *h, unsigned endpoint)
{
    assert(endpoint < h->n);
    h->endpoints[endpoint] = (struct health_endpoint){ 0 };
}
