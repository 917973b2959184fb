/* test_etcd_auth.c: tokens: when one is fetched, and what becomes of a call
 * that is refused for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/etcd_auth.h"
#include "sys/clock.h"
#include "world.h"

#define ALIVE "{\"result\":{" WORLD_HEADER ",\"ID\":\"4660\",\"TTL\":\"10\"}}"
#define TOKEN(token) "{" WORLD_HEADER ",\"token\":\"" token "\"}"
#define BAD_TOKEN "{\"code\":16,\"message\":\"etcdserver: invalid auth token\"}"

static void keepalive(struct world *w, uint64_t tag)
{
    etcd_keepalive(w->etcd, tag, WORLD_TIMEOUT_MS, WORLD_LEASE);
}

/* Wait for a request while the client takes what comes, as a token, and has
 * nothing to tell. */
static struct gateway_request next_request_at(struct world *w, unsigned gateway)
{
    struct gateway_request request;
    struct etcd_reply reply;
    int64_t end_at_ms = clock_now_ms() + GATEWAY_PATIENCE_MS;
    while (!gateway_next(&w->gateways[gateway], &request)) {
        assert_true(clock_now_ms() < end_at_ms);
        world_turn(w, 1000);
        assert_false(etcd_next(w->etcd, &reply));
    }
    return request;
}

static struct gateway_request next_request(struct world *w)
{
    return next_request_at(w, 0);
}

/* The client must ask for this path, with this token or, NULL, without any;
 * then it gets the answer. */
static void serve(struct world *w, const char *path, const char *token,
                  int status, const char *body)
{
    struct gateway_request request = next_request(w);
    char line[64];
    (void)snprintf(line, sizeof line, "POST %s HTTP/1.1\r\n", path);
    assert_memory_equal(request.head, line, strlen(line));
    const char *header = strstr(request.head, "\r\nAuthorization: ");
    if (token) {
        (void)snprintf(line, sizeof line, "\r\nAuthorization: %s\r\n", token);
        assert_non_null(header);
        assert_memory_equal(header, line, strlen(line));
    } else {
        assert_null(header);
    }
    gateway_reply(&w->gateways[0], request.connection, status, body);
}

static void serve_token(struct world *w, const char *body)
{
    serve(w, "/v3/auth/authenticate", NULL, 200, body);
}

static void serve_keepalive(struct world *w, const char *token, int status,
                            const char *body)
{
    serve(w, "/v3/lease/keepalive", token, status, body);
}

static void expect_alive(struct world *w, uint64_t tag)
{
    struct etcd_reply reply = world_reply(w);
    assert_int_equal(reply.type, ETCD_REPLY_LEASE);
    assert_int_equal(reply.tag, tag);
    assert_int_equal(reply.lease.ttl_s, 10);
}

static void first_call_fetches_a_token_that_later_ones_use(void **state)
{
    struct world *w = *state;
    keepalive(w, 1);
    struct gateway_request request = next_request(w);
    assert_string_equal(request.body,
                        "{\"name\":\"ann\",\"password\":\"pa\\\"ss\"}");
    gateway_reply(&w->gateways[0], request.connection, 200, TOKEN("t.1"));
    serve_keepalive(w, "t.1", 200, ALIVE);
    expect_alive(w, 1);
    keepalive(w, 2);
    serve_keepalive(w, "t.1", 200, ALIVE);
    expect_alive(w, 2);
}

static void refused_token_is_renewed_and_the_call_sent_again(void **state)
{
    static const char *const refusals[] = {
        BAD_TOKEN,
        "{\"error\":\"etcdserver: auth store is old\",\"code\":3}",
        "{\"code\":3,\"message\":\"etcdserver: user name is empty\"}",
        ("{\"error\":{\"code\":16,"
         "\"message\":\"etcdserver: invalid auth token\"}}"),
        "Unauthorized\n", /* a proxy's */
    };
    static const int statuses[] = { 401, 400, 400, 200, 401 };
    struct world *w = *state;
    keepalive(w, 1);
    serve_token(w, TOKEN("t.1"));
    serve_keepalive(w, "t.1", 200, ALIVE);
    expect_alive(w, 1);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        keepalive(w, 2);
        serve_keepalive(w, "t.1", statuses[i], refusals[i]);
        serve_token(w, TOKEN("t.1"));
        serve_keepalive(w, "t.1", 200, ALIVE);
        expect_alive(w, 2);
    }
}

static void second_refusal_in_a_row_fails_and_may_be_cured(void **state)
{
    struct world *w = *state;
    keepalive(w, 1);
    serve_token(w, TOKEN("t.1"));
    serve_keepalive(w, "t.1", 401, BAD_TOKEN);
    serve_token(w, TOKEN("t.2"));
    serve_keepalive(w, "t.2", 401, BAD_TOKEN);
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY,
                         "etcdserver: invalid auth token");
    keepalive(w, 2);
    serve_token(w, TOKEN("t.3"));
    serve_keepalive(w, "t.3", 200, ALIVE);
    expect_alive(w, 2);
}

static void wrong_password_is_denied_and_not_shown(void **state)
{
    struct world *w = *state;
    keepalive(w, 1);
    serve(w, "/v3/auth/authenticate", NULL, 400,
          "{\"code\":3,\"message\":\"etcdserver: authentication failed, "
          "invalid user ID or password\"}");
    world_expect_failure(
        w, 0, 1, CANDIDATE_EDENIED,
        "authentication of \"ann\": etcdserver: authentication "
        "failed, invalid user ID or password");
}

static void cluster_without_authentication_takes_a_user(void **state)
{
    struct world *w = *state;
    keepalive(w, 1);
    serve(w, "/v3/auth/authenticate", NULL, 400,
          "{\"code\":9,\"message\":\"etcdserver: authentication is not "
          "enabled\"}");
    serve_keepalive(w, NULL, 200, ALIVE);
    expect_alive(w, 1);
    keepalive(w, 2); /* and is not asked again, until it wants a token */
    serve_keepalive(w, NULL, 400,
                    "{\"code\":3,\"message\":\"etcdserver: user name is "
                    "empty\"}");
    serve_token(w, TOKEN("t.1"));
    serve_keepalive(w, "t.1", 200, ALIVE);
    expect_alive(w, 2);
}

static void reply_without_a_token_is_garbage(void **state)
{
    struct world *w = *state;
    keepalive(w, 1);
    serve_token(w, "{" WORLD_HEADER "}");
    struct etcd_reply reply = world_reply(w);
    assert_int_equal(reply.type, ETCD_REPLY_FAILED);
    assert_int_equal(reply.status, CANDIDATE_EPROTO);
}

static void call_that_waits_for_a_token_keeps_its_time(void **state)
{
    struct world *w = *state;
    etcd_keepalive(w->etcd, 1, WORLD_SHORT_MS, WORLD_LEASE);
    struct gateway_request request = next_request(w);
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY,
                         "authentication of \"ann\": no reply in time");
    keepalive(w, 2); /* for which the same token will do */
    gateway_reply(&w->gateways[0], request.connection, 200, TOKEN("t.1"));
    serve_keepalive(w, "t.1", 200, ALIVE);
    expect_alive(w, 2);
}

static void silent_member_is_not_asked_for_a_token_for_ever(void **state)
{
    struct world *w = *state;
    etcd_keepalive(w->etcd, 1, WORLD_SHORT_MS, WORLD_LEASE);
    next_request(w); /* at the first, which does not answer */
    int64_t sent_at_ms = clock_now_ms();
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY,
                         "authentication of \"ann\": no reply in time");
    while (clock_now_ms() < sent_at_ms + ETCD_AUTH_PATIENCE_MS)
        world_turn(w, 100);
    keepalive(w, 2);
    struct gateway_request request = next_request_at(w, 1);
    gateway_reply(&w->gateways[1], request.connection, 200, TOKEN("t.1"));
    request = next_request_at(w, 1);
    assert_non_null(strstr(request.head, "\r\nAuthorization: t.1\r\n"));
}

static void call_has_time_left_when_the_token_was_slow(void **state)
{
    enum { CALL_MS = 5000, TOKEN_MS = 3000 };
    struct world *w = *state;
    int64_t token_at_ms = clock_now_ms() + TOKEN_MS;
    etcd_keepalive(w->etcd, 1, CALL_MS, WORLD_LEASE);
    struct gateway_request request = next_request(w);
    while (clock_now_ms() < token_at_ms)
        world_turn(w, (int)(token_at_ms - clock_now_ms()));
    gateway_reply(&w->gateways[0], request.connection, 200, TOKEN("t.1"));
    next_request(w);
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY, "no reply within 2500 ms");
}

static void stream_and_call_share_one_token(void **state)
{
    struct world *w = *state;
    struct etcd_watch_key key = { .key = { "k", 1 } };
    etcd_watch(w->etcd, 10, &key, 1, 5);
    keepalive(w, 1);
    serve_token(w, TOKEN("t.1"));
    unsigned call = 0;
    unsigned streams_n = 0;
    for (int i = 0; i < 2; i++) {
        struct gateway_request request = next_request(w);
        assert_non_null(strstr(request.head, "\r\nAuthorization: t.1\r\n"));
        if (strstr(request.head, "POST /v3/lease/keepalive "))
            call = request.connection;
        streams_n += strstr(request.head, "POST /v3/watch ") != NULL;
    }
    assert_int_equal(streams_n, 1);
    gateway_reply(&w->gateways[0], call, 200, ALIVE);
    expect_alive(w, 1);
}

/* etcd says so within a watch that it cancels, 3.4.23 and 3.5.16 alike. */
#define CANCELED(reason)                                                       \
    "{\"result\":{" WORLD_HEADER ",\"watch_id\":\"-1\",\"created\":true,"      \
    "\"canceled\":true,\"cancel_reason\":\"" reason "\"}}\n"

static void stream_refused_for_its_token_makes_the_next_fetch_one(void **state)
{
    static const struct {
        int status;
        const char *body, *cause;
    } refusals[] = {
        { 200,
          CANCELED("rpc error: code = Unauthenticated desc = etcdserver: "
                   "invalid auth token"),
          "watch canceled: rpc error: code = Unauthenticated desc = "
          "etcdserver: invalid auth token" },
        { 200,
          CANCELED("rpc error: code = InvalidArgument desc = etcdserver: "
                   "user name is empty"),
          "watch canceled: rpc error: code = InvalidArgument desc = "
          "etcdserver: user name is empty" },
        { 200, CANCELED("etcdserver: revision of auth store is old"),
          "watch canceled: etcdserver: revision of auth store is old" },
        { 401, BAD_TOKEN, "etcdserver: invalid auth token" },
    };
    struct world *w = *state;
    struct etcd_watch_key key = { .key = { "k", 1 } };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        etcd_watch(w->etcd, 10, &key, 1, 5);
        serve_token(w, TOKEN("t.1"));
        serve(w, "/v3/watch", "t.1", refusals[i].status, refusals[i].body);
        world_expect_failure(w, 0, 10, CANDIDATE_ERETRY, refusals[i].cause);
    }
    etcd_watch(w->etcd, 11, &key, 1, 5);
    serve_token(w, TOKEN("t.2"));
    struct gateway_request request = next_request(w);
    assert_non_null(strstr(request.head, "\r\nAuthorization: t.2\r\n"));
}

/* A call without a token in time gives up the stream of the same member, while
 * a message of it waits. */
static void stream_given_up_says_nothing_more(void **state)
{
    struct world *w = *state;
    struct etcd_watch_key key = { .key = { "k", 1 } };
    etcd_watch(w->etcd, 10, &key, 1, 5);
    serve_token(w, TOKEN("t.1"));
    unsigned stream = next_request(w).connection;
    gateway_begin(&w->gateways[0], stream);
    enum { ENOUGH_MS = 5000 }; /* for what comes before the call's end */
    etcd_keepalive(w->etcd, 1, ENOUGH_MS, WORLD_LEASE);
    int64_t end_at_ms = clock_now_ms() + ENOUGH_MS;
    serve_keepalive(w, "t.1", 401, BAD_TOKEN);
    (void)next_request(w); /* for a token, which does not come */
    gateway_say(&w->gateways[0], stream,
                "{\"result\":{" WORLD_HEADER ",\"created\":true}}\n"
                "{\"result\":{" WORLD_HEADER "}}\n");
    assert_int_equal(world_reply(w).tag, 10);
    while (clock_now_ms() < end_at_ms)
        world_turn(w, 1000);
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY,
                         "authentication of \"ann\": no reply in time");
    world_expect_failure(w, 0, 10, CANDIDATE_ERETRY,
                         "the watch is given up with its member");
    world_expect_silence(w);
}

static void canceled_call_is_not_sent_when_the_token_comes(void **state)
{
    struct world *w = *state;
    keepalive(w, 1);
    struct gateway_request request = next_request(w);
    etcd_cancel(w->etcd);
    gateway_reply(&w->gateways[0], request.connection, 200, TOKEN("t.1"));
    world_expect_silence(w);
    assert_false(gateway_next(&w->gateways[0], &request));
    keepalive(w, 2);
    serve_keepalive(w, "t.1", 200, ALIVE);
    expect_alive(w, 2);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup_user, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_call_fetches_a_token_that_later_ones_use),
        TEST(refused_token_is_renewed_and_the_call_sent_again),
        TEST(second_refusal_in_a_row_fails_and_may_be_cured),
        TEST(wrong_password_is_denied_and_not_shown),
        TEST(cluster_without_authentication_takes_a_user),
        TEST(reply_without_a_token_is_garbage),
        TEST(call_that_waits_for_a_token_keeps_its_time),
        cmocka_unit_test_setup_teardown(
            silent_member_is_not_asked_for_a_token_for_ever,
            world_setup_user_three, world_teardown),
        TEST(call_has_time_left_when_the_token_was_slow),
        TEST(stream_and_call_share_one_token),
        TEST(stream_refused_for_its_token_makes_the_next_fetch_one),
        TEST(stream_given_up_says_nothing_more),
        TEST(canceled_call_is_not_sent_when_the_token_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
