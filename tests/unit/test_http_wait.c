/* test_http_wait.c: what http_poll() waits for, and how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/http.h"
#include "wire.h"

static void callers_descriptors_are_reported(void **state)
{
    struct wire *f = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct pollfd fds[] = {
        { .fd = -1, .events = POLLIN, .revents = POLLIN },
        { .fd = ends[0], .events = POLLIN, .revents = POLLERR },
    };
    assert_int_equal(http_poll(f->http, fds, 2, 0), 0);
    assert_int_equal(fds[0].revents, 0);
    assert_int_equal(fds[1].revents, 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(http_poll(f->http, fds, 2, -1), 1);
    assert_int_equal(fds[0].revents, 0);
    assert_int_equal(fds[1].revents, POLLIN);
    char c;
    assert_int_equal(read(ends[0], &c, 1), 1);
    close(ends[1]);
    assert_int_equal(http_poll(f->http, fds, 2, -1), 1);
    assert_int_equal(fds[1].revents, POLLHUP);
    close(ends[0]);
}

/* poll(2) refuses more entries than there may be descriptors. */
static void unused_descriptors_count_for_nothing(void **state)
{
    struct wire *f = *state;
    struct rlimit before;
    struct pollfd fds[HTTP_FDS_MAX];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    for (unsigned i = 0; i < HTTP_FDS_MAX; i++)
        fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
    fds[HTTP_FDS_MAX / 2].fd = ends[0];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit few = { HTTP_FDS_MAX - 1, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    int n = http_poll(f->http, fds, HTTP_FDS_MAX, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(n, 1);
    assert_int_equal(fds[HTTP_FDS_MAX / 2].revents, POLLIN);
    close(ends[0]);
    close(ends[1]);
}

static void polling_does_not_wait_while_there_is_news(void **state)
{
    struct wire *f = *state;
    char url[64];
    int fd = wire_bound_socket(url, sizeof url);
    struct http_request request = wire_unary(f, 1);
    request.url = url;
    wire_send(f, request);
    int64_t start_at_ms = clock_now_ms();
    for (int i = 0; i < 20; i++) /* refused in the first few of these */
        assert_int_equal(http_poll(f->http, NULL, 0, WIRE_PATIENCE_MS), 0);
    assert_true(clock_now_ms() - start_at_ms < WIRE_PATIENCE_MS);
    struct http_event event;
    assert_true(http_next(f->http, &event));
    wire_assert_failed(&event, CANDIDATE_ERETRY, "connection refused");
    close(fd);
}

static void waiting_ends_when_the_time_is_up(void **state)
{
    struct wire *f = *state;
    int64_t start_at_ms = clock_now_ms();
    assert_int_equal(http_poll(f->http, NULL, 0, 30), 0);
    assert_true(clock_now_ms() - start_at_ms >= 29);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(callers_descriptors_are_reported),
        WIRE_TEST(unused_descriptors_count_for_nothing),
        WIRE_TEST(polling_does_not_wait_while_there_is_news),
        WIRE_TEST(waiting_ends_when_the_time_is_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
