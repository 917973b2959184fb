/* world.h: candidates, an etcd cluster, the network between, and true time.
 *
 * One struct world is one run; it depends on its plan and nothing else. The
 * modules around it each own a part and have the world passed in:
 *   timeline.h   what happens when
 *   fake_etcd.h  what etcd stores      fake_lock.h  its transactions
 *   cluster.h    etcd's members, leaders and leases
 *   network.h    messages on their way
 *   stream.h     watches
 *   peer.h       a candidate: the core, driven as candidate.c drives it
 *   faults.h     what goes wrong, and when it is mended
 *   checks.h     what must hold nevertheless
 *   sabotage.h   what is broken on purpose, to see the checks fail
 *   story.h      what the candidates print
 */
#ifndef WORLD_H
#define WORLD_H

#include "sim/checks.h"
#include "sim/cluster.h"
#include "sim/fake_etcd.h"
#include "sim/faults.h"
#include "sim/network.h"
#include "sim/peer.h"
#include "sim/sabotage.h"
#include "sim/story.h"
#include "sim/timeline.h"

enum {
    WORLD_PEERS_MAX = 64,
    WORLD_US_PER_MS = 1000,
    WORLD_US_PER_S = 1000000,
};

/* The timeline's events, and what their number is. */
enum world_event {
    WORLD_ARRIVE,      /* a request at a member: its parcel */
    WORLD_COMMIT,      /* a proposal through Raft: its parcel */
    WORLD_DELIVER,     /* an event at a process: its parcel */
    WORLD_TIMEOUT,     /* a process gives a request up: peer_timeout() */
    WORLD_WAKE,        /* a process's deadline: peer_wake() */
    WORLD_STREAM_OPEN, /* a watch request at a member: stream_open() */
    WORLD_STREAM_END,  /* a member ends a watch: stream_end() */
    WORLD_SCAN,        /* a lease may have expired: its id */
    WORLD_EXPIRE,      /* an expired lease's revocation: its id */
    WORLD_ELECT,       /* etcd gets a leader: cluster_elect() */
    WORLD_FAULT,       /* begins: its number */
    WORLD_MEND,        /* ends: its number */
    WORLD_CHECK,       /* checks_due() */
    WORLD_STOP,        /* world_run_until() returns */
};

/* How a run is set up. */
struct world_plan {
    uint64_t seed;
    int peers_n;
    int members_n; /* of etcd: 1, 3 or 5 */
    int64_t ttl_ms;
    int64_t crowd;           /* the candidates' own; 0: as always */
    int64_t etcd_ttl_ms_min; /* etcd grants no shorter lease */
    int64_t rate_ppm_min;    /* of the candidates' clocks, against true time */
    int64_t rate_ppm_max;
    struct sabotage sabotage;
    bool narrate; /* print every step to stderr */
};

struct world {
    struct world_plan plan;
    uint64_t random_state;
    int64_t now_us;
    struct timeline timeline;
    struct fake_etcd etcd;
    size_t changes_seen; /* of etcd's history */
    struct cluster cluster;
    struct network network;
    struct peer peers[WORLD_PEERS_MAX];
    struct faults faults;
    struct checks checks;
    struct story story;
};

/* A world on the heap, with nothing in it; never NULL. */
struct world *world_new(void);
void world_free(struct world *w);

/* Begin anew: etcd is up and empty, no process has started. */
void world_begin(struct world *w, const struct world_plan *plan);

/* Let true time pass until this instant. */
void world_run_until(struct world *w, int64_t at_us);

/* At this instant or, if it is over, now. */
void world_at(struct world *w, int64_t at_us, enum world_event type, int who,
              uint64_t number);

/* etcd's keys may have changed: tell checks and watches. */
void world_etcd_changed(struct world *w);

/* Chance, from the seed. */
int64_t world_between(struct world *w, int64_t least, int64_t most);
bool world_chance(struct world *w, int permille);
/* The rate of a candidate's clock: the extremes are as likely as all else. */
int64_t world_rate_ppm(struct world *w);

#endif
