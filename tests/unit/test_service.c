/* test_service.c: when a service manager is told what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/service.h"

#define T0 INT64_C(5000000)

struct fixture {
    int manager;
    struct service service;
};

/* Its name is chosen by the kernel: an abstract one. */
static int open_manager(char *ret_name)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    socklen_t bytes = sizeof at.sun_family;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, bytes), 0);
    bytes = sizeof at;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &bytes), 0);
    int n = (int)(bytes - offsetof(struct sockaddr_un, sun_path));
    sprintf(ret_name, "@%.*s", n - 1, at.sun_path + 1);
    return fd;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    char name[64];
    f->manager = open_manager(name);
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", "4000000", 1);
    service_init(&f->service);
    assert_true(f->service.notify.fd >= 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    service_done(&f->service);
    close(f->manager);
    free(f);
    return 0;
}

static void turn(struct fixture *f, int64_t now_ms, int64_t confirmed_at_ms,
                 int place)
{
    service_turn(&f->service,
                 &(struct service_health){ .now_ms = now_ms,
                                           .confirmed_at_ms = confirmed_at_ms,
                                           .place = place });
}

/* The next messages are these, and no others. */
#define EXPECT(f, ...) expect((f), (const char *const[]){ __VA_ARGS__, NULL })
static void expect(struct fixture *f, const char *const *texts)
{
    char got[2 * NOTIFY_BYTES_MAX];
    for (; *texts; texts++) {
        ssize_t n = recv(f->manager, got, sizeof got - 1, 0);
        got[n < 0 ? 0 : n] = '\0';
        assert_string_equal(got, *texts);
    }
    assert_int_equal(recv(f->manager, got, sizeof got, 0), -1);
}

static void happens(struct fixture *f, struct candidate_event event)
{
    service_event(&f->service, &event);
}

static void ready_is_who_is_in_the_queue(void **state)
{
    struct fixture *f = *state;
    happens(f, (struct candidate_event){ .type = CANDIDATE_ATTEMPTING });
    turn(f, T0, 0, 0);
    EXPECT(f, "STATUS=attempting leadership");
    turn(f, T0 + 1, T0 - 40, 0);
    EXPECT(f, "READY=1", "WATCHDOG=1");
    turn(f, T0 + 2, T0 - 40, 0);
    EXPECT(f, NULL);
}

static void status_says_role_leader_and_place(void **state)
{
    struct fixture *f = *state;
    f->service.notify.watchdog_ms = 0;
    turn(f, T0, T0, 2);
    EXPECT(f, "READY=1", "STATUS=attempting leadership; next in the queue");
    happens(
        f,
        (struct candidate_event){ .type = CANDIDATE_FOLLOWING, .leader = "B" });
    turn(f, T0, T0, 0);
    EXPECT(f, "STATUS=waiting; B leads");
    turn(f, T0, T0, 3);
    EXPECT(f, "STATUS=waiting; B leads; place 3 in the queue, or better");
    turn(f, T0, T0, 2);
    EXPECT(f, "STATUS=waiting; B leads; next in the queue");
    happens(f,
            (struct candidate_event){ .type = CANDIDATE_ELECTED, .token = 77 });
    turn(f, T0, T0, 1);
    turn(f, T0, T0, 1);
    EXPECT(f, "STATUS=leading; token 77");
    happens(f, (struct candidate_event){ .type = CANDIDATE_LOST });
    turn(f, T0, 0, 0);
    EXPECT(f, "STATUS=attempting leadership");
}

/* Two in its time at most, and none without news from etcd. */
static void watchdog_is_calmed_by_etcd_only(void **state)
{
    struct fixture *f = *state;
    turn(f, T0, T0, 0);
    EXPECT(f, "READY=1", "STATUS=attempting leadership", "WATCHDOG=1");
    assert_int_equal(service_timeout_ms(&f->service, T0, -1), 2000);
    assert_int_equal(service_timeout_ms(&f->service, T0, 1999), 1999);
    turn(f, T0 + 1999, T0 + 1999, 0);
    EXPECT(f, NULL);
    turn(f, T0 + 2000, T0, 0); /* that is no news */
    EXPECT(f, NULL);
    assert_int_equal(service_timeout_ms(&f->service, T0 + 2000, -1), -1);
    turn(f, T0 + 90000, T0 + 1, 0);
    EXPECT(f, "WATCHDOG=1");
    turn(f, T0 + 100000, 0, 0);
    EXPECT(f, NULL);
}

static void what_was_not_heard_is_said_again(void **state)
{
    struct fixture *f = *state;
    while (notify_send(&f->service.notify, "x"))
        ;
    turn(f, T0, T0, 0);
    assert_int_equal(service_timeout_ms(&f->service, T0, -1), SERVICE_RETRY_MS);
    char text[NOTIFY_BYTES_MAX];
    while (recv(f->manager, text, sizeof text, 0) > 0)
        ;
    turn(f, T0 + SERVICE_RETRY_MS - 1, T0, 0);
    EXPECT(f, NULL);
    turn(f, T0 + SERVICE_RETRY_MS, T0, 0);
    EXPECT(f, "READY=1", "STATUS=attempting leadership", "WATCHDOG=1");
}

static void end_is_said_once_and_last(void **state)
{
    struct fixture *f = *state;
    service_stopping(&f->service);
    service_stopping(&f->service);
    EXPECT(f, "STOPPING=1\nSTATUS=resigning");
    turn(f, T0, T0, 1);
    EXPECT(f, NULL);
    assert_int_equal(service_timeout_ms(&f->service, T0, -1), -1);
}

static void without_a_manager_nothing_wakes_us(void **state)
{
    (void)state;
    struct service s;
    unsetenv("NOTIFY_SOCKET");
    service_init(&s);
    service_turn(
        &s, &(struct service_health){ .now_ms = T0, .confirmed_at_ms = T0 });
    assert_int_equal(service_timeout_ms(&s, T0, -1), -1);
    service_stopping(&s);
    service_done(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ready_is_who_is_in_the_queue),
        TEST(status_says_role_leader_and_place),
        TEST(watchdog_is_calmed_by_etcd_only),
        TEST(what_was_not_heard_is_said_again),
        TEST(end_is_said_once_and_last),
        cmocka_unit_test(without_a_manager_nothing_wakes_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
