/* watchman.h: a thread that looks at every candidate's lease page each ms, and
 * so knows who believes to lead, from when to when.
 *
 * A candidate believes to lead while its page says LEADING, its time is not
 * over, and it lives; it may be stopped. Each candidate's clock may run faster
 * or slower than the machine's: see candidate_clock.
 */
#ifndef WATCHMAN_H
#define WATCHMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    WATCHMAN_PLAYERS_MAX = 8,
    WATCHMAN_SPANS_MAX = 65536,
    WATCHMAN_NOBODY = -1,
};

/* A time in which one believed to lead. */
struct watchman_span {
    unsigned player;
    int64_t token;
    int64_t from_ns;
    int64_t until_ns; /* INT64_MAX: it still does */
};

struct watchman;

struct watchman *watchman_start(void);
void watchman_stop(struct watchman *w);

/* A new process of that player's, whose clock counts so many permille of the
 * machine's since that instant. Its page is looked for until it is there. */
void watchman_meet(struct watchman *w, unsigned player, pid_t pid,
                   int64_t clock_from_ns, unsigned clock_permille);

/* Who believes to lead; WATCHMAN_NOBODY. */
int watchman_leader(struct watchman *w);

/* The spans so far, in the order in which they began. Returns how many. */
size_t watchman_spans(struct watchman *w, struct watchman_span *ret_spans,
                      size_t max);

/* How often two believed at the same time, and for how long at most. */
unsigned watchman_overlaps(struct watchman *w, int64_t *ret_longest_ns);

/* How late the thread looked, at worst. */
int64_t watchman_late_ns(struct watchman *w);

#endif
