/* cluster.c: see cluster.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "support/etcd_users.h"
#include "support/network.h"

enum { REST_MS = 100, PORT_BASE = 10 };

/* Little space, so that it is soon used up; few old files; tokens that are soon
 * too old. */
static const char *const arguments[] = { "--quota-backend-bytes=8388608",
                                         "--auto-compaction-mode=revision",
                                         "--auto-compaction-retention=1000",
                                         "--snapshot-count=2000",
                                         "--max-wals=2",
                                         "--max-snapshots=2",
                                         ETCD_USERS_ARGUMENTS,
                                         NULL };

const char *cluster_need_text(enum cluster_need need)
{
#define CLUSTER_NEED_TEXT(name, text) text,
    static const char *const texts[] = { CLUSTER_NEEDS(CLUSTER_NEED_TEXT) };
#undef CLUSTER_NEED_TEXT
    return texts[need];
}

/* ---- what can be done here ---- */

/* As it is done to a member, which is our child as well. */
static bool can_trace(struct process_set *set)
{
    const char *const sleeper[] = { "sleep", "60", NULL };
    struct process *p = process_start(set, PROCESS_PIPES, sleeper, NULL);
    char pid[16];
    (void)snprintf(pid, sizeof pid, "%d", (int)process_pid(p));
    const char *const argv[] = { "strace",    "-o",
                                 "/dev/null", "-f",
                                 "-e",        "inject=fdatasync:delay_enter=1",
                                 "-p",        pid,
                                 NULL };
    struct process *tracer = process_start(set, PROCESS_PIPES, argv, NULL);
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!process_ended(tracer) && process_errors_n(tracer) == 0 &&
           process_set_step(set, end_at_ms))
        continue;
    bool attached = process_errors_n(tracer) > 0 &&
        strstr(process_error(tracer, 0).text, " attached");
    process_free(tracer);
    process_free(p);
    return attached;
}

static uint16_t peer_port(const struct etcd_server *etcd, unsigned member)
{
    const char *port = strrchr(etcd_server_peer_url(etcd, member), ':');
    assert_non_null(port);
    return (uint16_t)strtoul(port + 1, NULL, PORT_BASE);
}

static bool know_members(struct process_set *set,
                         const struct etcd_server *etcd)
{
    uint16_t ports[ETCD_SERVER_MEMBERS_MAX];
    unsigned n = etcd_server_members_n(etcd);
    for (unsigned i = 0; i < n; i++)
        ports[i] = peer_port(etcd, i);
    return network_know(set, ETCD_SERVER_GROUP_MIN, ports, n);
}

struct etcd_server *cluster_start(struct process_set *set, unsigned members_n,
                                  bool network, bool enclosed,
                                  struct cluster *ret_cluster)
{
    bool apart = network && network_has_groups();
    struct etcd_server *etcd = etcd_server_start_as(
        set, members_n,
        &(struct etcd_server_ways){ .apart = apart,
                                    .disk = enclosed ? CLUSTER_DISK : NULL,
                                    .arguments = arguments });
    *ret_cluster = (struct cluster){ .has = {
                                         [CLUSTER_NOTHING] = true,
                                         [CLUSTER_NETWORK] = network,
                                         [CLUSTER_GROUPS] = apart &&
                                             know_members(set, etcd),
                                         [CLUSTER_DISKS] = enclosed,
                                         [CLUSTER_TRACER] = can_trace(set),
                                     } };
    return etcd;
}

/* ---- its operator ---- */

bool cluster_ask(struct stage *stage, const char *const *argv,
                 const char *input, char ret_said[CLUSTER_SAID_BYTES_MAX])
{
    struct process *p = etcdctl_start_at(
        stage->etcd, etcd_server_endpoints(stage->etcd), argv);
    if (input)
        process_write(p, input);
    process_close_input(p);
    process_await_end(p);
    bool done = process_status(p) == 0;
    size_t errors_n = process_errors_n(p);
    const char *said = !done && errors_n > 0
        ? process_error(p, errors_n - 1).text
        : process_output(p);
    if (ret_said)
        (void)snprintf(ret_said, CLUSTER_SAID_BYTES_MAX, "%s", said);
    process_free(p);
    return done;
}

void cluster_rest(struct stage *stage, int64_t end_at_ms)
{
    if (process_now_ms() >= end_at_ms)
        fail_msg("etcd refuses for too long");
    (void)process_set_step(stage->set, process_now_ms() + REST_MS);
}
