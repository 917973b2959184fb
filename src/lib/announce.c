/* announce.c: see announce.h. */
#include "lib/announce.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert((int)EVENTS_KEY_BYTES_MAX >= (int)LOCK_KEY_BYTES_MAX,
              "a lock key fits into an event");

char *announce_notice(struct announcer *a, int64_t now_ms,
                      enum candidate_severity severity)
{
    struct events_item *item = events_push(&a->events, CANDIDATE_NOTICE,
                                           now_ms);
    item->event.severity = severity;
    return item->text;
}

static void say_elected(struct announcer *a, int64_t now_ms,
                        const struct election_notice *said)
{
    struct events_item *item = events_push(&a->events, CANDIDATE_ELECTED,
                                           now_ms);
    item->event.token = said->token;
    item->event.lease = said->lease;
    item->event.leader_key = a->lock->leader_key;
    memcpy(item->lock_key, a->lock->key, sizeof a->lock->key);
    a->settled = true;
}

static void say_following(struct announcer *a, int64_t now_ms,
                          const struct words_name *name)
{
    struct events_item *item = events_push(&a->events, CANDIDATE_FOLLOWING,
                                           now_ms);
    memcpy(item->leader, name->text, sizeof item->leader);
    a->settled = true;
}

/* etcdctl lock leaves the value empty: its key is then all there is. */
static void say_foreign(struct announcer *a, int64_t now_ms)
{
    const struct words_name *name = a->holder.text[0] ? &a->holder
                                                      : &a->holder_key;
    say_following(a, now_ms, name);
    words_foreign(announce_notice(a, now_ms, CANDIDATE_INFO), &a->holder_key,
                  &a->holder);
}

static void say_lost(struct announcer *a, int64_t now_ms,
                     enum election_reason reason)
{
    struct events_item *item = events_push(&a->events, CANDIDATE_LOST, now_ms);
    words_reason(item->text, a->lock, reason);
}

static void say_asked(struct announcer *a, int64_t now_ms)
{
    struct events_item *item = events_push(&a->events, CANDIDATE_ASKED, now_ms);
    const char *to = a->asked_for.text;
    (void)snprintf(item->text, sizeof item->text, "asked to step down%s%s%s",
                   to[0] ? " for \"" : "", to, to[0] ? "\"" : "");
}

static void say_ended(struct announcer *a, int64_t now_ms,
                      enum election_reason reason)
{
    struct events_item *item = events_push(&a->events, CANDIDATE_ENDED, now_ms);
    if (reason == ELECTION_REASON_NONE)
        return;
    bool refused = reason == ELECTION_REFUSED;
    item->event.status = refused ? CANDIDATE_EDENIED : CANDIDATE_ERETRY;
    words_reason(item->text, a->lock, reason);
    size_t used = strlen(item->text);
    if (refused && a->refusal[0])
        (void)snprintf(item->text + used, sizeof item->text - used, ": %s",
                       a->refusal);
}

void announce(struct announcer *a, int64_t now_ms,
              const struct election_notice *said)
{
    switch (said->type) {
    case ELECTION_SAY_ATTEMPTING:
        events_push(&a->events, CANDIDATE_ATTEMPTING, now_ms);
        break;
    case ELECTION_SAY_ELECTED:
        say_elected(a, now_ms, said);
        break;
    case ELECTION_SAY_FOLLOWING:
        say_following(a, now_ms, &a->leader);
        break;
    case ELECTION_SAY_FOREIGN:
        say_foreign(a, now_ms);
        break;
    case ELECTION_SAY_LOST:
        say_lost(a, now_ms, said->reason);
        break;
    case ELECTION_SAY_ASKED:
        say_asked(a, now_ms);
        break;
    case ELECTION_SAY_ENDED:
        say_ended(a, now_ms, said->reason);
        break;
    case ELECTION_SAY_KEY_FOR_EVER:
        words_key_for_ever(announce_notice(a, now_ms, CANDIDATE_WARNING),
                           a->lock, &a->leader);
        break;
    case ELECTION_SAY_SAME_ID:
        words_same_id(announce_notice(a, now_ms, CANDIDATE_WARNING), a->lock);
        break;
    case ELECTION_SAY_TTL_CHANGED:
        words_ttl(announce_notice(a, now_ms, CANDIDATE_WARNING),
                  a->asked_ttl_ms, said->ttl_ms);
        break;
    }
}
