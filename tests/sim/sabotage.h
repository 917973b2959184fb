/* sabotage.h: what is broken on purpose, so that the checks must fail.
 *
 * All of it lies in the tests: the core's margins are configuration, its
 * fields are open, and etcd is a fake.
 */
#ifndef SABOTAGE_H
#define SABOTAGE_H

#include "sim/checks.h"
#include "sim/fake_lock.h"

#include <stdbool.h>
#include <stdint.h>

struct sabotage {
    bool slow_clocks; /* all as slow as rho allows, which alone does no harm */
    bool no_margin;   /* of the deadline */
    bool half_speed;  /* the clocks, far beyond rho */
    bool no_deadline; /* leaders do not stop by themselves */
    bool counts_from_receipt; /* of a reply, not the request's sending */
    bool terms_hidden;        /* stale keepalives show the present term */
    bool early_expiry;        /* etcd breaks its leases' promise */
    bool leases_for_ever;     /* etcd forgets none */
    bool claims_dropped;      /* on the way, always */
    bool revoked_in_vain;     /* etcd says that it did, and did not */
    bool no_backoff;          /* a failure is followed by the next try */
    bool restored;            /* etcd comes back from an old snapshot */
    bool yields_in_secret;    /* and leads on until it is told of its keys */
    bool mute;                /* "Attempting leadership..." is not said */
    struct fake_lock_sabotage lock;
};

/* A sabotage that can be chosen. */
struct sabotage_choice {
    const char *name;
    uint64_t seeds_n; /* so many are enough to see it */
    enum check check; /* that it violates; CHECKS_N: none */
    struct sabotage sabotage;
};

/* By name, or NULL; "none" has nothing broken. */
const struct sabotage_choice *sabotage_find(const char *name);

/* By index, or NULL past the last one. */
const struct sabotage_choice *sabotage_at(int index);

#endif
