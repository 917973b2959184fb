/* test_odd_etcd.c: an etcd without space, and one that was restored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "etcd/version.h"
#include "support/folder.h"
#include "support/port.h"
#include "support/spawn.h"
#include "support/stage.h"

/* ---- no space ---- */

/* Raise the alarm as a member does whose database has grown too large. */
static void raise_alarm(const struct etcd_server *server)
{
    static const char body[] =
        "{\"action\":\"ACTIVATE\",\"alarm\":\"NOSPACE\"}";
    char request[256], reply[1024];
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(etcd_server_port(server, 0));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    int n = snprintf(request, sizeof request,
                     "POST /v3/maintenance/alarm HTTP/1.0\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     sizeof body - 1, body);
    assert_int_equal(write(fd, request, (size_t)n), n);
    ssize_t got = read(fd, reply, sizeof reply - 1);
    assert_true(got > 0);
    reply[got] = '\0';
    assert_non_null(strstr(reply, " 200 "));
    (void)close(fd);
}

static void etcd_without_space_keeps_its_leader_and_takes_nobody_new(
    void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "A");
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    raise_alarm(s->etcd);
    struct process *b = stage_candidate(s, "B");
    stage_mind_outages(b);
    stage_expect_begin(b, "B");
    process_expect_error(b, "database space exceeded");
    etcdctl_await_renewal(s->etcd, key.lease);
    process_expect_nothing_more(a);

    etcdctl(s->etcd, "alarm", "disarm");
    stage_expect_follow(b, "A");
    stage_resign(a);
    stage_expect_next_lead(b);
}

/* ---- restored from an older snapshot ---- */

enum { PATH_BYTES_MAX = FOLDER_PATH_BYTES_MAX + 16, URL_BYTES_MAX = 64 };

struct restored {
    struct process_set *set;
    struct folder folder;
    char url[URL_BYTES_MAX], peer_url[URL_BYTES_MAX];
    char cluster[URL_BYTES_MAX + 8];
    char snapshot[PATH_BYTES_MAX];
    pid_t etcd;
};

static void path_in(const struct restored *r, const char *name,
                    char path[PATH_BYTES_MAX])
{
    (void)snprintf(path, PATH_BYTES_MAX, "%s/%s", r->folder.path, name);
}

/* Run etcdctl; its exit code must be 0. */
static void run_etcdctl(struct restored *r, const char *const *argv)
{
    struct process *p = etcdctl_start_argv(r->set, r->url, argv);
    process_expect_exit(p, 0);
    process_free(p);
}

static void start_etcd(struct restored *r, const char *data)
{
    char path[PATH_BYTES_MAX];
    path_in(r, data, path);
    const char *const argv[] = {
        "etcd",      "--name",
        "m",         "--data-dir",
        path,        "--listen-client-urls",
        r->url,      "--advertise-client-urls",
        r->url,      "--listen-peer-urls",
        r->peer_url, "--initial-advertise-peer-urls",
        r->peer_url, "--initial-cluster",
        r->cluster,  NULL,
    };
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    r->etcd = spawn_child(&(struct spawn){
        .argv = argv, .in_fd = fd, .out_fd = fd, .err_fd = fd });
    (void)close(fd);
    run_etcdctl(
        r, (const char *const[]){ "--command-timeout=30s", "get", "x", NULL });
}

static void kill_etcd(struct restored *r)
{
    if (r->etcd) {
        kill(r->etcd, SIGKILL);
        spawn_wait(r->etcd);
    }
    r->etcd = 0;
}

static int setup_restored(void **state)
{
    struct restored *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->set = process_set_new();
    folder_make(&r->folder);
    uint16_t port = port_free(), peer_port;
    do
        peer_port = port_free();
    while (peer_port == port);
    (void)snprintf(r->url, sizeof r->url, "http://127.0.0.1:%u", port);
    (void)snprintf(r->peer_url, sizeof r->peer_url, "http://127.0.0.1:%u",
                   peer_port);
    (void)snprintf(r->cluster, sizeof r->cluster, "m=%s", r->peer_url);
    path_in(r, "snapshot", r->snapshot);
    start_etcd(r, "first");
    *state = r;
    return 0;
}

static int teardown_restored(void **state)
{
    struct restored *r = *state;
    process_set_free(r->set);
    kill_etcd(r);
    folder_remove(&r->folder);
    free(r);
    return 0;
}

/* Let etcd be as it was when the snapshot was saved. */
static void restore(struct restored *r)
{
    char path[PATH_BYTES_MAX];
    path_in(r, "second", path);
    kill_etcd(r);
    run_etcdctl(r,
                (const char *const[]){
                    "snapshot", "restore", r->snapshot, "--data-dir", path,
                    "--name", "m", "--initial-cluster", r->cluster,
                    "--initial-advertise-peer-urls", r->peer_url, NULL });
    start_etcd(r, "second");
}

static struct process *candidate(struct restored *r, const char *id)
{
    const char *const argv[] = { stage_program(), "--endpoints", r->url, id,
                                 NULL };
    struct process *p = process_start(r->set, PROCESS_PIPES, argv, NULL);
    process_ignore_errors(p, r->url);
    stage_expect_begin(p, id);
    return p;
}

static bool last_line_is(const struct process *p, const char *text)
{
    size_t n = process_lines_n(p);
    return n > 0 && strcmp(process_line(p, n - 1).text, text) == 0;
}

static bool leads(const struct process *p)
{
    return last_line_is(p, "Press ENTER to finish...");
}

/* The lease, the keys and the revisions of before are gone. */
static void take_turns_anew(struct restored *r)
{
    struct process *a = candidate(r, "A");
    stage_expect_lead(a);
    struct process *b = candidate(r, "B");
    stage_expect_follow(b, "A");
    size_t said_n = process_lines_n(a);
    restore(r);
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (process_lines_n(a) == said_n ||
           !((leads(a) && last_line_is(b, "A is the leader...")) ||
             (leads(b) && last_line_is(a, "B is the leader..."))))
        if (!process_set_step(r->set, end_at_ms))
            process_fail_at(a, "nobody leads", __FILE__, __LINE__);
    assert_non_null(strstr(process_output(a), "Lost leadership: "));
    struct process *leader = leads(a) ? a : b;
    struct process *waiter = leads(a) ? b : a;
    process_write(leader, "\n");
    while (!leads(waiter))
        if (!process_set_step(r->set, end_at_ms))
            process_fail_at(waiter, "does not lead", __FILE__, __LINE__);
}

static void restored_etcd_is_taken_as_it_is(void **state)
{
    struct restored *r = *state;
    run_etcdctl(r,
                (const char *const[]){ "snapshot", "save", r->snapshot, NULL });
    for (int i = 0; i < 3; i++) /* which the restored one does not know */
        run_etcdctl(r, (const char *const[]){ "put", "x", "y", NULL });
    take_turns_anew(r);
}

/* It begins with its first term again. */
static void term_that_goes_back_is_taken_in_the_end(void **state)
{
    struct restored *r = *state;
    run_etcdctl(r,
                (const char *const[]){ "snapshot", "save", r->snapshot, NULL });
    for (int i = 0; i < 2; i++) {
        kill_etcd(r);
        start_etcd(r, "first");
    }
    take_turns_anew(r);
}

#define TEST_RESTORED(name)                                                    \
    cmocka_unit_test_setup_teardown(name, setup_restored, teardown_restored)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(etcd_without_space_keeps_its_leader_and_takes_nobody_new),
        TEST_RESTORED(restored_etcd_is_taken_as_it_is),
        TEST_RESTORED(term_that_goes_back_is_taken_in_the_end),
    };
    return cmocka_run_group_tests_name("odd etcd", tests, NULL, NULL);
}
