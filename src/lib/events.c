/* events.c: see events.h. */
#include "lib/events.h"

static struct events_item *item(struct events *events, unsigned i)
{
    return &events->items[(events->first + i) % EVENTS_MAX];
}

/* The oldest notice, one for debugging before any other; events->n: none. */
static unsigned oldest_notice(struct events *events)
{
    unsigned found = events->n;
    for (unsigned i = 0; i < events->n; i++) {
        const struct candidate_event *event = &item(events, i)->event;
        if (event->type != CANDIDATE_NOTICE)
            continue;
        if (event->severity == CANDIDATE_DEBUG)
            return i;
        if (found == events->n)
            found = i;
    }
    return found;
}

static void drop_one(struct events *events)
{
    unsigned victim = oldest_notice(events);
    if (victim == events->n)
        victim = 0;
    for (unsigned i = victim; i > 0; i--)
        *item(events, i) = *item(events, i - 1);
    events->first = (events->first + 1) % EVENTS_MAX;
    events->n--;
}

struct events_item *events_push(struct events *events,
                                enum candidate_event_type type, int64_t at_ms)
{
    if (events->n == EVENTS_MAX)
        drop_one(events);
    struct events_item *pushed = item(events, events->n);
    struct events_item *last = events->n > 0 ? item(events, events->n - 1)
                                             : NULL;
    if (last && last->event.type == CANDIDATE_ENDED) {
        *pushed = *last;
        pushed = last;
    }
    events->n += !events->over;
    pushed->event = (struct candidate_event){ .type = type, .at_ms = at_ms };
    pushed->leader[0] = '\0';
    pushed->lock_key[0] = '\0';
    pushed->text[0] = '\0';
    return pushed;
}

bool events_next(struct events *events, struct candidate_event *ret_event)
{
    if (events->n == 0)
        return false;
    struct events_item *taken = &events->taken;
    *taken = *item(events, 0);
    events->first = (events->first + 1) % EVENTS_MAX;
    events->n--;
    events->over = taken->event.type == CANDIDATE_ENDED;
    taken->event.leader = taken->leader;
    taken->event.text = taken->text;
    if (taken->event.type == CANDIDATE_ELECTED)
        taken->event.lock_key = taken->lock_key;
    *ret_event = taken->event;
    return true;
}
