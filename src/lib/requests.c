/* requests.c: see requests.h. */
#include "lib/requests.h"

#include <stdio.h>
#include <string.h>

bool requests_read(const struct requests *r, struct announcer *a,
                   int64_t now_ms, const struct etcd_watch_event *seen,
                   struct election_asked *ret_asked)
{
    struct request request;
    struct candidate_error err;
    const struct etcd_kv *kv = &seen->kv;
    *ret_asked = (struct election_asked){ 0 };
    if (seen->deleted)
        return true;
    if (request_parse(kv->value.data, kv->value.size, &request, &err) < 0) {
        (void)snprintf(announce_notice(a, now_ms, CANDIDATE_WARNING),
                       EVENTS_TEXT_BYTES_MAX, "%s: not a request: %s",
                       r->keys.request, err.message);
        return false;
    }
    ret_asked->token = request.token;
    if (request.type == REQUEST_TRANSFER)
        ret_asked->to_token = request.to_token;
    a->asked_for = words_name(
        (struct etcd_bytes){ request.to, strlen(request.to) });
    return true;
}

bool requests_ended(struct requests *r, struct announcer *a, int64_t now_ms,
                    const struct etcd_reply *reply)
{
    if (r->refused || reply->status != CANDIDATE_EDENIED)
        return false;
    r->refused = true;
    if (!r->said_refused)
        (void)snprintf(announce_notice(a, now_ms, CANDIDATE_INFO),
                       EVENTS_TEXT_BYTES_MAX,
                       "nobody can ask us to step down: the user needs READ on"
                       " the key %s",
                       r->keys.request);
    r->said_refused = true;
    return true;
}
