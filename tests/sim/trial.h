/* trial.h: one run from one seed: faults, recovery, hand-over, verdict.
 *
 * A number of candidates, an etcd cluster and a time to live are drawn; faults
 * come for a while and end; within checks_recovery_us() someone must lead, and
 * when everyone but the leader has had time to settle nothing may be left of
 * the dead. Then the leaders resign or step down, one after the other.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "sim/world.h"

/* Sanitizers take several times as long, so they get fewer seeds. */
#if defined(__SANITIZE_ADDRESS__)
#define TRIAL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TRIAL_SANITIZED 1
#endif
#endif
#ifdef TRIAL_SANITIZED
enum { TRIAL_SEEDS = 1500 };
#else
enum { TRIAL_SEEDS = 10000 };
#endif

/* Run it; w is left as it was at the end, with its checks and transcript.
 * Returns whether all checks held. */
bool trial_run(struct world *w, uint64_t seed, const struct sabotage *sabotage,
               bool narrate);

/* What was drawn, what was violated, and the transcript. */
void trial_print(const struct world *w, FILE *file);

#endif
