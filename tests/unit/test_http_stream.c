/* test_http_stream.c: HTTP transfers whose body is given out as it comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/http.h"
#include "wire.h"

static void stream_is_given_out_as_it_comes(void **state)
{
    struct wire *f = *state;
    wire_send(f, wire_stream(f, 5));
    struct wire_connection *c = wire_request_on(f, 0);
    wire_say(c, WIRE_STREAM_HEAD);
    static const char *const lines[] = { "one\n", "two\n", "six\n" };
    for (size_t i = 0; i < 3; i++) {
        wire_say(c, "4\r\n");
        wire_say(c, lines[i]);
        wire_say(c, "\r\n");
        struct http_event event = wire_event(f);
        assert_int_equal(event.type, HTTP_DATA);
        assert_int_equal(event.tag, 5);
        assert_int_equal(event.bytes, 4);
        assert_memory_equal(event.data, lines[i], 4);
        assert_false(http_next(f->http, &event));
    }
    wire_say(c, "0\r\n\r\n");
    struct http_event event = wire_event(f);
    wire_assert_done(&event, 200, "");
}

static void stream_fed_byte_by_byte_is_the_same(void **state)
{
    struct wire *f = *state;
    wire_send(f, wire_stream(f, 5));
    struct wire_connection *c = wire_request_on(f, 0);
    static const char body[] = "4\r\none\n\r\nA\r\ntwo, three\r\n0\r\n\r\n";
    char reply[256], got[64] = "";
    int length = snprintf(reply, sizeof reply, "%s%s", WIRE_STREAM_HEAD, body);
    size_t got_bytes = 0;
    struct http_event event;
    for (int i = 0; i < length; i++) {
        wire_say_bytes(c, reply + i, 1);
        wire_step(f, 0);
        while (i < length - 1 && http_next(f->http, &event)) {
            assert_int_equal(event.type, HTTP_DATA);
            assert_true(event.bytes < sizeof got - got_bytes);
            memcpy(got + got_bytes, event.data, event.bytes);
            got_bytes += event.bytes;
        }
    }
    event = wire_event(f);
    wire_assert_done(&event, 200, "");
    assert_int_equal(got_bytes, 14);
    assert_string_equal(got, "one\ntwo, three");
}

/* Push until the stream has taken nothing for a while, then take it all. */
static void stream_that_nobody_takes_pauses_and_loses_nothing(void **state)
{
    enum { TOTAL = 12 * 1024 * 1024 };
    struct wire *f = *state;
    wire_send(f, wire_stream(f, 5));
    struct wire_connection *c = wire_request_on(f, 0);
    int small = 65536;
    setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    char *body = malloc(TOTAL);
    assert_non_null(body);
    for (size_t i = 0; i < TOTAL; i++)
        body[i] = (char)(i * 31 >> 3);
    wire_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 12582912\r\n\r\n");
    size_t sent = 0, got = 0;
    for (int idle = 0; idle < 1000 && sent < TOTAL; idle++) {
        size_t n = wire_say_some(c, body + sent, TOTAL - sent);
        sent += n;
        idle = n > 0 ? 0 : idle;
        wire_step(f, 0);
    }
    assert_true(sent < TOTAL);
    struct http_event event;
    for (;;) {
        event = (struct http_event){ .type = HTTP_DATA };
        if (sent < TOTAL)
            sent += wire_say_some(c, body + sent, TOTAL - sent);
        wire_step(f, sent < TOTAL ? 0 : 1000);
        if (!http_next(f->http, &event))
            continue;
        if (event.type == HTTP_DONE)
            break;
        assert_true(event.bytes <= HTTP_STREAM_PENDING_BYTES_MAX);
        assert_true(event.bytes <= TOTAL - got);
        assert_int_equal(memcmp(event.data, body + got, event.bytes), 0);
        got += event.bytes;
    }
    wire_assert_done(&event, 200, "");
    assert_int_equal(got, TOTAL);
    free(body);
}

static void refused_stream_gives_its_body_at_the_end(void **state)
{
    struct wire *f = *state;
    wire_send(f, wire_stream(f, 5));
    wire_say(wire_request_on(f, 0),
             "HTTP/1.1 503 Service Unavailable\r\n"
             "Content-Length: 4\r\n\r\nbusy");
    struct http_event event = wire_event(f);
    wire_assert_done(&event, 503, "busy");
}

static void cut_stream_gives_its_bytes_then_the_cause(void **state)
{
    struct wire *f = *state;
    wire_send(f, wire_stream(f, 5));
    struct wire_connection *c = wire_request_on(f, 0);
    wire_say(c, WIRE_STREAM_HEAD);
    wire_say(c, "8\r\nhalf");
    wire_hang_up(c);
    struct http_event event = wire_event(f);
    assert_int_equal(event.type, HTTP_DATA);
    assert_memory_equal(event.data, "half", 4);
    event = wire_event(f);
    assert_int_equal(event.type, HTTP_DONE);
    assert_int_equal(event.error, CANDIDATE_ERETRY);
    assert_true(strlen(event.message) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(stream_is_given_out_as_it_comes),
        WIRE_TEST(stream_fed_byte_by_byte_is_the_same),
        WIRE_TEST(stream_that_nobody_takes_pauses_and_loses_nothing),
        WIRE_TEST(refused_stream_gives_its_body_at_the_end),
        WIRE_TEST(cut_stream_gives_its_bytes_then_the_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
