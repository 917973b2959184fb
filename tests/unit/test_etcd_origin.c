/* test_etcd_origin.c: endpoints that belong to different clusters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#define LEASE_OF(header) "{\"result\":{" header ",\"ID\":\"4660\"}}"
#define OURS LEASE_OF(WORLD_HEADER)
#define OTHER_HEADER WORLD_HEADER_OF("255", "9")
#define OTHER LEASE_OF(OTHER_HEADER)

enum { CAUSE_BYTES_MAX = 256 };

/* A call must go to this gateway, which answers with that. */
static struct etcd_reply call_at(struct world *w, unsigned gateway, int status,
                                 const char *body)
{
    etcd_keepalive(w->etcd, 1, WORLD_TIMEOUT_MS, WORLD_LEASE);
    struct gateway_request request = world_request(w, gateway);
    gateway_reply(&w->gateways[gateway], request.connection, status, body);
    return world_reply(w);
}

static void good_call_at(struct world *w, unsigned gateway)
{
    assert_int_equal(call_at(w, gateway, 200, OURS).type, ETCD_REPLY_LEASE);
}

static void fail_call_at(struct world *w, unsigned gateway)
{
    assert_int_equal(call_at(w, gateway, 503, "").type, ETCD_REPLY_FAILED);
}

/* What is said of a stranger, with the one that it differs from. */
static void say_stranger(const struct world *w, char cause[CAUSE_BYTES_MAX])
{
    (void)snprintf(cause, CAUSE_BYTES_MAX,
                   "belongs to another etcd cluster, ff, than %s, 7; take one"
                   " of them out of --endpoints",
                   w->gateways[0].url);
}

static void expect_stranger(struct world *w, unsigned gateway,
                            const struct etcd_reply *reply)
{
    char cause[CAUSE_BYTES_MAX], message[CANDIDATE_ERROR_BYTES_MAX];
    say_stranger(w, cause);
    (void)snprintf(message, sizeof message, "%s: %s", w->gateways[gateway].url,
                   cause);
    assert_int_equal(reply->type, ETCD_REPLY_FAILED);
    assert_int_equal(reply->status, CANDIDATE_EPROTO);
    assert_int_equal(reply->endpoint_i, gateway);
    assert_string_equal(reply->message, message);
}

static void stranger_is_no_answer_and_is_named(void **state)
{
    struct world *w = *state;
    good_call_at(w, 0);
    fail_call_at(w, 0);
    struct etcd_reply reply = call_at(w, 1, 200, OTHER);
    expect_stranger(w, 1, &reply);
    good_call_at(w, 2);
    good_call_at(w, 2);
}

/* Somebody may lead there: it is not for the client to keep that back. */
static void endpoint_that_turns_to_another_cluster_is_told(void **state)
{
    struct world *w = *state;
    char message[CANDIDATE_ERROR_BYTES_MAX];
    good_call_at(w, 0);
    struct etcd_reply reply = call_at(w, 0, 200, OTHER);
    assert_int_equal(reply.type, ETCD_REPLY_LEASE);
    assert_int_equal(reply.header.cluster_id, 255);
    (void)snprintf(message, sizeof message,
                   "%s: answers for another etcd cluster, ff, than before, 7",
                   w->gateways[0].url);
    assert_string_equal(reply.message, message);
    good_call_at(w, 1);
    good_call_at(w, 1);
}

/* It has no header that would tell, so it must be remembered. */
static void refusal_of_a_stranger_does_not_count(void **state)
{
    static const char *const refusals[] = {
        "{\"code\":5,\"message\":\"etcdserver: requested lease not found\"}",
        "{\"code\":7,\"message\":\"etcdserver: permission denied\"}",
    };
    struct world *w = *state;
    good_call_at(w, 0);
    etcd_status(w->etcd, 2, WORLD_TIMEOUT_MS, 1);
    struct gateway_request request = world_request(w, 1);
    gateway_reply(&w->gateways[1], request.connection, 200,
                  "{" OTHER_HEADER ",\"version\":\"3.5.0\"}");
    struct etcd_reply reply = world_reply(w);
    expect_stranger(w, 1, &reply);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        etcd_status(w->etcd, 2, WORLD_TIMEOUT_MS, 1);
        request = world_request(w, 1);
        gateway_reply(&w->gateways[1], request.connection, 403, refusals[i]);
        assert_int_equal(world_reply(w).status, CANDIDATE_EPROTO);
    }
    good_call_at(w, 0);
}

static void strangers_stream_is_given_up(void **state)
{
    struct world *w = *state;
    char cause[CAUSE_BYTES_MAX];
    good_call_at(w, 0);
    fail_call_at(w, 0);
    struct etcd_watch_key key = { .key = { "k", 1 } };
    etcd_watch(w->etcd, 10, &key, 1, 5);
    struct gateway_request request = world_request(w, 1);
    gateway_begin(&w->gateways[1], request.connection);
    gateway_say(&w->gateways[1], request.connection,
                "{\"result\":{" OTHER_HEADER ",\"created\":true}}\n");
    say_stranger(w, cause);
    world_expect_failure(w, 1, 10, CANDIDATE_EPROTO, cause);
    world_await_close(w, 1, request.connection);
    good_call_at(w, 2);
}

static void question_goes_to_the_endpoint_that_is_named(void **state)
{
    struct world *w = *state;
    good_call_at(w, 0);
    for (unsigned i = 1; i < 3; i++) {
        etcd_status(w->etcd, 2, WORLD_TIMEOUT_MS, i);
        struct gateway_request request = world_request(w, i);
        gateway_reply(&w->gateways[i], request.connection, 200,
                      i == 1 ? "{" WORLD_HEADER ",\"version\":\"3.5.0\"}"
                             : "{" OTHER_HEADER ",\"version\":\"3.5.0\"}");
        struct etcd_reply reply = world_reply(w);
        if (i == 1)
            assert_int_equal(reply.type, ETCD_REPLY_STATUS);
        else
            expect_stranger(w, 2, &reply);
        good_call_at(w, 0);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup_three, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stranger_is_no_answer_and_is_named),
        TEST(endpoint_that_turns_to_another_cluster_is_told),
        TEST(refusal_of_a_stranger_does_not_count),
        TEST(strangers_stream_is_given_up),
        TEST(question_goes_to_the_endpoint_that_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
