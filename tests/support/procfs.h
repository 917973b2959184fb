/* procfs.h: what the kernel says about a process: its descriptors, its
 * connections, the time it has used.
 */
#ifndef PROCFS_H
#define PROCFS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How many descriptors it has open. */
size_t procfs_descriptors_n(pid_t pid);
/* How many of them are TCP sockets, in whatever state. */
size_t procfs_tcp_n(pid_t pid);
/* The processor time that it has used so far, in ms. */
int64_t procfs_cpu_ms(pid_t pid);

#endif
