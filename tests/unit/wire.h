/* wire.h: HTTP transfers and a server that says any bytes.
 *
 * One thread plays both sides: the server's sockets are the caller's own
 * descriptors in http_poll(), so nothing depends on timing. Functions fail the
 * running cmocka test when something does not work.
 */
#ifndef WIRE_H
#define WIRE_H

#include "sys/http.h"

enum {
    WIRE_CONNECTIONS_MAX = 6,
    WIRE_REQUEST_BYTES_MAX = 8192,
    WIRE_PATIENCE_MS = 10000, /* a test that waits longer has failed */
};

struct wire_connection {
    int fd; /* -1: not accepted yet, or closed by the client */
    size_t bytes;
    char request[WIRE_REQUEST_BYTES_MAX];
};

/* Client and server. */
struct wire {
    struct http *http;
    int listener;
    char url[64];
    unsigned accepted;
    struct wire_connection connections[WIRE_CONNECTIONS_MAX];
};

#define WIRE_OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define WIRE_STREAM_HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

/* An entry of cmocka's table: *state is a struct wire then. */
#define WIRE_TEST(name)                                                        \
    cmocka_unit_test_setup_teardown(name, wire_setup, wire_teardown)

int wire_setup(void **state);
int wire_teardown(void **state);

/* A socket on a free port of the loopback device, at which nobody listens, and
 * its URL. */
int wire_bound_socket(char *url, size_t size);

/* ---- both sides ---- */

/* One turn. Returns what http_poll() returned. */
int wire_step(struct wire *w, int timeout_ms);
/* Wait for a whole request on the connection of this number, from 0 on in the
 * order in which they came. */
struct wire_connection *wire_request_on(struct wire *w, int number);
/* Wait for the client's next event. */
struct http_event wire_event(struct wire *w);

/* A request goes out on this connection, is answered with WIRE_OK, and done. */
struct wire_connection *wire_expect_ok(struct wire *w, uint64_t tag,
                                       int number);

/* ---- the client ---- */

struct http_request wire_unary(const struct wire *w, uint64_t tag);
struct http_request wire_stream(const struct wire *w, uint64_t tag);
void wire_send(struct wire *w, struct http_request request);

void wire_assert_done(const struct http_event *event, int status,
                      const char *body);
void wire_assert_failed(const struct http_event *event, int error,
                        const char *message);

/* ---- the server ---- */

void wire_say(struct wire_connection *c, const char *text);
void wire_say_bytes(struct wire_connection *c, const char *data, size_t size);
/* As much of it as a client that does not read leaves room for. */
size_t wire_say_some(struct wire_connection *c, const char *data, size_t size);
void wire_hang_up(struct wire_connection *c);

#endif
