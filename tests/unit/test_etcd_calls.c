/* test_etcd_calls.c: what each call sends, and what its reply becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#define KEY "\"a2V5\"" /* key */
#define LEASE_REPLY "{" WORLD_HEADER ",\"ID\":\"4660\",\"TTL\":\"10\"}"
#define KEEPALIVE_REPLY "{\"result\":" LEASE_REPLY "}"

static const struct etcd_bytes key = { "key", 3 };

/* Take the request that must have come, and answer it. */
static struct etcd_reply exchange(struct world *w, const char *path,
                                  const char *body, const char *answer)
{
    struct gateway_request request = world_request(w, 0);
    char line[128];
    int n = snprintf(line, sizeof line, "POST %s HTTP/1.1\r\n", path);
    assert_memory_equal(request.head, line, (size_t)n);
    assert_string_equal(request.body, body);
    assert_non_null(
        strstr(request.head, "\r\nGrpc-Metadata-hasleader: true\r\n"));
    assert_non_null(
        strstr(request.head, "\r\nContent-Type: application/json\r\n"));
    gateway_reply(&w->gateways[0], request.connection, 200, answer);
    assert_true(etcd_busy(w->etcd));
    struct etcd_reply reply = world_reply(w);
    assert_false(etcd_busy(w->etcd));
    assert_string_equal(reply.message, "");
    assert_string_equal(reply.endpoint, w->gateways[0].url);
    assert_int_equal(reply.header.cluster_id, 7);
    assert_int_equal(reply.header.raft_term, 2);
    assert_int_equal(reply.header.revision, 90);
    return reply;
}

static void grant_asks_for_its_own_lease(void **state)
{
    struct world *w = *state;
    etcd_grant(w->etcd, 5, WORLD_TIMEOUT_MS, WORLD_LEASE, 10);
    struct etcd_reply reply = exchange(
        w, "/v3/lease/grant", "{\"TTL\":\"10\",\"ID\":\"4660\"}", LEASE_REPLY);
    assert_int_equal(reply.type, ETCD_REPLY_LEASE);
    assert_int_equal(reply.tag, 5);
    assert_int_equal(reply.lease.id, WORLD_LEASE);
    assert_int_equal(reply.lease.ttl_s, 10);
    world_expect_silence(w);
}

static void keepalive_reads_the_time_that_is_left(void **state)
{
    struct world *w = *state;
    etcd_keepalive(w->etcd, 6, WORLD_TIMEOUT_MS, WORLD_LEASE);
    struct etcd_reply reply = exchange(w, "/v3/lease/keepalive",
                                       "{\"ID\":\"4660\"}", KEEPALIVE_REPLY);
    assert_int_equal(reply.type, ETCD_REPLY_LEASE);
    assert_int_equal(reply.tag, 6);
    assert_int_equal(reply.lease.ttl_s, 10);
}

static void keepalive_without_ttl_says_that_the_lease_is_gone(void **state)
{
    struct world *w = *state;
    etcd_keepalive(w->etcd, 6, WORLD_TIMEOUT_MS, WORLD_LEASE);
    struct etcd_reply reply = exchange(
        w, "/v3/lease/keepalive", "{\"ID\":\"4660\"}",
        "{\"result\":{" WORLD_HEADER ",\"ID\":\"4660\"}}\n");
    assert_int_equal(reply.type, ETCD_REPLY_LEASE);
    assert_int_equal(reply.lease.ttl_s, 0);
}

static void revoke_gives_the_header(void **state)
{
    struct world *w = *state;
    etcd_revoke(w->etcd, 7, WORLD_TIMEOUT_MS, WORLD_LEASE);
    struct etcd_reply reply = exchange(
        w, "/v3/lease/revoke", "{\"ID\":\"4660\"}", "{" WORLD_HEADER "}");
    assert_int_equal(reply.type, ETCD_REPLY_HEADER);
    assert_int_equal(reply.tag, 7);
}

static void time_to_live_lists_the_keys(void **state)
{
    struct world *w = *state;
    etcd_time_to_live(w->etcd, 8, WORLD_TIMEOUT_MS, WORLD_LEASE, true);
    struct etcd_reply reply = exchange(
        w, "/v3/lease/timetolive", "{\"ID\":\"4660\",\"keys\":true}",
        "{" WORLD_HEADER ",\"ID\":\"4660\",\"TTL\":\"9\","
        "\"grantedTTL\":\"10\",\"keys\":[" KEY "]}");
    assert_int_equal(reply.type, ETCD_REPLY_LEASE);
    assert_int_equal(reply.lease.ttl_s, 9);
    assert_int_equal(reply.lease.granted_ttl_s, 10);
    assert_int_equal(reply.lease.keys_n, 1);
    assert_string_equal(reply.lease.keys[0].data, "key");
}

static void range_gives_the_keys(void **state)
{
    struct world *w = *state;
    struct etcd_range range = { .key = key };
    etcd_range(w->etcd, 9, WORLD_TIMEOUT_MS, &range);
    struct etcd_reply reply = exchange(
        w, "/v3/kv/range", "{\"key\":" KEY "}",
        "{" WORLD_HEADER ",\"kvs\":[{\"key\":" KEY ",\"value\":\"dg==\","
        "\"create_revision\":\"4\",\"mod_revision\":\"5\",\"version\":\"2\"}],"
        "\"count\":\"1\"}");
    assert_int_equal(reply.type, ETCD_REPLY_RESULT);
    assert_int_equal(reply.result.type, ETCD_OP_RANGE);
    assert_int_equal(reply.result.range.n, 1);
    assert_string_equal(reply.result.range.items[0].value.data, "v");
}

static void put_and_delete_say_what_was_done(void **state)
{
    struct world *w = *state;
    struct etcd_put put = { .key = key,
                            .value = { "v", 1 },
                            .lease = WORLD_LEASE };
    etcd_put(w->etcd, 10, WORLD_TIMEOUT_MS, &put);
    struct etcd_reply reply = exchange(
        w, "/v3/kv/put",
        "{\"key\":" KEY ",\"value\":\"dg==\",\"lease\":\"4660\"}",
        "{" WORLD_HEADER "}");
    assert_int_equal(reply.type, ETCD_REPLY_RESULT);
    assert_int_equal(reply.result.type, ETCD_OP_PUT);

    struct etcd_delete del = { .key = key };
    etcd_delete(w->etcd, 11, WORLD_TIMEOUT_MS, &del);
    reply = exchange(w, "/v3/kv/deleterange", "{\"key\":" KEY "}",
                     "{" WORLD_HEADER ",\"deleted\":\"1\"}");
    assert_int_equal(reply.type, ETCD_REPLY_RESULT);
    assert_int_equal(reply.result.type, ETCD_OP_DELETE);
    assert_int_equal(reply.result.del.deleted, 1);
}

static void txn_gives_the_results_of_its_branch(void **state)
{
    struct world *w = *state;
    struct etcd_op op = { .type = ETCD_OP_DELETE, .del = { .key = key } };
    struct etcd_txn txn = { .success = &op, .success_n = 1 };
    etcd_txn(w->etcd, 12, WORLD_TIMEOUT_MS, &txn);
    struct etcd_reply reply = exchange(
        w, "/v3/kv/txn",
        "{\"success\":[{\"request_delete_range\":{\"key\":" KEY "}}]}",
        "{" WORLD_HEADER ",\"succeeded\":true,\"responses\":"
        "[{\"response_delete_range\":{\"header\":{\"revision\":\"90\"}}}]}");
    assert_int_equal(reply.type, ETCD_REPLY_TXN);
    assert_true(reply.txn.succeeded);
    assert_int_equal(reply.txn.results_n, 1);
}

static void status_names_the_version(void **state)
{
    struct world *w = *state;
    etcd_status(w->etcd, 13, WORLD_TIMEOUT_MS, 0);
    struct etcd_reply reply = exchange(
        w, "/v3/maintenance/status", "{}",
        "{" WORLD_HEADER ",\"version\":\"3.5.30\",\"leader\":\"8\"}");
    assert_int_equal(reply.type, ETCD_REPLY_STATUS);
    assert_string_equal(reply.member.version.data, "3.5.30");
    assert_int_equal(reply.member.leader, 8);
}

static void calls_reuse_one_connection(void **state)
{
    struct world *w = *state;
    for (uint64_t i = 1; i <= 5; i++) {
        etcd_keepalive(w->etcd, i, WORLD_TIMEOUT_MS, WORLD_LEASE);
        world_answer(w, 200, KEEPALIVE_REPLY);
        assert_int_equal(world_reply(w).tag, i);
    }
    assert_int_equal(w->gateways[0].accepted, 1);
}

/* The reply that is owed must never be read as that of the next call. */
static void replaced_call_takes_its_connection_with_it(void **state)
{
    struct world *w = *state;
    etcd_keepalive(w->etcd, 1, WORLD_TIMEOUT_MS, WORLD_LEASE);
    struct gateway_request first = world_request(w, 0);
    etcd_keepalive(w->etcd, 2, WORLD_TIMEOUT_MS, WORLD_LEASE);
    gateway_reply(&w->gateways[0], first.connection, 200, KEEPALIVE_REPLY);
    struct gateway_request second = world_request(w, 0);
    assert_int_not_equal(second.connection, first.connection);
    world_await_close(w, 0, first.connection);
    world_expect_silence(w);
    assert_int_equal(gateway_connections_n(&w->gateways[0]), 1);
    gateway_reply(&w->gateways[0], second.connection, 200,
                  "{\"result\":{" WORLD_HEADER
                  ",\"ID\":\"4660\",\"TTL\":\"3\"}}");
    struct etcd_reply reply = world_reply(w);
    assert_int_equal(reply.tag, 2);
    assert_int_equal(reply.lease.ttl_s, 3);
    world_expect_silence(w);
}

static void reply_that_came_but_was_not_taken_goes_with_its_call(void **state)
{
    struct world *w = *state;
    etcd_keepalive(w->etcd, 1, WORLD_TIMEOUT_MS, WORLD_LEASE);
    world_answer(w, 200, KEEPALIVE_REPLY);
    world_turn(w, 1000);
    etcd_keepalive(w->etcd, 2, WORLD_TIMEOUT_MS, WORLD_LEASE);
    world_answer(w, 200, KEEPALIVE_REPLY);
    assert_int_equal(world_reply(w).tag, 2);
    world_expect_silence(w);
}

static void canceled_call_says_nothing(void **state)
{
    struct world *w = *state;
    etcd_cancel(w->etcd);
    assert_false(etcd_busy(w->etcd));
    etcd_keepalive(w->etcd, 1, WORLD_TIMEOUT_MS, WORLD_LEASE);
    struct gateway_request request = world_request(w, 0);
    etcd_cancel(w->etcd);
    assert_false(etcd_busy(w->etcd));
    world_await_close(w, 0, request.connection);
    world_expect_silence(w);
}

/* Larger than a body may be: nothing can be sent. */
static void begin_too_big(struct world *w, uint64_t tag)
{
    static char value[CODEC_BODY_BYTES_MAX];
    struct etcd_put put = { .key = key, .value = { value, sizeof value } };
    etcd_put(w->etcd, tag, WORLD_TIMEOUT_MS, &put);
}

static void call_that_cannot_begin_fails_at_once(void **state)
{
    struct world *w = *state;
    begin_too_big(w, 1);
    assert_true(etcd_busy(w->etcd));
    world_expect_no_wait(w);
    world_expect_failure(w, 0, 1, CANDIDATE_EDENIED,
                         "request: larger than its limit");
    assert_false(etcd_busy(w->etcd));
    world_expect_silence(w);
    begin_too_big(w, 2);
    etcd_cancel(w->etcd);
    world_expect_silence(w);
    begin_too_big(w, 3);
    etcd_keepalive(w->etcd, 4, WORLD_TIMEOUT_MS, WORLD_LEASE);
    world_answer(w, 200, KEEPALIVE_REPLY);
    assert_int_equal(world_reply(w).tag, 4);
    world_expect_silence(w);
}

static void wrong_endpoints_are_named(void **state)
{
    (void)state;
    struct etcd *e = NULL;
    struct etcd_config config = { .endpoints = "http://a:1,b" };
    struct candidate_error err;
    assert_int_equal(etcd_new(&e, &config, &err), CANDIDATE_EINVAL);
    assert_string_equal(err.message,
                        "endpoints: \"b\": no port; etcd's own is 2379");
    assert_null(e);
    etcd_free(NULL);
}

static void client_can_be_freed_in_any_state(void **state)
{
    struct world *w = *state;
    struct etcd_config config = { .endpoints = w->gateways[0].url };
    struct etcd_watch_key watch = { .key = key };
    for (int i = 0; i < 5; i++) {
        struct etcd *e;
        assert_int_equal(etcd_new(&e, &config, NULL), 0);
        if (i >= 1)
            etcd_keepalive(e, 1, WORLD_TIMEOUT_MS, WORLD_LEASE);
        if (i >= 2)
            etcd_watch(e, 2, &watch, 1, 1);
        if (i >= 3)
            assert_true(etcd_poll(e, NULL, 0, 0) >= 0);
        if (i >= 4) {
            static char value[CODEC_BODY_BYTES_MAX];
            struct etcd_put put = { .key = key,
                                    .value = { value, sizeof value } };
            etcd_put(e, 3, WORLD_TIMEOUT_MS, &put);
        }
        etcd_free(e);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(grant_asks_for_its_own_lease),
        TEST(keepalive_reads_the_time_that_is_left),
        TEST(keepalive_without_ttl_says_that_the_lease_is_gone),
        TEST(revoke_gives_the_header),
        TEST(time_to_live_lists_the_keys),
        TEST(range_gives_the_keys),
        TEST(put_and_delete_say_what_was_done),
        TEST(txn_gives_the_results_of_its_branch),
        TEST(status_names_the_version),
        TEST(calls_reuse_one_connection),
        TEST(replaced_call_takes_its_connection_with_it),
        TEST(reply_that_came_but_was_not_taken_goes_with_its_call),
        TEST(canceled_call_says_nothing),
        TEST(call_that_cannot_begin_fails_at_once),
        cmocka_unit_test(wrong_endpoints_are_named),
        TEST(client_can_be_freed_in_any_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
