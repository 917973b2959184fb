/* test_etcd_failover.c: which endpoint serves next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#define LEASE_OF(header) "{\"result\":{" header ",\"ID\":\"4660\"}}"

static void keepalive(struct world *w, uint64_t tag)
{
    etcd_keepalive(w->etcd, tag, WORLD_TIMEOUT_MS, WORLD_LEASE);
}

/* A call must go to this gateway, which answers with that. */
static struct etcd_reply call_at(struct world *w, unsigned gateway, int status,
                                 const char *body)
{
    keepalive(w, 1);
    struct gateway_request request = world_request(w, gateway);
    gateway_reply(&w->gateways[gateway], request.connection, status, body);
    struct etcd_reply reply = world_reply(w);
    assert_string_equal(reply.endpoint, w->gateways[gateway].url);
    return reply;
}

static void good_call_at(struct world *w, unsigned gateway)
{
    struct etcd_reply reply = call_at(w, gateway, 200, LEASE_OF(WORLD_HEADER));
    assert_int_equal(reply.type, ETCD_REPLY_LEASE);
}

static void bad_call_at(struct world *w, unsigned gateway, int status,
                        const char *body)
{
    struct etcd_reply reply = call_at(w, gateway, status, body);
    assert_int_equal(reply.type, ETCD_REPLY_FAILED);
}

/* Each rests as long as the one before, so the order does not depend on how
 * quickly the calls follow each other. */
static void endpoints_serve_in_turn_as_they_fail(void **state)
{
    struct world *w = *state;
    good_call_at(w, 0);
    good_call_at(w, 0);
    for (int round = 0; round < 3; round++) {
        bad_call_at(w, 0, 503, "{\"code\":14,\"message\":\"no leader\"}");
        bad_call_at(w, 1, 200, "garbage");
        bad_call_at(w, 2, 307, "");
    }
    good_call_at(w, 0);
}

static void refusing_endpoint_is_left_but_does_not_rest(void **state)
{
    struct world *w = *state;
    for (unsigned i = 0; i < 7; i++)
        bad_call_at(w, i % 3, 403,
                    "{\"code\":7,\"message\":\"permission denied\"}");
}

/* By then each rests for seconds. */
static void endpoint_that_failed_rests_while_another_serves(void **state)
{
    struct world *w = *state;
    for (int round = 0; round < 6; round++)
        for (unsigned i = 0; i < 3; i++)
            bad_call_at(w, i, 503, "");
    good_call_at(w, 0); /* its rest ends first, and is over with that */
    bad_call_at(w, 0, 403, "{\"code\":7,\"message\":\"permission denied\"}");
    good_call_at(w, 0);
}

static void dead_endpoint_is_left(void **state)
{
    struct world *w = *state;
    gateway_close(&w->gateways[0]);
    keepalive(w, 1);
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY, "connection refused");
    good_call_at(w, 1);
}

static void silent_endpoint_is_left(void **state)
{
    struct world *w = *state;
    etcd_keepalive(w->etcd, 1, WORLD_SHORT_MS, WORLD_LEASE);
    world_expect_failure(w, 0, 1, CANDIDATE_ERETRY, "no reply within 600 ms");
    good_call_at(w, 1);
}

static void answers_about_the_request_itself_keep_the_endpoint(void **state)
{
    struct world *w = *state;
    bad_call_at(w, 0, 404,
                "{\"code\":5,\"message\":\"etcdserver: requested lease not "
                "found\"}");
    bad_call_at(w, 0, 400,
                "{\"code\":9,\"message\":\"etcdserver: lease already "
                "exists\"}");
    good_call_at(w, 0);
    assert_int_equal(w->gateways[0].accepted, 1);
}

static void replaced_and_canceled_calls_keep_the_endpoint(void **state)
{
    struct world *w = *state;
    keepalive(w, 1);
    world_request(w, 0);
    keepalive(w, 2);
    world_request(w, 0);
    etcd_cancel(w->etcd);
    good_call_at(w, 0);
}

static void member_of_an_older_term_is_left(void **state)
{
    struct world *w = *state;
    good_call_at(w, 0);
    bad_call_at(w, 0, 503, "");
    struct etcd_reply reply = call_at(w, 1, 200,
                                      LEASE_OF(WORLD_HEADER_OF("7", "1")));
    assert_int_equal(reply.type, ETCD_REPLY_LEASE);
    assert_int_equal(reply.header.raft_term, 1);
    good_call_at(w, 2);
    good_call_at(w, 2);
}

/* As after a restore: a term that stays low is the term. */
static void lower_term_everywhere_is_got_used_to(void **state)
{
    struct world *w = *state;
    good_call_at(w, 0);
    call_at(w, 0, 200, LEASE_OF(WORLD_HEADER_OF("7", "1")));
    call_at(w, 1, 200, LEASE_OF(WORLD_HEADER_OF("7", "1")));
    call_at(w, 1, 200, LEASE_OF(WORLD_HEADER_OF("7", "1")));
}

static void watch(struct world *w, uint64_t tag)
{
    struct etcd_watch_key key = { .key = { "k", 1 } };
    etcd_watch(w->etcd, tag, &key, 1, 5);
}

static void begin_watch_at(struct world *w, unsigned gateway, uint64_t tag)
{
    watch(w, tag);
    struct gateway_request request = world_request(w, gateway);
    gateway_begin(&w->gateways[gateway], request.connection);
}

static void stream_is_given_up_with_its_member(void **state)
{
    struct world *w = *state;
    begin_watch_at(w, 0, 10);
    bad_call_at(w, 0, 503, "");
    world_expect_failure(w, 0, 10, CANDIDATE_ERETRY,
                         "the watch is given up with its member");
    begin_watch_at(w, 1, 11);
    good_call_at(w, 1);
}

static void answers_about_the_request_itself_keep_the_stream(void **state)
{
    struct world *w = *state;
    begin_watch_at(w, 0, 10);
    bad_call_at(w, 0, 404,
                "{\"code\":5,\"message\":\"etcdserver: requested lease not "
                "found\"}");
    world_expect_silence(w);
}

static void calls_follow_the_stream_to_another_member(void **state)
{
    struct world *w = *state;
    watch(w, 10);
    struct gateway_request request = world_request(w, 0);
    gateway_begin(&w->gateways[0], request.connection);
    gateway_end(&w->gateways[0], request.connection);
    world_expect_failure(w, 0, 10, CANDIDATE_ERETRY,
                         "the watch's stream ended");
    good_call_at(w, 1);
}

static unsigned open_connections(struct world *w)
{
    unsigned open = 0;
    for (int turn = 0; turn < 4; turn++) /* what was closed is seen */
        world_turn(w, 0);
    for (unsigned i = 0; i < w->gateways_n; i++)
        open += gateway_connections_n(&w->gateways[i]);
    return open;
}

/* One for calls and one for the stream, wherever they went before. */
static void never_more_than_two_connections_are_open(void **state)
{
    struct world *w = *state;
    for (unsigned i = 0; i < 9; i++) {
        begin_watch_at(w, i % 3, 10);
        keepalive(w, 1);
        struct gateway_request request = world_request(w, i % 3);
        assert_int_equal(open_connections(w), 2);
        gateway_reply(&w->gateways[i % 3], request.connection, 503, "");
        assert_int_equal(world_reply(w).tag, 1);
        assert_int_equal(world_reply(w).tag, 10);
        assert_true(open_connections(w) <= 2);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup_three, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(endpoints_serve_in_turn_as_they_fail),
        TEST(refusing_endpoint_is_left_but_does_not_rest),
        TEST(endpoint_that_failed_rests_while_another_serves),
        TEST(dead_endpoint_is_left),
        TEST(silent_endpoint_is_left),
        TEST(answers_about_the_request_itself_keep_the_endpoint),
        TEST(replaced_and_canceled_calls_keep_the_endpoint),
        TEST(member_of_an_older_term_is_left),
        TEST(lower_term_everywhere_is_got_used_to),
        TEST(stream_is_given_up_with_its_member),
        TEST(answers_about_the_request_itself_keep_the_stream),
        TEST(calls_follow_the_stream_to_another_member),
        TEST(never_more_than_two_connections_are_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
