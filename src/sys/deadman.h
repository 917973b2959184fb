/* deadman.h: a timer that ends this process at a set instant, in whatever
 * state it is: stopped, frozen, starved or stuck in a loop; or that wakes it.
 *
 * The kernel sends SIGKILL, without this process having to run. What depends
 * on it (PR_SET_PDEATHSIG) ends with it. SIGCONT has it go on if it is stopped,
 * and does nothing else, even where it is blocked. The clock goes on during
 * suspend.
 */
#ifndef DEADMAN_H
#define DEADMAN_H

#include "candidate.h"

#include <time.h>

struct deadman {
    timer_t timer;
    int64_t at_ms; /* 0: off */
};

/* Make one that is off. A child after fork(2) has none.
 * signal  SIGKILL or SIGCONT.
 * Returns 0 or CANDIDATE_ESYSTEM. */
int deadman_init(struct deadman *d, int signal, struct candidate_error *err);

/* End or wake this process at that instant, in ms on CLOCK_BOOTTIME; one that has
 * passed means at once. 0: do not. */
void deadman_set(struct deadman *d, int64_t at_ms);

#endif
