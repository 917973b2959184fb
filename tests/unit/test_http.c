/* test_http.c: HTTP transfers against a server within the test.
 *
 * One thread plays both sides: the server's sockets are the caller's own
 * descriptors in http_poll(), so nothing depends on timing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/http.h"

enum {
    CONNECTIONS_MAX = 6,
    REQUEST_BYTES_MAX = 8192,
    PATIENCE_MS = 10000, /* a test that waits longer has failed */
};

struct connection {
    int fd; /* -1: not accepted yet, or closed by the client */
    size_t bytes;
    char request[REQUEST_BYTES_MAX];
};

struct fixture {
    struct http *http;
    int listener;
    char url[64];
    unsigned accepted;
    struct connection connections[CONNECTIONS_MAX];
};

static int bound_socket(char *url, size_t size)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    socklen_t length = sizeof address;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    snprintf(url, size, "http://127.0.0.1:%d/v3", ntohs(address.sin_port));
    return fd;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(http_new(&f->http, NULL, NULL), 0);
    f->listener = bound_socket(f->url, sizeof f->url);
    assert_int_equal(listen(f->listener, 16), 0);
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        f->connections[i].fd = -1;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    http_free(f->http);
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        if (f->connections[i].fd >= 0)
            close(f->connections[i].fd);
    close(f->listener);
    free(f);
    return 0;
}

static void hang_up(struct connection *c)
{
    close(c->fd);
    c->fd = -1;
}

static void server_read(struct connection *c)
{
    assert_true(c->bytes < sizeof c->request - 1);
    ssize_t n = recv(c->fd, c->request + c->bytes,
                     sizeof c->request - 1 - c->bytes, MSG_DONTWAIT);
    if (n <= 0) {
        hang_up(c);
        return;
    }
    c->bytes += (size_t)n;
    c->request[c->bytes] = '\0';
}

/* One turn of both sides. Returns what http_poll() returned. */
static int step(struct fixture *f, int timeout_ms)
{
    struct pollfd fds[1 + CONNECTIONS_MAX];
    fds[0] = (struct pollfd){ .fd = f->listener, .events = POLLIN };
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        fds[1 + i] = (struct pollfd){ .fd = f->connections[i].fd,
                                      .events = POLLIN };
    int r = http_poll(f->http, fds, 1 + CONNECTIONS_MAX, timeout_ms);
    assert_true(r >= 0);
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        if (fds[1 + i].revents)
            server_read(&f->connections[i]);
    if (fds[0].revents) {
        assert_true(f->accepted < CONNECTIONS_MAX);
        int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(fd >= 0);
        f->connections[f->accepted++].fd = fd;
    }
    return r;
}

static bool is_whole(const struct connection *c)
{
    const char *end = c->bytes ? strstr(c->request, "\r\n\r\n") : NULL;
    if (!end)
        return false;
    const char *length = strstr(c->request, "Content-Length: ");
    size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
    return c->bytes == (size_t)(end + 4 - c->request) + body;
}

/* Wait for a request on the numbered connection. */
static struct connection *request_on(struct fixture *f, int number)
{
    struct connection *c = &f->connections[number];
    int64_t end_at_ms = clock_now_ms() + PATIENCE_MS;
    while (!is_whole(c)) {
        assert_true(clock_now_ms() < end_at_ms);
        step(f, 1000);
    }
    c->bytes = 0;
    return c;
}

static struct http_event next_event(struct fixture *f)
{
    struct http_event event;
    int64_t end_at_ms = clock_now_ms() + PATIENCE_MS;
    while (!http_next(f->http, &event)) {
        assert_true(clock_now_ms() < end_at_ms);
        step(f, 1000);
    }
    return event;
}

static void say_bytes(struct connection *c, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(c->fd, data, size, MSG_NOSIGNAL);
        assert_true(n > 0);
        data += n;
        size -= (size_t)n;
    }
}

static void say(struct connection *c, const char *text)
{
    say_bytes(c, text, strlen(text));
}

/* Send without waiting for a client that does not read. */
static size_t say_some(struct connection *c, const char *data, size_t size)
{
    ssize_t n = send(c->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    assert_true(n > 0 || errno == EAGAIN || errno == ECONNRESET ||
                errno == EPIPE);
    return n > 0 ? (size_t)n : 0;
}

static struct http_request unary(const struct fixture *f, uint64_t tag)
{
    return (struct http_request){ .tag = tag,
                                  .url = f->url,
                                  .body = "{}",
                                  .body_bytes = 2,
                                  .connect_timeout_ms = PATIENCE_MS,
                                  .timeout_ms = PATIENCE_MS };
}

static struct http_request stream(const struct fixture *f, uint64_t tag)
{
    struct http_request request = unary(f, tag);
    request.timeout_ms = 0;
    request.stream = true;
    return request;
}

static void send_it(struct fixture *f, struct http_request request)
{
    assert_int_equal(http_send(f->http, &request, NULL), 0);
}

static void assert_done(const struct http_event *event, int status,
                        const char *body)
{
    assert_int_equal(event->type, HTTP_DONE);
    assert_string_equal(event->message, "");
    assert_int_equal(event->error, 0);
    assert_int_equal(event->http_status, status);
    assert_int_equal(event->bytes, strlen(body));
    assert_memory_equal(event->data, body, strlen(body));
}

static void assert_failed(const struct http_event *event, int error,
                          const char *message)
{
    assert_int_equal(event->type, HTTP_DONE);
    assert_string_equal(event->message, message);
    assert_int_equal(event->error, error);
    assert_int_equal(event->bytes, 0);
}

static const char stream_head[] = "HTTP/1.1 200 OK\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n";

static void unary_request_is_plain_and_its_reply_comes_whole(void **state)
{
    struct fixture *f = *state;
    const char *const headers[] = { "Authorization: token", NULL };
    struct http_request request = unary(f, 7);
    request.headers = headers;
    send_it(f, request);
    struct connection *c = request_on(f, 0);
    assert_memory_equal(c->request, "POST /v3 HTTP/1.1\r\n", 19);
    assert_non_null(strstr(c->request, "\r\nAuthorization: token\r\n"));
    assert_non_null(
        strstr(c->request, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(c->request, "\r\n\r\n{}"));
    assert_null(strstr(c->request, "Expect"));
    assert_null(strstr(c->request, "Accept-Encoding"));
    say(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    struct http_event event = next_event(f);
    assert_int_equal(event.tag, 7);
    assert_done(&event, 200, "hello");
    assert_false(http_next(f->http, &event));
}

static void request_without_body_is_a_get(void **state)
{
    struct fixture *f = *state;
    struct http_request request = unary(f, 1);
    request.body = NULL;
    send_it(f, request);
    struct connection *c = request_on(f, 0);
    assert_memory_equal(c->request, "GET /v3 HTTP/1.1\r\n", 18);
    assert_null(strstr(c->request, "Content-Type"));
    say(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    struct http_event event = next_event(f);
    assert_done(&event, 404, "");
}

static void a_long_body_is_sent_at_once(void **state)
{
    struct fixture *f = *state;
    static char body[5000];
    memset(body, 'b', sizeof body);
    struct http_request request = unary(f, 1);
    request.body = body;
    request.body_bytes = sizeof body;
    send_it(f, request);
    memset(body, '-', sizeof body); /* it was copied */
    struct connection *c = request_on(f, 0);
    assert_null(strstr(c->request, "Expect"));
    assert_non_null(strstr(c->request, "\r\n\r\nbbbb"));
    assert_null(strchr(strstr(c->request, "\r\n\r\n"), '-'));
}

static void reply_fed_byte_by_byte_is_the_same(void **state)
{
    struct fixture *f = *state;
    send_it(f, unary(f, 1));
    struct connection *c = request_on(f, 0);
    static const char reply[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for (size_t i = 0; i < sizeof reply - 1; i++) {
        say_bytes(c, reply + i, 1);
        step(f, 0);
    }
    struct http_event event = next_event(f);
    assert_done(&event, 200, "hello");
}

static void second_request_reuses_the_connection(void **state)
{
    struct fixture *f = *state;
    for (uint64_t i = 1; i <= 3; i++) {
        send_it(f, unary(f, i));
        say(request_on(f, 0), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        struct http_event event = next_event(f);
        assert_int_equal(event.tag, i);
        assert_done(&event, 200, "ok");
    }
    assert_int_equal(f->accepted, 1);
}

static void unary_and_stream_share_two_connections(void **state)
{
    struct fixture *f = *state;
    send_it(f, stream(f, 100));
    struct connection *c = request_on(f, 0);
    say(c, stream_head);
    for (uint64_t i = 1; i <= 3; i++) {
        send_it(f, unary(f, i));
        say(request_on(f, 1), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        struct http_event event = next_event(f);
        assert_int_equal(event.tag, i);
        assert_done(&event, 200, "ok");
        say(c, "1\r\nx\r\n");
        event = next_event(f);
        assert_int_equal(event.type, HTTP_DATA);
        assert_int_equal(event.tag, 100);
    }
    assert_int_equal(f->accepted, 2);
}

/* Two connections are all there may be. */
static void waiting_for_a_connection_has_its_limit_too(void **state)
{
    struct fixture *f = *state;
    send_it(f, stream(f, 100));
    request_on(f, 0);
    send_it(f, stream(f, 101));
    request_on(f, 1);
    struct http_request request = unary(f, 1);
    request.timeout_ms = 60;
    send_it(f, request);
    struct http_event event;
    int64_t began_at_ms = clock_now_ms();
    while (!http_next(f->http, &event)) {
        assert_int_equal(http_poll(f->http, NULL, 0, PATIENCE_MS), 0);
        assert_true(clock_now_ms() - began_at_ms < PATIENCE_MS / 2);
    }
    assert_int_equal(event.tag, 1);
    assert_failed(&event, CANDIDATE_ERETRY, "no reply within 60 ms");
    http_cancel(f->http, 100);
    send_it(f, unary(f, 2));
    say(request_on(f, 2), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    event = next_event(f);
    assert_done(&event, 200, "ok");
}

/* Whether the server has several transfers on a connection is not known yet. */
static void transfer_does_not_wait_for_the_reply_to_another(void **state)
{
    struct fixture *f = *state;
    send_it(f, stream(f, 100));
    request_on(f, 0);
    send_it(f, unary(f, 1));
    say(request_on(f, 1), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    struct http_event event = next_event(f);
    assert_done(&event, 200, "ok");
}

static void nobody_listening_is_connection_refused(void **state)
{
    struct fixture *f = *state;
    char url[64];
    int fd = bound_socket(url, sizeof url);
    struct http_request request = unary(f, 1);
    request.url = url;
    send_it(f, request);
    struct http_event event = next_event(f);
    assert_failed(&event, CANDIDATE_ERETRY, "connection refused");
    assert_int_equal(event.http_status, 0);
    close(fd);
}

static void silent_server_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct http_request request = unary(f, 1);
    request.timeout_ms = 60;
    send_it(f, request);
    request_on(f, 0);
    struct http_event event = next_event(f);
    assert_failed(&event, CANDIDATE_ERETRY, "no reply within 60 ms");
    while (f->connections[0].fd >= 0)
        step(f, 1000);
}

/* A full queue of the listener makes the kernel drop what comes. */
static void connecting_has_a_limit_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int listener = bound_socket(f->url, sizeof f->url);
    assert_int_equal(listen(listener, 0), 0);
    getsockname(listener, (struct sockaddr *)&address, &length);
    int fillers[3];
    for (int i = 0; i < 3; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, length);
    }
    struct http_request request = stream(f, 1);
    request.connect_timeout_ms = 60;
    send_it(f, request);
    struct http_event event = next_event(f);
    assert_failed(&event, CANDIDATE_ERETRY, "no connection within 60 ms");
    for (int i = 0; i < 3; i++)
        close(fillers[i]);
    close(listener);
}

/* Send a body of `size` bytes and take the transfer's end. */
static struct http_event reply_of_size(struct fixture *f, size_t size)
{
    static char body[HTTP_REPLY_BYTES_MAX + 1];
    struct http_event event;
    assert_true(size <= sizeof body);
    send_it(f, unary(f, 1));
    struct connection *c = request_on(f, 0);
    char head[64];
    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
    say(c, head);
    size_t sent = 0;
    while (!http_next(f->http, &event)) {
        if (sent < size && c->fd >= 0)
            sent += say_some(c, body + sent, size - sent);
        step(f, 10);
    }
    return event;
}

static void largest_reply_is_taken(void **state)
{
    struct http_event event = reply_of_size(*state, HTTP_REPLY_BYTES_MAX);
    assert_int_equal(event.error, 0);
    assert_int_equal(event.bytes, HTTP_REPLY_BYTES_MAX);
}

static void reply_too_large_is_refused(void **state)
{
    struct http_event event = reply_of_size(*state, HTTP_REPLY_BYTES_MAX + 1);
    assert_failed(&event, CANDIDATE_ETOOBIG, "reply larger than 65536 bytes");
    assert_int_equal(event.http_status, 200);
}

static void flood_of_headers_is_refused(void **state)
{
    struct fixture *f = *state;
    send_it(f, unary(f, 1));
    struct connection *c = request_on(f, 0);
    say(c, "HTTP/1.1 200 OK\r\n");
    struct http_event event;
    while (!http_next(f->http, &event)) {
        if (c->fd >= 0)
            say_some(c, "X-Flood: 0123456789\r\n", 21);
        step(f, 0);
    }
    assert_failed(&event, CANDIDATE_ETOOBIG,
                  "reply header larger than 32768 bytes");
}

static void stream_is_given_out_as_it_comes(void **state)
{
    struct fixture *f = *state;
    send_it(f, stream(f, 5));
    struct connection *c = request_on(f, 0);
    say(c, stream_head);
    static const char *const lines[] = { "one\n", "two\n", "six\n" };
    for (size_t i = 0; i < 3; i++) {
        say(c, "4\r\n");
        say(c, lines[i]);
        say(c, "\r\n");
        struct http_event event = next_event(f);
        assert_int_equal(event.type, HTTP_DATA);
        assert_int_equal(event.tag, 5);
        assert_int_equal(event.bytes, 4);
        assert_memory_equal(event.data, lines[i], 4);
        assert_false(http_next(f->http, &event));
    }
    say(c, "0\r\n\r\n");
    struct http_event event = next_event(f);
    assert_done(&event, 200, "");
}

static void stream_fed_byte_by_byte_is_the_same(void **state)
{
    struct fixture *f = *state;
    send_it(f, stream(f, 5));
    struct connection *c = request_on(f, 0);
    static const char body[] = "4\r\none\n\r\nA\r\ntwo, three\r\n0\r\n\r\n";
    char reply[256], got[64] = "";
    int length = snprintf(reply, sizeof reply, "%s%s", stream_head, body);
    size_t got_bytes = 0;
    struct http_event event;
    for (int i = 0; i < length; i++) {
        say_bytes(c, reply + i, 1);
        step(f, 0);
        while (i < length - 1 && http_next(f->http, &event)) {
            assert_int_equal(event.type, HTTP_DATA);
            assert_true(event.bytes < sizeof got - got_bytes);
            memcpy(got + got_bytes, event.data, event.bytes);
            got_bytes += event.bytes;
        }
    }
    event = next_event(f);
    assert_done(&event, 200, "");
    assert_int_equal(got_bytes, 14);
    assert_string_equal(got, "one\ntwo, three");
}

/* Push until the stream has taken nothing for a while, then take it all. */
static void stream_that_nobody_takes_pauses_and_loses_nothing(void **state)
{
    enum { TOTAL = 12 * 1024 * 1024 };
    struct fixture *f = *state;
    send_it(f, stream(f, 5));
    struct connection *c = request_on(f, 0);
    int small = 65536;
    setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    char *body = malloc(TOTAL);
    assert_non_null(body);
    for (size_t i = 0; i < TOTAL; i++)
        body[i] = (char)(i * 31 >> 3);
    say(c, "HTTP/1.1 200 OK\r\nContent-Length: 12582912\r\n\r\n");
    size_t sent = 0, got = 0;
    for (int idle = 0; idle < 1000 && sent < TOTAL; idle++) {
        size_t n = say_some(c, body + sent, TOTAL - sent);
        sent += n;
        idle = n > 0 ? 0 : idle;
        step(f, 0);
    }
    assert_true(sent < TOTAL);
    struct http_event event;
    for (;;) {
        event = (struct http_event){ .type = HTTP_DATA };
        if (sent < TOTAL)
            sent += say_some(c, body + sent, TOTAL - sent);
        step(f, sent < TOTAL ? 0 : 1000);
        if (!http_next(f->http, &event))
            continue;
        if (event.type == HTTP_DONE)
            break;
        assert_true(event.bytes <= HTTP_STREAM_PENDING_BYTES_MAX);
        assert_true(event.bytes <= TOTAL - got);
        assert_int_equal(memcmp(event.data, body + got, event.bytes), 0);
        got += event.bytes;
    }
    assert_done(&event, 200, "");
    assert_int_equal(got, TOTAL);
    free(body);
}

static void refused_stream_gives_its_body_at_the_end(void **state)
{
    struct fixture *f = *state;
    send_it(f, stream(f, 5));
    say(request_on(f, 0),
        "HTTP/1.1 503 Service Unavailable\r\n"
        "Content-Length: 4\r\n\r\nbusy");
    struct http_event event = next_event(f);
    assert_done(&event, 503, "busy");
}

static void cut_stream_gives_its_bytes_then_the_cause(void **state)
{
    struct fixture *f = *state;
    send_it(f, stream(f, 5));
    struct connection *c = request_on(f, 0);
    say(c, stream_head);
    say(c, "8\r\nhalf");
    hang_up(c);
    struct http_event event = next_event(f);
    assert_int_equal(event.type, HTTP_DATA);
    assert_memory_equal(event.data, "half", 4);
    event = next_event(f);
    assert_int_equal(event.type, HTTP_DONE);
    assert_int_equal(event.error, CANDIDATE_ERETRY);
    assert_true(strlen(event.message) > 0);
}

static void cut_reply_is_no_reply(void **state)
{
    struct fixture *f = *state;
    send_it(f, unary(f, 1));
    struct connection *c = request_on(f, 0);
    say(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    hang_up(c);
    struct http_event event = next_event(f);
    assert_int_equal(event.error, CANDIDATE_ERETRY);
    assert_int_equal(event.bytes, 0);
    assert_true(strlen(event.message) > 0);
}

static void bytes_that_are_not_http_are_refused(void **state)
{
    struct fixture *f = *state;
    send_it(f, unary(f, 1));
    struct connection *c = request_on(f, 0);
    say(c, "\x16\x03\x01 \x1b[31m this is another protocol\r\n\r\n");
    hang_up(c);
    struct http_event event = next_event(f);
    assert_int_equal(event.error, CANDIDATE_ERETRY);
    assert_int_equal(event.bytes, 0);
    for (const char *p = event.message; *p; p++)
        assert_in_range(*p, ' ', '~');
}

static void redirect_is_reported_and_not_followed(void **state)
{
    struct fixture *f = *state;
    send_it(f, unary(f, 1));
    char reply[256];
    snprintf(reply, sizeof reply,
             "HTTP/1.1 307 Temporary Redirect\r\nLocation: %s/other\r\n"
             "Content-Length: 0\r\n\r\n",
             f->url);
    say(request_on(f, 0), reply);
    struct http_event event = next_event(f);
    assert_done(&event, 307, "");
    step(f, 0);
    assert_int_equal(f->accepted, 1);
    assert_int_equal(f->connections[0].bytes, 0);
}

static void cancelled_transfer_is_silent_and_closed(void **state)
{
    struct fixture *f = *state;
    send_it(f, stream(f, 5));
    struct connection *c = request_on(f, 0);
    say(c, stream_head);
    say(c, "4\r\none\n\r\n");
    struct http_event event = next_event(f);
    assert_int_equal(event.type, HTTP_DATA);
    http_cancel(f->http, 5);
    http_cancel(f->http, 5);
    http_cancel(f->http, 6);
    while (c->fd >= 0)
        step(f, 1000);
    assert_false(http_next(f->http, &event));
    send_it(f, unary(f, 5));
    say(request_on(f, 1), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    event = next_event(f);
    assert_done(&event, 200, "ok");
}

static void cancelling_takes_back_news_nobody_took(void **state)
{
    struct fixture *f = *state;
    struct http_event event;
    send_it(f, unary(f, 1));
    say(request_on(f, 0), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    step(f, 1000);
    http_cancel(f->http, 1);
    assert_false(http_next(f->http, &event));
}

static void callers_descriptors_are_reported(void **state)
{
    struct fixture *f = *state;
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

static void polling_does_not_wait_while_there_is_news(void **state)
{
    struct fixture *f = *state;
    char url[64];
    int fd = bound_socket(url, sizeof url);
    struct http_request request = unary(f, 1);
    request.url = url;
    send_it(f, request);
    int64_t start_at_ms = clock_now_ms();
    for (int i = 0; i < 20; i++) /* refused in the first few of these */
        assert_int_equal(http_poll(f->http, NULL, 0, PATIENCE_MS), 0);
    assert_true(clock_now_ms() - start_at_ms < PATIENCE_MS);
    struct http_event event;
    assert_true(http_next(f->http, &event));
    assert_failed(&event, CANDIDATE_ERETRY, "connection refused");
    close(fd);
}

static void waiting_ends_when_the_time_is_up(void **state)
{
    struct fixture *f = *state;
    int64_t start_at_ms = clock_now_ms();
    assert_int_equal(http_poll(f->http, NULL, 0, 30), 0);
    assert_true(clock_now_ms() - start_at_ms >= 29);
}

static void expect_invalid(struct fixture *f, struct http_request request,
                           const char *message)
{
    struct candidate_error err;
    assert_int_equal(http_send(f->http, &request, &err), CANDIDATE_EINVAL);
    assert_string_equal(err.message, message);
}

static void wrong_requests_are_refused(void **state)
{
    struct fixture *f = *state;
    const char *const headers[] = { "A: b\r\nC: d", NULL };
    struct http_request request = unary(f, 1);
    request.url = "file:///etc/passwd";
    expect_invalid(f, request, "URL starts with neither http:// nor https://");
    request = unary(f, 1);
    request.headers = headers;
    expect_invalid(f, request, "control character in a header");
    send_it(f, unary(f, 0));
    expect_invalid(f, unary(f, 0), "transfer 0 is still under way");
    for (uint64_t i = 1; i < HTTP_TRANSFERS_MAX; i++)
        send_it(f, unary(f, i));
    expect_invalid(f, unary(f, 99), "4 transfers are under way already");
    struct pollfd fds[HTTP_FDS_MAX + 1] = { 0 };
    assert_int_equal(http_poll(f->http, fds, HTTP_FDS_MAX + 1, 0),
                     CANDIDATE_EINVAL);
    assert_int_equal(http_poll(f->http, NULL, 1, 0), CANDIDATE_EINVAL);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    struct fixture *f = *state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    send_it(f, unary(f, 1));
    say(request_on(f, 0), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    struct http_event event = next_event(f);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_done(&event, 200, "ok");
}

static void connections_are_closed_on_exec(void **state)
{
    struct fixture *f = *state;
    send_it(f, unary(f, 1));
    struct connection *c = request_on(f, 0);
    struct sockaddr_in client;
    socklen_t length = sizeof client;
    assert_int_equal(getpeername(c->fd, (struct sockaddr *)&client, &length),
                     0);
    int found = 0;
    for (int fd = 0; fd < 256; fd++) {
        struct sockaddr_in local = { 0 };
        length = sizeof local;
        if (getsockname(fd, (struct sockaddr *)&local, &length) < 0 ||
            local.sin_family != AF_INET || local.sin_port != client.sin_port)
            continue;
        found++;
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    assert_int_equal(found, 1);
}

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(unary_request_is_plain_and_its_reply_comes_whole),
        HTTP_TEST(request_without_body_is_a_get),
        HTTP_TEST(a_long_body_is_sent_at_once),
        HTTP_TEST(reply_fed_byte_by_byte_is_the_same),
        HTTP_TEST(second_request_reuses_the_connection),
        HTTP_TEST(unary_and_stream_share_two_connections),
        HTTP_TEST(waiting_for_a_connection_has_its_limit_too),
        HTTP_TEST(transfer_does_not_wait_for_the_reply_to_another),
        HTTP_TEST(nobody_listening_is_connection_refused),
        HTTP_TEST(silent_server_is_given_up),
        HTTP_TEST(connecting_has_a_limit_of_its_own),
        HTTP_TEST(largest_reply_is_taken),
        HTTP_TEST(reply_too_large_is_refused),
        HTTP_TEST(flood_of_headers_is_refused),
        HTTP_TEST(stream_is_given_out_as_it_comes),
        HTTP_TEST(stream_fed_byte_by_byte_is_the_same),
        HTTP_TEST(stream_that_nobody_takes_pauses_and_loses_nothing),
        HTTP_TEST(refused_stream_gives_its_body_at_the_end),
        HTTP_TEST(cut_stream_gives_its_bytes_then_the_cause),
        HTTP_TEST(cut_reply_is_no_reply),
        HTTP_TEST(bytes_that_are_not_http_are_refused),
        HTTP_TEST(redirect_is_reported_and_not_followed),
        HTTP_TEST(cancelled_transfer_is_silent_and_closed),
        HTTP_TEST(cancelling_takes_back_news_nobody_took),
        HTTP_TEST(callers_descriptors_are_reported),
        HTTP_TEST(polling_does_not_wait_while_there_is_news),
        HTTP_TEST(waiting_ends_when_the_time_is_up),
        HTTP_TEST(wrong_requests_are_refused),
        HTTP_TEST(proxies_of_the_environment_are_ignored),
        HTTP_TEST(connections_are_closed_on_exec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
