/* supervision.h: a command that runs only while we lead: the pure machine of
 * core/supervise, bound to the guardian, the dead-man timer and candidate.h.
 *
 * Without a command there may still be a guardian, which then only gives the
 * lease back should we die.
 */
#ifndef SUPERVISION_H
#define SUPERVISION_H

#include "candidate.h"
#include "cli/options.h"
#include "core/supervise.h"
#include "run/guardian.h"
#include "run/hooks.h"
#include "sys/deadman.h"
#include "sys/log.h"
#include "sys/signals.h"
#include "sys/terminal.h"

enum {
    SUPERVISION_RETRY_MS = 1000, /* from one start of a guardian to the next */
};

struct supervision {
    const struct options *options;
    struct signals *signals;
    struct log *log;
    const struct hooks *hooks; /* not the command's */
    bool wanted;               /* there is a guardian, or there should be */
    bool commanded;            /* there is a command */
    struct candidate_lease_page *page;
    struct candidate_lease written; /* what stands on it */
    struct cgroup cgroup;           /* of the command */
    struct guardian_config guardian_config;
    struct guardian guardian;
    int64_t guardian_at_ms; /* not started again before */
    bool said_failed;       /* that it could not be started */
    struct deadman deadman;
    struct supervise machine;
    struct terminal terminal;
    bool orphans; /* the guardian died: what was below it is not all gone */
    bool leave_due, yield_due; /* the program wants it */
    bool resign, yield;        /* the machine wants it */
    int64_t token, lease;      /* of the last leadership */
    char lock_key[GUARDIAN_KEY_BYTES_MAX];
    pid_t command; /* its process and group; 0: none */
};

/* Start what the options want: call it before much memory is in use, and
 * before the first thread. All is borrowed.
 * hooks  our only other children.
 * Returns 0, CANDIDATE_ENOMEM, ESYSTEM. */
int supervision_init(struct supervision *s, const struct options *options,
                     const struct hooks *hooks, struct signals *signals,
                     struct log *log, struct candidate_error *err);

/* Whether the options' password is needed further on: by the next guardian. */
bool supervision_needs_password(const struct supervision *s);

/* To be told of every event, before the next of the functions below. */
void supervision_event(struct supervision *s,
                       const struct candidate_event *event);

/* What to wait for, and how long: timeout_ms (< 0: no limit) or less. */
struct pollfd supervision_pollfd(const struct supervision *s);
int supervision_timeout_ms(const struct supervision *s, int timeout_ms);

/* Do what is due; call it in each turn, as soon as the events are known, and
 * when the candidate is to resign, or was lost, until supervision_idle(). */
void supervision_turn(struct supervision *s, const struct candidate *c);

/* Take the news of command and guardian: later in each turn. */
void supervision_news(struct supervision *s, const struct candidate *c);

/* Write on the lease page what is so now: before others can hear of it, and so
 * right after the candidate was told to resign or to step down. */
void supervision_show(struct supervision *s, const struct candidate *c);

/* A signal has come. */
void supervision_signal(struct supervision *s, const struct candidate *c,
                        int number);

/* End the command in order, then resign; from the next turn on. */
void supervision_leave(struct supervision *s);

/* End the command in order, then step down; from the next turn on. */
void supervision_yield(struct supervision *s);

/* Is it time to resign, or to step down? Says so once. */
bool supervision_resigns(struct supervision *s);
bool supervision_yields(struct supervision *s);

/* Whether nothing of the command's is left. */
bool supervision_idle(const struct supervision *s);

/* What the program exits with if nothing else went wrong. */
int supervision_exit_code(const struct supervision *s);

/* All has ended in order: the guardian has nothing to do any more. Without
 * this, our end is a crash to it. */
void supervision_done(struct supervision *s);

#endif
