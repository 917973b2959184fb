/* events.h: the queue of events that candidate_next() gives out. */
#ifndef EVENTS_H
#define EVENTS_H

#include "candidate.h"

enum {
    EVENTS_MAX = 32,
    EVENTS_NAME_BYTES_MAX = 256,  /* of a leader's name as it is shown */
    EVENTS_KEY_BYTES_MAX = 320,   /* of a lock key */
    EVENTS_TEXT_BYTES_MAX = 1024, /* of one event's text */
};

/* An event with the memory that its strings need. */
struct events_item {
    struct candidate_event event;
    char leader[EVENTS_NAME_BYTES_MAX];
    char lock_key[EVENTS_KEY_BYTES_MAX];
    char text[EVENTS_TEXT_BYTES_MAX];
};

struct events {
    struct events_item items[EVENTS_MAX];
    struct events_item taken; /* what events_next() gave out */
    unsigned first, n;
    bool over; /* ENDED was given out */
};

/* Append an event with empty strings, for the caller to fill before the next
 * call. A full queue loses its oldest notice, one of severity DEBUG first,
 * or else its oldest event. ENDED stays the last: what is said after it is
 * given out before it, or not at all. */
struct events_item *events_push(struct events *events,
                                enum candidate_event_type type, int64_t at_ms);

/* Take the oldest; its strings are good until the next call of this. */
bool events_next(struct events *events, struct candidate_event *ret_event);

#endif
