/* test_service.c: the program under a service manager, as its socket sees it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/stage.h"

enum {
    MESSAGE_BYTES_MAX = 1024,
    WATCHDOG_MS = 400,
    SILENCE_MS = 3 * WATCHDOG_MS / 2, /* three more were due in it */
};

/* A manager of one service. */
struct manager {
    int fd;
    char name[64];
};

static struct manager open_manager(void)
{
    struct manager m;
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    socklen_t bytes = sizeof at.sun_family; /* the kernel chooses a name */
    m.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(m.fd >= 0);
    assert_int_equal(bind(m.fd, (struct sockaddr *)&at, bytes), 0);
    bytes = sizeof at;
    assert_int_equal(getsockname(m.fd, (struct sockaddr *)&at, &bytes), 0);
    int n = (int)(bytes - offsetof(struct sockaddr_un, sun_path));
    snprintf(m.name, sizeof m.name, "@%.*s", n - 1, at.sun_path + 1);
    return m;
}

#define START(s, m, ...)                                                       \
    start((s), (m), (const char *const[]){ __VA_ARGS__, NULL })
static struct process *start(struct stage *s, const struct manager *m,
                             const char *const *argv)
{
    setenv("NOTIFY_SOCKET", m->name, 1);
    struct process *p = stage_candidate_argv(s, PROCESS_PIPES, argv);
    unsetenv("NOTIFY_SOCKET");
    stage_mind_outages(p);
    return p;
}

/* The next message; "" when none comes in time. */
static const char *next_message(const struct manager *m, int timeout_ms)
{
    static char text[MESSAGE_BYTES_MAX];
    struct pollfd readable = { .fd = m->fd, .events = POLLIN };
    text[0] = '\0';
    if (poll(&readable, 1, timeout_ms) == 1) {
        ssize_t n = recv(m->fd, text, sizeof text - 1, 0);
        text[n < 0 ? 0 : n] = '\0';
    }
    return text;
}

static void expect(const struct manager *m, const char *text)
{
    assert_string_equal(next_message(m, PROCESS_PATIENCE_MS), text);
}

static void leader_and_standby_are_ready(void **state)
{
    struct stage *s = *state;
    struct manager ma = open_manager();
    struct manager mb = open_manager();
    struct manager mc = open_manager();
    struct process *a = START(s, &ma, "A");
    expect(&ma, "STATUS=attempting leadership");
    expect(&ma, "READY=1");
    char leads[MESSAGE_BYTES_MAX];
    snprintf(
        leads, sizeof leads, "STATUS=leading; token %lld",
        (long long)stage_lock_key(s, "election_leader/", "A").create_revision);
    expect(&ma, leads);

    struct process *b = START(s, &mb, "B");
    expect(&mb, "STATUS=attempting leadership");
    expect(&mb, "READY=1");
    expect(&mb, "STATUS=waiting; A leads; next in the queue");
    struct process *c = START(s, &mc, "C");
    expect(&mc, "STATUS=attempting leadership");
    expect(&mc, "READY=1");
    expect(&mc, "STATUS=waiting; A leads; place 3 in the queue, or better");

    process_signal(a, SIGTERM);
    expect(&ma, "STOPPING=1\nSTATUS=resigning");
    process_await_end(a);
    const char *text;
    do { /* it attempts first, or learns that it is the next one */
        text = next_message(&mb, PROCESS_PATIENCE_MS);
        assert_string_not_equal(text, "");
    } while (strncmp(text, "STATUS=leading", strlen("STATUS=leading")) != 0);
    process_write(b, "\n");
    expect(&mb, "STOPPING=1\nSTATUS=resigning");
    process_signal(c, SIGTERM);
    close(ma.fd);
    close(mb.fd);
    close(mc.fd);
}

static void without_etcd_nobody_is_ready(void **state)
{
    struct stage *s = *state;
    struct manager m = open_manager();
    etcd_server_pause(s->etcd, 0);
    struct process *a = START(s, &m, "A");
    expect(&m, "STATUS=attempting leadership");
    process_signal(a, SIGTERM);
    expect(&m, "STOPPING=1\nSTATUS=resigning");
    process_await_end(a);
    assert_string_equal(next_message(&m, 0), "");
    close(m.fd);
}

static void expect_watchdogs(const struct manager *m, int n)
{
    int64_t before_ms = 0;
    while (n > 0) {
        const char *text = next_message(m, PROCESS_PATIENCE_MS);
        assert_string_not_equal(text, "");
        if (strcmp(text, "WATCHDOG=1") != 0)
            continue;
        /* Two may come closer when we were late to read the first. */
        int64_t now_ms = process_now_ms();
        if (before_ms && now_ms - before_ms >= WATCHDOG_MS / 2 - 1)
            n--;
        before_ms = now_ms;
    }
}

static void watchdog_hears_of_etcd_s_confirmations_only(void **state)
{
    struct stage *s = *state;
    struct manager m = open_manager();
    char usec[32];
    snprintf(usec, sizeof usec, "%d", WATCHDOG_MS * 1000);
    setenv("WATCHDOG_USEC", usec, 1);
    struct process *a = START(s, &m, "--ttl", "5", "A");
    unsetenv("WATCHDOG_USEC");
    expect_watchdogs(&m, 4);
    stage_expect_begin(a, "A");
    stage_expect_lead(a);
    etcd_server_pause(s->etcd, 0);
    stage_expect_lost(a, "no confirmed renewal");
    while (next_message(&m, 0)[0])
        ;
    const char *text = next_message(&m, SILENCE_MS);
    if (strcmp(text, "STATUS=attempting leadership") == 0)
        text = next_message(&m, SILENCE_MS);
    assert_string_equal(text, "");
    etcd_server_resume(s->etcd, 0);
    expect_watchdogs(&m, 2);
    close(m.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(leader_and_standby_are_ready),
        STAGE_TEST(without_etcd_nobody_is_ready),
        STAGE_TEST(watchdog_hears_of_etcd_s_confirmations_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
