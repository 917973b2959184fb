/* supervision_private.h: for supervision*.c only. */
#ifndef SUPERVISION_PRIVATE_H
#define SUPERVISION_PRIVATE_H

#include "run/supervision.h"

/* Complete the event with clock and leadership, step the machine with it, and
 * do what it says. All of the candidate's events must be known. */
void supervision_step(struct supervision *s, const struct candidate *c,
                      struct supervise_event *event);
/* With an event that has nothing but its type. */
void supervision_tick(struct supervision *s, const struct candidate *c,
                      enum supervise_event_type type);

/* Kill what the guardian left when it died, which is below us now. Returns what
 * tree_kill() does. */
int supervision_kill_orphans(const struct supervision *s);

#endif
