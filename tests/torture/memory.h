/* memory.h: a process that the kernel ends because its memory is used up: in a
 * memory cgroup that allows for none.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <sys/types.h>

/* Let the kernel kill it. Returns false when it does not: there is no memory
 * cgroup that we may write to, or the process is not there. */
bool memory_exhaust(pid_t pid);

/* Remove the cgroup, which the first victim brought into being. */
void memory_group_remove(void);

#endif
