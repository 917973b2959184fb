/* record.h: what the commands of a campaign leave behind, in memory that all
 * of them share: when each of them acted, under which token, and two resources
 * that they use.
 *
 * All instants are ns on CLOCK_BOOTTIME, as the kernel has it: one clock for
 * all processes, which no preloaded library bends.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { RECORD_SLOTS_MAX = 65536 };

/* A process that acts for a leader, from its start to its last sign of life.
 */
struct record_slot {
    unsigned player;
    int pid;
    bool daemon; /* it left its command's group and session */
    int64_t token;
    int64_t started_ns;
    _Atomic int64_t alive_ns; /* 0: the slot is not filled yet */
    _Atomic int64_t added;    /* to the counter */
    _Atomic int64_t refused;  /* of its writes to the register */
};

struct record {
    _Atomic uint32_t slots_n;
    /* A register that is fenced: a write with a smaller token is refused. */
    _Atomic int64_t register_token;
    _Atomic int64_t writes, refused;
    /* A counter that is not fenced: it is read, and later written. */
    _Atomic int64_t counter;
    struct record_slot slots[RECORD_SLOTS_MAX];
};

/* Map the file, which is made if need be. Returns NULL when that fails. */
struct record *record_open(const char *path);

int64_t record_now_ns(void);

/* Take a slot. Returns NULL when all are taken. */
struct record_slot *record_begin(struct record *r, unsigned player,
                                 int64_t token, bool daemon);

/* Act once: show a sign of life, and write to the register. */
void record_act(struct record *r, struct record_slot *slot);

#endif
