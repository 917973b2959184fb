/* test_cluster_secured.c: three members that want a client's certificate and a
 * user, whose tokens are soon too old; each of them is lost once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "e2e/trio.h"
#include "support/etcd_users.h"
#include "support/folder.h"

enum {
    TEXT_BYTES_MAX = FOLDER_PATH_BYTES_MAX + 32,
    /* With etcd's new leader come new connections and new tokens, whose
     * passwords are slow to check on a machine that is busy with other tests. */
    TTL_S = 20,
};

/* Where certificates are, and who says so to whom. */
static struct folder folder;
static char texts[6][TEXT_BYTES_MAX];
static const char *const arguments[] = { "--client-cert-auth",
                                         ETCD_USERS_ARGUMENTS,
                                         texts[0],
                                         texts[1],
                                         texts[2],
                                         NULL };
static const char *login[] = { texts[3], texts[4], texts[5], NULL, NULL };
enum { USER = 3 };

static void name_files(void)
{
    static const char *const files[][2] = {
        { "--trusted-ca-file", "ca.crt" }, { "--cert-file", "server.crt" },
        { "--key-file", "server.key" },    { "ETCDCTL_CACERT", "ca.crt" },
        { "ETCDCTL_CERT", "client.crt" },  { "ETCDCTL_KEY", "client.key" },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)snprintf(texts[i], sizeof texts[i], "%s=%s/%s", files[i][0],
                       folder.path, files[i][1]);
}

static int setup(void **state)
{
    stage_setup_without_etcd(state);
    struct stage *s = *state;
    folder_make(&folder);
    const char *const argv[] = { "scripts/test-certs.sh", folder.path, NULL };
    struct process *p = process_start(s->set, PROCESS_PIPES, argv, NULL);
    process_expect_exit(p, 0);
    process_free(p);
    name_files();
    login[USER] = NULL;
    const struct etcd_server_ways ways = { .arguments = arguments,
                                           .tls = true,
                                           .login = login };
    s->etcd = etcd_server_start_as(s->set, TRIO_N, &ways);
    login[USER] = etcd_users_begin(s->etcd);
    return 0;
}

static int teardown(void **state)
{
    (void)stage_teardown(state);
    folder_remove(&folder);
    return 0;
}

static void loss_of_any_member_leaves_leader_and_queue(void **state)
{
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .ttl_s = TTL_S, .login = login);
    struct process *b = trio_waiter(s, "A", "B", .member = 1, .ttl_s = TTL_S,
                                    .login = login);
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    for (unsigned i = 0; i < TRIO_N; i++) {
        etcdctl_await_renewal(s->etcd, key.lease);
        etcd_server_kill(s->etcd, i);
        etcd_server_await(s->etcd, (i + 1) % TRIO_N); /* else no login */
        trio_expect_leads(s, a, &key);
        etcd_server_relaunch(s->etcd, i);
        etcd_server_await(s->etcd, i);
    }
    assert_true(etcd_users_refused_n(s->etcd) > 0); /* so they were renewed */
    trio_hand_over(a, b);
    trio_resign(b);
    stage_expect_nothing_left(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            loss_of_any_member_leaves_leader_and_queue, setup, teardown),
    };
    return trio_run(tests);
}
