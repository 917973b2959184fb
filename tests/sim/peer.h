/* peer.h: one candidate as a process: a clock, a core, and its driver.
 *
 * Drives the core as candidate.c does: the actions in their documented order,
 * time-outs, endpoint after endpoint, and a step before anything else when
 * the process goes on after a stop.
 */
#ifndef PEER_H
#define PEER_H

#include "core/election.h"
#include "sim/fake_lock.h"
#include "sim/stream.h"

struct world;
struct parcel;

enum { PEER_RATE_PPM = 1000000 }; /* a clock that keeps true time */

struct peer {
    int who; /* index in the world, and ID */
    unsigned incarnation;
    bool alive;
    bool paused;
    struct election e;

    int64_t rate_ppm;
    int64_t true_us;  /* at this instant, */
    int64_t clock_us; /* the clock showed this */

    uint64_t wakes_n;
    int64_t wake_at_ms;    /* of the wake that is on the timeline */
    uint64_t timed_out_op; /* while paused */
    int call_member;
    unsigned no_requests; /* a set of members that are out of reach */
    unsigned no_replies;  /* and of those that are not heard */
    int watch_member;
    struct stream stream;
    struct fake_lock_names names; /* as last reported */
    int inbox_first;              /* parcels, while paused */
    int inbox_last;
};

/* What the process's clock shows. */
int64_t peer_clock_ms(const struct peer *p, int64_t true_us);

/* The core's answer at an instant of true time, stopped or not. */
bool peer_believes(const struct peer *p, int64_t true_us);

/* ---- events of the timeline ---- */
void peer_deliver(struct world *w, struct parcel *parcel);
void peer_timeout(struct world *w, struct peer *p, uint64_t number);
void peer_wake(struct world *w, struct peer *p, uint64_t number);

/* ---- what can happen to it ---- */
void peer_init(struct world *w, int who);
void peer_start(struct world *w, int who);
void peer_crash(struct world *w, int who);
void peer_pause(struct world *w, int who);
void peer_resume(struct world *w, int who);
void peer_leave(struct world *w, int who);
void peer_yield(struct world *w, int who);
/* The request key holds this; a stream that is silent does not tell of it. */
void peer_ask(struct world *w, int who, int64_t key_revision,
              const struct election_asked *asked);
void peer_set_rate(struct world *w, int who, int64_t rate_ppm);

#endif
