/* words.h: what the core announces, in words for people.
 *
 * The only place where the core's reasons become sentences. Each names the
 * key or the number, and where something can be done, the command. All fit
 * into an event's text.
 */
#ifndef WORDS_H
#define WORDS_H

#include "core/election.h"
#include "etcd/lock.h"
#include "lib/events.h"

/* A key or an ID that came from etcd, made safe to show. */
struct words_name {
    char text[EVENTS_NAME_BYTES_MAX];
};

struct words_name words_name(struct etcd_bytes bytes);

/* Why leadership was lost, or the election left. */
void words_reason(char out[EVENTS_TEXT_BYTES_MAX], const struct lock *lock,
                  enum election_reason reason);

/* What etcd refused, and the permission that is missing if it is that. */
void words_refusal(char out[EVENTS_TEXT_BYTES_MAX], const struct lock *lock,
                   const char *message);

/* The leader key `lock->leader_key` has no lease. leader: its value. */
void words_key_for_ever(char out[EVENTS_TEXT_BYTES_MAX],
                        const struct lock *lock,
                        const struct words_name *leader);

/* Somebody holds the lock and shows no leader key: another program. */
void words_foreign(char out[EVENTS_TEXT_BYTES_MAX],
                   const struct words_name *holder_key,
                   const struct words_name *holder);

void words_same_id(char out[EVENTS_TEXT_BYTES_MAX], const struct lock *lock);

void words_ttl(char out[EVENTS_TEXT_BYTES_MAX], int64_t asked_ms,
               int64_t granted_ms);

#endif
