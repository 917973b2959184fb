/* etcd_users.c: see etcd_users.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "etcd_users.h"
#include "etcdctl.h"

#define OPERATOR "root:operators"
#define PASSWORD "candidates"

static void make_candidate(struct etcd_server *server)
{
    char endpoints[256];
    (void)snprintf(endpoints, sizeof endpoints, "ETCDCTL_ENDPOINTS=%s",
                   etcd_server_endpoints(server));
    const char *environment[ETCD_SERVER_LOGIN_MAX + 2] = { endpoints };
    const char *const *login = etcd_server_login(server);
    for (size_t i = 0; login[i]; i++)
        environment[1 + i] = login[i];
    const char *const argv[] = { "scripts/etcd-role.sh", "candidate", NULL };
    struct process *p = process_start(etcd_server_set(server), PROCESS_PIPES,
                                      argv, environment);
    process_write(p, PASSWORD "\n");
    process_expect_exit(p, 0);
    process_free(p);
}

const char *etcd_users_begin(struct etcd_server *server)
{
    (void)etcdctl(server, "user", "add", OPERATOR);
    (void)etcdctl(server, "user", "grant-role", "root", "root");
    (void)etcdctl(server, "auth", "enable");
    etcd_server_add_login(server, "ETCDCTL_USER=" OPERATOR);
    make_candidate(server);
    return "ETCDCTL_USER=candidate:" PASSWORD;
}

unsigned etcd_users_refused_n(const struct etcd_server *server)
{
    unsigned n = 0;
    for (unsigned i = 0; i < etcd_server_members_n(server); i++)
        n += etcd_server_log_count(server, i, "invalid auth token");
    return n;
}
