/* belief.h: what a candidate may believe after what it was answered, told and
 * robbed of. Each function fails the run when it believes more.
 */
#ifndef BELIEF_H
#define BELIEF_H

#include <stdbool.h>
#include <stdint.h>

#include "candidate.h"
#include "fuzz/exchange.h"
#include "fuzz/store.h"

enum { BELIEF_TTL_S_MAX = 300 };

struct belief {
    int64_t lease;        /* that was asked for last */
    unsigned candidacy;   /* counts these */
    bool won;             /* a claim of this candidacy was answered */
    bool elected, ended;  /* as its events say */
    bool lied;            /* to it, at any time */
    int64_t robbed;       /* revision of what took the leadership away; 0 */
    unsigned told_on;     /* and the connection on which it was told; 0 */
    int64_t renewed_ms;   /* until then the last answered renewal would give */
    int64_t until_max_ms; /* and those that were confirmed as well */
};

void belief_asks(struct belief *b, struct exchange_request *r);

/* The request's reply and its meaning are set. */
void belief_is_answered(struct belief *b, const struct exchange_request *r);
/* Anything may be meant. yes  that a transaction has succeeded, as well. */
void belief_is_lied_to(struct belief *b, const struct exchange_request *r,
                       bool yes);

void belief_check_event(struct belief *b, const struct candidate_event *event);
void belief_check(struct belief *b, const struct store *s,
                  const struct candidate *c);

#endif
