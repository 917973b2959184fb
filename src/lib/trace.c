/* trace.c: see trace.h. */
#include "lib/trace.h"

#include <assert.h>
#include <stdio.h>

static const char *const calls[] = {
    [ELECTION_GRANT] = "grant",     [ELECTION_ATTEMPT] = "attempt",
    [ELECTION_CLAIM] = "claim",     [ELECTION_CHECK] = "check",
    [ELECTION_KEEPALIVE] = "renew", [ELECTION_BARRIER] = "confirm",
    [ELECTION_RESIGN] = "resign",   [ELECTION_REVOKE] = "revoke",
};

const char *trace_call(enum election_request_type type)
{
    assert(type < sizeof calls / sizeof *calls);
    return calls[type];
}

/* In words; an answer that came may still be a no. */
static const char *outcome(const struct etcd_reply *reply)
{
    switch (reply->type) {
    case ETCD_REPLY_FAILED:
        return reply->message;
    case ETCD_REPLY_TXN:
        return reply->txn.succeeded ? "succeeded" : "did not succeed";
    case ETCD_REPLY_LEASE:
        return reply->lease.ttl_s > 0 ? "lease lives" : "lease is gone";
    case ETCD_REPLY_WATCH:
        return reply->watch.events_n > 0 ? "keys changed" : "no change";
    case ETCD_REPLY_HEADER:
    case ETCD_REPLY_RESULT:
    case ETCD_REPLY_STATUS:
    case ETCD_REPLY_MEMBERS:
        break;
    }
    return "answered";
}

void trace_answer(struct announcer *a, int64_t now_ms, const char *call,
                  int64_t began_ms, const struct etcd_reply *reply,
                  enum election_state state)
{
    struct events_item *item = events_push(&a->events, CANDIDATE_NOTICE,
                                           now_ms);
    item->event.severity = CANDIDATE_DEBUG;
    item->event.endpoint = reply->endpoint;
    item->event.call = call;
    item->event.revision = reply->header.revision;
    item->event.duration_ms = now_ms - began_ms;
    (void)snprintf(item->text, sizeof item->text, "%s; now %s", outcome(reply),
                   election_state_name(state));
}
