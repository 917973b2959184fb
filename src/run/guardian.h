/* guardian.h: a small process beside the main one, which shares no fate with
 * it but the machine's: it starts the command and, should the main process
 * die, kills what the command has started and only then revokes the lease.
 *
 *     main process --- guardian --- command --- ...
 *
 * This is the main process' end of it. The guardian does what it is told, and
 * reports; on its own it acts only when the main process is gone, or when the
 * time on the lease page is over and the main process has not acted. Where there
 * is a command, an heir stands between the two: see guardian_heir.c.
 */
#ifndef GUARDIAN_H
#define GUARDIAN_H

#include "candidate.h"
#include "sys/cgroup.h"
#include "sys/log.h"
#include "sys/signals.h"

#include <poll.h>
#include <sys/types.h>

enum {
    GUARDIAN_KEY_BYTES_MAX = 320,
    GUARDIAN_KILL_EARLY_MS = 50, /* before the time on the page is over */
    /* After it, if it has not run by then. Less than the 450 ms or more that
     * every lease lives longer than its leader leads. */
    GUARDIAN_DEAD_LATE_MS = 300,
    GUARDIAN_END_MS = 1000, /* how long to wait for its end */
};

enum guardian_message_type {
    /* To the guardian. */
    GUARDIAN_START = 1, /* token, lease, lock_key: start the command */
    GUARDIAN_SIGNAL,    /* number: to the command's group */
    GUARDIAN_KILL,      /* SIGKILL, to all that the command has started */
    GUARDIAN_END,       /* all is in order: end, and revoke nothing */
    /* From the guardian. After each START comes EMPTY at last, once. */
    GUARDIAN_STARTED, /* number: the command's process and group */
    GUARDIAN_FAILED,  /* number: why it could not be started, an errno */
    GUARDIAN_EXITED,  /* number: the command's status, as of waitpid(2) */
    GUARDIAN_STOPPED, /* number: by which signal */
    GUARDIAN_EMPTY,   /* nothing that the command has started is left */
};

struct guardian_message {
    enum guardian_message_type type;
    int number;
    int64_t token;
    int64_t lease;
    char lock_key[GUARDIAN_KEY_BYTES_MAX];
};

/* What it needs to know; borrowed as long as a guardian is started with it. */
struct guardian_config {
    const struct candidate_config *candidate; /* with the password */
    char *const *command;                     /* NULL: none */
    const struct signals *signals;
    const struct log *log;
    struct candidate_lease_page *page; /* for each state of the leadership */
    struct cgroup *cgroup;             /* that the command joins; NULL: none */
};

struct guardian {
    pid_t pid; /* with a command its heir's, which it does not outlive; 0: there
                  is none */
    int fd;
};

/* Start one. Best done early: what memory we change later, it has to copy.
 * Returns 0 or CANDIDATE_ESYSTEM; then there is none. */
int guardian_start(struct guardian *g, const struct guardian_config *config,
                   struct candidate_error *err);

/* What to wait for before guardian_next(). */
struct pollfd guardian_pollfd(const struct guardian *g);

/* Take the oldest message from it; false: there is none. Never blocks. */
bool guardian_next(struct guardian *g, struct guardian_message *ret_message);

/* Tell it something. One that takes no messages is killed. Never blocks. */
void guardian_send(struct guardian *g, const struct guardian_message *message);

/* It does not see to its work: kill it. */
void guardian_kill(struct guardian *g);

/* Whether it has died since it was started; says so once. SIGCHLD tells when
 * to ask. What was below it is below us then. */
bool guardian_gone(struct guardian *g);

/* All is in order: let it end, and wait for that. */
void guardian_end(struct guardian *g);

#endif
