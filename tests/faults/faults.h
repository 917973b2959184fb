/* faults.h: what goes wrong in the fault table, one repetition at a time. */
#ifndef FAULTS_H
#define FAULTS_H

#include "cast.h"

struct fault {
    const char *name;
    unsigned ttl_s;
    bool network; /* needs packets to be dropped: a network of our own */
    void (*happen)(struct cast *c, unsigned leader);
};

/* In the order of the table; those of one TTL together. */
extern const struct fault faults[];
extern const size_t faults_n;

#endif
