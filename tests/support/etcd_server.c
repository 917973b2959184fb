/* etcd_server.c: see etcd_server.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "etcd_server_private.h"
#include "etcdctl.h"
#include "port.h"
#include "spawn.h"

enum {
    LOG_BYTES_SHOWN = 4000,
    AS_GROUP_N = 6,
    ARGUMENTS_MAX = 48,
    HOST_URLS_BYTES_MAX = (1 + ETCD_SERVER_HOSTS_MAX) * URL_BYTES_MAX,
    LOOK_AGAIN_MS = 20,
};

/* ---- names and addresses ---- */

static uint64_t random_number(void)
{
    uint64_t number;
    assert_int_equal(getrandom(&number, sizeof number, 0), sizeof number);
    return number;
}

static void choose_addresses(struct etcd_server *server)
{
    server->endpoints[0] = server->cluster[0] = '\0';
    for (unsigned i = 0; i < server->members_n; i++) {
        struct member *m = &server->members[i];
        snprintf(m->name, sizeof m->name, "member-%016llx",
                 (unsigned long long)random_number());
        m->port = port_free();
        snprintf(m->client_url, sizeof m->client_url, "%s://127.0.0.1:%u",
                 server->ways.tls ? "https" : "http", m->port);
        uint16_t peer_port;
        do {
            peer_port = port_free();
        } while (peer_port == m->port);
        snprintf(m->peer_url, sizeof m->peer_url, "http://127.0.0.1:%u",
                 peer_port);
        const char *comma = i ? "," : "";
        size_t used = strlen(server->endpoints);
        snprintf(server->endpoints + used, sizeof server->endpoints - used,
                 "%s%s", comma, m->client_url);
        used = strlen(server->cluster);
        snprintf(server->cluster + used, sizeof server->cluster - used,
                 "%s%s=%s", comma, m->name, m->peer_url);
    }
}

/* ---- processes ---- */

static void list_hosts(const struct etcd_server *server, const struct member *m,
                       char ret_urls[HOST_URLS_BYTES_MAX])
{
    int n = snprintf(ret_urls, HOST_URLS_BYTES_MAX, "%s", m->client_url);
    for (unsigned i = 1; i <= server->ways.hosts_n; i++)
        n += snprintf(ret_urls + n, HOST_URLS_BYTES_MAX - (size_t)n,
                      ",http://127.0.1.%u:%u", i, m->port);
}

static void add_arguments(const char **argv, const char *const *more)
{
    size_t n = 0;
    while (argv[n])
        n++;
    for (; more && *more; more++) {
        assert_true(n < ARGUMENTS_MAX);
        argv[n++] = *more;
    }
}

void etcd_member_launch(struct etcd_server *server, struct member *m,
                        const char *state)
{
    assert_int_equal(m->pid, 0);
    char data[PATH_BYTES_MAX];
    char log[PATH_BYTES_MAX];
    etcd_member_path(server, m, "data", data);
    etcd_member_path(server, m, "log", log);
    int log_fd = open(log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(log_fd >= 0);
    char listen_urls[HOST_URLS_BYTES_MAX];
    list_hosts(server, m, listen_urls);
    char group[32];
    snprintf(group, sizeof group, "%td",
             ETCD_SERVER_GROUP_MIN + (m - server->members));
    const char *argv[ARGUMENTS_MAX + 1] = {
        "setpriv", /* the first AS_GROUP_N are those that set the group */
        "--regid",
        group,
        "--clear-groups",
        "--pdeathsig",
        "KILL",
        "etcd",
        "--name",
        m->name,
        "--data-dir",
        data,
        "--listen-client-urls",
        listen_urls,
        "--advertise-client-urls",
        m->client_url,
        "--listen-peer-urls",
        m->peer_url,
        "--initial-advertise-peer-urls",
        m->peer_url,
        "--initial-cluster",
        server->cluster,
        "--initial-cluster-state",
        state,
    };
    add_arguments(argv, server->ways.arguments);
    m->pid = spawn_child(
        &(struct spawn){ .argv = server->ways.apart ? argv : argv + AS_GROUP_N,
                         .in_fd = log_fd,
                         .out_fd = log_fd,
                         .err_fd = log_fd });
    close(log_fd);
}

/* Whether it still runs; it may have ended because its port was taken. */
static bool runs(struct member *m)
{
    if (m->pid && waitpid(m->pid, NULL, WNOHANG) == m->pid)
        m->pid = 0;
    return m->pid != 0;
}

void etcd_member_kill(struct member *m)
{
    if (!m->pid)
        return;
    kill(m->pid, SIGKILL);
    spawn_wait(m->pid);
    m->pid = 0;
}

static void show_log(const struct etcd_server *server, const struct member *m)
{
    char path[PATH_BYTES_MAX];
    char text[LOG_BYTES_SHOWN + 1];
    etcd_member_path(server, m, "log", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > LOG_BYTES_SHOWN ? size - LOG_BYTES_SHOWN : 0;
    ssize_t n = pread(fd, text, LOG_BYTES_SHOWN, from);
    close(fd);
    if (n > 0)
        print_error("%s ends so:\n%.*s\n", path, (int)n, text);
}

static bool answers(struct etcd_server *server, struct member *m)
{
    struct process *p = etcdctl_start_at(
        server, m->client_url, (const char *const[]){ "member", "list", NULL });
    process_await_end(p);
    bool yes = strstr(process_output(p), m->name) != NULL;
    process_free(p);
    return yes;
}

/* Returns false when it has ended by itself. */
static bool await(struct etcd_server *server, struct member *m)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (process_now_ms() < end_at_ms) {
        if (answers(server, m))
            return true;
        if (!runs(m))
            return false;
    }
    show_log(server, m);
    fail_msg("etcd at %s does not answer", m->client_url);
    return false;
}

static bool try_start(struct etcd_server *server)
{
    choose_addresses(server);
    bool all = true;
    for (unsigned i = 0; i < server->members_n; i++) {
        etcd_member_make_data(server, &server->members[i]);
        etcd_member_launch(server, &server->members[i], "new");
    }
    for (unsigned i = 0; i < server->members_n && all; i++)
        all = await(server, &server->members[i]);
    if (all)
        return true;
    for (unsigned i = 0; i < server->members_n; i++) {
        show_log(server, &server->members[i]);
        etcd_member_kill(&server->members[i]);
        etcd_member_drop_data(server, &server->members[i]);
    }
    return false;
}

static struct etcd_server *server_new(struct process_set *set,
                                      unsigned members_n)
{
    assert_in_range(members_n, 1, ETCD_SERVER_MEMBERS_MAX);
    struct etcd_server *server = calloc(1, sizeof *server);
    assert_non_null(server);
    server->set = set;
    server->members_n = members_n;
    server->members = calloc(members_n, sizeof *server->members);
    assert_non_null(server->members);
    folder_make(&server->folder);
    return server;
}

struct etcd_server *etcd_server_start_as(struct process_set *set,
                                         unsigned members_n,
                                         const struct etcd_server_ways *ways)
{
    assert_in_range(ways->hosts_n, 0, ways->tls ? 0 : ETCD_SERVER_HOSTS_MAX);
    struct etcd_server *server = server_new(set, members_n);
    server->ways = *ways;
    for (const char *const *one = ways->login; one && *one; one++)
        etcd_server_add_login(server, *one);
    while (!try_start(server))
        if (++server->starts_n == ETCD_SERVER_STARTS_MAX)
            fail_msg("etcd does not start");
    return server;
}

struct etcd_server *etcd_server_start(struct process_set *set,
                                      unsigned members_n)
{
    return etcd_server_start_as(set, members_n,
                                &(struct etcd_server_ways){ 0 });
}

struct etcd_server *etcd_server_start_at(struct process_set *set,
                                         unsigned members_n, unsigned hosts_n)
{
    return etcd_server_start_as(
        set, members_n, &(struct etcd_server_ways){ .hosts_n = hosts_n });
}

struct etcd_server *etcd_server_start_apart(struct process_set *set,
                                            unsigned members_n)
{
    return etcd_server_start_as(set, members_n,
                                &(struct etcd_server_ways){ .apart = true });
}

void etcd_server_free(struct etcd_server *server)
{
    if (!server)
        return;
    for (unsigned i = 0; i < server->members_n; i++) {
        etcd_member_kill(&server->members[i]);
        etcd_member_drop_data(server, &server->members[i]);
    }
    folder_remove(&server->folder);
    free(server->members);
    free(server);
}

/* ---- the interface ---- */

struct member *etcd_member(const struct etcd_server *server, unsigned number)
{
    assert_true(number < server->members_n);
    return &server->members[number];
}

unsigned etcd_server_members_n(const struct etcd_server *server)
{
    return server->members_n;
}

struct process_set *etcd_server_set(const struct etcd_server *server)
{
    return server->set;
}

void etcd_server_add_login(struct etcd_server *server, const char *variable)
{
    size_t n = 0;
    while (server->login[n])
        n++;
    assert_true(n < ETCD_SERVER_LOGIN_MAX);
    server->login[n] = variable;
}

const char *const *etcd_server_login(const struct etcd_server *server)
{
    return server->login;
}

char *etcd_server_scratch(struct etcd_server *server)
{
    return server->scratch;
}

const char *etcd_server_endpoints(const struct etcd_server *server)
{
    return server->endpoints;
}

const char *etcd_server_endpoint(const struct etcd_server *server,
                                 unsigned member)
{
    return etcd_member(server, member)->client_url;
}

uint16_t etcd_server_port(const struct etcd_server *server, unsigned member)
{
    return etcd_member(server, member)->port;
}

const char *etcd_server_name(const struct etcd_server *server, unsigned member)
{
    return etcd_member(server, member)->name;
}

const char *etcd_server_peer_url(const struct etcd_server *server,
                                 unsigned member)
{
    return etcd_member(server, member)->peer_url;
}

pid_t etcd_server_pid(const struct etcd_server *server, unsigned member)
{
    return etcd_member(server, member)->pid;
}

void etcd_server_kill(struct etcd_server *server, unsigned member)
{
    etcd_member_kill(etcd_member(server, member));
}

void etcd_server_terminate(struct etcd_server *server, unsigned member)
{
    struct member *m = etcd_member(server, member);
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    if (runs(m))
        kill(m->pid, SIGTERM);
    while (runs(m)) {
        if (process_now_ms() >= end_at_ms)
            fail_msg("etcd at %s does not end", m->client_url);
        (void)process_set_step(server->set, process_now_ms() + LOOK_AGAIN_MS);
    }
}

void etcd_server_relaunch(struct etcd_server *server, unsigned member)
{
    etcd_member_launch(server, etcd_member(server, member), "existing");
}

void etcd_server_await(struct etcd_server *server, unsigned member)
{
    struct member *m = etcd_member(server, member);
    if (await(server, m))
        return;
    show_log(server, m);
    fail_msg("etcd at %s has ended", m->client_url);
}

void etcd_server_pause(struct etcd_server *server, unsigned member)
{
    spawn_pause(etcd_member(server, member)->pid);
}

void etcd_server_resume(struct etcd_server *server, unsigned member)
{
    spawn_resume(etcd_member(server, member)->pid);
}
