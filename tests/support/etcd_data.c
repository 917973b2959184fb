/* etcd_data.c: where the members of etcd_server.h have their data, and what
 * becomes of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "etcd_server_private.h"

void etcd_member_path(const struct etcd_server *server, const struct member *m,
                      const char *what, char ret_path[PATH_BYTES_MAX])
{
    snprintf(ret_path, PATH_BYTES_MAX, "%s/%s.%u.%s", server->folder.path,
             m->name, server->starts_n, what);
}

/* A file system of its own, which may be full when others are not. */
void etcd_member_make_data(const struct etcd_server *server,
                           const struct member *m)
{
    char data[PATH_BYTES_MAX];
    etcd_member_path(server, m, "data", data);
    assert_int_equal(mkdir(data, 0700), 0);
    if (server->ways.disk)
        assert_int_equal(mount("etcd", data, "tmpfs", MS_NOSUID | MS_NODEV,
                               server->ways.disk),
                         0);
}

void etcd_member_drop_data(const struct etcd_server *server,
                           const struct member *m)
{
    char data[PATH_BYTES_MAX];
    etcd_member_path(server, m, "data", data);
    if (server->ways.disk)
        (void)umount2(data, MNT_DETACH);
}

void etcd_server_data(const struct etcd_server *server, unsigned member,
                      char ret_path[ETCD_SERVER_PATH_BYTES_MAX])
{
    etcd_member_path(server, etcd_member(server, member), "data", ret_path);
}

unsigned etcd_server_log_count(const struct etcd_server *server,
                               unsigned member, const char *text)
{
    char path[PATH_BYTES_MAX];
    char *line = NULL;
    size_t bytes = 0;
    unsigned n = 0;
    etcd_member_path(server, etcd_member(server, member), "log", path);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (getline(&line, &bytes, file) > 0)
        n += strstr(line, text) != NULL;
    free(line);
    (void)fclose(file);
    return n;
}

void etcd_server_wipe(struct etcd_server *server, unsigned member)
{
    char data[PATH_BYTES_MAX];
    char all[PATH_BYTES_MAX + 16];
    assert_int_equal(etcd_server_pid(server, member), 0);
    etcd_server_data(server, member, data);
    (void)snprintf(all, sizeof all, "%s/member", data);
    const char *const argv[] = { "rm", "-r", all, NULL };
    struct process *p = process_start(server->set, PROCESS_PIPES, argv, NULL);
    process_expect_exit(p, 0);
    process_free(p);
}

/* ---- from a snapshot ---- */

static void restore_member(struct etcd_server *server, struct member *m,
                           const char *snapshot)
{
    char data[PATH_BYTES_MAX];
    etcd_member_path(server, m, "data", data);
    const char *const argv[] = {
        "etcdctl",
        "snapshot",
        "restore",
        snapshot,
        "--name",
        m->name,
        "--data-dir",
        data,
        "--initial-cluster",
        server->cluster,
        "--initial-advertise-peer-urls",
        m->peer_url,
        NULL,
    };
    struct process *p = process_start(server->set, PROCESS_PIPES, argv, NULL);
    process_expect_exit(p, 0);
    process_free(p);
}

void etcd_server_restore(struct etcd_server *server, const char *snapshot)
{
    for (unsigned i = 0; i < server->members_n; i++)
        etcd_member_kill(&server->members[i]);
    server->starts_n++;
    for (unsigned i = 0; i < server->members_n; i++) {
        restore_member(server, &server->members[i], snapshot);
        etcd_member_launch(server, &server->members[i], "new");
    }
    for (unsigned i = 0; i < server->members_n; i++)
        etcd_server_await(server, i);
}

void etcd_server_path(const struct etcd_server *server, const char *name,
                      char ret_path[ETCD_SERVER_PATH_BYTES_MAX])
{
    int n = snprintf(ret_path, ETCD_SERVER_PATH_BYTES_MAX, "%s/%s",
                     server->folder.path, name);
    assert_in_range(n, 1, ETCD_SERVER_PATH_BYTES_MAX - 1);
}
