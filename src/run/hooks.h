/* hooks.h: the user's commands for the moments at which something changes:
 * elected, leadership over, another leader.
 *
 * They run beside the election and are never waited for, but at the end of the
 * program. Two at most run at one time:
 *
 *   --on-elected and --on-lost, one after the other, so that what one does the
 *   other can undo. When leadership is over, an --on-elected that still runs is
 *   killed; one that has not begun never begins.
 *   --on-leader-change: what has changed while one runs is told to the next
 *   one, once.
 *
 * A hook is a process group. It is killed at its time limit, and what it has
 * left in its group when it ends is killed as well.
 */
#ifndef HOOKS_H
#define HOOKS_H

#include "candidate.h"
#include "cli/options.h"
#include "sys/log.h"
#include "sys/signals.h"

#include <sys/types.h>

enum {
    HOOKS_LANES_N = 2,
    HOOKS_END_MS = 5000, /* for those that run when the program ends */
    HOOKS_REAP_MS = 500, /* until one that was killed has ended, there */
    HOOKS_BLIND_MS = 50, /* between two looks, without pidfd_open(2) */
    HOOKS_KEY_BYTES_MAX = 512,
    HOOKS_NAME_BYTES_MAX = 256,
};

enum hook { HOOK_ELECTED, HOOK_LOST, HOOK_LEADER_CHANGE, HOOKS_N };

/* What a hook's variables say; "" and 0: unknown. */
struct hook_facts {
    int64_t token, lease;
    char lock_key[HOOKS_KEY_BYTES_MAX];
    char leader_key[HOOKS_KEY_BYTES_MAX];
    char leader[HOOKS_NAME_BYTES_MAX];
};

/* In a lane one runs, and the newest of the others waits. */
struct hooks_lane {
    bool waits;
    enum hook next;
    struct hook_facts facts;
    unsigned skipped_n; /* that waited before it and never ran */

    pid_t pid; /* 0: none runs; else not reaped yet, so its number is ours */
    int pidfd; /* readable when it has ended; -1: not known how */
    int result_fd;
    enum hook hook;
    int64_t kill_at_ms;
    bool killed;
};

struct hooks {
    const struct options *options;
    const struct signals *signals;
    struct log *log;
    bool leading;            /* as far as the hooks were told */
    struct hook_facts facts; /* of our leadership */
    struct hooks_lane lanes[HOOKS_LANES_N];
};

/* All three are borrowed. */
void hooks_init(struct hooks *h, const struct options *o,
                const struct signals *signals, struct log *log);

/* To be told of every event. Starts nothing yet. */
void hooks_event(struct hooks *h, const struct candidate_event *event);

/* Our leadership ends, whatever the reason: we resign, or it was lost. Nothing
 * if we did not lead. Starts nothing yet. */
void hooks_lost(struct hooks *h);

/* Start, kill and reap what is due; call it in each turn, after the events and
 * before the next wait. Never blocks.
 * lead_until_ms  no --on-elected begins later; 0: not leading. */
void hooks_turn(struct hooks *h, int64_t now_ms, int64_t lead_until_ms);

/* What to wait for before the next hooks_turn(): descriptors, and timeout_ms
 * (< 0: no limit) or less. */
void hooks_pollfds(const struct hooks *h,
                   struct pollfd ret_polls[HOOKS_LANES_N]);
int hooks_timeout_ms(const struct hooks *h, int64_t now_ms, int timeout_ms);

/* The hooks that run, for whoever kills or reaps other children. Returns how
 * many there are.
 * ret_pids  HOOKS_LANES_N */
unsigned hooks_pids(const struct hooks *h, pid_t *ret_pids);

/* The program ends: let what runs or waits come to its end, for HOOKS_END_MS
 * at most, then kill it. Blocks. */
void hooks_finish(struct hooks *h);

#endif
