/* test_etcd_watch.c: the stream of watches, message by message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/frames.h"
#include "sys/clock.h"
#include "world.h"

#define MESSAGE(rest) "{\"result\":{" WORLD_HEADER rest "}}\n"
#define PUT_OF(id, key)                                                        \
    MESSAGE(",\"watch_id\":\"" id "\",\"events\":[{\"kv\":{\"key\":\"" key     \
            "\",\"create_revision\":\"3\",\"mod_revision\":\"9\","             \
            "\"version\":\"2\",\"value\":\"dg==\"}}]")
#define DELETE_OF(id, key)                                                     \
    MESSAGE(",\"watch_id\":\"" id                                              \
            "\",\"events\":[{\"type\":\"DELETE\",\"kv\":"                      \
            "{\"key\":\"" key "\",\"mod_revision\":\"10\"}}]")

/* Open a stream of three watches, which etcd accepts. */
static unsigned open_watch(struct world *w, uint64_t tag)
{
    const struct etcd_watch_key keys[] = {
        { .key = { "a", 1 } },
        { .key = { "b", 1 } },
        { .key = { "c", 1 }, .range_end = { "d", 1 } },
    };
    etcd_watch(w->etcd, tag, keys, 3, 80);
    struct gateway_request request = world_request(w, 0);
    assert_memory_equal(request.head, "POST /v3/watch HTTP/1.1\r\n", 25);
    assert_non_null(
        strstr(request.head, "\r\nGrpc-Metadata-hasleader: true\r\n"));
    gateway_begin(&w->gateways[0], request.connection);
    return request.connection;
}

static void say(struct world *w, unsigned connection, const char *piece)
{
    gateway_say(&w->gateways[0], connection, piece);
}

static struct etcd_reply expect_message(struct world *w, uint64_t tag,
                                        int64_t watch_id)
{
    struct etcd_reply reply = world_reply(w);
    assert_string_equal(reply.message, "");
    assert_int_equal(reply.type, ETCD_REPLY_WATCH);
    assert_int_equal(reply.tag, tag);
    assert_string_equal(reply.endpoint, w->gateways[0].url);
    assert_int_equal(reply.watch.watch_id, watch_id);
    return reply;
}

/* The stream's last reply; then its connection is closed. */
static void expect_end(struct world *w, uint64_t tag, unsigned connection,
                       int status, const char *cause)
{
    world_expect_failure(w, 0, tag, status, cause);
    world_await_close(w, 0, connection);
    world_expect_silence(w);
}

static void all_watches_go_in_one_request(void **state)
{
    struct world *w = *state;
    const struct etcd_watch_key keys[] = {
        { .key = { "a", 1 } },
        { .key = { "b", 1 }, .prev_kv = true },
    };
    etcd_watch(w->etcd, 1, keys, 2, 80);
    struct gateway_request request = world_request(w, 0);
    assert_string_equal(request.body,
                        "{\"create_request\":{\"key\":\"YQ==\","
                        "\"start_revision\":\"80\",\"progress_notify\":true}}\n"
                        "{\"create_request\":{\"key\":\"Yg==\","
                        "\"start_revision\":\"80\",\"progress_notify\":true,"
                        "\"prev_kv\":true}}\n");
    world_expect_silence(w); /* for as long as the server likes */
}

static void each_message_is_a_reply_in_its_order(void **state)
{
    struct world *w = *state;
    unsigned connection = open_watch(w, 5);
    say(w, connection,
        MESSAGE(",\"created\":true")
            MESSAGE(",\"watch_id\":\"1\",\"created\":true"));
    assert_true(expect_message(w, 5, 0).watch.created);
    assert_true(expect_message(w, 5, 1).watch.created);
    world_expect_silence(w);
    say(w, connection, PUT_OF("2", "Yw==") DELETE_OF("1", "Yg=="));
    struct etcd_reply reply = expect_message(w, 5, 2);
    assert_int_equal(reply.watch.events_n, 1);
    assert_false(reply.watch.events[0].deleted);
    assert_string_equal(reply.watch.events[0].kv.key.data, "c");
    assert_string_equal(reply.watch.events[0].kv.value.data, "v");
    assert_int_equal(reply.header.revision, 90);
    reply = expect_message(w, 5, 1);
    assert_true(reply.watch.events[0].deleted);
    assert_int_equal(reply.watch.events[0].kv.mod_revision, 10);
    world_expect_silence(w);
}

static void expect_watch(const struct etcd_reply *reply, int64_t id)
{
    assert_int_equal(reply->type, ETCD_REPLY_WATCH);
    assert_int_equal(reply->watch.watch_id, id);
}

static void stream_cut_at_every_byte_is_the_same(void **state)
{
    struct world *w = *state;
    unsigned connection = open_watch(w, 5);
    static const char text[] = MESSAGE(",\"created\":true") PUT_OF("2", "Yw==")
        DELETE_OF("1", "Yg==");
    static const int64_t ids[] = { 0, 2, 1 };
    size_t got = 0;
    struct etcd_reply reply = { .tag = 0 };
    for (size_t i = 0; i < sizeof text - 1; i++) {
        char piece[2] = { text[i], '\0' };
        say(w, connection, piece);
        world_turn(w, 0);
        while (got < 3 && etcd_next(w->etcd, &reply))
            expect_watch(&reply, ids[got++]);
    }
    for (; got < 3; got++)
        expect_message(w, 5, ids[got]);
    world_expect_silence(w);
    world_expect_silence(w);
}

static void polling_does_not_wait_while_messages_wait(void **state)
{
    struct world *w = *state;
    unsigned connection = open_watch(w, 5);
    say(w, connection, MESSAGE(",\"created\":true") PUT_OF("2", "Yw=="));
    expect_message(w, 5, 0);
    int64_t began_at_ms = clock_now_ms();
    for (int i = 0; i < 20; i++) /* the first may end for another reason */
        assert_int_equal(etcd_poll(w->etcd, NULL, 0, WORLD_TIMEOUT_MS), 0);
    assert_true(clock_now_ms() - began_at_ms < WORLD_TIMEOUT_MS / 2);
    expect_message(w, 5, 2);
}

static void calls_and_stream_do_not_disturb_each_other(void **state)
{
    struct world *w = *state;
    unsigned connection = open_watch(w, 5);
    for (uint64_t i = 10; i < 15; i++) {
        etcd_revoke(w->etcd, i, WORLD_TIMEOUT_MS, WORLD_LEASE);
        struct gateway_request request = world_request(w, 0);
        assert_int_not_equal(request.connection, connection);
        say(w, connection, PUT_OF("1", "Yg=="));
        expect_message(w, 5, 1);
        gateway_reply(&w->gateways[0], request.connection, 200,
                      "{" WORLD_HEADER "}");
        assert_int_equal(world_reply(w).tag, i);
    }
    assert_int_equal(w->gateways[0].accepted, 2);
}

static void calls_do_not_wait_for_a_stream_without_an_answer(void **state)
{
    struct world *w = *state;
    struct etcd_watch_key key = { .key = { "a", 1 } };
    etcd_watch(w->etcd, 5, &key, 1, 80);
    unsigned stream = world_request(w, 0).connection;
    etcd_revoke(w->etcd, 6, WORLD_TIMEOUT_MS, WORLD_LEASE);
    struct gateway_request request = world_request(w, 0);
    assert_int_not_equal(request.connection, stream);
    gateway_reply(&w->gateways[0], request.connection, 200,
                  "{" WORLD_HEADER "}");
    assert_int_equal(world_reply(w).tag, 6);
}

static void canceled_watch_ends_the_stream(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *message;
        int status;
        const char *cause;
    } cases[] = {
        { MESSAGE(",\"canceled\":true,\"compact_revision\":\"443\""),
          CANDIDATE_ERETRY,
          "watch canceled: revisions before 443 are compacted" },
        { MESSAGE(",\"watch_id\":\"-1\",\"created\":true,\"canceled\":true,"
                  "\"cancel_reason\":\"rpc error: code = PermissionDenied "
                  "desc = etcdserver: permission denied\""),
          CANDIDATE_EDENIED,
          "watch canceled: rpc error: code = PermissionDenied desc = "
          "etcdserver: permission denied" },
        { MESSAGE(",\"watch_id\":\"1\",\"canceled\":true,"
                  "\"cancel_reason\":\"etcdserver: no leader\""),
          CANDIDATE_ERETRY, "watch canceled: etcdserver: no leader" },
        { MESSAGE(",\"watch_id\":\"1\",\"canceled\":true"), CANDIDATE_ERETRY,
          "watch canceled: no reason is given" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned connection = open_watch(w, i);
        say(w, connection, MESSAGE(",\"created\":true"));
        say(w, connection, cases[i].message);
        say(w, connection, PUT_OF("2", "Yw==")); /* comes too late */
        expect_message(w, i, 0);
        expect_end(w, i, connection, cases[i].status, cases[i].cause);
    }
}

static void error_in_the_stream_ends_it(void **state)
{
    struct world *w = *state;
    static const char *const errors[] = {
        "{\"error\":{\"grpc_code\":14,\"http_code\":503,\"message\":"
        "\"etcdserver: no leader\",\"http_status\":\"Service "
        "Unavailable\"}}\n",
        "{\"error\":{\"code\":14, \"message\":\"etcdserver: no leader\"}}\n",
    };
    for (uint64_t i = 0; i < 2; i++) {
        unsigned connection = open_watch(w, i);
        say(w, connection, MESSAGE(",\"created\":true"));
        say(w, connection, errors[i]);
        expect_message(w, i, 0);
        expect_end(w, i, connection, CANDIDATE_ERETRY, "etcdserver: no leader");
    }
}

/* As etcd's gateway does it: the error is the last of the stream. */
static void error_without_a_line_end_is_read_at_the_end(void **state)
{
    struct world *w = *state;
    unsigned connection = open_watch(w, 5);
    say(w, connection, MESSAGE(",\"created\":true"));
    say(w, connection,
        "{\"error\":{\"code\":14,\"message\":\"etcdserver: no leader\"}}");
    expect_message(w, 5, 0);
    world_expect_silence(w);
    gateway_end(&w->gateways[0], connection);
    world_expect_failure(w, 0, 5, CANDIDATE_ERETRY, "etcdserver: no leader");
    world_expect_silence(w);
}

static void end_of_the_stream_is_its_last_reply(void **state)
{
    struct world *w = *state;
    unsigned connection = open_watch(w, 5);
    say(w, connection, MESSAGE(",\"created\":true"));
    gateway_end(&w->gateways[0], connection);
    expect_message(w, 5, 0);
    world_expect_failure(w, 0, 5, CANDIDATE_ERETRY, "the watch's stream ended");
    world_expect_silence(w);
}

static void cut_stream_fails_after_its_messages(void **state)
{
    struct world *w = *state;
    unsigned connection = open_watch(w, 5);
    say(w, connection, PUT_OF("2", "Yw=="));
    say(w, connection, "{\"result\":{");
    gateway_hang_up(&w->gateways[0], connection);
    expect_message(w, 5, 2);
    struct etcd_reply reply = world_reply(w);
    assert_int_equal(reply.type, ETCD_REPLY_FAILED);
    assert_int_equal(reply.status, CANDIDATE_ERETRY);
    assert_int_equal(reply.tag, 5);
    world_expect_silence(w);
}

static void refused_stream_says_why(void **state)
{
    struct world *w = *state;
    struct etcd_watch_key key = { .key = { "a", 1 } };
    etcd_watch(w->etcd, 5, &key, 1, 80);
    world_answer(w, 503, "{\"code\":14,\"message\":\"etcdserver: no leader\"}");
    world_expect_failure(w, 0, 5, CANDIDATE_ERETRY, "etcdserver: no leader");
    etcd_watch(w->etcd, 6, &key, 1, 80);
    world_answer(w, 307, "");
    world_expect_failure(w, 0, 6, CANDIDATE_EPROTO,
                         "HTTP 307, a redirect, which is not followed");
    gateway_refuse(&w->gateways[0]);
    etcd_watch(w->etcd, 7, &key, 1, 80);
    assert_int_equal(world_reply(w).status, CANDIDATE_ERETRY);
    world_expect_silence(w);
}

static void garbage_ends_the_stream(void **state)
{
    struct world *w = *state;
    static const char *const garbage[] = {
        "<html>\n",
        "{}\n",
        "{\"result\":{}}\n",
        "{\"result\":{" WORLD_HEADER "}}{\"result\":{" WORLD_HEADER "}}\n",
        MESSAGE(",\"watch_id\":\"3\""),
        MESSAGE(",\"watch_id\":\"-1\""),
    };
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        unsigned connection = open_watch(w, i);
        say(w, connection, garbage[i]);
        say(w, connection, PUT_OF("2", "Yw=="));
        struct etcd_reply reply = world_reply(w);
        assert_int_equal(reply.type, ETCD_REPLY_FAILED);
        assert_int_equal(reply.status, CANDIDATE_EPROTO);
        assert_int_equal(reply.tag, i);
        world_await_close(w, 0, connection);
        world_expect_silence(w);
    }
}

static void too_large_message_ends_the_stream(void **state)
{
    struct world *w = *state;
    static char piece[16 * 1024];
    memset(piece, 'x', sizeof piece - 1);
    unsigned connection = open_watch(w, 5);
    struct etcd_reply reply;
    size_t sent = 0;
    while (!etcd_next(w->etcd, &reply)) {
        say(w, connection, piece);
        sent += sizeof piece - 1;
        assert_true(sent < (size_t)4 * FRAMES_MESSAGE_BYTES_MAX);
        world_turn(w, 0);
    }
    assert_int_equal(reply.type, ETCD_REPLY_FAILED);
    assert_int_equal(reply.status, CANDIDATE_EPROTO);
    assert_non_null(strstr(
        reply.message, "a message of the watch is larger than 1048576 bytes"));
    world_expect_silence(w);
}

/* Half a message, and whole ones that nobody took, die with their stream. */
static void nothing_of_a_dead_stream_leaks_into_the_next(void **state)
{
    struct world *w = *state;
    unsigned first = open_watch(w, 5);
    say(w, first,
        MESSAGE(",\"created\":true") PUT_OF("1", "Yg==") "{\"result\":{");
    expect_message(w, 5, 0);
    unsigned second = open_watch(w, 6);
    assert_int_not_equal(second, first);
    world_await_close(w, 0, first);
    world_expect_silence(w);
    say(w, second, MESSAGE(",\"watch_id\":\"2\",\"created\":true"));
    expect_message(w, 6, 2);
    say(w, second, PUT_OF("1", "Yg==") "{\"result");
    world_turn(w, 1000);
    etcd_watch_close(w->etcd);
    world_expect_silence(w);
    world_await_close(w, 0, second);
    assert_int_equal(gateway_connections_n(&w->gateways[0]), 0);
    etcd_watch_close(w->etcd);
    world_expect_silence(w);
}

static void replaced_streams_leave_no_connection_behind(void **state)
{
    struct world *w = *state;
    for (uint64_t i = 0; i < 10; i++) {
        unsigned connection = open_watch(w, i);
        say(w, connection, MESSAGE(",\"created\":true"));
        expect_message(w, i, 0);
        assert_int_equal(gateway_connections_n(&w->gateways[0]), 1);
    }
}

static void stream_that_cannot_begin_fails_at_once(void **state)
{
    struct world *w = *state;
    static char name[CODEC_BODY_BYTES_MAX];
    struct etcd_watch_key key = { .key = { name, sizeof name } };
    etcd_watch(w->etcd, 5, &key, 1, 80);
    int64_t began_at_ms = clock_now_ms();
    for (int i = 0; i < 20; i++) /* the first may end for another reason */
        assert_int_equal(etcd_poll(w->etcd, NULL, 0, WORLD_TIMEOUT_MS), 0);
    assert_true(clock_now_ms() - began_at_ms < WORLD_TIMEOUT_MS / 2);
    world_expect_failure(w, 0, 5, CANDIDATE_EDENIED,
                         "request: larger than its limit");
    world_expect_silence(w);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_watches_go_in_one_request),
        TEST(each_message_is_a_reply_in_its_order),
        TEST(stream_cut_at_every_byte_is_the_same),
        TEST(polling_does_not_wait_while_messages_wait),
        TEST(calls_and_stream_do_not_disturb_each_other),
        TEST(calls_do_not_wait_for_a_stream_without_an_answer),
        TEST(canceled_watch_ends_the_stream),
        TEST(error_in_the_stream_ends_it),
        TEST(error_without_a_line_end_is_read_at_the_end),
        TEST(end_of_the_stream_is_its_last_reply),
        TEST(cut_stream_fails_after_its_messages),
        TEST(refused_stream_says_why),
        TEST(garbage_ends_the_stream),
        TEST(too_large_message_ends_the_stream),
        TEST(nothing_of_a_dead_stream_leaks_into_the_next),
        TEST(replaced_streams_leave_no_connection_behind),
        TEST(stream_that_cannot_begin_fails_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
