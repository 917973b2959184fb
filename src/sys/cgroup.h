/* cgroup.h: a control group for a command, below our own: the kernel itself can
 * kill all that is in it at one blow, also what runs as another user and what
 * forks faster than anybody looks.
 *
 * Only where cgroups of version 2 are there and ours may be written to. Else
 * there is none, and whatever is asked here does nothing: a tree is killed
 * process by process in any case (sys/tree.h). Source: the kernel's
 * cgroup-v2.rst; cgroup.kill is there since Linux 5.14.
 */
#ifndef CGROUP_H
#define CGROUP_H

enum { CGROUP_PATH_BYTES_MAX = 512 };

struct cgroup {
    char path[CGROUP_PATH_BYTES_MAX]; /* ""; there is none */
};

/* Make one that is named after this process. */
void cgroup_make(struct cgroup *g);

/* Join it, with all that this process will start. Allowed between fork and
 * exec. */
void cgroup_join(const struct cgroup *g);

/* SIGKILL to all that is in it. */
void cgroup_kill(const struct cgroup *g);

/* Once nothing is in it: remove it, with those that were made below it. */
void cgroup_remove(struct cgroup *g);

#endif
