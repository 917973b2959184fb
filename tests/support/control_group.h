/* control_group.h: cgroups of version 2, as the kernel shows them. */
#ifndef CONTROL_GROUP_H
#define CONTROL_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CONTROL_GROUP_BYTES_MAX = 512 };

/* The folder of the group that a process is in. Returns false where these
 * cgroups are not mounted, or there is no such process. */
bool control_group_of(pid_t pid, char ret_path[CONTROL_GROUP_BYTES_MAX]);

/* Whether we may make a group below our own, and kill what is in it. */
bool control_group_may_be_made(void);

#endif
