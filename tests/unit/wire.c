/* wire.c: see wire.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"

int wire_bound_socket(char *url, size_t size)
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

int wire_setup(void **state)
{
    struct wire *w = calloc(1, sizeof *w);
    assert_non_null(w);
    assert_int_equal(http_new(&w->http, NULL, NULL), 0);
    w->listener = wire_bound_socket(w->url, sizeof w->url);
    assert_int_equal(listen(w->listener, 16), 0);
    for (int i = 0; i < WIRE_CONNECTIONS_MAX; i++)
        w->connections[i].fd = -1;
    *state = w;
    return 0;
}

int wire_teardown(void **state)
{
    struct wire *w = *state;
    http_free(w->http);
    for (int i = 0; i < WIRE_CONNECTIONS_MAX; i++)
        if (w->connections[i].fd >= 0)
            close(w->connections[i].fd);
    close(w->listener);
    free(w);
    return 0;
}

void wire_hang_up(struct wire_connection *c)
{
    close(c->fd);
    c->fd = -1;
}

static void server_read(struct wire_connection *c)
{
    assert_true(c->bytes < sizeof c->request - 1);
    ssize_t n = recv(c->fd, c->request + c->bytes,
                     sizeof c->request - 1 - c->bytes, MSG_DONTWAIT);
    if (n <= 0) {
        wire_hang_up(c);
        return;
    }
    c->bytes += (size_t)n;
    c->request[c->bytes] = '\0';
}

/* One turn of both sides. Returns what http_poll() returned. */
int wire_step(struct wire *w, int timeout_ms)
{
    struct pollfd fds[1 + WIRE_CONNECTIONS_MAX];
    fds[0] = (struct pollfd){ .fd = w->listener, .events = POLLIN };
    for (int i = 0; i < WIRE_CONNECTIONS_MAX; i++)
        fds[1 + i] = (struct pollfd){ .fd = w->connections[i].fd,
                                      .events = POLLIN };
    int r = http_poll(w->http, fds, 1 + WIRE_CONNECTIONS_MAX, timeout_ms);
    assert_true(r >= 0);
    for (int i = 0; i < WIRE_CONNECTIONS_MAX; i++)
        if (fds[1 + i].revents)
            server_read(&w->connections[i]);
    if (fds[0].revents) {
        assert_true(w->accepted < WIRE_CONNECTIONS_MAX);
        int fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(fd >= 0);
        w->connections[w->accepted++].fd = fd;
    }
    return r;
}

static bool is_whole(const struct wire_connection *c)
{
    const char *end = c->bytes ? strstr(c->request, "\r\n\r\n") : NULL;
    if (!end)
        return false;
    const char *length = strstr(c->request, "Content-Length: ");
    size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
    return c->bytes == (size_t)(end + 4 - c->request) + body;
}

/* Wait for a request on the numbered connection. */
struct wire_connection *wire_request_on(struct wire *w, int number)
{
    struct wire_connection *c = &w->connections[number];
    int64_t end_at_ms = clock_now_ms() + WIRE_PATIENCE_MS;
    while (!is_whole(c)) {
        assert_true(clock_now_ms() < end_at_ms);
        wire_step(w, 1000);
    }
    c->bytes = 0;
    return c;
}

struct http_event wire_event(struct wire *w)
{
    struct http_event event;
    int64_t end_at_ms = clock_now_ms() + WIRE_PATIENCE_MS;
    while (!http_next(w->http, &event)) {
        assert_true(clock_now_ms() < end_at_ms);
        wire_step(w, 1000);
    }
    return event;
}

void wire_say_bytes(struct wire_connection *c, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(c->fd, data, size, MSG_NOSIGNAL);
        assert_true(n > 0);
        data += n;
        size -= (size_t)n;
    }
}

void wire_say(struct wire_connection *c, const char *text)
{
    wire_say_bytes(c, text, strlen(text));
}

/* Send without waiting for a client that does not read. */
size_t wire_say_some(struct wire_connection *c, const char *data, size_t size)
{
    ssize_t n = send(c->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    assert_true(n > 0 || errno == EAGAIN || errno == ECONNRESET ||
                errno == EPIPE);
    return n > 0 ? (size_t)n : 0;
}

struct http_request wire_unary(const struct wire *w, uint64_t tag)
{
    return (struct http_request){ .tag = tag,
                                  .url = w->url,
                                  .body = "{}",
                                  .body_bytes = 2,
                                  .connect_timeout_ms = WIRE_PATIENCE_MS,
                                  .timeout_ms = WIRE_PATIENCE_MS };
}

struct http_request wire_stream(const struct wire *w, uint64_t tag)
{
    struct http_request request = wire_unary(w, tag);
    request.timeout_ms = 0;
    request.stream = true;
    return request;
}

void wire_send(struct wire *w, struct http_request request)
{
    assert_int_equal(http_send(w->http, &request, NULL), 0);
}

void wire_assert_done(const struct http_event *event, int status,
                      const char *body)
{
    assert_int_equal(event->type, HTTP_DONE);
    assert_string_equal(event->message, "");
    assert_int_equal(event->error, 0);
    assert_int_equal(event->http_status, status);
    assert_int_equal(event->bytes, strlen(body));
    assert_memory_equal(event->data, body, strlen(body));
}

void wire_assert_failed(const struct http_event *event, int error,
                        const char *message)
{
    assert_int_equal(event->type, HTTP_DONE);
    assert_string_equal(event->message, message);
    assert_int_equal(event->error, error);
    assert_int_equal(event->bytes, 0);
}

struct wire_connection *wire_expect_ok(struct wire *w, uint64_t tag, int number)
{
    wire_send(w, wire_unary(w, tag));
    struct wire_connection *c = wire_request_on(w, number);
    wire_say(c, WIRE_OK);
    struct http_event event = wire_event(w);
    assert_int_equal(event.tag, tag);
    wire_assert_done(&event, 200, "ok");
    return c;
}
