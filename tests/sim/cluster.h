/* cluster.h: etcd as a cluster: members, terms, leaders, and leases' time.
 *
 * What Raft agreed on is one fake_etcd; this decides which member can add to
 * it or answer from it, and when. The members' clocks are true time. A leader
 * that lost its office without noticing it goes on answering keepalives, with
 * its old term and without meaning. Source: etcd, server/lease/lessor.go
 * (Promote, Renew, runLoop), raft.go (CheckQuorum).
 */
#ifndef CLUSTER_H
#define CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

struct world;
struct parcel;

enum {
    CLUSTER_MEMBERS_MAX = 5,
    CLUSTER_ELECTION_MS = 1000, /* etcd's election time-out */
    CLUSTER_SCAN_MS = 500,      /* how late an expired lease is found */
    CLUSTER_ID = 7,
    CLUSTER_COMMIT_US_MIN = 300,
    CLUSTER_COMMIT_US_MAX = 3000,
};

struct member {
    bool up;
    bool cut;       /* off from the majority; with other cut ones it speaks */
    bool stuck;     /* its Raft loop stands still, its front does not */
    bool refusing;  /* it denies whatever it is asked */
    int64_t lag_us; /* of its watches */
};

struct cluster {
    struct member members[CLUSTER_MEMBERS_MAX];
    int members_n;
    int leader; /* elected last, whether it has a quorum or not; -1: none */
    uint64_t term;
    int old_leader; /* that does not know yet, until old_until_us; -1: none */
    uint64_t old_term;
    int64_t old_until_us;
    bool had_quorum;
    int64_t quorum_lost_at_us;
    uint64_t elections_n;
    int64_t commit_us_min; /* how long Raft takes */
    int64_t commit_us_max;
    int64_t expiry_late_us_max;
};

void cluster_begin(struct world *w);

/* Whether writes are committed. */
bool cluster_has_quorum(const struct world *w);
/* Whether this member hears what is committed. */
bool cluster_hears(const struct world *w, int member);
/* Whether this member can speak with the leader elected last. */
bool cluster_reaches_leader(const struct world *w, int member);
/* Whether this member speaks with a leader of before, in good faith. */
bool cluster_reaches_old_leader(const struct world *w, int member);

/* ---- events of the timeline ---- */
void cluster_arrive(struct world *w, struct parcel *parcel);
void cluster_commit(struct world *w, struct parcel *parcel);
void cluster_scan(struct world *w, int64_t lease);
void cluster_expire(struct world *w, int64_t lease);
void cluster_elect(struct world *w, uint64_t number);

/* ---- what can happen to it ---- */
void cluster_stop(struct world *w, int member);
void cluster_start(struct world *w, int member);
/* Cut these members off from the others; 0: nobody is cut off any more. */
void cluster_cut(struct world *w, unsigned members);
/* The leader's Raft loop stands still, or goes on. */
void cluster_stick(struct world *w);
void cluster_unstick(struct world *w);
/* Another member takes over at once. */
void cluster_transfer(struct world *w);

#endif
