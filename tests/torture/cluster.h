/* cluster.h: the etcd of a campaign, and how its operator asks for something.
 *
 * What can be done to its members depends on where the campaign runs; the rest
 * of the torments is left out.
 */
#ifndef CLUSTER_H
#define CLUSTER_H

#include "support/stage.h"

enum { CLUSTER_QUOTA_BYTES = 8 * 1024 * 1024, CLUSTER_SAID_BYTES_MAX = 4096 };

#define CLUSTER_DISK "size=1g,mode=0700"

/* What a torment needs, and how that is called. */
#define CLUSTER_NEEDS(X)                                                       \
    X(NOTHING, "")                                                             \
    X(NETWORK, "a network namespace and nft")                                  \
    X(GROUPS, "root, a network namespace and nft")                             \
    X(DISKS, "root and a mount namespace")                                     \
    X(TRACER, "strace and the right to trace")

#define CLUSTER_NEED_NAME(name, text) CLUSTER_##name,
enum cluster_need { CLUSTER_NEEDS(CLUSTER_NEED_NAME) CLUSTER_NEEDS_N };
#undef CLUSTER_NEED_NAME

struct cluster {
    bool has[CLUSTER_NEEDS_N];
};

const char *cluster_need_text(enum cluster_need need);

/* Start etcd.
 * network   of our own, in which packets can be dropped
 * enclosed  mounts of ours are nobody else's */
struct etcd_server *cluster_start(struct process_set *set, unsigned members_n,
                                  bool network, bool enclosed,
                                  struct cluster *ret_cluster);

/* Run etcdctl to its end. Returns whether it succeeded.
 * input     what it reads; NULL: nothing
 * ret_said  the start of what it printed, or else its last error; may be NULL */
bool cluster_ask(struct stage *stage, const char *const *argv,
                 const char *input, char ret_said[CLUSTER_SAID_BYTES_MAX]);

/* Rest a little before what is asked for again and again is asked for once
 * more; that must not be later than end_at_ms. */
void cluster_rest(struct stage *stage, int64_t end_at_ms);

#endif
