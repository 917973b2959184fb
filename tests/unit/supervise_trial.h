/* supervise_trial.h: core/supervise under a clock and a leadership that a test
 * sets. What it wants done is told in words, each with a blank behind it.
 */
#ifndef SUPERVISE_TRIAL_H
#define SUPERVISE_TRIAL_H

#include "core/supervise.h"

enum {
    LEAD_MS = 8750, /* what a TTL of 10 s gives */
    TEXT_BYTES_MAX = 128,
};

struct trial {
    struct supervise supervise;
    int64_t now_ms;
    int64_t lead_until_ms;
    int64_t token;
    struct supervise_actions actions;
    char said[TEXT_BYTES_MAX];
};

struct trial begin(int64_t grace_ms, bool once);

/* Returns the actions in words.
 * number  of EXITED the exit code, else the signal. */
const char *step_with(struct trial *t, enum supervise_event_type type,
                      int number);
const char *step(struct trial *t, enum supervise_event_type type);

/* Lead from now on, for LEAD_MS. The command must be started. */
void lead(struct trial *t, int64_t token);

const char *tick_at(struct trial *t, int64_t now_ms);

#endif
