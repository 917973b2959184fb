/* heats.h: the measurements, each of all contestants in turn, so that whatever
 * disturbs the machine hits all alike.
 *
 * What does not work fails the running cmocka test.
 */
#ifndef HEATS_H
#define HEATS_H

#include "contestants.h"
#include "figures.h"
#include "race.h"
#include "raw.h"

/* How much is measured. */
struct heats_plan {
    unsigned rounds_n;       /* starts, and hand-overs to one waiter */
    unsigned crowd_max;      /* the most waiters: 10, 100 or 1000 */
    unsigned crowd_passes_n; /* how often a crowd gathers */
    unsigned handovers_n;    /* in a crowd, each time */
    unsigned guarded_n;      /* crashes with a guardian */
    unsigned crashes_n;      /* crashes whose lease has to run out */
    unsigned crash_ttl_s;
    unsigned idle_n; /* how many are idle */
    unsigned idle_s; /* for how long */
};

struct heats {
    const struct heats_plan *plan;
    struct race race;
    struct raw raw;
    struct figures figures;
    /* Of commands whose leader was killed: how many ran on beside the next. */
    unsigned overlaps[CONTESTANTS_N];
    unsigned void_n;               /* rounds that something else disturbed */
    double refused[CONTESTANTS_N]; /* MiB that 1000 would take; 0: tried */
    double guardian_kib;           /* private memory, the most */
};

void heats_init(struct heats *h, const struct heats_plan *plan,
                const char *endpoint);
void heats_done(struct heats *h);

/* In this order. */
void heats_rounds(struct heats *h);
void heats_crowds(struct heats *h);
void heats_crashes(struct heats *h);
void heats_idle(struct heats *h);

#endif
