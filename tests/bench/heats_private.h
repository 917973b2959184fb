/* heats_private.h: what heats*.c share. */
#ifndef HEATS_PRIVATE_H
#define HEATS_PRIVATE_H

#include "heats.h"

double heats_ms(int64_t ns);
/* Wait until that many stand in the queue. */
void heats_await_queue(struct heats *h, const struct contestant *c, unsigned n);
/* A round in which leadership changed by itself counts for nothing; too many
 * of them fail the test. */
void heats_void(struct heats *h, const char *who);

#endif
