/* campaign.h: one episode after the other: an election that has settled, then
 * one to three torments at random, then the way back to a leader.
 */
#ifndef CAMPAIGN_H
#define CAMPAIGN_H

#include "torments.h"

enum { CAMPAIGN_GAPS_MAX = 65536, CAMPAIGN_TORMENTS_MAX = 3 };

struct campaign {
    struct troupe troupe;
    struct judge judge;
    uint64_t random_state;
    const char *word;        /* "": every fault */
    unsigned clock_permille; /* of all candidates; 0: at random */
    unsigned etcd_leader;    /* a member */
    unsigned episodes_n;
    unsigned done_n[TORMENTS_KINDS_MAX]; /* of each kind */
    int64_t gaps_ms[CAMPAIGN_GAPS_MAX];  /* from the last fault's end until a
                                            command acts */
    size_t gaps_n;
};

/* How many kinds of faults there are that have the word, and that can be done
 * here: with none there is no episode. */
size_t campaign_kinds_n(const struct campaign *c);

/* Wait until all run, etcd answers and a command acts. */
void campaign_settle(struct campaign *c, bool etcd);

/* One episode, and settle again. */
void campaign_episode(struct campaign *c);

/* The page. */
void campaign_print(struct campaign *c, FILE *out);

#endif
