/* live.h: what the page for people is told, again and again.
 *
 * Besides the candidate's own state the whole election as an observer reads
 * it: only once somebody looks at the page, and from then on. Keeps the
 * timeline all the while.
 */
#ifndef LIVE_H
#define LIVE_H

#include "candidate.h"
#include "serve/status.h"
#include "serve/timeline.h"

enum {
    LIVE_BEAT_MS = 1000,      /* a message is sent at least so often */
    LIVE_PACE_MS = 100,       /* and at most */
    LIVE_DETAILS_MS = 3000,   /* between two questions for leases and members */
    LIVE_PATIENCE_MS = 15000, /* until an answer is not waited for */
    LIVE_QUEUE_MAX = 50,      /* of the queue are shown */
    LIVE_MEMBERS_MAX = 16,    /* of etcd */
    LIVE_MESSAGE_BYTES_MAX = 120000,
    LIVE_FDS_MAX = CANDIDATE_OBSERVER_FDS_MAX,
};

struct live {
    struct candidate_observer *observer; /* NULL: it has failed */
    struct timeline timeline;
    bool watched; /* somebody looks, or has looked */
    bool asking;  /* for details */
    bool changed; /* since the last message */
    int64_t asked_at_ms;
    int64_t told_at_ms;
    char message[LIVE_MESSAGE_BYTES_MAX];
};

/* Sends nothing. Returns as candidate_observer_new(). */
int live_init(struct live *l, const struct candidate_config *config,
              struct candidate_error *err);
void live_done(struct live *l);

/* What to wait for: at most LIVE_FDS_MAX. *timeout_ms is only made shorter.
 * Returns how many. */
unsigned live_pollfds(struct live *l, int64_t now_ms, bool watched,
                      struct pollfd *fds, int *timeout_ms);

/* Do what is due.
 * watched  does anybody look at this moment?
 * Returns whether they are to be told now. */
bool live_work(struct live *l, const struct status *s,
               const struct status_now *now, bool watched);

/* The message, as an event of an event stream. Good until the next call.
 * ret_bytes  of it. */
char *live_message(struct live *l, const struct status *s,
                   const struct status_now *now, size_t *ret_bytes);

#endif
