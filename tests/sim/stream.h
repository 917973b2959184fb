/* stream.h: a candidate's stream of watches, from etcd's member to it.
 *
 * Delayed, silent or ended; in order as far as etcd promises it, which is for
 * each watch by itself. Belongs to a process; one that is opened replaces the
 * one before.
 */
#ifndef STREAM_H
#define STREAM_H

#include "core/election.h"
#include "sim/fake_lock.h"

struct world;
struct peer;

enum { STREAM_ROLES = 4 };

struct stream {
    uint64_t op; /* 0: there is none */
    bool open;   /* the member knows of it */
    bool silent; /* nothing comes any more, without an end */
    int member;
    unsigned roles;
    bool leader_puts;
    int64_t own; /* the keys' names */
    int64_t predecessor;
    int64_t holder;
    int64_t from_revision;
    size_t next_change; /* of etcd's history, to be looked at */
    int64_t busy_until_us[STREAM_ROLES]; /* the last event arrives then */
};

void stream_request(struct world *w, struct peer *p,
                    const struct election_watch *watch);
void stream_close(struct peer *p);

/* The request has arrived. */
void stream_open(struct world *w, struct peer *p, uint64_t op);
/* The member hung up; the process is told. */
void stream_end(struct world *w, struct peer *p, uint64_t op);
/* Send what happened since. */
void stream_pump(struct world *w, struct peer *p);
/* The member does not hear any more: with the hasleader header it ends the
 * stream some seconds later. */
void stream_starve(struct world *w, struct peer *p);

#endif
