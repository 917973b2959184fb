/* version.h: which versions of etcd keep their promises about leases.
 *
 * Older ones let a leader whose raft loop is stuck (a stalled disk, SIGSTOP)
 * go on confirming keepalives, or revoke leases that were renewed. Source:
 * etcd issues 15247 and 12528, mended in 3.4.31 and 3.5.13.
 */
#ifndef VERSION_H
#define VERSION_H

#include <stdbool.h>

#include "etcd/codec.h"

#define VERSION_MENDED "3.4.31 and 3.5.13"

/* version: as etcd says it, "3.5.30"; one that cannot be read, such as a
 * development version's, is taken for sound. */
bool version_keeps_leases(struct etcd_bytes version);

#endif
