/* torments.c: see torments.h. */
#include "torments.h"

#include "torments_private.h"

const struct torment_kind *torment_kind(size_t number)
{
    const struct {
        const struct torment_kind *kinds;
        size_t n;
    } lists[] = { { torments_process, torments_process_n },
                  { torments_etcd, torments_etcd_n },
                  { torments_cluster, torments_cluster_n },
                  { torments_network, torments_network_n } };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (number < lists[i].n)
            return &lists[i].kinds[number];
        number -= lists[i].n;
    }
    return NULL;
}

size_t torment_kinds_n(void)
{
    return torments_process_n + torments_etcd_n + torments_cluster_n +
        torments_network_n;
}
