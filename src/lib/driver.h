/* driver.h: between the pure core and etcd.
 *
 * The core's actions become calls, etcd's replies become the core's events,
 * and what the core announces goes to the announcer. Nothing is decided here.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include "core/election.h"
#include "etcd/etcd.h"
#include "etcd/lock.h"
#include "lib/announce.h"
#include "lib/members.h"
#include "lib/place.h"
#include "lib/priority.h"
#include "lib/requests.h"
#include "lib/stats.h"

enum {
    DRIVER_WATCHES_MAX = 5, /* one for each role */
    DRIVER_KEY_BYTES_MAX = 1024,
};

/* A key that somebody else chose. One that is too long to be kept is not
 * watched: the core's regular reading finds out what became of it. */
struct driver_key {
    char data[DRIVER_KEY_BYTES_MAX];
    size_t bytes; /* 0: none */
};

/* Set up by candidate_new(); all else begins as zero. */
struct driver {
    struct etcd *etcd;
    struct election election;
    struct lock lock;
    struct announcer announcer;
    struct members members;
    struct stats stats;
    struct requests requests;
    struct priority priority;
    struct place place;
    bool trace;
    bool started;

    struct election_request request; /* the last that the core wanted */
    int64_t request_at_ms;
    uint64_t watch_op;
    int64_t watch_at_ms;
    enum election_role watch_roles[DRIVER_WATCHES_MAX]; /* by watch_id */
    unsigned watches_n;
    struct driver_key predecessor, holder;
};

/* Take what etcd has said and do what is due, without waiting. */
void driver_work(struct driver *d);

/* Leave the election. */
void driver_resign(struct driver *d);

/* Give up what is held, and queue anew. */
void driver_yield(struct driver *d);

#endif
