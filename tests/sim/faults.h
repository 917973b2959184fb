/* faults.h: what goes wrong in a run, drawn from its seed.
 *
 * A fault begins and is mended at its own times; at the end of the phase all
 * that is left is mended at once. Which kinds occur together differs from
 * seed to seed, so that some runs are about few things and some about many.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stddef.h>
#include <stdint.h>

struct world;

#define FAULTS(X)                                                              \
    X(crash, "process killed")                                                 \
    X(pause, "process stopped")                                                \
    X(leave, "process told to resign")                                         \
    X(yield, "process told to queue anew")                                     \
    X(depose, "the leader asked to step down")                                 \
    X(transfer_to, "a waiter asked for as the next leader")                    \
    X(clock, "clock at another rate")                                          \
    X(link, "members out of a process's reach")                                \
    X(loss, "messages get lost")                                               \
    X(delay, "messages are slow")                                              \
    X(duplicate, "messages are doubled")                                       \
    X(cut, "members cut off from the majority")                                \
    X(stuck, "etcd's leader stuck")                                            \
    X(restart, "member restarted")                                             \
    X(refuse, "member refuses everything")                                     \
    X(transfer, "etcd's leader moved")                                         \
    X(slow_commits, "commits are slow")                                        \
    X(late_expiry, "leases end late")                                          \
    X(compact, "history compacted")                                            \
    X(end_stream, "watch ended")                                               \
    X(silence_stream, "watch gone silent")                                     \
    X(foreign_lock, "lock key of another program")                             \
    X(foreign_leader, "leader key without a lease")                            \
    X(revoke, "operator revokes a lease")                                      \
    X(delete_own, "operator deletes a lock key")                               \
    X(delete_leader, "operator deletes the leader key")                        \
    X(overwrite_own, "operator overwrites a lock key")                         \
    X(overwrite_leader, "operator overwrites the leader key")                  \
    X(restore, "etcd restored from a snapshot")

#define FAULTS_ENUM(name, words) FAULT_##name,
enum fault_kind { FAULTS(FAULTS_ENUM) FAULTS_N };
#undef FAULTS_ENUM

enum {
    FAULTS_MAX = 160,   /* in a run */
    FAULTS_LEADER = -1, /* the process that leads when the fault begins */
    FAULTS_ALL_LINKS = 0x3ff,
    /* The kinds from here on are an operator's; foreign programs' come before.
     */
    FAULTS_OPERATOR = FAULT_revoke,
};

struct fault {
    enum fault_kind kind;
    int who; /* process or member, or FAULTS_LEADER */
    int64_t at_us;
    int64_t until_us;
    int64_t amount; /* means what the kind says */
};

struct faults {
    struct fault items[FAULTS_MAX];
    size_t n;
    int64_t requests_n;    /* put so far */
    int64_t foreign_lease; /* of another program's lock key; 0: it has none */
};

void faults_begin(struct world *w);

/* Draw a schedule that ends at this instant and put it on the timeline. */
void faults_schedule(struct world *w, int64_t until_us);

/* Add one fault, for a run that is written by hand. */
void faults_add(struct world *w, struct fault fault);

/* Events of the timeline: the fault with this number begins, or is mended. */
void faults_start(struct world *w, size_t number);
void faults_mend(struct world *w, size_t number);

/* Mend everything; start again what crashed, or at least one. */
void faults_end(struct world *w);

#endif
