/* torments_private.h: the lists of the torments' files, for torments*.c only.
 */
#ifndef TORMENTS_PRIVATE_H
#define TORMENTS_PRIVATE_H

#include "torments.h"

extern const struct torment_kind torments_process[];
extern const struct torment_kind torments_etcd[];
extern const struct torment_kind torments_network[];
extern const struct torment_kind torments_cluster[];
extern const size_t torments_process_n, torments_etcd_n, torments_network_n,
    torments_cluster_n;

/* What others do as well. */
bool torment_kill_main(struct troupe *t, struct torment *m);

#endif
