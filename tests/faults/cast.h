/* cast.h: the candidates of the fault table, and when each one held itself
 * for the leader.
 *
 * What they do is known from what they print alone, each line stamped by one
 * reader as it comes: from "I am the LEADER!" a candidate believes to lead,
 *   - until "Lost leadership",
 *   - until it sent its resignation, as --log-level debug tells,
 *   - until it was killed,
 *   - if it was stopped beyond its deadline, until that deadline; and if it
 *     then says that it lost for another reason, again from when it was
 *     continued: it did not look at the clock first.
 */
#ifndef CAST_H
#define CAST_H

#include "support/stage.h"

enum {
    CAST_PLAYERS_N = 3,
    CAST_MEMBERS_N = 3,
    CAST_SPANS_MAX = 64,
    CAST_TEXT_BYTES_MAX = 256,
    CAST_NOBODY = CAST_PLAYERS_N,
};

/* A time in which one believed to lead. */
struct cast_span {
    unsigned player;
    int64_t from_ms;
    int64_t until_ms; /* INT64_MAX: it still does */
};

struct cast_player {
    char id[2];
    unsigned number;
    struct process *process;  /* NULL: it does not run */
    size_t lines_n, errors_n; /* that have been looked at */
    bool leads;
    char follows;        /* whose ID it said last; 0: none */
    unsigned member;     /* that answered last */
    int64_t asked_ms;    /* when it sent the last renewal that was answered */
    int64_t renewed_ms;  /* the last that counts: its lease runs from there */
    int64_t deadline_ms; /* when it was stopped; 0: it was not */
    int64_t resumed_ms;
};

struct cast {
    struct stage *stage;
    unsigned ttl_s;
    struct cast_player players[CAST_PLAYERS_N];
    struct cast_span spans[CAST_SPANS_MAX];
    size_t spans_n;
    char lost[CAST_TEXT_BYTES_MAX]; /* ", " and who said last why */
};

void cast_init(struct cast *c, struct stage *stage);

/* The loopback address over which this one, and nobody else, talks to etcd:
 * see etcd_server_start_at(). */
void cast_host(unsigned player, char ret_host[16]);

/* Let those that run resign, and start others with this TTL. */
void cast_change_ttl(struct cast *c, unsigned ttl_s);

/* Start those that do not run, and wait until one leads and all others say
 * that it does. Returns who. */
unsigned cast_settle(struct cast *c);

/* Wait for news, at most until end_at_ms. Returns false when that has come. */
bool cast_step(struct cast *c, int64_t end_at_ms);
/* Fails the running test. */
_Noreturn void cast_fail(const struct cast *c, const char *why);

/* What is done to them. */
void cast_resign(struct cast *c, unsigned player);
void cast_kill(struct cast *c, unsigned player);
void cast_pause(struct cast *c, unsigned player);
void cast_resume(struct cast *c, unsigned player);

/* Forget all spans but those that go on. */
void cast_forget(struct cast *c);
/* How many pairs of spans of different candidates have a time in common, and
 * the longest such time. */
unsigned cast_overlaps(const struct cast *c, int64_t *ret_longest_ms);

#endif
