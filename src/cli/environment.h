/* environment.h: the environment of what we start: a leadership as variables,
 * and no secrets.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <stdint.h>

/* What is NULL or 0 is not known, and its variable is not set, whatever we
 * inherited ourselves. */
struct environment {
    const char *id;       /* CANDIDATE_ID */
    const char *election; /* CANDIDATE_ELECTION */
    int64_t token;        /* CANDIDATE_TOKEN, ETCD_LOCK_REV: decimal */
    int64_t lease;        /* CANDIDATE_LEASE: hexadecimal, as etcdctl has it */
    const char *lock_key; /* CANDIDATE_LOCK_KEY, ETCD_LOCK_KEY */
    const char *leader_key; /* CANDIDATE_LEADER_KEY */
    const char *leader;     /* CANDIDATE_LEADER */
    const char *lease_page; /* CANDIDATE_LEASE_PAGE */
};

/* Our own environment without the variables above, without ETCDCTL_USER and
 * ETCDCTL_PASSWORD, and without what a service manager has told us alone; then
 * the variables above.
 * Returns an array for execve(2), to be given to free() in one piece; borrows
 * our environment. NULL: out of memory. */
char **environment_new(const struct environment *e);

#endif
