/* supervision_private.h: for supervision*.c only. */
#ifndef SUPERVISION_PRIVATE_H
#define SUPERVISION_PRIVATE_H

#include "supervision.h"

/* Complete the event with clock and leadership, step the machine with it, and
 * do what it says. All of the candidate's events must be known. */
void supervision_step(struct supervision *s, const struct candidate *c,
                      struct supervise_event *event);

#endif
