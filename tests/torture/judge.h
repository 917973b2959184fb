/* judge.h: what must never be, by name, and how often it was.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include "record.h"
#include "watchman.h"

#include <stdbool.h>
#include <stdio.h>

enum { JUDGE_TEXT_BYTES_MAX = 200 };

#define JUDGE_ORACLES(X)                                                       \
    X(ACTING, "overlaps of acting commands")                                   \
    X(BELIEF, "overlaps of believed leadership")                               \
    X(FENCE, "writes with an old token that reached the register")             \
    X(UPDATES, "updates lost at the counter that is not fenced")               \
    X(TOKENS, "tokens that did not grow, or that two had")                     \
    X(LEADER, "times without a leader after the faults, too long")             \
    X(END, "candidates that ended otherwise than they should")                 \
    X(LEFT, "processes, descriptors, leases or keys left over")

#define JUDGE_ORACLE_NAME(name, text) JUDGE_##name,
enum judge_oracle { JUDGE_ORACLES(JUDGE_ORACLE_NAME) JUDGE_ORACLES_N };
#undef JUDGE_ORACLE_NAME

struct judge {
    int64_t counts[JUDGE_ORACLES_N];
    char texts[JUDGE_ORACLES_N][JUDGE_TEXT_BYTES_MAX]; /* of the last one */
    int64_t acting_longest_ns, belief_longest_ns;
};

/* It was so once more. */
void judge_note(struct judge *j, enum judge_oracle oracle, const char *format,
                ...) __attribute__((format(printf, 3, 4)));

/* Count anew what the record and the watchman tell; both grow only. */
void judge_look(struct judge *j, struct record *r, struct watchman *w);

/* How many of the oracles found something. */
unsigned judge_failed_n(const struct judge *j);
bool judge_satisfied(const struct judge *j);

/* The table, in Markdown. */
void judge_print(const struct judge *j, FILE *out);

#endif
