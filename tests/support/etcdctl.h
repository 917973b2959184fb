/* etcdctl.h: etcd's own client, to look into a server and to disturb it.
 *
 * Functions fail the running cmocka test when etcdctl does.
 */
#ifndef ETCDCTL_H
#define ETCDCTL_H

#include "etcd_server.h"

enum {
    ETCDCTL_ARGUMENTS_MAX = 16,
    ETCDCTL_TEXT_BYTES_MAX = 600,
};

/* A key as etcd has it; absent: create_revision is 0. */
struct etcdctl_key {
    char key[ETCDCTL_TEXT_BYTES_MAX];
    char value[ETCDCTL_TEXT_BYTES_MAX];
    int64_t create_revision;
    int64_t mod_revision;
    int64_t lease;
};

/* What a member says of itself. */
struct etcdctl_status {
    char id[32];
    char version[32];
    bool leads; /* it is etcd's leader */
};

/* Start it and leave it running: elect, lock, watch. */
#define etcdctl_start(server, ...)                                             \
    etcdctl_start_at((server), etcd_server_endpoints(server),                  \
                     (const char *const[]){ __VA_ARGS__, NULL })
/* Ask these endpoints only, as whom the server has. */
struct process *etcdctl_start_at(struct etcd_server *server,
                                 const char *endpoints,
                                 const char *const *argv);
/* The same with a server of any kind, as nobody. */
struct process *etcdctl_start_argv(struct process_set *set,
                                   const char *endpoints,
                                   const char *const *argv);

/* Run it to its end, which must be a success. Returns what it printed, good
 * until the next run. */
#define etcdctl(server, ...)                                                   \
    etcdctl_run((server), (const char *const[]){ __VA_ARGS__, NULL })
const char *etcdctl_run(struct etcd_server *server, const char *const *argv);

/* Look one key up. */
struct etcdctl_key etcdctl_get(struct etcd_server *server, const char *key);
/* All keys with this prefix, the oldest first; "": all there are. Returns
 * how many; more than max fail the test. */
size_t etcdctl_list(struct etcd_server *server, const char *prefix,
                    struct etcdctl_key *ret_keys, size_t max);
/* How many leases there are. */
size_t etcdctl_leases_n(struct etcd_server *server);
/* The seconds that a lease has left, 0 when its time is over; -1: it does not
 * exist. */
int64_t etcdctl_lease_left_s(struct etcd_server *server, int64_t lease);

/* Wait until a key is deleted after this revision. Returns the revision at
 * which that happened. */
int64_t etcdctl_await_deletion(struct etcd_server *server, const char *key,
                               int64_t revision);
/* Wait until a lease is renewed: the time that it has left has fallen by two
 * seconds, then risen by two. The lease's TTL is at least 10 s. The first
 * returns false when the lease does not exist, the second fails the test. */
bool etcdctl_see_renewal(struct etcd_server *server, int64_t lease);
void etcdctl_await_renewal(struct etcd_server *server, int64_t lease);

/* All members must run. The second waits until one of them leads, and returns
 * its number. */
struct etcdctl_status etcdctl_status(struct etcd_server *server,
                                     unsigned member);
unsigned etcdctl_leader(struct etcd_server *server);

#endif
