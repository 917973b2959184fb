/* gateway.h: a scripted etcd gateway within the test program.
 *
 * It answers nothing by itself: the test takes each request and says what
 * comes back, byte for byte if need be. There is no thread; its sockets are
 * descriptors of the poll in which the client under test waits:
 *
 *     struct pollfd fds[GATEWAY_FDS];
 *     gateway_fds(&gateway, fds);
 *     etcd_poll(client, fds, GATEWAY_FDS, timeout_ms);
 *     gateway_serve(&gateway, fds);
 *
 * Functions fail the running cmocka test when something does not work.
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    GATEWAY_CONNECTIONS_MAX = 4, /* open at once */
    GATEWAY_FDS = 1 + GATEWAY_CONNECTIONS_MAX,
    GATEWAY_REQUEST_BYTES_MAX = 72 * 1024,
    GATEWAY_PATIENCE_MS = 10000, /* a test that waits longer has failed */
};

struct gateway_connection {
    int fd;          /* -1: the place is free */
    unsigned number; /* 1, 2, ... in the order in which they came */
    size_t bytes;
    char input[GATEWAY_REQUEST_BYTES_MAX + 1];
};

struct gateway {
    char url[64]; /* "http://127.0.0.1:PORT" */
    int listener; /* -1: nobody listens any more */
    unsigned accepted;
    bool hangs_up; /* on who sends a request before the last one was taken, as
                      one may who was answered unasked; else the test fails */
    struct gateway_connection connections[GATEWAY_CONNECTIONS_MAX];
};

/* Good until the next gateway_serve() or gateway_next(). */
struct gateway_request {
    unsigned connection; /* its number */
    const char *head;    /* "POST /v3/kv/txn HTTP/1.1\r\n..." */
    const char *body;
};

/* Listen on a free port of the loopback device. */
void gateway_open(struct gateway *g);
/* Close all; harmless when that was done. */
void gateway_close(struct gateway *g);
/* Refuse new connections from now on. */
void gateway_refuse(struct gateway *g);

/* Fill GATEWAY_FDS entries, and take what came on them. */
void gateway_fds(const struct gateway *g, struct pollfd *fds);
void gateway_serve(struct gateway *g, const struct pollfd *fds);

/* Take a request that has come whole; false: there is none. */
bool gateway_next(struct gateway *g, struct gateway_request *ret_request);

/* Whether the client has left this connection open. */
bool gateway_is_open(const struct gateway *g, unsigned connection);
unsigned gateway_connections_n(const struct gateway *g);

/* A whole reply; the connection stays open. */
void gateway_reply(struct gateway *g, unsigned connection, int status,
                   const char *body);
/* A reply that comes in pieces: begin, any number of says, end. */
void gateway_begin(struct gateway *g, unsigned connection);
void gateway_say(struct gateway *g, unsigned connection, const char *piece);
void gateway_end(struct gateway *g, unsigned connection);
/* Bytes as they are. */
void gateway_send(struct gateway *g, unsigned connection, const char *data,
                  size_t bytes);
/* As many of them as the client's side has room for. */
size_t gateway_send_some(struct gateway *g, unsigned connection,
                         const char *data, size_t bytes);
void gateway_hang_up(struct gateway *g, unsigned connection);

#endif
