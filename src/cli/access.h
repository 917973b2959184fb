/* access.h: what has to be found out before etcd can be asked: where it is,
 * and the user's password. */
#ifndef ACCESS_H
#define ACCESS_H

#include "cli/options.h"
#include "sys/signals.h"
#include "sys/srv_search.h"

struct access {
    char endpoints[SRV_LIST_BYTES_MAX];
};

/* Complete the configuration in *o with what DNS, a file or the person at the
 * terminal says. May wait for them; see srv_endpoints() for how long.
 * access  what DNS said, borrowed as long as o->config is in use.
 * Returns 0; 1: a signal asks for the end; CANDIDATE_EINVAL: the message names
 * the option; CANDIDATE_ERETRY: DNS names no endpoint; CANDIDATE_ESYSTEM. */
int access_complete(struct access *access, struct options *o,
                    const struct signals *signals, struct candidate_error *err);

#endif
