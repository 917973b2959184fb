/* outages.c: see outages.h. */
#include "lib/outages.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static void remember(struct outage *outage, int64_t now_ms, bool failing)
{
    outage->said = failing;
    outage->ever_said = true;
    outage->said_at_ms = now_ms;
}

bool outages_failed(struct outages *o, unsigned endpoint, int64_t now_ms,
                    const char *cause)
{
    assert(endpoint < CANDIDATE_ENDPOINTS_MAX);
    struct outage *outage = &o->endpoints[endpoint];
    char cut[OUTAGES_CAUSE_BYTES_MAX];
    (void)snprintf(cut, sizeof cut, "%s", cause);
    bool same = strcmp(outage->cause, cut) == 0;
    bool chronic = same && now_ms - outage->failed_at_ms < OUTAGES_CALM_MS;
    int64_t quiet_ms = chronic ? outage->quiet_ms : OUTAGES_QUIET_MS;
    outage->failed_at_ms = now_ms;
    if (outage->said && same)
        return false;
    if (outage->ever_said && now_ms - outage->said_at_ms < quiet_ms)
        return false;
    outage->quiet_ms = chronic ? 2 * quiet_ms : OUTAGES_QUIET_MS;
    if (outage->quiet_ms > OUTAGES_QUIET_MS_MAX)
        outage->quiet_ms = OUTAGES_QUIET_MS_MAX;
    memcpy(outage->cause, cut, sizeof cut);
    remember(outage, now_ms, true);
    return true;
}

bool outages_answered(struct outages *o, unsigned endpoint, int64_t now_ms)
{
    assert(endpoint < CANDIDATE_ENDPOINTS_MAX);
    struct outage *outage = &o->endpoints[endpoint];
    if (!outage->said)
        return false;
    remember(outage, now_ms, false);
    return true;
}
