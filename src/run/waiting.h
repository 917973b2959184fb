/* waiting.h: how long to wait for leadership, as --wait and --nowait say.
 *
 * Whoever has led once has not waited in vain: from then on no limit applies.
 * Decides only; says and does nothing.
 */
#ifndef WAITING_H
#define WAITING_H

#include "candidate.h"
#include "cli/options.h"

enum {
    WAITING_TEXT_BYTES_MAX = 512,
    WAITING_NAME_BYTES_MAX = 256, /* of a leader's name, as events show it */
};

struct waiting {
    int64_t give_up_at_ms; /* INT64_MAX: never */
    int64_t limit_ms;
    bool once; /* one attempt: the first answer decides */
    char leader[WAITING_NAME_BYTES_MAX]; /* "": none is known */
};

/* Begin to wait. With a wait of 0 the first answer of etcd's decides; one that
 * does not come within the time for an answer is a no. */
void waiting_begin(struct waiting *w, const struct options *o, int64_t now_ms);

/* To be told of every event. */
void waiting_event(struct waiting *w, const struct candidate_event *event);

/* How long to wait for something else before asking waiting_over(): timeout_ms
 * (< 0: no limit) or less. */
int waiting_timeout_ms(const struct waiting *w, int64_t now_ms, int timeout_ms);

/* Is it time to give up? Says so once.
 * ret_text  why, in words for people: WAITING_TEXT_BYTES_MAX bytes; set with
 *           true. */
bool waiting_over(struct waiting *w, int64_t now_ms, char *ret_text);

#endif
