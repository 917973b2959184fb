/* spawn.h: a command, started as a process group of its own.
 *
 * No shell; the signals' dispositions that this program was started with; no
 * descriptors but 0, 1 and 2. It gets SIGKILL when this process dies. It may
 * be that it has not begun yet when spawn_start() returns: a file's server may
 * be slow.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include "candidate.h"
#include "sys/cgroup.h"
#include "sys/signals.h"

#include <sys/types.h>

struct spawn {
    char *const *argv;  /* looked up in PATH; ends with NULL */
    char **environment; /* NULL: that of this process */
    bool aside; /* no terminal: standard input is empty, and standard output
                   goes to standard error */
    const struct signals *signals; /* as signals_init() found them */
    pid_t giver; /* the group that gives it the terminal on standard input, if
                    it is in its foreground */
    const struct cgroup *cgroup; /* that it joins; NULL: it stays in ours */
    int64_t not_after_ms; /* on CLOCK_BOOTTIME; later it does not begin */
};

/* Start it.
 * ret_pid  the process, and the number of its group.
 * ret_fd   readable as soon as spawn_result() knows; close it then.
 * Returns 0, or the errno of what failed; then nothing is set. */
int spawn_start(const struct spawn *s, pid_t *ret_pid, int *ret_fd);

/* What became of it: 0: it has begun, or was killed before that; ETIME: too
 * late; else the errno of what failed. In the last two cases its process has
 * ended. Blocks until that is known. */
int spawn_result(int fd);

#endif
