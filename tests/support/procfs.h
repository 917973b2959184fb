/* procfs.h: what the kernel says about a process: its descriptors, its
 * connections, the time it has used, its relatives, its environment.
 */
#ifndef PROCFS_H
#define PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How many descriptors it has open. */
size_t procfs_descriptors_n(pid_t pid);
/* How many of them are TCP sockets, in whatever state. */
size_t procfs_tcp_n(pid_t pid);
/* The processor time that it has used so far, in ms. */
int64_t procfs_cpu_ms(pid_t pid);

/* Its state, as proc(5) has it: 'R', 'S', 'T', 'Z'...; 0: there is none. */
char procfs_state(pid_t pid);
/* Its parent and its process group; 0: there is no such process. */
pid_t procfs_parent(pid_t pid);
pid_t procfs_group(pid_t pid);
/* The group in the foreground of its terminal. */
pid_t procfs_foreground(pid_t pid);
/* Its children, zombies as well; more than max fail the test. Returns how
 * many. */
size_t procfs_children(pid_t pid, pid_t *ret_pids, size_t max);
/* A variable of its environment as it began, or false: it has none. */
bool procfs_variable(pid_t pid, const char *name, char *ret_value, size_t size);
/* A number of /proc/PID/smaps_rollup in KiB: "Private_Dirty". */
long procfs_memory_kib(pid_t pid, const char *field);
/* What no other process shares of its memory, in KiB. */
long procfs_private_kib(pid_t pid);
/* How large its address space is, in bytes; 0: there is no such process. */
size_t procfs_address_space(pid_t pid);

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
