/* announce.h: what the core announces becomes events for the caller. */
#ifndef ANNOUNCE_H
#define ANNOUNCE_H

#include "core/election.h"
#include "etcd/lock.h"
#include "lib/events.h"
#include "lib/words.h"

struct announcer {
    const struct lock *lock; /* borrowed */
    int64_t asked_ttl_ms;
    struct events events;
    struct words_name leader; /* the leader key's value, as last seen */
    struct words_name holder; /* the oldest lock key's */
    struct words_name holder_key;
    struct words_name asked_for; /* who shall lead instead of us; "": any */
    char refusal[EVENTS_TEXT_BYTES_MAX]; /* etcd's last one, in words */
    bool settled;                        /* it was said who leads */
};

/* Append the event that a notice of the core's means. */
void announce(struct announcer *a, int64_t now_ms,
              const struct election_notice *said);

/* Append a notice; returns its text, of EVENTS_TEXT_BYTES_MAX bytes, for the
 * caller to fill at once. */
char *announce_notice(struct announcer *a, int64_t now_ms,
                      enum candidate_severity severity);

#endif
