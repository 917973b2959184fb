/* etcd_server_private.h: what the files of etcd_server.h share.
 */
#ifndef ETCD_SERVER_PRIVATE_H
#define ETCD_SERVER_PRIVATE_H

#include "etcd_server.h"
#include "folder.h"

enum {
    PATH_BYTES_MAX = ETCD_SERVER_PATH_BYTES_MAX,
    URL_BYTES_MAX = 48,
    CLUSTER_BYTES_MAX = ETCD_SERVER_MEMBERS_MAX * (URL_BYTES_MAX + 32),
};

struct member {
    char name[32]; /* nobody else's: so we know who answers on our port */
    pid_t pid;     /* 0: does not run */
    uint16_t port;
    char client_url[URL_BYTES_MAX];
    char peer_url[URL_BYTES_MAX];
};

struct etcd_server {
    struct process_set *set;
    struct folder folder;
    struct member *members;
    unsigned members_n;
    struct etcd_server_ways ways;
    const char *login[ETCD_SERVER_LOGIN_MAX + 1]; /* NULL at the end */
    unsigned starts_n;                            /* each has its own data */
    char endpoints[CLUSTER_BYTES_MAX];
    char cluster[CLUSTER_BYTES_MAX];
    char scratch[ETCD_SERVER_SCRATCH_BYTES];
};

/* The one of this number, which there must be. */
struct member *etcd_member(const struct etcd_server *server, unsigned number);
/* A path in the folder that is this member's, of this start. */
void etcd_member_path(const struct etcd_server *server, const struct member *m,
                      const char *what, char ret_path[PATH_BYTES_MAX]);
/* state: of the cluster, "new" or "existing"; what has data knows it from
 * them. */
void etcd_member_launch(struct etcd_server *server, struct member *m,
                        const char *state);
void etcd_member_kill(struct member *m);

/* A place for its data: a folder, or a disk of its own. */
void etcd_member_make_data(const struct etcd_server *server,
                           const struct member *m);
void etcd_member_drop_data(const struct etcd_server *server,
                           const struct member *m);

#endif
