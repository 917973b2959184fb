/* test_etcd_servers.c: the client's connections, and servers that stop, die or
 * cannot serve.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "e2e/live.h"
#include "support/folder.h"
#include "support/port.h"
#include "support/procfs.h"
#include "support/spawn.h"

/* ---- connections ---- */

/* Whatever is replaced, and whenever. */
static void two_connections_are_enough(void **state)
{
    struct live *l = *state;
    size_t before_n = procfs_tcp_n(getpid());
    assert_in_range(before_n, 1, 1); /* the calls' own */
    int64_t revision = live_revision(l);
    for (int i = 0; i < 20; i++) {
        if (i % 3 == 0)
            live_watch(l, revision + 1);
        for (int k = 0; k < i % 4; k++) {
            live_grant(l, LIVE_LEASE);
            assert_int_equal(procfs_tcp_n(getpid()), 2);
            live_revoke(l, LIVE_LEASE);
        }
        for (int k = 0; k < i % 5; k++) { /* replaced in any state */
            etcd_keepalive(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE);
            for (int turn = 0; turn < k; turn++)
                assert_true(etcd_poll(l->etcd, NULL, 0, 0) >= 0);
            assert_in_range(procfs_tcp_n(getpid()), 1, 2);
        }
        etcd_keepalive(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE);
        (void)live_reply(l, ETCD_REPLY_LEASE);
        assert_int_equal(procfs_tcp_n(getpid()), 2);
    }
    etcd_watch_close(l->etcd);
    assert_int_equal(procfs_tcp_n(getpid()), 1);
    live_end(state);
    assert_int_equal(procfs_tcp_n(getpid()), 0);
}

static void stopped_member_is_given_up_and_its_late_reply_dropped(void **state)
{
    struct live *l = *state;
    live_grant(l, LIVE_LEASE);
    etcd_server_pause(l->server, 0);
    etcd_keepalive(l->etcd, live_tag(l), 200, LIVE_LEASE);
    live_expect_failure(l, CANDIDATE_ERETRY, "no reply within 200 ms");
    etcd_server_resume(l->server, 0);
    etcd_time_to_live(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE, false);
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_LEASE);
    assert_int_equal(reply.lease.granted_ttl_s, LIVE_TTL_S);
}

static void killed_member_ends_the_stream_and_comes_back(void **state)
{
    struct live *l = *state;
    live_put(l, "a", "1", 0);
    live_watch(l, live_revision(l) + 1);
    etcd_server_kill(l->server, 0);
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_FAILED);
    assert_int_equal(reply.status, CANDIDATE_ERETRY);
    etcd_status(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, 0);
    live_expect_failure(l, CANDIDATE_ERETRY, "connection refused");
    etcd_server_relaunch(l->server, 0);
    etcd_server_await(l->server, 0);
    assert_string_equal(live_get(l, "a").value.data, "1");
    live_watch(l, live_revision(l) + 1);
}

/* ---- servers that cannot serve ---- */

/* Start an etcd without its gateway; returns its process. */
static pid_t start_without_gateway(const char *data, uint16_t port)
{
    char url[64], peer_url[64], cluster[96];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    snprintf(peer_url, sizeof peer_url, "http://127.0.0.1:%u", port_free());
    snprintf(cluster, sizeof cluster, "default=%s", peer_url);
    const char *const argv[] = {
        "etcd",
        "--enable-grpc-gateway=false",
        "--data-dir",
        data,
        "--listen-client-urls",
        url,
        "--advertise-client-urls",
        url,
        "--listen-peer-urls",
        peer_url,
        "--initial-advertise-peer-urls",
        peer_url,
        "--initial-cluster",
        cluster,
        NULL,
    };
    FILE *nothing = fopen("/dev/null", "r+e");
    assert_non_null(nothing);
    int fd = fileno(nothing);
    pid_t pid = spawn_child(&(struct spawn){
        .argv = argv, .in_fd = fd, .out_fd = fd, .err_fd = fd });
    (void)fclose(nothing);
    return pid;
}

static void etcd_without_gateway_is_named(void **state)
{
    struct live *l = *state;
    struct folder folder;
    folder_make(&folder);
    char data[FOLDER_PATH_BYTES_MAX + 8], url[64];
    snprintf(data, sizeof data, "%s/data", folder.path);
    uint16_t port = port_free();
    pid_t pid = start_without_gateway(data, port);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    live_connect(l, url);
    struct etcd_reply reply;
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    do { /* until it listens */
        etcd_status(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, 0);
        reply = live_reply(l, ETCD_REPLY_FAILED);
    } while (reply.status == CANDIDATE_ERETRY && process_now_ms() < end_at_ms);
    assert_int_equal(reply.status, CANDIDATE_EDENIED);
    assert_non_null(strstr(reply.message, "--enable-grpc-gateway"));
    struct etcd_watch_key key = { .key = { "a", 1 } };
    etcd_watch(l->etcd, live_tag(l), &key, 1, 1);
    reply = live_reply(l, ETCD_REPLY_FAILED);
    assert_int_equal(reply.status, CANDIDATE_EDENIED);
    kill(pid, SIGKILL);
    spawn_wait(pid);
    folder_remove(&folder);
}

/* Two of three members are gone: the third must not be believed. */
static void member_without_quorum_says_so_on_calls_and_stream(void **state)
{
    struct live *l = *state;
    live_put(l, "a", "1", 0);
    live_watch(l, live_revision(l) + 1);
    uint64_t watch = l->tag;
    etcd_server_kill(l->server, 1);
    etcd_server_kill(l->server, 2);
    struct etcd_reply reply = live_next(l);
    assert_int_equal(reply.type, ETCD_REPLY_FAILED);
    assert_int_equal(reply.tag, watch);
    assert_int_equal(reply.status, CANDIDATE_ERETRY);
    assert_non_null(strstr(reply.message, "etcdserver: no leader"));
    struct etcd_range get = { .key = { "a", 1 } };
    etcd_range(l->etcd, live_tag(l), 1000, &get);
    reply = live_reply(l, ETCD_REPLY_FAILED);
    assert_int_equal(reply.status, CANDIDATE_ERETRY);
    etcd_server_relaunch(l->server, 1);
    etcd_server_relaunch(l->server, 2);
    etcd_server_await(l->server, 1);
    etcd_server_await(l->server, 2);
    etcd_server_await(l->server, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, live_begin, live_end)

int main(void)
{
    const struct CMUnitTest one_member[] = {
        TEST(two_connections_are_enough),
        TEST(stopped_member_is_given_up_and_its_late_reply_dropped),
        TEST(killed_member_ends_the_stream_and_comes_back),
        TEST(etcd_without_gateway_is_named),
    };
    const struct CMUnitTest three_members[] = {
        TEST(member_without_quorum_says_so_on_calls_and_stream),
    };
    int failed = cmocka_run_group_tests(one_member, live_setup, live_teardown);
    failed += cmocka_run_group_tests(three_members, live_setup_three,
                                     live_teardown);
    return failed;
}
