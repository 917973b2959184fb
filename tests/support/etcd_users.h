/* etcd_users.h: an etcd that asks everybody who he is. Functions fail the
 * running cmocka test when something does not work. */
#ifndef ETCD_USERS_H
#define ETCD_USERS_H

#include "etcd_server.h"

/* Of etcd: tokens that nobody uses for a second are too old, and passwords are
 * soon compared. */
#define ETCD_USERS_ARGUMENTS "--auth-token-ttl=1", "--bcrypt-cost=4"

/* From now on it asks, and etcdctl is its operator. Returns what goes into the
 * environment of a candidate, who may take part in the election and nothing
 * else. */
const char *etcd_users_begin(struct etcd_server *server);
/* How often a token was too old, or not known. */
unsigned etcd_users_refused_n(const struct etcd_server *server);

#endif
