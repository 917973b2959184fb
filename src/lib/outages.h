/* outages.h: which endpoints fail, and what of it is worth a line.
 *
 * A server that is away fails every request; the operator wants to read it
 * once, with the cause, and again when it is over. Decides only; says nothing.
 */
#ifndef OUTAGES_H
#define OUTAGES_H

#include "candidate.h"

enum {
    OUTAGES_QUIET_MS = 30000,      /* between two lines about one endpoint */
    OUTAGES_QUIET_MS_MAX = 480000, /* if it fails again and again alike */
    OUTAGES_CALM_MS = 600000,      /* until it is news again */
    OUTAGES_CAUSE_BYTES_MAX = 256,
};

struct outage {
    bool said;      /* that it fails, and not yet that it answers again */
    bool ever_said; /* said_at_ms is set */
    int64_t said_at_ms;
    int64_t failed_at_ms; /* the last time, said or not */
    int64_t quiet_ms;     /* from said_at_ms on, for the same cause */
    char cause[OUTAGES_CAUSE_BYTES_MAX]; /* as last said, cut */
};

struct outages {
    struct outage endpoints[CANDIDATE_ENDPOINTS_MAX];
};

/* A request to this endpoint failed. Returns whether to say so: at the first
 * failure, and when the cause has changed, but never twice within
 * OUTAGES_QUIET_MS. What comes back again and again (a proxy that cuts idle
 * connections) is said after twice as long each time, up to
 * OUTAGES_QUIET_MS_MAX. */
bool outages_failed(struct outages *o, unsigned endpoint, int64_t now_ms,
                    const char *cause);

/* This endpoint answered. Returns whether to say so: when it was said to
 * fail. */
bool outages_answered(struct outages *o, unsigned endpoint, int64_t now_ms);

#endif
