/* torments.h: what is done to a campaign's candidates and to etcd. Each lasts
 * for a while, and several may be under way at a time.
 */
#ifndef TORMENTS_H
#define TORMENTS_H

#include "troupe.h"

#include <sys/resource.h>

enum { TORMENTS_KINDS_MAX = 64 };

struct torment;

/* At most one of each at a time, but of processes. */
enum torment_area {
    TORMENT_PROCESS, /* of a candidate's */
    TORMENT_ETCD,    /* which takes a while to recover */
    TORMENT_NETWORK,
};

struct torment_kind {
    const char *name;
    /* Returns false when it cannot be done now. */
    bool (*begin)(struct troupe *t, struct torment *torment);
    void (*middle)(struct troupe *t, struct torment *torment); /* or NULL */
    void (*end)(struct troupe *t, struct torment *torment); /* NULL: nothing */
    enum torment_area area;
    enum cluster_need need;
};

/* Each of them, in the order of the report: 0..torment_kinds_n() - 1. */
const struct torment_kind *torment_kind(size_t number);
size_t torment_kinds_n(void);

struct torment {
    size_t number; /* of the kind */
    const struct torment_kind *kind;
    unsigned player; /* whom it meets */
    unsigned member;
    int64_t from_ms, middle_ms, until_ms;
    bool begun, turned, ended;
    unsigned random; /* how bad it is: 0..999 */
    pid_t pid;       /* that was stopped or limited */
    pid_t guardian;  /* that was stopped as well */
    struct process *process;
    unsigned resource;   /* that is limited */
    struct rlimit limit; /* as it was */
};

#endif
