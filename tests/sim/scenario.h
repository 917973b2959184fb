/* scenario.h: runs that are written by hand.
 *
 * Three candidates, A, B and C, whose clocks keep true time; nothing is lost,
 * but for what a test does. What a candidate printed must be what the test
 * says, to the byte.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "sim/world.h"

enum { A, B, C };

enum {
    SCENARIO_TTL_MS = 10000,
    SCENARIO_SOON_MS = 100, /* a hand-over, with time to spare */
    SCENARIO_CRASH_MS = SCENARIO_TTL_MS + 1000, /* the same after a crash */
};

/* cmocka's setup and teardown; the state is the world. All checks must hold in
 * the end. */
int scenario_setup(void **state);
int scenario_setup_alone(void **state); /* etcd has one member */
int scenario_teardown(void **state);

void scenario_pass_ms(struct world *w, int64_t ms);
/* Start so many, one after the other, so that they queue in this order. */
void scenario_start(struct world *w, int peers_n);
/* Begin a fault now that is mended after so long. */
void scenario_fault(struct world *w, enum fault_kind kind, int who,
                    int64_t length_ms);

/* Fail the test unless this peer printed exactly these lines. */
void scenario_expect(const struct world *w, int who, const char *lines);

/* Pieces of what a peer prints. Short, for they stand in long rows. */
#define CANDIDATE(name) "Candidate " name "\nAttempting leadership...\n"
#define LEADS "I am the LEADER!\nPress ENTER to finish...\n"
#define FOLLOWS(name) name " is the leader...\n"
#define AGAIN "Attempting leadership...\n"

#endif
