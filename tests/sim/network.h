/* network.h: messages between candidates and etcd's members.
 *
 * A parcel is one message on its way: a request, or an event for a process.
 * Requests and replies are lost, delayed, doubled and so reordered as the
 * weather has it.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include "core/election.h"
#include "sim/fake_lock.h"

struct world;
struct peer;

enum {
    NETWORK_PARCELS_MAX = 4096,
    NETWORK_NONE = -1,
};

struct parcel {
    int slot;
    int next; /* in a process's inbox, or among the unused */
    int who;
    unsigned incarnation; /* of the process */
    int member;
    struct election_request request;
    bool proposed;               /* it is with Raft, */
    bool replicated;             /* by a leader with a quorum, */
    uint64_t term;               /* in this term */
    struct election_event event; /* what the process is told */
    struct fake_lock_names names;
};

/* How bad it is, for all processes. */
struct weather {
    int loss_permille;
    int duplicate_permille;
    int slow_permille;   /* of messages, */
    int64_t slow_us_max; /* by as much */
};

struct network {
    struct parcel parcels[NETWORK_PARCELS_MAX];
    int unused;
    int used_n; /* ever, since the world began */
    struct weather weather;
};

void network_begin(struct world *w);

struct parcel *network_take(struct world *w);
void network_drop(struct world *w, struct parcel *parcel);

/* How long one message takes. */
int64_t network_delay_us(struct world *w);
/* Whether a message of this process to or from a member gets lost. */
bool network_loses(struct world *w, int who, int member, bool request);

/* A process sends a request to its member. */
void network_send(struct world *w, struct peer *p,
                  const struct election_request *request);
/* A member answers; takes the parcel, whose event is set. */
void network_answer(struct world *w, struct parcel *parcel);

#endif
