/* test_http_odd.c: HTTP transfers with servers and proxies that do odd things.
 *
 * Each ends in a named error, in bounded time, or does no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/clock.h"
#include "sys/http.h"
#include "wire.h"

enum { SHORT_MS = 1000 }; /* and long enough to begin on a busy machine */

/* ---- what is no HTTP, or lies ---- */

/* This is all that the server says. */
static struct http_event expect_no_reply(struct wire *w, const char *text)
{
    wire_send(w, wire_unary(w, 1));
    struct wire_connection *c = wire_request_on(w, 0);
    wire_say(c, text);
    wire_hang_up(c);
    struct http_event event = wire_event(w);
    assert_int_equal(event.error, CANDIDATE_ERETRY);
    assert_int_equal(event.bytes, 0);
    return event;
}

static void cut_reply_is_no_reply(void **state)
{
    struct http_event event = expect_no_reply(
        *state, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    assert_string_equal(event.message, "connection cut within a reply");
}

static void bytes_that_are_not_http_are_refused(void **state)
{
    struct http_event event = expect_no_reply(
        *state, "\x16\x03\x01 \x1b[31m this is another protocol\r\n\r\n");
    assert_string_equal(event.message, "the reply is not HTTP");
}

static const char *const odd_replies[] = {
    "{\"header\":{}}\n", /* HTTP/0.9 */
    "HTTP/0.9 200 OK\r\n\r\nok",
    "HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 2x0 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: nonsense\r\n\r\nok",
    WIRE_STREAM_HEAD "two\r\nok\r\n0\r\n\r\n",
    WIRE_STREAM_HEAD "-2\r\nok\r\n0\r\n\r\n",
    WIRE_STREAM_HEAD "FFFFFFFFFFFFFFFFFF\r\nok\r\n0\r\n\r\n",
    WIRE_STREAM_HEAD "2\r\nokay\r\n0\r\n\r\n",
    WIRE_STREAM_HEAD "2\r\nok\r\n", /* and no last chunk */
    "",
};

static void odd_reply_is_no_reply(void **state)
{
    for (size_t i = 0; i < sizeof odd_replies / sizeof *odd_replies; i++) {
        wire_teardown(state);
        wire_setup(state);
        struct wire *w = *state;
        wire_send(w, wire_unary(w, i));
        struct wire_connection *c = wire_request_on(w, 0);
        wire_say(c, odd_replies[i]);
        wire_hang_up(c);
        struct http_event event = wire_event(w);
        assert_int_equal(event.error, CANDIDATE_ERETRY);
        assert_string_not_equal(event.message, "");
        assert_int_equal(event.bytes, 0);
    }
}

/* It must not be taken for the reply to the next request. */
static void surplus_behind_a_reply_is_not_read(void **state)
{
    struct wire *w = *state;
    wire_send(w, wire_unary(w, 1));
    wire_say(wire_request_on(w, 0),
             WIRE_OK "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad");
    struct http_event event = wire_event(w);
    wire_assert_done(&event, 200, "ok");
    wire_expect_ok(w, 2, 1);
}

static void reply_that_nobody_asked_for_is_not_read(void **state)
{
    struct wire *w = *state;
    struct wire_connection *c = wire_expect_ok(w, 1, 0);
    wire_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad");
    for (int i = 1; i <= 2; i++)
        wire_expect_ok(w, 2, i);
    while (c->fd >= 0) /* it has made room */
        wire_step(w, 1000);
    wire_expect_ok(w, 2, 1);
    assert_int_equal(w->accepted, 3);
}

static void redirects_are_reported_and_not_followed(void **state)
{
    static const int statuses[] = { 301, 302, 303, 307, 308 };
    struct wire *w = *state;
    const char *const places[] = { w->url, "file:///etc/passwd",
                                   "http://169.254.169.254/latest/" };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
            char reply[256];
            (void)snprintf(reply, sizeof reply,
                           "HTTP/1.1 %d Elsewhere\r\nLocation: %s\r\n"
                           "Content-Length: 0\r\n\r\n",
                           statuses[i], places[k]);
            wire_send(w, wire_unary(w, 1));
            wire_say(wire_request_on(w, 0), reply);
            struct http_event event = wire_event(w);
            wire_assert_done(&event, statuses[i], "");
        }
    wire_step(w, 0);
    assert_int_equal(w->accepted, 1);
    assert_int_equal(w->connections[0].bytes, 0);
}

/* ---- too slow ---- */

/* The time counts, not the silence. */
static void dribbled_reply_is_given_up_in_time(void **state)
{
    static const char *const begins[] = { "HTTP/1.1 200 ",
                                          "HTTP/1.1 200 OK\r\n\r\n" };
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        wire_teardown(state);
        wire_setup(state);
        struct wire *w = *state;
        struct http_request request = wire_unary(w, 1);
        request.timeout_ms = SHORT_MS;
        wire_send(w, request);
        struct wire_connection *c = wire_request_on(w, 0);
        wire_say(c, begins[i]);
        struct http_event event;
        while (!http_next(w->http, &event)) {
            if (c->fd >= 0)
                (void)wire_say_some(c, "x", 1);
            wire_step(w, 1);
        }
        wire_assert_failed(&event, CANDIDATE_ERETRY, "no reply within 1000 ms");
    }
}

/* ---- proxies that cut idle connections ---- */

static void idle_connection_that_was_closed_costs_nothing(void **state)
{
    struct wire *w = *state;
    wire_hang_up(wire_expect_ok(w, 1, 0));
    wire_expect_ok(w, 2, 1);
}

static void idle_connection_that_was_reset_costs_nothing(void **state)
{
    struct wire *w = *state;
    struct wire_connection *c = wire_expect_ok(w, 1, 0);
    struct linger reset = { .l_onoff = 1 };
    assert_int_equal(
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    wire_hang_up(c);
    wire_expect_ok(w, 2, 1);
}

/* The cut and the request meet on the way. */
static void connection_cut_as_a_request_comes_costs_nothing(void **state)
{
    struct wire *w = *state;
    wire_expect_ok(w, 1, 0);
    wire_send(w, wire_unary(w, 2));
    wire_hang_up(wire_request_on(w, 0));
    wire_say(wire_request_on(w, 1), WIRE_OK);
    struct http_event event = wire_event(w);
    assert_int_equal(event.tag, 2);
    wire_assert_done(&event, 200, "ok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(cut_reply_is_no_reply),
        WIRE_TEST(bytes_that_are_not_http_are_refused),
        WIRE_TEST(odd_reply_is_no_reply),
        WIRE_TEST(surplus_behind_a_reply_is_not_read),
        WIRE_TEST(reply_that_nobody_asked_for_is_not_read),
        WIRE_TEST(redirects_are_reported_and_not_followed),
        WIRE_TEST(dribbled_reply_is_given_up_in_time),
        WIRE_TEST(idle_connection_that_was_closed_costs_nothing),
        WIRE_TEST(idle_connection_that_was_reset_costs_nothing),
        WIRE_TEST(connection_cut_as_a_request_comes_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
