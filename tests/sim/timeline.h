/* timeline.h: what happens when, in true time.
 *
 * A heap of small events. Two at the same instant come out in the order in
 * which they went in, so that a run depends on its seed alone. Not a clock:
 * whoever pops an event decides what time it is.
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timeline_event {
    int64_t at_us;
    uint64_t order; /* among events of one instant; set by timeline_push() */
    unsigned type;
    int who;
    uint64_t number; /* means what the type says */
};

struct timeline {
    struct timeline_event *heap;
    size_t n;
    size_t capacity;
    uint64_t pushed_n;
};

void timeline_init(struct timeline *t);
void timeline_done(struct timeline *t);

/* Forget all events, keep the memory. */
void timeline_clear(struct timeline *t);

void timeline_push(struct timeline *t, struct timeline_event event);

/* The earliest event; false: there is none. */
bool timeline_pop(struct timeline *t, struct timeline_event *ret_event);

#endif
