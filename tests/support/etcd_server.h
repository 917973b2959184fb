/* etcd_server.h: a throw-away etcd of one member or several, for one test.
 *
 * Its data lie in a folder that vanishes with it, its ports are free ones of
 * the loopback device, and it does not outlive the test program. Functions
 * fail the running cmocka test when something does not work.
 */
#ifndef ETCD_SERVER_H
#define ETCD_SERVER_H

#include "process.h"

#include <sys/types.h>

enum {
    ETCD_SERVER_MEMBERS_MAX = 5,
    ETCD_SERVER_HOSTS_MAX = 8,
    ETCD_SERVER_LOGIN_MAX = 6,
    ETCD_SERVER_GROUP_MIN = 54321, /* nobody else's */
    ETCD_SERVER_STARTS_MAX = 5,    /* other programs may take a port first */
    ETCD_SERVER_SCRATCH_BYTES = 64 * 1024,
    ETCD_SERVER_PATH_BYTES_MAX = 640,
};

struct etcd_server;

/* How its members run. All zero: as etcd does by itself. */
struct etcd_server_ways {
    unsigned hosts_n; /* listen on so many of 127.0.1.1, 127.0.1.2... as well */
    bool apart;       /* each in a group of its own, see below */
    const char *disk; /* options of a tmpfs, on which each has its data: takes
                         root and a mount namespace; NULL: in our folder */
    const char *const *arguments; /* more of them, NULL at the end; or NULL */
    bool tls;                     /* clients come over https://: the arguments
                                     and the login say how */
    const char *const *login;     /* of etcdctl, see below; or NULL */
};

/* Start that many members as one cluster, and wait until each answers.
 * set  whose processes are read from during each wait; where etcdctl runs. */
struct etcd_server *etcd_server_start(struct process_set *set,
                                      unsigned members_n);
/* The same, and they listen on so many of 127.0.1.1, 127.0.1.2... as well. */
struct etcd_server *etcd_server_start_at(struct process_set *set,
                                         unsigned members_n, unsigned hosts_n);
/* The same as the first, each member in a group of its own, from
 * ETCD_SERVER_GROUP_MIN on, by which network_isolate() knows its packets. Takes
 * root. */
struct etcd_server *etcd_server_start_apart(struct process_set *set,
                                            unsigned members_n);
/* The same as the first, in these ways. What they point at stays. */
struct etcd_server *etcd_server_start_as(struct process_set *set,
                                         unsigned members_n,
                                         const struct etcd_server_ways *ways);
/* As whom etcdctl asks: what it finds in its environment. Add one more of
 * them, such as "ETCDCTL_USER=NAME:PASSWORD", which stays. */
void etcd_server_add_login(struct etcd_server *server, const char *variable);
/* All of them, NULL at the end. */
const char *const *etcd_server_login(const struct etcd_server *server);
/* Kill all members and remove their data. server may be NULL. */
void etcd_server_free(struct etcd_server *server);

unsigned etcd_server_members_n(const struct etcd_server *server);
struct process_set *etcd_server_set(const struct etcd_server *server);
/* Where etcdctl.c keeps what etcdctl printed last. */
char *etcd_server_scratch(struct etcd_server *server);
/* "http://127.0.0.1:PORT", of all members with commas between them, or of
 * one. Good as long as the server. */
const char *etcd_server_endpoints(const struct etcd_server *server);
const char *etcd_server_endpoint(const struct etcd_server *server,
                                 unsigned member);
uint16_t etcd_server_port(const struct etcd_server *server, unsigned member);
/* What its configuration has: its name, and where its peers reach it. */
const char *etcd_server_name(const struct etcd_server *server, unsigned member);
const char *etcd_server_peer_url(const struct etcd_server *server,
                                 unsigned member);
/* 0: it does not run. */
pid_t etcd_server_pid(const struct etcd_server *server, unsigned member);

/* SIGKILL, and wait until it has ended. */
void etcd_server_kill(struct etcd_server *server, unsigned member);
/* SIGTERM, and wait until it has ended. */
void etcd_server_terminate(struct etcd_server *server, unsigned member);
/* After a kill: remove its data. */
void etcd_server_wipe(struct etcd_server *server, unsigned member);
/* How often its log has this text. */
unsigned etcd_server_log_count(const struct etcd_server *server,
                               unsigned member, const char *text);
/* Where its data are. */
void etcd_server_data(const struct etcd_server *server, unsigned member,
                      char ret_path[ETCD_SERVER_PATH_BYTES_MAX]);
/* After a kill: start it on the same port and data; after a wipe,
 * as one that its cluster knows already. */
void etcd_server_relaunch(struct etcd_server *server, unsigned member);
/* Kill all members, and start them on the same ports with what a snapshot
 * holds. Waits until each answers. */
void etcd_server_restore(struct etcd_server *server, const char *snapshot);
/* A path for a file that vanishes with the server. */
void etcd_server_path(const struct etcd_server *server, const char *name,
                      char ret_path[ETCD_SERVER_PATH_BYTES_MAX]);
/* Wait until it answers. Not before enough members for a quorum run. */
void etcd_server_await(struct etcd_server *server, unsigned member);
/* SIGSTOP, and wait until it has stopped; SIGCONT. */
void etcd_server_pause(struct etcd_server *server, unsigned member);
void etcd_server_resume(struct etcd_server *server, unsigned member);

#endif
