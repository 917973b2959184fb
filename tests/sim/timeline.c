/* timeline.c: see timeline.h. */
#include "sim/timeline.h"

#include <assert.h>
#include <stdlib.h>

enum { CAPACITY_MIN = 256 };

void timeline_init(struct timeline *t)
{
    *t = (struct timeline){ 0 };
}

void timeline_done(struct timeline *t)
{
    free(t->heap);
}

void timeline_clear(struct timeline *t)
{
    t->n = 0;
    t->pushed_n = 0;
}

static bool before(const struct timeline_event *a,
                   const struct timeline_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void timeline_push(struct timeline *t, struct timeline_event event)
{
    if (t->n == t->capacity) {
        t->capacity = t->capacity ? 2 * t->capacity : CAPACITY_MIN;
        t->heap = realloc(t->heap, t->capacity * sizeof *t->heap);
        assert(t->heap);
    }
    event.order = t->pushed_n++;
    size_t at = t->n++;
    while (at > 0 && before(&event, &t->heap[(at - 1) / 2])) {
        t->heap[at] = t->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    t->heap[at] = event;
}

bool timeline_pop(struct timeline *t, struct timeline_event *ret_event)
{
    if (t->n == 0)
        return false;
    *ret_event = t->heap[0];
    struct timeline_event last = t->heap[--t->n];
    size_t at = 0;
    for (size_t child = 1; child < t->n; child = 2 * at + 1) {
        if (child + 1 < t->n && before(&t->heap[child + 1], &t->heap[child]))
            child++;
        if (!before(&t->heap[child], &last))
            break;
        t->heap[at] = t->heap[child];
        at = child;
    }
    t->heap[at] = last;
    return true;
}
