/* observer.h: what the files of the reader of candidate.h share; for them
 * alone.
 *
 *   observer.c          the public interface: changes one by one, waiting
 *   observer_calls.c    what is asked of etcd, and what the replies do
 *   observer_details.c  leases and members, on demand
 *   view.c              what was learnt
 *
 * A survey gives the view, two watches continue it, and a check every
 * OBSERVER_CHECK_MS proves that it still holds: a stream may be silent because
 * nothing happens, or because nobody is there. What cannot be continued or
 * proven is surveyed anew.
 */
#ifndef OBSERVER_H
#define OBSERVER_H

#include "core/backoff.h"
#include "lib/view.h"

enum {
    OBSERVER_CALL_MS = 1500,  /* for an answer; then another endpoint */
    OBSERVER_CHECK_MS = 2000, /* from one check to the next */
    OBSERVER_DOUBT_MS = 250,  /* to the next one after a check that failed:
                                  the stream may only be late */
    OBSERVER_DOUBTS_MAX = 2,  /* then a survey is due */
    OBSERVER_RETRY_MS_MIN = 250,
    OBSERVER_RETRY_MS_MAX = 2000,
    OBSERVER_SETTLE_MS = 500,   /* a leader's lock key may be told of later */
    OBSERVER_HOLDER_MS = 1000,  /* until whose turn it is should lead */
    OBSERVER_DETAIL_MS = 1000,  /* for an answer about a lease or a member */
    OBSERVER_STRANGERS_MAX = 3, /* answers of another cluster, by each
                                   endpoint, until it is believed */
};

enum observer_call {
    OBSERVER_NONE,
    OBSERVER_SURVEY,
    OBSERVER_PAGE,
    OBSERVER_CHECK,
    OBSERVER_LEASE,
    OBSERVER_MEMBERS,
    OBSERVER_STATUS,
    OBSERVER_WRITES,
};

/* Changes that were not given out yet: bits of 1 << enum candidate_change. */
struct observer_pending {
    unsigned changes;
    int64_t revision; /* that they are of */
};

/* A round of questions about leases and members. */
struct observer_round {
    bool wanted;
    bool began;
    bool writes; /* also whether they are possible */
    size_t next; /* question */
    int64_t leases[CANDIDATE_OBSERVER_LEASES_MAX];
    size_t leases_n;
};

struct observer_member {
    char endpoint[CANDIDATE_ID_BYTES_MAX + 32];
    char name[64];
    char version[32];
    char trouble[CANDIDATE_ERROR_BYTES_MAX];
};

struct candidate_observer {
    struct etcd *etcd;
    struct lock names;
    struct view view;
    struct candidate_view shown;
    int64_t began_at_ms;

    uint64_t tags_n; /* each call and stream has its own */
    enum observer_call call;
    uint64_t call_tag;
    int64_t call_at_ms;
    int64_t survey_at_ms; /* INT64_MAX: none is due */
    int64_t check_at_ms;
    unsigned doubts_n;
    struct backoff backoff;
    uint64_t random_state;

    /* The survey under way. */
    struct view_leader survey_leader;
    int64_t survey_revision, survey_count, survey_last;
    bool keys_only; /* values are too large to be read */

    bool watching;
    uint64_t watch_tag;
    int64_t watch_at_ms; /* not to be opened before */

    /* The message of the stream that is being taken, event by event. */
    struct etcd_reply message;
    size_t event_i; /* == events_n: there is none */

    struct observer_pending pending;
    bool told_fresh, told_stale, told_holder;
    int64_t settle_at_ms; /* the leader is told by then in any case */

    /* Who holds the lock without leading: create_revision; 0: nobody. */
    int64_t holder;
    int64_t holder_at_ms;

    int64_t since_ms;
    struct candidate_error trouble;
    unsigned denied_n;    /* in a row */
    unsigned strangers_n; /* in a row */

    struct observer_round round;
    struct candidate_member members[CANDIDATE_VIEW_MEMBERS_MAX];
    struct observer_member member_texts[CANDIDATE_VIEW_MEMBERS_MAX];
    size_t members_n;
    struct candidate_error writes_trouble;
};

void observer_note(struct candidate_observer *o, enum candidate_change change,
                   int64_t revision);

/* ---- observer_calls.c ---- */

/* Begin what is due. */
void observer_begin(struct candidate_observer *o, int64_t now_ms);

/* When observer_begin() has something to do. */
int64_t observer_due_ms(const struct candidate_observer *o);

/* Take a reply of etcd's that is no message of the stream, or one of a stream
 * that has ended. */
void observer_reply(struct candidate_observer *o, int64_t now_ms,
                    const struct etcd_reply *reply);

/* Note what a survey or an event has changed: enum view_change. */
void observer_changed(struct candidate_observer *o, int64_t now_ms,
                      unsigned changes, int64_t revision);

/* ---- observer_details.c ---- */

/* Ask the next question. Returns false when there is none. */
bool observer_ask(struct candidate_observer *o, uint64_t tag);

/* What became of it. */
void observer_told(struct candidate_observer *o, int64_t now_ms,
                   const struct etcd_reply *reply);

#endif
