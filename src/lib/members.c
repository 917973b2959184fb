/* members.c: see members.h. */
#include "lib/members.h"

#include <assert.h>
#include <stdio.h>

#include "etcd/version.h"

enum { VERSION_TIMEOUT_MS = 1000 };

static_assert(CANDIDATE_ENDPOINTS_MAX <= 32, "versions_asked is a set of them");

/* Names the question for etcd's version; the core counts from 1. */
static const uint64_t version_tag = UINT64_MAX;

/* Which faults of etcd's are said, and how often, is decided by outages.c. */
bool members_note(struct members *m, struct announcer *a, int64_t now_ms,
                  const struct etcd_reply *reply)
{
    bool failed = reply->message[0] != '\0' &&
        reply->status != CANDIDATE_ENOTFOUND;
    if (failed) {
        if (outages_failed(&m->outages, reply->endpoint_i, now_ms,
                           reply->message))
            (void)snprintf(announce_notice(a, now_ms, CANDIDATE_WARNING),
                           EVENTS_TEXT_BYTES_MAX, "%s", reply->message);
        return true;
    }
    m->answered = reply->endpoint_i;
    if (outages_answered(&m->outages, reply->endpoint_i, now_ms))
        (void)snprintf(announce_notice(a, now_ms, CANDIDATE_INFO),
                       EVENTS_TEXT_BYTES_MAX, "%s: answers again",
                       reply->endpoint);
    return false;
}

/* Whoever has just answered, so that its version is known before it matters,
 * then each of the others; n: none. */
static unsigned next_to_ask(struct members *m, unsigned n)
{
    unsigned endpoint = m->answered;
    while (m->versions_asked & UINT32_C(1) << endpoint && m->looked_at < n)
        endpoint = m->looked_at++;
    uint32_t bit = UINT32_C(1) << endpoint;
    if (m->versions_asked & bit)
        return n;
    if (endpoint == m->answered)
        m->versions_asked |= bit; /* whatever it says to that */
    return endpoint;
}

void members_ask(struct members *m, struct etcd *e)
{
    unsigned n = etcd_endpoints_n(e);
    if (etcd_busy(e))
        return;
    unsigned endpoint = next_to_ask(m, n);
    if (endpoint < n)
        etcd_status(e, version_tag, VERSION_TIMEOUT_MS, endpoint);
}

/* A stranger among the endpoints is named now, not when it is needed. */
bool members_take(struct members *m, struct announcer *a, int64_t now_ms,
                  const struct etcd_reply *reply)
{
    if (reply->tag != version_tag)
        return false;
    if (reply->status == CANDIDATE_EPROTO)
        (void)members_note(m, a, now_ms, reply);
    if (reply->type != ETCD_REPLY_STATUS)
        return true;
    m->versions_asked |= UINT32_C(1) << reply->endpoint_i;
    if (version_keeps_leases(reply->member.version))
        return true;
    struct words_name version = words_name(reply->member.version);
    (void)snprintf(announce_notice(a, now_ms, CANDIDATE_WARNING),
                   EVENTS_TEXT_BYTES_MAX,
                   "%s: etcd %s can break its promises about leases when its"
                   " leader's disk stalls; mended in %s",
                   reply->endpoint, version.text, VERSION_MENDED);
    return true;
}
