/* test_http_flood.c: HTTP transfers with servers that say too much.
 *
 * Each ends in a named error, in bounded memory and time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/http.h"
#include "wire.h"

/* ---- too much ---- */

/* Send a body of `size` bytes and take the transfer's end. */
static struct http_event reply_of_size(struct wire *w, size_t size)
{
    static char body[HTTP_REPLY_BYTES_MAX + 1];
    struct http_event event;
    assert_true(size <= sizeof body);
    wire_send(w, wire_unary(w, 1));
    struct wire_connection *c = wire_request_on(w, 0);
    char head[64];
    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
    wire_say(c, head);
    size_t sent = 0;
    while (!http_next(w->http, &event)) {
        if (sent < size && c->fd >= 0)
            sent += wire_say_some(c, body + sent, size - sent);
        wire_step(w, 10);
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
    wire_assert_failed(&event, CANDIDATE_ETOOBIG,
                       "reply larger than 65536 bytes");
    assert_int_equal(event.http_status, 200);
}

static void flood_of_headers_is_refused(void **state)
{
    struct wire *w = *state;
    wire_send(w, wire_unary(w, 1));
    struct wire_connection *c = wire_request_on(w, 0);
    wire_say(c, "HTTP/1.1 200 OK\r\n");
    struct http_event event;
    while (!http_next(w->http, &event)) {
        if (c->fd >= 0)
            wire_say_some(c, "X-Flood: 0123456789\r\n", 21);
        wire_step(w, 0);
    }
    wire_assert_failed(&event, CANDIDATE_ETOOBIG,
                       "reply header larger than 32768 bytes");
}

/* Push the same bytes again and again until the client has had enough. */
static struct http_event flood(struct wire *w, const char *first,
                               const char *again)
{
    struct http_event event;
    wire_send(w, wire_unary(w, 1));
    struct wire_connection *c = wire_request_on(w, 0);
    wire_say(c, first);
    int64_t end_at_ms = clock_now_ms() + WIRE_PATIENCE_MS;
    while (!http_next(w->http, &event)) {
        assert_true(clock_now_ms() < end_at_ms);
        if (c->fd >= 0)
            (void)wire_say_some(c, again, strlen(again));
        wire_step(w, 0);
    }
    assert_int_equal(event.type, HTTP_DONE);
    assert_int_equal(event.bytes, 0);
    return event;
}

static void flood_of_interim_replies_is_refused(void **state)
{
    struct http_event event = flood(*state, "",
                                    "HTTP/1.1 103 Early Hints\r\n\r\n");
    wire_assert_failed(&event, CANDIDATE_ETOOBIG,
                       "reply header larger than 32768 bytes");
}

static void flood_behind_the_body_is_refused(void **state)
{
    struct http_event event = flood(*state, WIRE_STREAM_HEAD "2\r\nok\r\n0\r\n",
                                    "X-Trailer: 0123\r\n");
    assert_int_not_equal(event.error, 0);
    assert_string_not_equal(event.message, "");
}

/* Without a line end they are libcurl's to bound. */
static void endless_lines_of_the_head_are_refused(void **state)
{
    static const char *const begins[] = { "HTTP/1.1 200 ",
                                          "HTTP/1.1 200 OK\r\nX: " };
    static char piece[1024];
    memset(piece, 'x', sizeof piece - 1);
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        wire_teardown(state);
        wire_setup(state);
        struct http_event event = flood(*state, begins[i], piece);
        assert_int_not_equal(event.error, 0);
        assert_string_not_equal(event.message, "");
    }
}

/* ---- compression that nobody asked for ---- */

enum { BOMB_BYTES = 8 * 1024 };

struct bits {
    unsigned char bytes[BOMB_BYTES];
    size_t n;
};

static void put(struct bits *b, unsigned bit)
{
    b->bytes[b->n / 8] |= (unsigned char)(bit << b->n % 8);
    b->n++;
}

static void put_code(struct bits *b, const char *code)
{
    for (; *code; code++)
        put(b, *code == '1');
}

/* Zeros without an end: a literal one and then repetitions of 258, in fixed
 * Huffman codes, so a hundred and fifty times as many as there are bytes.
 * Source: RFC 1951, section 3.2.6; RFC 1952, section 2.3. */
static void make_bomb(struct bits *b)
{
    static const unsigned char head[10] = {
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3
    };
    *b = (struct bits){ .n = sizeof head * 8 };
    memcpy(b->bytes, head, sizeof head);
    put_code(b,
             "1"    /* the last block, */
             "10"); /* of fixed codes */
    put_code(b, "00110000");
    while (b->n / 8 < BOMB_BYTES - 2)
        put_code(b,
                 "11000101"
                 "00000");
}

static struct http_event reply_with_bomb(struct wire *w, const char *encoding)
{
    static struct bits bomb;
    char head[256];
    make_bomb(&bomb);
    (void)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n%s\r\n\r\n%x\r\n",
                   encoding, BOMB_BYTES);
    wire_send(w, wire_unary(w, 1));
    struct wire_connection *c = wire_request_on(w, 0);
    wire_say(c, head);
    wire_say_bytes(c, (const char *)bomb.bytes, BOMB_BYTES);
    (void)wire_say_some(c, "\r\n0\r\n\r\n", 7);
    return wire_event(w);
}

static void compressed_body_is_left_as_it_is(void **state)
{
    struct http_event event = reply_with_bomb(*state,
                                              "Content-Encoding: gzip\r\n"
                                              "Transfer-Encoding: chunked");
    assert_int_equal(event.error, 0);
    assert_int_equal(event.bytes, BOMB_BYTES);
}

static void compressed_transfer_is_no_bomb(void **state)
{
    struct http_event event = reply_with_bomb(
        *state, "Transfer-Encoding: gzip, chunked");
    assert_int_not_equal(event.error, 0);
    assert_string_not_equal(event.message, "");
    assert_int_equal(event.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(largest_reply_is_taken),
        WIRE_TEST(reply_too_large_is_refused),
        WIRE_TEST(flood_of_headers_is_refused),
        WIRE_TEST(flood_of_interim_replies_is_refused),
        WIRE_TEST(flood_behind_the_body_is_refused),
        WIRE_TEST(endless_lines_of_the_head_are_refused),
        WIRE_TEST(compressed_body_is_left_as_it_is),
        WIRE_TEST(compressed_transfer_is_no_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
