/* enclosure.h: what a campaign runs in, so that nothing of it stays behind,
 * whatever ends it: a process beside it, which ends what it leaves, and, for
 * root, namespaces of its own for processes and for /dev/shm, which the kernel
 * ends and empties with it.
 */
#ifndef ENCLOSURE_H
#define ENCLOSURE_H

#include <stdbool.h>

/* From here on this process is the campaign; the process that called stays
 * beside it, and ends as it ends. What ends the one ends the other. Call it
 * before there are threads. Returns false when there are no namespaces: then
 * a SIGKILL of both at the same time may leave processes and files. */
bool enclosure_enter(void);

#endif
