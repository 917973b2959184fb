/* test_etcd_failures.c: every way in which a call can go wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/refusal.h"
#include "world.h"

#define LEASE_REPLY "{" WORLD_HEADER ",\"ID\":\"4660\",\"TTL\":\"10\"}"
#define NO_GATEWAY                                                             \
    "HTTP 404, so no JSON gateway: this needs etcd 3.4 or newer with "         \
    "--enable-grpc-gateway"

static void keepalive(struct world *w, uint64_t tag)
{
    etcd_keepalive(w->etcd, tag, WORLD_TIMEOUT_MS, WORLD_LEASE);
}

static const struct {
    const char *body;
    int http_status, status;
    const char *cause;
} refusals[] = {
    /* etcd 3.4, then 3.5, then 3.6 */
    { "{\"error\":\"etcdserver: requested lease not found\",\"message\":"
      "\"etcdserver: requested lease not found\",\"code\":5}",
      404, CANDIDATE_ENOTFOUND, "etcdserver: requested lease not found" },
    { "{\"code\":5, \"message\":\"etcdserver: requested lease not "
      "found\"}",
      404, CANDIDATE_ENOTFOUND, "etcdserver: requested lease not found" },
    { "{\"code\":5,\"message\":\"etcdserver: requested lease not found\","
      "\"details\":[]}",
      404, CANDIDATE_ENOTFOUND, "etcdserver: requested lease not found" },
    { "{\"error\":\"etcdserver: lease already exists\",\"message\":"
      "\"etcdserver: lease already exists\",\"code\":9}",
      412, CANDIDATE_EEXISTS, "etcdserver: lease already exists" },
    { "{\"code\":9,\"message\":\"etcdserver: lease already exists\"}", 400,
      CANDIDATE_EEXISTS, "etcdserver: lease already exists" },
    { "{\"code\":9,\"message\":\"etcdserver: not leader\"}", 400,
      CANDIDATE_ERETRY, "etcdserver: not leader" },
    { "{\"code\":7,\"message\":\"etcdserver: permission denied\"}", 403,
      CANDIDATE_EDENIED, "etcdserver: permission denied" },
    { "{\"code\":3,\"message\":\"etcdserver: user name is empty\"}", 400,
      CANDIDATE_EDENIED,
      "etcdserver: user name is empty; etcd wants to know who asks, see "
      "--user" },
    { "{\"code\":3,\"message\":\"etcdserver: revision of auth store is "
      "old\"}",
      400, CANDIDATE_ERETRY, "etcdserver: revision of auth store is old" },
    { "{\"code\":16,\"message\":\"etcdserver: invalid auth token\"}", 401,
      CANDIDATE_EDENIED, "etcdserver: invalid auth token" },
    { "{\"code\":12,\"message\":\"unknown method\"}", 501, CANDIDATE_EDENIED,
      "unknown method" },
    { "{\"code\":14,\"message\":\"etcdserver: no leader\"}", 503,
      CANDIDATE_ERETRY, "etcdserver: no leader" },
    { "{\"code\":4,\"message\":\"context deadline exceeded\"}", 504,
      CANDIDATE_ERETRY, "context deadline exceeded" },
    { "{\"code\":2,\"message\":\"etcdserver: not a primary lessor\"}", 500,
      CANDIDATE_ERETRY, "etcdserver: not a primary lessor" },
    { "{\"code\":8,\"message\":\"etcdserver: mvcc: database space "
      "exceeded\"}",
      429, CANDIDATE_ERETRY, "etcdserver: mvcc: database space exceeded" },
    { "{\"code\":11,\"message\":\"etcdserver: too large lease TTL\"}", 400,
      CANDIDATE_EDENIED, "etcdserver: too large lease TTL" },
    { "{\"code\":11,\"message\":\"etcdserver: mvcc: required revision has "
      "been compacted\"}",
      400, CANDIDATE_ERETRY,
      "etcdserver: mvcc: required revision has been compacted" },
    { "{\"code\":15,\"message\":\"etcdserver: corrupt cluster\"}", 500,
      CANDIDATE_ERETRY, "etcdserver: corrupt cluster" },
    { "{\"code\":10,\"message\":\"aborted\"}", 409, CANDIDATE_ERETRY,
      "aborted" },
    { "{\"code\":13}", 500, CANDIDATE_ERETRY, "refused with gRPC code 13" },
    /* no gateway */
    { "404 page not found\n", 404, CANDIDATE_EDENIED, NO_GATEWAY },
    { "Not Found", 404, CANDIDATE_EDENIED, NO_GATEWAY },
    { "{\"code\":5,\"message\":\"Not Found\"}", 404, CANDIDATE_EDENIED,
      NO_GATEWAY },
    /* not etcd's API, or not etcd */
    { "CommonName of client sending a request against gateway will be "
      "ignored and not used as expected\n",
      400, CANDIDATE_EDENIED,
      "HTTP 400: CommonName of client sending a request against gateway "
      "will be ignored and not used as expected; use a client certificate "
      "without a CN, and --user" },
    { "", 403, CANDIDATE_EDENIED, "HTTP 403" },
    { "{\"odd\":1}", 502, CANDIDATE_ERETRY, "HTTP 502" },
    { "", 503, CANDIDATE_ERETRY, "HTTP 503" },
};

static void refusals_of_every_server_are_understood(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        keepalive(w, i);
        world_answer(w, refusals[i].http_status, refusals[i].body);
        world_expect_failure(w, 0, i, refusals[i].status, refusals[i].cause);
        assert_false(etcd_busy(w->etcd));
    }
    world_expect_silence(w);
}

static void redirect_is_a_failure_and_not_followed(void **state)
{
    struct world *w = *state;
    keepalive(w, 1);
    struct gateway_request request = world_request(w, 0);
    char reply[256];
    int n = snprintf(reply, sizeof reply,
                     "HTTP/1.1 307 Temporary Redirect\r\nLocation: %s/x\r\n"
                     "Content-Length: 0\r\n\r\n",
                     w->gateways[0].url);
    gateway_send(&w->gateways[0], request.connection, reply, (size_t)n);
    world_expect_failure(w, 0, 1, CANDIDATE_EPROTO,
                         "HTTP 307, a redirect, which is not followed");
    world_expect_silence(w);
    assert_false(gateway_next(&w->gateways[0], &request));
}

static void message_of_a_server_is_made_printable(void **state)
{
    struct world *w = *state;
    keepalive(w, 1);
    world_answer(w, 503,
                 "{\"code\":14,\"message\":\"red \\u001b[31m\\nalert\"}");
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY, "red \\x1b[31m\\x0aalert");
}

static void endless_message_of_a_server_is_cut(void **state)
{
    struct world *w = *state;
    char body[4000];
    (void)snprintf(body, sizeof body, "{\"code\":14,\"message\":\"%03000d\"}",
                   0);
    keepalive(w, 1);
    world_answer(w, 503, body);
    struct etcd_reply reply = world_reply(w);
    assert_int_equal(reply.status, CANDIDATE_ERETRY);
    assert_true(strlen(reply.message) < CANDIDATE_ERROR_BYTES_MAX);
    assert_string_equal(reply.message + strlen(reply.message) - 5, "00...");
}

static void garbage_is_no_reply(void **state)
{
    struct world *w = *state;
    static const char *const garbage[] = {
        "",
        "<html>404 Not Found</html>",
        "{",
        "[]",
        "{}",
        "{\"result\":" LEASE_REPLY,
        LEASE_REPLY, /* of a grant */
        "{\"result\":" LEASE_REPLY "}{\"result\":" LEASE_REPLY "}",
        "{\"result\":{\"ID\":\"4660\",\"TTL\":\"10\"}}",
        "{\"result\":{" WORLD_HEADER ",\"ID\":\"4660\",\"TTL\":\"ten\"}}",
    };
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        keepalive(w, i);
        world_answer(w, 200, garbage[i]);
        struct etcd_reply reply = world_reply(w);
        assert_int_equal(reply.type, ETCD_REPLY_FAILED);
        assert_int_equal(reply.status, CANDIDATE_EPROTO);
        assert_int_equal(reply.tag, i);
        size_t url = strlen(w->gateways[0].url);
        assert_memory_equal(reply.message, w->gateways[0].url, url);
        assert_memory_equal(reply.message + url, ": ", 2);
        assert_true(strlen(reply.message) > url + 2);
    }
    world_expect_silence(w);
}

static void reply_about_another_lease_does_not_count(void **state)
{
    struct world *w = *state;
    static const char other[] = "{" WORLD_HEADER
                                ",\"ID\":\"4661\",\"TTL\":\"10\"}";
    static const char cause[] = "a reply about lease 1235 instead of 1234";
    keepalive(w, 1);
    world_answer(w, 200,
                 "{\"result\":{" WORLD_HEADER
                 ",\"ID\":\"4661\",\"TTL\":\"10\"}}");
    world_expect_failure(w, 0, 1, CANDIDATE_EPROTO, cause);
    etcd_grant(w->etcd, 2, WORLD_TIMEOUT_MS, WORLD_LEASE, 10);
    world_answer(w, 200, other);
    world_expect_failure(w, 0, 2, CANDIDATE_EPROTO, cause);
    etcd_time_to_live(w->etcd, 3, WORLD_TIMEOUT_MS, WORLD_LEASE, false);
    world_answer(w, 200, other);
    world_expect_failure(w, 0, 3, CANDIDATE_EPROTO, cause);
    keepalive(w, 4); /* nor about none at all */
    world_answer(w, 200, "{\"result\":{" WORLD_HEADER ",\"TTL\":\"10\"}}");
    world_expect_failure(w, 0, 4, CANDIDATE_EPROTO,
                         "a reply about lease 0 instead of 1234");
}

static void grant_must_give_time(void **state)
{
    struct world *w = *state;
    etcd_grant(w->etcd, 1, WORLD_TIMEOUT_MS, WORLD_LEASE, 10);
    world_answer(w, 200, "{" WORLD_HEADER ",\"ID\":\"4660\"}");
    world_expect_failure(w, 0, 1, CANDIDATE_EPROTO,
                         "a lease without a time to live");
}

static void error_within_a_200_is_a_refusal(void **state)
{
    struct world *w = *state;
    keepalive(w, 1);
    world_answer(w, 200,
                 "{\"error\":{\"grpc_code\":14,\"http_code\":503,\"message\":"
                 "\"etcdserver: no leader\",\"http_status\":\"Service "
                 "Unavailable\"}}");
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY, "etcdserver: no leader");
    keepalive(w, 2);
    world_answer(w, 200,
                 "{\"error\":{\"code\":7,\"message\":\"etcdserver: "
                 "permission denied\"}}");
    world_expect_failure(w, 0, 2, CANDIDATE_EDENIED,
                         "etcdserver: permission denied");
}

static void nobody_listening_is_said(void **state)
{
    struct world *w = *state;
    gateway_refuse(&w->gateways[0]);
    keepalive(w, 1);
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY, "connection refused");
}

static void cut_reply_is_no_reply(void **state)
{
    struct world *w = *state;
    static const char torso[] = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
                                "{\"result\":" LEASE_REPLY "}";
    keepalive(w, 1);
    struct gateway_request request = world_request(w, 0);
    gateway_send(&w->gateways[0], request.connection, torso, sizeof torso - 1);
    gateway_hang_up(&w->gateways[0], request.connection);
    struct etcd_reply reply = world_reply(w);
    assert_int_equal(reply.type, ETCD_REPLY_FAILED);
    assert_int_equal(reply.status, CANDIDATE_ERETRY);
}

static void too_large_reply_is_garbage(void **state)
{
    struct world *w = *state;
    static const char chunk[1024];
    keepalive(w, 1);
    struct gateway_request request = world_request(w, 0);
    gateway_begin(&w->gateways[0], request.connection);
    struct etcd_reply reply;
    while (!etcd_next(w->etcd, &reply)) {
        gateway_send_some(&w->gateways[0], request.connection, "400\r\n", 5);
        gateway_send_some(&w->gateways[0], request.connection, chunk,
                          sizeof chunk);
        gateway_send_some(&w->gateways[0], request.connection, "\r\n", 2);
        world_turn(w, 0);
    }
    assert_int_equal(reply.type, ETCD_REPLY_FAILED);
    assert_int_equal(reply.status, CANDIDATE_EPROTO);
    assert_non_null(strstr(reply.message, ": reply larger than 65536 bytes"));
}

/* And the reply that comes too late is not read as that of the next call. */
static void silent_server_is_given_up_in_time(void **state)
{
    struct world *w = *state;
    etcd_keepalive(w->etcd, 1, WORLD_SHORT_MS, WORLD_LEASE);
    struct gateway_request first = world_request(w, 0);
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY, "no reply within 600 ms");
    keepalive(w, 2);
    world_await_close(w, 0, first.connection);
    struct gateway_request second = world_request(w, 0);
    assert_int_not_equal(second.connection, first.connection);
    gateway_reply(&w->gateways[0], second.connection, 200,
                  "{\"result\":" LEASE_REPLY "}");
    assert_int_equal(world_reply(w).type, ETCD_REPLY_LEASE);
}

static void call_without_any_time_fails_in_time(void **state)
{
    struct world *w = *state;
    etcd_keepalive(w->etcd, 1, 0, WORLD_LEASE);
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY, "no reply within 1 ms");
    etcd_keepalive(w->etcd, 2, -5, WORLD_LEASE);
    world_expect_failure(w, 0, 2, CANDIDATE_ERETRY, "no reply within 1 ms");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refusals_of_every_server_are_understood),
        TEST(redirect_is_a_failure_and_not_followed),
        TEST(message_of_a_server_is_made_printable),
        TEST(endless_message_of_a_server_is_cut),
        TEST(garbage_is_no_reply),
        TEST(reply_about_another_lease_does_not_count),
        TEST(grant_must_give_time),
        TEST(error_within_a_200_is_a_refusal),
        TEST(nobody_listening_is_said),
        TEST(cut_reply_is_no_reply),
        TEST(too_large_reply_is_garbage),
        TEST(silent_server_is_given_up_in_time),
        TEST(call_without_any_time_fails_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
