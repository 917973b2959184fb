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

/* The share of one processor that it uses from here on. */
struct procfs_load {
    pid_t pid;
    int64_t began_at_ms; /* on CLOCK_BOOTTIME */
    int64_t cpu_ms;      /* used before */
};
struct procfs_load procfs_load_begin(pid_t pid);
/* So far, in percent. */
int64_t procfs_load_percent(const struct procfs_load *load);

#endif
