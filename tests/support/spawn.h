/* spawn.h: start a program that does not outlive the test.
 *
 * The child gets SIGKILL when the test program dies, default signal handling,
 * no descriptors but three, and an environment without ETCD_* and ETCDCTL_*,
 * whose values would be taken for the test's own. Knows nothing of what the
 * child prints.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

struct spawn {
    const char *const *argv;        /* looked up in PATH; NULL at the end */
    const char *const *environment; /* "NAME=VALUE" to add; NULL: nothing */
    int in_fd, out_fd, err_fd;      /* borrowed; become 0, 1 and 2 */
    bool terminal;                  /* in_fd is to be the controlling one */
    bool detached; /* own session, and it does outlive the test */
};

/* Start it; a program that cannot be started exits with 127. Returns the
 * process id. Fails the test when there cannot be one more process. */
pid_t spawn_child(const struct spawn *spawn);

/* Wait for a child that was sent SIGKILL or that ends by itself.
 * Returns the status as waitpid() gives it. */
int spawn_wait(pid_t pid);

/* SIGSTOP, and wait until it has stopped. */
void spawn_pause(pid_t pid);
/* SIGCONT. */
void spawn_resume(pid_t pid);

#endif
