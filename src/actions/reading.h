/* reading.h: what the commands that only read an election have in common: the
 * way to etcd, the observer, and the loop.
 */
#ifndef READING_H
#define READING_H

#include "candidate.h"
#include "cli/access.h"
#include "cli/exits.h"
#include "cli/options.h"
#include "cli/output.h"
#include "sys/json_text.h"
#include "sys/signals.h"

struct reading {
    /* Borrowed. */
    struct options *options;
    struct signals *signals;
    struct output *output;
    struct exits *exits;

    struct access access;
    struct candidate_observer *observer;
    int signal; /* that asks for the end; 0: none */
    bool failed;
    char *text; /* of what is being written */
};

/* Find out what reading needs, without an observer. As reading_open(). */
bool reading_begin(struct reading *r);

/* Returns false when there is nothing to read: it was refused, and said. */
bool reading_open(struct reading *r);
void reading_close(struct reading *r);

/* Wait for news, for at most timeout_ms; < 0: no limit. Returns false when all
 * is over: a signal, or an error that was said. */
bool reading_turn(struct reading *r, int64_t timeout_ms);

/* Wait until this change, or until end_at_ms. Returns whether it came. */
bool reading_await(struct reading *r, enum candidate_change change,
                   int64_t end_at_ms);

/* Ask for leases and members, and wait for it, a limited time. */
void reading_details(struct reading *r);

/* What etcd's silence or refusal is told as. */
void reading_unavailable(struct reading *r);

/* Begin a JSON text, and write it out as a line. */
struct json_text reading_json(struct reading *r);
void reading_put_json(struct reading *r, struct json_text *j);
/* Write a text out; it must stay until the next reading_turn(). */
void reading_put(struct reading *r, const char *text, size_t bytes);

#endif
