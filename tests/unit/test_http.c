/* test_http.c: HTTP transfers, and servers that do as they should or not at
 * all. Those that do odd things are in test_http_odd.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/http.h"
#include "wire.h"

static void unary_request_is_plain_and_its_reply_comes_whole(void **state)
{
    struct wire *f = *state;
    const char *const headers[] = { "Authorization: token", NULL };
    struct http_request request = wire_unary(f, 7);
    request.headers = headers;
    wire_send(f, request);
    struct wire_connection *c = wire_request_on(f, 0);
    assert_memory_equal(c->request, "POST /v3 HTTP/1.1\r\n", 19);
    assert_non_null(strstr(c->request, "\r\nAuthorization: token\r\n"));
    assert_non_null(
        strstr(c->request, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(c->request, "\r\n\r\n{}"));
    assert_null(strstr(c->request, "Expect"));
    assert_null(strstr(c->request, "Accept-Encoding"));
    wire_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    struct http_event event = wire_event(f);
    assert_int_equal(event.tag, 7);
    wire_assert_done(&event, 200, "hello");
    assert_false(http_next(f->http, &event));
}

static void request_without_body_is_a_get(void **state)
{
    struct wire *f = *state;
    struct http_request request = wire_unary(f, 1);
    request.body = NULL;
    wire_send(f, request);
    struct wire_connection *c = wire_request_on(f, 0);
    assert_memory_equal(c->request, "GET /v3 HTTP/1.1\r\n", 18);
    assert_null(strstr(c->request, "Content-Type"));
    wire_say(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    struct http_event event = wire_event(f);
    wire_assert_done(&event, 404, "");
}

static void a_long_body_is_sent_at_once(void **state)
{
    struct wire *f = *state;
    static char body[5000];
    memset(body, 'b', sizeof body);
    struct http_request request = wire_unary(f, 1);
    request.body = body;
    request.body_bytes = sizeof body;
    wire_send(f, request);
    memset(body, '-', sizeof body); /* it was copied */
    struct wire_connection *c = wire_request_on(f, 0);
    assert_null(strstr(c->request, "Expect"));
    assert_non_null(strstr(c->request, "\r\n\r\nbbbb"));
    assert_null(strchr(strstr(c->request, "\r\n\r\n"), '-'));
}

static void reply_fed_byte_by_byte_is_the_same(void **state)
{
    struct wire *f = *state;
    wire_send(f, wire_unary(f, 1));
    struct wire_connection *c = wire_request_on(f, 0);
    static const char reply[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for (size_t i = 0; i < sizeof reply - 1; i++) {
        wire_say_bytes(c, reply + i, 1);
        wire_step(f, 0);
    }
    struct http_event event = wire_event(f);
    wire_assert_done(&event, 200, "hello");
}

static void second_request_reuses_the_connection(void **state)
{
    struct wire *f = *state;
    for (uint64_t i = 1; i <= 3; i++) {
        wire_expect_ok(f, i, 0);
    }
    assert_int_equal(f->accepted, 1);
}

static void unary_and_stream_share_two_connections(void **state)
{
    struct wire *f = *state;
    wire_send(f, wire_stream(f, 100));
    struct wire_connection *c = wire_request_on(f, 0);
    wire_say(c, WIRE_STREAM_HEAD);
    for (uint64_t i = 1; i <= 3; i++) {
        wire_expect_ok(f, i, 1);
        wire_say(c, "1\r\nx\r\n");
        struct http_event event = wire_event(f);
        assert_int_equal(event.type, HTTP_DATA);
        assert_int_equal(event.tag, 100);
    }
    assert_int_equal(f->accepted, 2);
}

/* Two connections are all there may be. */
static void waiting_for_a_connection_has_its_limit_too(void **state)
{
    struct wire *f = *state;
    wire_send(f, wire_stream(f, 100));
    wire_request_on(f, 0);
    wire_send(f, wire_stream(f, 101));
    wire_request_on(f, 1);
    struct http_request request = wire_unary(f, 1);
    request.timeout_ms = 60;
    wire_send(f, request);
    struct http_event event;
    int64_t began_at_ms = clock_now_ms();
    while (!http_next(f->http, &event)) {
        assert_int_equal(http_poll(f->http, NULL, 0, WIRE_PATIENCE_MS), 0);
        assert_true(clock_now_ms() - began_at_ms < WIRE_PATIENCE_MS / 2);
    }
    assert_int_equal(event.tag, 1);
    wire_assert_failed(&event, CANDIDATE_ERETRY, "no reply within 60 ms");
    http_cancel(f->http, 100);
    wire_expect_ok(f, 2, 2);
}

/* Whether the server has several transfers on a connection is not known yet. */
static void transfer_does_not_wait_for_the_reply_to_another(void **state)
{
    struct wire *f = *state;
    wire_send(f, wire_stream(f, 100));
    wire_request_on(f, 0);
    wire_expect_ok(f, 1, 1);
}

static void nobody_listening_is_connection_refused(void **state)
{
    struct wire *f = *state;
    char url[64];
    int fd = wire_bound_socket(url, sizeof url);
    struct http_request request = wire_unary(f, 1);
    request.url = url;
    wire_send(f, request);
    struct http_event event = wire_event(f);
    wire_assert_failed(&event, CANDIDATE_ERETRY, "connection refused");
    assert_int_equal(event.http_status, 0);
    close(fd);
}

/* No name server is asked for a name with a part of 64 letters. */
static void name_without_address_is_said(void **state)
{
    struct wire *f = *state;
    char url[128] = "http://";
    memset(url + strlen(url), 'a', 64);
    memcpy(url + strlen("http://") + 64, ":1/", sizeof ":1/");
    struct http_request request = wire_unary(f, 1);
    request.url = url;
    wire_send(f, request);
    struct http_event event = wire_event(f);
    wire_assert_failed(&event, CANDIDATE_ERETRY,
                       "cannot resolve the host's name");
}

static void silent_server_is_given_up(void **state)
{
    struct wire *f = *state;
    struct http_request request = wire_unary(f, 1);
    request.timeout_ms = 600;
    wire_send(f, request);
    wire_request_on(f, 0);
    struct http_event event = wire_event(f);
    wire_assert_failed(&event, CANDIDATE_ERETRY, "no reply within 600 ms");
    while (f->connections[0].fd >= 0)
        wire_step(f, 1000);
}

/* A full queue of the listener makes the kernel drop what comes. */
static void connecting_has_a_limit_of_its_own(void **state)
{
    struct wire *f = *state;
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int listener = wire_bound_socket(f->url, sizeof f->url);
    assert_int_equal(listen(listener, 0), 0);
    getsockname(listener, (struct sockaddr *)&address, &length);
    int fillers[3];
    for (int i = 0; i < 3; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, length);
    }
    struct http_request request = wire_stream(f, 1);
    request.connect_timeout_ms = 60;
    wire_send(f, request);
    struct http_event event = wire_event(f);
    wire_assert_failed(&event, CANDIDATE_ERETRY, "no connection within 60 ms");
    for (int i = 0; i < 3; i++)
        close(fillers[i]);
    close(listener);
}

static void cancelled_transfer_is_silent_and_closed(void **state)
{
    struct wire *f = *state;
    wire_send(f, wire_stream(f, 5));
    struct wire_connection *c = wire_request_on(f, 0);
    wire_say(c, WIRE_STREAM_HEAD);
    wire_say(c, "4\r\none\n\r\n");
    struct http_event event = wire_event(f);
    assert_int_equal(event.type, HTTP_DATA);
    http_cancel(f->http, 5);
    http_cancel(f->http, 5);
    http_cancel(f->http, 6);
    while (c->fd >= 0)
        wire_step(f, 1000);
    assert_false(http_next(f->http, &event));
    wire_expect_ok(f, 5, 1);
}

static void cancelling_takes_back_news_nobody_took(void **state)
{
    struct wire *f = *state;
    struct http_event event;
    wire_send(f, wire_unary(f, 1));
    wire_say(wire_request_on(f, 0), WIRE_OK);
    wire_step(f, 1000);
    http_cancel(f->http, 1);
    assert_false(http_next(f->http, &event));
}

static void expect_invalid(struct wire *f, struct http_request request,
                           const char *message)
{
    struct candidate_error err;
    assert_int_equal(http_send(f->http, &request, &err), CANDIDATE_EINVAL);
    assert_string_equal(err.message, message);
}

static void wrong_requests_are_refused(void **state)
{
    struct wire *f = *state;
    const char *const headers[] = { "A: b\r\nC: d", NULL };
    struct http_request request = wire_unary(f, 1);
    request.url = "file:///etc/passwd";
    expect_invalid(f, request, "URL starts with neither http:// nor https://");
    request = wire_unary(f, 1);
    request.headers = headers;
    expect_invalid(f, request, "control character in a header");
    wire_send(f, wire_unary(f, 0));
    expect_invalid(f, wire_unary(f, 0), "transfer 0 is still under way");
    for (uint64_t i = 1; i < HTTP_TRANSFERS_MAX; i++)
        wire_send(f, wire_unary(f, i));
    expect_invalid(f, wire_unary(f, 99), "4 transfers are under way already");
    struct pollfd fds[HTTP_FDS_MAX + 1] = { 0 };
    assert_int_equal(http_poll(f->http, fds, HTTP_FDS_MAX + 1, 0),
                     CANDIDATE_EINVAL);
    assert_int_equal(http_poll(f->http, NULL, 1, 0), CANDIDATE_EINVAL);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    struct wire *f = *state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    wire_send(f, wire_unary(f, 1));
    wire_say(wire_request_on(f, 0), WIRE_OK);
    struct http_event event = wire_event(f);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    wire_assert_done(&event, 200, "ok");
}

/* The client's end of this connection, which no other descriptor has. */
static int client_end(const struct wire_connection *c)
{
    struct sockaddr_in client;
    socklen_t length = sizeof client;
    assert_int_equal(getpeername(c->fd, (struct sockaddr *)&client, &length),
                     0);
    int found = -1;
    for (int fd = 0; fd < 256; fd++) {
        struct sockaddr_in local = { 0 };
        length = sizeof local;
        if (getsockname(fd, (struct sockaddr *)&local, &length) < 0 ||
            local.sin_family != AF_INET || local.sin_port != client.sin_port)
            continue;
        assert_int_equal(found, -1);
        found = fd;
    }
    assert_true(found >= 0);
    return found;
}

static void connections_are_closed_on_exec(void **state)
{
    struct wire *f = *state;
    wire_send(f, wire_unary(f, 1));
    int fd = client_end(wire_request_on(f, 0));
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void silence_is_probed_as_configured(void **state)
{
    static const struct {
        int level, option, value;
    } wanted[] = {
        { SOL_SOCKET, SO_KEEPALIVE, 1 },
        { IPPROTO_TCP, TCP_KEEPIDLE, 3 },
        { IPPROTO_TCP, TCP_KEEPINTVL, 3 },
        { IPPROTO_TCP, TCP_USER_TIMEOUT, 7000 },
    };
    const struct http_config config = { .keepalive_time_s = 3,
                                        .keepalive_timeout_s = 7 };
    struct wire *f = *state;
    http_free(f->http);
    assert_int_equal(http_new(&f->http, &config, NULL), 0);
    wire_send(f, wire_unary(f, 1));
    int fd = client_end(wire_request_on(f, 0));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        int value = 0;
        socklen_t length = sizeof value;
        assert_int_equal(
            getsockopt(fd, wanted[i].level, wanted[i].option, &value, &length),
            0);
        assert_int_equal(value, wanted[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(unary_request_is_plain_and_its_reply_comes_whole),
        WIRE_TEST(request_without_body_is_a_get),
        WIRE_TEST(a_long_body_is_sent_at_once),
        WIRE_TEST(reply_fed_byte_by_byte_is_the_same),
        WIRE_TEST(second_request_reuses_the_connection),
        WIRE_TEST(unary_and_stream_share_two_connections),
        WIRE_TEST(waiting_for_a_connection_has_its_limit_too),
        WIRE_TEST(transfer_does_not_wait_for_the_reply_to_another),
        WIRE_TEST(nobody_listening_is_connection_refused),
        WIRE_TEST(name_without_address_is_said),
        WIRE_TEST(silent_server_is_given_up),
        WIRE_TEST(connecting_has_a_limit_of_its_own),
        WIRE_TEST(cancelled_transfer_is_silent_and_closed),
        WIRE_TEST(cancelling_takes_back_news_nobody_took),
        WIRE_TEST(wrong_requests_are_refused),
        WIRE_TEST(proxies_of_the_environment_are_ignored),
        WIRE_TEST(connections_are_closed_on_exec),
        WIRE_TEST(silence_is_probed_as_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
