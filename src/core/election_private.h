/* election_private.h: what the files of the election share; for them alone.
 *
 * Every function is one part of election_step(): it changes e and adds to the
 * actions. The files, from the outside in:
 *   election.c            the interface, and which request is due
 *   election_reply.c      what replies mean
 *   election_watch.c      what the watched keys' changes mean
 *   election_queue.c      who is before us, and whether it is our turn
 *   election_candidacy.c  states, and how a candidacy begins and ends
 *   election_lease.c      R3 and R4: until when we may lead
 *   election_notice.c     what is announced, and that it is said once
 */
#ifndef ELECTION_PRIVATE_H
#define ELECTION_PRIVATE_H

#include "core/election.h"

enum {
    ELECTION_LEADERLESS_MS = 1000, /* then ask who holds the lock instead */
};

static inline int64_t election_clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* ---- election_candidacy.c ---- */

/* The only way to another state; asserts that the move is legal. */
void election_candidacy_become(struct election *e, enum election_state state);
/* Ask for a fresh lease: nothing of the candidacy before may count. */
void election_candidacy_begin(struct election *e, int64_t now_ms);
/* Give this candidacy up, and its lease back unless it is gone; then begin
 * afresh. */
void election_candidacy_restart(struct election *e, int64_t now_ms,
                                bool lease_gone, struct election_actions *out);
/* Lead no longer: say why, and restart. */
void election_candidacy_lose(struct election *e, int64_t now_ms,
                             enum election_reason reason,
                             struct election_actions *out);
/* The lease, a key or etcd itself is not what it was, in any state that has a
 * lease: as election_candidacy_lose(), in silence unless we led. */
void election_candidacy_lost(struct election *e, int64_t now_ms,
                             enum election_reason reason,
                             struct election_actions *out);
void election_candidacy_leave(struct election *e, int64_t now_ms,
                              struct election_actions *out);
/* Give up the leadership or the place in the queue, in order, and begin
 * afresh: behind everyone who waits now. */
void election_candidacy_yield(struct election *e, int64_t now_ms,
                              struct election_actions *out);
void election_candidacy_end(struct election *e, enum election_reason reason,
                            struct election_actions *out);
/* Do what the passing of time alone demands. */
void election_candidacy_pass_deadlines(struct election *e, int64_t now_ms,
                                       struct election_actions *out);

/* ---- election_lease.c ---- */

/* A grant or a renewal, sent at request_sent_at_ms, was answered. */
void election_lease_granted(struct election *e, int64_t ttl_ms);
void election_lease_renewed(struct election *e, int64_t ttl_ms,
                            uint64_t raft_term);
/* R3: a transaction committed under raft_term; it confirms the renewal before
 * it, or asks for another. */
void election_lease_confirm(struct election *e, int64_t now_ms,
                            uint64_t raft_term);

/* ---- election_notice.c ---- */

struct election_notice *election_notice_add(struct election_actions *out,
                                            enum election_notice_type type);
/* Our turn seems to have come. Who was named is not named again, should its
 * leader key stay for a moment. */
void election_notice_turn(struct election *e, struct election_actions *out);
/* Nobody leads, as far as we know. */
void election_notice_attempting(struct election *e,
                                struct election_actions *out);
/* Say who leads when that has changed. */
void election_notice_leader(struct election *e, int64_t now_ms,
                            struct election_actions *out);
/* Name a holder of the lock that shows no leader key, so is another program's.
 * Returns whether it was named just now. */
bool election_notice_holder(struct election *e, int64_t now_ms,
                            struct election_actions *out);

/* ---- election_queue.c ---- */

/* etcd says that both keys are ours and that nobody is before us. */
void election_queue_win(struct election *e, int64_t now_ms,
                        const struct election_reply *reply,
                        struct election_actions *out);
/* What a transaction read back, while not leading. */
void election_queue_view(struct election *e, int64_t now_ms,
                         const struct election_reply *reply,
                         struct election_actions *out);

/* Queue anew if somebody behind us shall lead next, and we are who stands in
 * the way. Returns whether that was so. */
bool election_queue_step_aside(struct election *e, int64_t now_ms,
                               struct election_actions *out);

/* ---- election_watch.c ---- */

/* Watch what matters now, from just after this revision. */
void election_watch_open(struct election *e, int64_t now_ms, int64_t revision,
                         struct election_actions *out);
/* Whether a stream is open that tells of the leader key what it should. */
bool election_watch_suits(const struct election *e);
/* Whether it would have told that the leader key has become what it is. */
bool election_watch_tells_leader(const struct election *e);
/* The event is of the stream that is open. */
void election_watch_changed(struct election *e,
                            const struct election_event *event,
                            struct election_actions *out);
void election_watch_lost(struct election *e, int64_t now_ms);

/* ---- election_reply.c ---- */

void election_reply_take(struct election *e, int64_t now_ms,
                         const struct election_reply *reply,
                         struct election_actions *out);

#endif
