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

/* A group below our own, named after this process. Returns false where none may
 * be made. */
bool control_group_make(char ret_path[CONTROL_GROUP_BYTES_MAX]);
/* With all that is in it, and in those below it. */
void control_group_remove(const char *path);
/* Move a process into a group; what it starts from then on is in it too. */
void control_group_take(const char *path, pid_t pid);
/* Freeze all that is in a group and in those below it, and wait until it stands
 * still; or thaw it. Unlike SIGSTOP no SIGCONT ends it, but SIGKILL does. */
void control_group_freeze(const char *path, bool frozen);

#endif
