/* seed.h: where chance begins. */
#ifndef SEED_H
#define SEED_H

#include <stdint.h>

#include "candidate.h"

/* ret_seed  another one in each process; set on success only.
 * Returns 0 or CANDIDATE_ESYSTEM: the kernel gives none. */
int seed_draw(uint64_t *ret_seed, struct candidate_error *err);

#endif
