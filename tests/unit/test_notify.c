/* test_notify.c: messages to a service manager's socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/notify.h"

enum { FLOOD_MAX = 100000 };

struct fixture {
    int manager; /* its socket */
    char folder[32];
    char path[64];
    struct notify notify;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->folder, "/tmp/notify-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof f->path, "%s/socket", f->folder);
    f->notify.fd = -1;
    f->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(f->manager >= 0);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    notify_done(&f->notify);
    close(f->manager);
    unlink(f->path);
    rmdir(f->folder);
    free(f);
    return 0;
}

static void listen_at(struct fixture *f, const char *path, size_t bytes)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    memcpy(at.sun_path, path, bytes);
    assert_int_equal(
        bind(f->manager, (struct sockaddr *)&at,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes)),
        0);
}

static void listen_at_path(struct fixture *f)
{
    listen_at(f, f->path, strlen(f->path) + 1);
    setenv("NOTIFY_SOCKET", f->path, 1);
}

static void expect(struct fixture *f, const char *text)
{
    char got[2 * NOTIFY_BYTES_MAX] = "";
    ssize_t n = recv(f->manager, got, sizeof got - 1, 0);
    assert_int_equal(n, strlen(text));
    assert_string_equal(got, text);
}

static void message_goes_to_a_path(void **state)
{
    struct fixture *f = *state;
    listen_at_path(f);
    notify_init(&f->notify);
    assert_true(notify_send(&f->notify, "READY=1\nSTATUS=x"));
    expect(f, "READY=1\nSTATUS=x");
}

static void message_goes_to_a_name_without_a_path(void **state)
{
    struct fixture *f = *state;
    char name[64];
    int bytes = snprintf(name, sizeof name, "@%s", f->path);
    char bound[64];
    memcpy(bound, name, (size_t)bytes);
    bound[0] = '\0';
    listen_at(f, bound, (size_t)bytes);
    setenv("NOTIFY_SOCKET", name, 1);
    notify_init(&f->notify);
    assert_true(notify_send(&f->notify, "READY=1"));
    expect(f, "READY=1");
}

static void without_a_manager_nothing_is_sent(void **state)
{
    struct fixture *f = *state;
    char long_path[200];
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[0] = '/';
    long_path[sizeof long_path - 1] = '\0';
    const char *const addresses[] = { "",         "/",         "@",
                                      "relative", "vsock:2:1", long_path };
    setenv("WATCHDOG_USEC", "1000000", 1);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        setenv("NOTIFY_SOCKET", addresses[i], 1);
        notify_init(&f->notify);
        assert_int_equal(f->notify.fd, -1);
        assert_int_equal(f->notify.watchdog_ms, 0);
        assert_true(notify_send(&f->notify, "READY=1"));
    }
    notify_init(&f->notify);
    assert_int_equal(f->notify.fd, -1);
}

static void manager_that_is_gone_does_no_harm(void **state)
{
    struct fixture *f = *state;
    listen_at_path(f);
    notify_init(&f->notify);
    close(f->manager);
    assert_false(notify_send(&f->notify, "READY=1"));
    unlink(f->path);
    assert_false(notify_send(&f->notify, "READY=1"));
    f->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    listen_at(f, f->path, strlen(f->path) + 1);
    assert_true(notify_send(&f->notify, "READY=1"));
    expect(f, "READY=1");
}

/* It would hang here for ever. */
static void manager_that_does_not_read_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    listen_at_path(f);
    notify_init(&f->notify);
    int sent = 0;
    while (sent < FLOOD_MAX && notify_send(&f->notify, "STATUS=flood"))
        sent++;
    assert_in_range(sent, 1, FLOOD_MAX - 1);
    expect(f, "STATUS=flood");
    assert_true(notify_send(&f->notify, "STATUS=again"));
}

static void long_message_is_cut(void **state)
{
    struct fixture *f = *state;
    char text[NOTIFY_BYTES_MAX + 2];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    listen_at_path(f);
    notify_init(&f->notify);
    assert_true(notify_send(&f->notify, text));
    text[NOTIFY_BYTES_MAX] = '\0';
    expect(f, text);
}

static void children_do_not_inherit_it(void **state)
{
    struct fixture *f = *state;
    listen_at_path(f);
    setenv("WATCHDOG_USEC", "1000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    notify_init(&f->notify);
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    assert_true(f->notify.fd >= 0);
    assert_true(fcntl(f->notify.fd, F_GETFD) & FD_CLOEXEC);
}

static void watchdog_is_ours_or_another_process_s(void **state)
{
    struct fixture *f = *state;
    char self[16];
    (void)snprintf(self, sizeof self, "%d", (int)getpid());
    const struct {
        const char *usec, *pid;
        int64_t ms;
    } cases[] = {
        { NULL, NULL, 0 },           { "30000000", NULL, 30000 },
        { "30000000", self, 30000 }, { "30000000", "1", 0 },
        { "30000000", "", 0 },       { "", NULL, 0 },
        { "-1", NULL, 0 },           { "3x", NULL, 0 },
        { "999", NULL, 0 },          { "99999999999999999999", NULL, 0 },
    };
    listen_at_path(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("NOTIFY_SOCKET", f->path, 1);
        if (cases[i].usec)
            setenv("WATCHDOG_USEC", cases[i].usec, 1);
        if (cases[i].pid)
            setenv("WATCHDOG_PID", cases[i].pid, 1);
        notify_init(&f->notify);
        assert_int_equal(f->notify.watchdog_ms, cases[i].ms);
        notify_done(&f->notify);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(message_goes_to_a_path),
        TEST(message_goes_to_a_name_without_a_path),
        TEST(without_a_manager_nothing_is_sent),
        TEST(manager_that_is_gone_does_no_harm),
        TEST(manager_that_does_not_read_is_not_waited_for),
        TEST(long_message_is_cut),
        TEST(children_do_not_inherit_it),
        TEST(watchdog_is_ours_or_another_process_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
