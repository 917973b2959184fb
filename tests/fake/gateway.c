/* gateway.c: see gateway.h. */
#include "gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void gateway_open(struct gateway *g)
{
    *g = (struct gateway){ .accepted = 0 };
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++)
        g->connections[i].fd = -1;
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    g->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(g->listener >= 0);
    assert_int_equal(bind(g->listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(
        getsockname(g->listener, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(listen(g->listener, 16), 0);
    (void)snprintf(g->url, sizeof g->url, "http://127.0.0.1:%d",
                   ntohs(address.sin_port));
}

static void close_connection(struct gateway_connection *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void gateway_refuse(struct gateway *g)
{
    if (g->listener >= 0)
        close(g->listener);
    g->listener = -1;
}

void gateway_close(struct gateway *g)
{
    gateway_refuse(g);
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++)
        close_connection(&g->connections[i]);
}

void gateway_fds(const struct gateway *g, struct pollfd *fds)
{
    fds[0] = (struct pollfd){ .fd = g->listener, .events = POLLIN };
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++)
        fds[1 + i] = (struct pollfd){ .fd = g->connections[i].fd,
                                      .events = POLLIN };
}

static void receive(struct gateway_connection *c)
{
    assert_true(c->bytes < GATEWAY_REQUEST_BYTES_MAX);
    ssize_t n = recv(c->fd, c->input + c->bytes,
                     GATEWAY_REQUEST_BYTES_MAX - c->bytes, MSG_DONTWAIT);
    if (n <= 0) {
        close_connection(c);
        return;
    }
    c->bytes += (size_t)n;
    c->input[c->bytes] = '\0';
}

static void accept_one(struct gateway *g)
{
    int fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    /* Else a piece waits until the one before is acknowledged, for 40 ms. */
    assert_int_equal(
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)), 0);
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++) {
        struct gateway_connection *c = &g->connections[i];
        if (c->fd >= 0)
            continue;
        c->fd = fd;
        c->number = ++g->accepted;
        c->bytes = 0;
        return;
    }
    close(fd);
    fail_msg("more connections than a client may have");
}

/* Those that were closed make room before a new one comes. */
void gateway_serve(struct gateway *g, const struct pollfd *fds)
{
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++)
        if (g->connections[i].fd >= 0 && fds[1 + i].revents)
            receive(&g->connections[i]);
    if (g->listener >= 0 && fds[0].revents)
        accept_one(g);
}

/* Cut a whole request in two, with a NUL byte behind the head. */
static bool cut(const struct gateway *g, struct gateway_connection *c,
                struct gateway_request *ret_request)
{
    char *end = c->bytes ? strstr(c->input, "\r\n\r\n") : NULL;
    if (!end)
        return false;
    const char *length = strstr(c->input, "Content-Length: ");
    size_t body_bytes = length && length < end ? strtoul(length + 16, NULL, 10)
                                               : 0;
    if (c->bytes < (size_t)(end + 4 - c->input) + body_bytes)
        return false;
    bool more = c->bytes > (size_t)(end + 4 - c->input) + body_bytes;
    assert_true(!more || g->hangs_up);
    if (more) {
        close_connection(c);
        return false;
    }
    end[2] = '\0';
    *ret_request = (struct gateway_request){
        .connection = c->number,
        .head = c->input,
        .body = end + 4,
    };
    c->bytes = 0;
    return true;
}

bool gateway_next(struct gateway *g, struct gateway_request *ret_request)
{
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++)
        if (g->connections[i].fd >= 0 &&
            cut(g, &g->connections[i], ret_request))
            return true;
    return false;
}

static const struct gateway_connection *find(const struct gateway *g,
                                             unsigned number)
{
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++)
        if (g->connections[i].fd >= 0 && g->connections[i].number == number)
            return &g->connections[i];
    return NULL;
}

bool gateway_is_open(const struct gateway *g, unsigned connection)
{
    return find(g, connection) != NULL;
}

unsigned gateway_connections_n(const struct gateway *g)
{
    unsigned n = 0;
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++)
        n += g->connections[i].fd >= 0;
    return n;
}

void gateway_send(struct gateway *g, unsigned connection, const char *data,
                  size_t bytes)
{
    const struct gateway_connection *c = find(g, connection);
    assert_non_null(c);
    while (bytes > 0) {
        ssize_t n = send(c->fd, data, bytes, MSG_NOSIGNAL);
        assert_true(n > 0);
        data += n;
        bytes -= (size_t)n;
    }
}

size_t gateway_send_some(struct gateway *g, unsigned connection,
                         const char *data, size_t bytes)
{
    const struct gateway_connection *c = find(g, connection);
    if (!c)
        return 0;
    ssize_t n = send(c->fd, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    assert_true(n > 0 || errno == EAGAIN || errno == ECONNRESET ||
                errno == EPIPE);
    return n > 0 ? (size_t)n : 0;
}

/* In one piece: a client that has closed meanwhile does not reset half. */
void gateway_reply(struct gateway *g, unsigned connection, int status,
                   const char *body)
{
    char *reply;
    int n = asprintf(&reply,
                     "HTTP/1.1 %d Status\r\nContent-Length: %zu\r\n\r\n%s",
                     status, strlen(body), body);
    assert_true(n > 0);
    gateway_send(g, connection, reply, (size_t)n);
    free(reply);
}

static void send_text(struct gateway *g, unsigned connection, const char *text)
{
    gateway_send(g, connection, text, strlen(text));
}

void gateway_begin(struct gateway *g, unsigned connection)
{
    send_text(g, connection,
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void gateway_say(struct gateway *g, unsigned connection, const char *piece)
{
    char size[32];
    (void)snprintf(size, sizeof size, "%zx\r\n", strlen(piece));
    send_text(g, connection, size);
    send_text(g, connection, piece);
    send_text(g, connection, "\r\n");
}

void gateway_end(struct gateway *g, unsigned connection)
{
    send_text(g, connection, "0\r\n\r\n");
}

void gateway_hang_up(struct gateway *g, unsigned connection)
{
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++)
        if (g->connections[i].fd >= 0 && g->connections[i].number == connection)
            close_connection(&g->connections[i]);
}
