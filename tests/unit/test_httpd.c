/* test_httpd.c: clients of every kind, on the loopback device. Nothing waits
 * for time: what the limits mean is tried with a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/httpd.h"
#include "sys/listen.h"

enum { PATIENCE_MS = 20000, REPLY_BYTES_MAX = 300000 };

struct fixture {
    struct listen listen;
    struct httpd *httpd;
    int64_t now_ms; /* as the server is told */
    unsigned requests_n;
    char reply[REPLY_BYTES_MAX];
    size_t reply_bytes;
};

static void answer(void *context, const struct httpd_request *request,
                   struct httpd_answer *ret_answer)
{
    static char body[128];
    struct fixture *f = context;
    f->requests_n++;
    ret_answer->status = 200;
    ret_answer->body = body;
    ret_answer->bytes = (size_t)snprintf(body, sizeof body, "%s %s\n",
                                         request->method, request->path);
    ret_answer->stream = strcmp(request->path, "/stream") == 0;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct candidate_error err;
    assert_non_null(f);
    assert_int_equal(listen_open(&f->listen, "0", &err), 0);
    assert_int_equal(httpd_new(&f->httpd, f->listen.fd, answer, f, &err), 0);
    f->now_ms = 1000;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    httpd_free(f->httpd);
    listen_close(&f->listen);
    free(f);
    return 0;
}

static int dial(const struct fixture *f)
{
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;
    assert_int_equal(
        getsockname(f->listen.fd, (struct sockaddr *)&address, &bytes), 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, bytes), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* One turn of a loop that has nothing else to do. */
static void turn(struct fixture *f, int wait_ms)
{
    struct pollfd polled = httpd_pollfd(f->httpd, f->now_ms, &wait_ms);
    (void)poll(&polled, 1, wait_ms);
    httpd_work(f->httpd, f->now_ms);
}

/* Take what has come. Returns false at the end of the connection. */
static bool receive(struct fixture *f, int fd)
{
    ssize_t n = recv(fd, f->reply + f->reply_bytes,
                     sizeof f->reply - 1 - f->reply_bytes, MSG_DONTWAIT);
    if (n > 0)
        f->reply_bytes += (size_t)n;
    f->reply[f->reply_bytes] = '\0';
    return n > 0 || (n < 0 && errno == EAGAIN);
}

/* Serve until the connection has ended, or the reply has this part. */
static void serve(struct fixture *f, int fd, const char *part)
{
    int64_t end_ms = clock_now_ms() + PATIENCE_MS;
    f->reply_bytes = 0;
    f->reply[0] = '\0';
    while (receive(f, fd) && !(part && strstr(f->reply, part))) {
        assert_true(clock_now_ms() < end_ms);
        turn(f, 1);
    }
    if (part && !strstr(f->reply, part))
        fail_msg("no %s in: %s", part, f->reply);
}

/* Ask on a new connection, which must end after the reply. */
static const char *ask(struct fixture *f, const char *request)
{
    int fd = dial(f);
    say(fd, request);
    serve(f, fd, NULL);
    close(fd);
    return f->reply;
}

static void has(const char *reply, const char *part)
{
    if (!strstr(reply, part))
        fail_msg("no %s in: %s", part, reply);
}

static void each_method_gets_its_answer(void **state)
{
    struct fixture *f = *state;
    const char *reply = ask(f, "GET /x?y=z HTTP/1.1\r\nHost: h\r\n\r\n");
    has(reply, "HTTP/1.1 200 OK\r\n");
    has(reply, "\r\n\r\nGET /x\n");
    has(reply, "Connection: close\r\n");
    reply = ask(f, "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
    has(reply, "Content-Length: 8\r\n");
    assert_null(strstr(reply, "HEAD"));
    /* As HAProxy asks, without a host. */
    has(ask(f, "OPTIONS /x HTTP/1.0\r\n\r\n"), "OPTIONS /x");
    has(ask(f,
            "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 999999\r\n\r\nx"),
        "POST /x");
}

static void garbage_gets_an_error_and_is_cut(void **state)
{
    struct fixture *f = *state;
    static const char *const garbage[] = {
        "\r\n\r\n\r\n\r\nx\r\n\r\n",     "GARBAGE\r\n\r\n",
        "\x16\x03\x01\x02\x01\r\n\r\n",  "GET / HTTP/9.9\r\n\r\n",
        "GET  HTTP/1.1\r\nHost\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        const char *reply = ask(f, garbage[i]);
        assert_null(strstr(reply, "200 OK"));
    }
    assert_int_equal(f->requests_n, 0);
}

static void header_that_is_too_large_is_refused(void **state)
{
    struct fixture *f = *state;
    char request[2 * HTTPD_REQUEST_BYTES_MAX] = "GET /x HTTP/1.1\r\nA: ";
    size_t begin = strlen(request);
    memset(request + begin, 'a', sizeof request - begin - 1);
    request[sizeof request - 1] = '\0';
    const char *reply = ask(f, request);
    assert_null(strstr(reply, "200 OK"));
    assert_int_equal(f->requests_n, 0);
    has(ask(f, "GET /x HTTP/1.0\r\n\r\n"), "200 OK");
}

static void who_says_nothing_is_cut_in_time(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    say(fd, "GET /x HT");
    turn(f, PATIENCE_MS);
    f->now_ms += HTTPD_CLIENT_MS_MAX - 1;
    turn(f, 0);
    assert_true(receive(f, fd));
    int timeout_ms = -1;
    (void)httpd_pollfd(f->httpd, f->now_ms, &timeout_ms);
    assert_int_equal(timeout_ms, 1);
    say(fd, "T"); /* does not prolong it */
    f->now_ms++;
    serve(f, fd, NULL);
    assert_int_equal(f->reply_bytes, 0);
    close(fd);
}

/* Far more idle clients than there is room for keep nobody out. */
static void full_house_lets_the_next_one_in(void **state)
{
    struct fixture *f = *state;
    int idle[3 * HTTPD_CLIENTS_MAX];
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        idle[i] = dial(f);
        turn(f, PATIENCE_MS);
        f->now_ms++;
        if (i % 64 == 0)
            has(ask(f, "GET /x HTTP/1.0\r\n\r\n"), "200 OK");
    }
    has(ask(f, "GET /x HTTP/1.0\r\n\r\n"), "200 OK");
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        close(idle[i]);
}

static void stream_goes_on_as_long_as_it_is_read(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    say(fd, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    serve(f, fd, "GET /stream\n");
    assert_int_equal(httpd_streams_n(f->httpd), 1);
    f->now_ms += INT64_C(10) * HTTPD_CLIENT_MS_MAX;
    turn(f, 0);
    httpd_publish(f->httpd, "first\n", 6);
    serve(f, fd, "first\n");
    httpd_publish(f->httpd, "second\n", 7);
    serve(f, fd, "second\n");
    turn(f, 0);
    turn(f, 0);
    int timeout_ms = -1;
    (void)httpd_pollfd(f->httpd, f->now_ms, &timeout_ms);
    assert_int_equal(timeout_ms, -1); /* nothing is due */
    close(fd);
    for (int i = 0; httpd_streams_n(f->httpd) > 0; i++) {
        assert_true(i < 1000);
        httpd_publish(f->httpd, "x", 1);
        turn(f, 1);
    }
}

static void stream_that_is_not_read_ends(void **state)
{
    static char much[HTTPD_PENDING_BYTES_MAX / 4];
    struct fixture *f = *state;
    int fd = dial(f);
    memset(much, 'x', sizeof much);
    say(fd, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    serve(f, fd, "GET /stream\n");
    for (int i = 0; httpd_streams_n(f->httpd) > 0; i++) {
        assert_true(i < 10000);
        httpd_publish(f->httpd, much, sizeof much);
        turn(f, 0);
    }
    close(fd);
}

static void streams_are_limited_in_number(void **state)
{
    struct fixture *f = *state;
    int fds[HTTPD_STREAMS_MAX];
    for (size_t i = 0; i < HTTPD_STREAMS_MAX; i++) {
        fds[i] = dial(f);
        say(fds[i], "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
        serve(f, fds[i], "GET /stream\n");
    }
    has(ask(f, "GET /stream HTTP/1.0\r\n\r\n"), "503 Service Unavailable");
    has(ask(f, "HEAD /stream HTTP/1.0\r\n\r\n"), "200 OK");
    has(ask(f, "GET /x HTTP/1.0\r\n\r\n"), "200 OK");
    for (size_t i = 0; i < HTTPD_STREAMS_MAX; i++)
        close(fds[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_method_gets_its_answer),
        TEST(garbage_gets_an_error_and_is_cut),
        TEST(header_that_is_too_large_is_refused),
        TEST(who_says_nothing_is_cut_in_time),
        TEST(full_house_lets_the_next_one_in),
        TEST(stream_goes_on_as_long_as_it_is_read),
        TEST(stream_that_is_not_read_ends),
        TEST(streams_are_limited_in_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
