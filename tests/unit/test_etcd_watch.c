/* test_etcd_watch.c: the stream of watches, message by message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch.h"

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
    unsigned connection = watch_open(w, 5);
    watch_say(w, connection,
              WATCH_MESSAGE(",\"created\":true")
                  WATCH_MESSAGE(",\"watch_id\":\"1\",\"created\":true"));
    assert_true(watch_expect(w, 5, 0).watch.created);
    assert_true(watch_expect(w, 5, 1).watch.created);
    world_expect_silence(w);
    watch_say(w, connection, WATCH_PUT("2", "Yw==") WATCH_DELETE("1", "Yg=="));
    struct etcd_reply reply = watch_expect(w, 5, 2);
    assert_int_equal(reply.watch.events_n, 1);
    assert_false(reply.watch.events[0].deleted);
    assert_string_equal(reply.watch.events[0].kv.key.data, "c");
    assert_string_equal(reply.watch.events[0].kv.value.data, "v");
    assert_int_equal(reply.header.revision, 90);
    reply = watch_expect(w, 5, 1);
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
    unsigned connection = watch_open(w, 5);
    static const char text[] = WATCH_MESSAGE(",\"created\":true")
        WATCH_PUT("2", "Yw==") WATCH_DELETE("1", "Yg==");
    static const int64_t ids[] = { 0, 2, 1 };
    size_t got = 0;
    struct etcd_reply reply = { .tag = 0 };
    for (size_t i = 0; i < sizeof text - 1; i++) {
        char piece[2] = { text[i], '\0' };
        watch_say(w, connection, piece);
        world_turn(w, 0);
        while (got < 3 && etcd_next(w->etcd, &reply))
            expect_watch(&reply, ids[got++]);
    }
    for (; got < 3; got++)
        watch_expect(w, 5, ids[got]);
    world_expect_silence(w);
    world_expect_silence(w);
}

static void polling_does_not_wait_while_messages_wait(void **state)
{
    struct world *w = *state;
    unsigned connection = watch_open(w, 5);
    watch_say(w, connection,
              WATCH_MESSAGE(",\"created\":true") WATCH_PUT("2", "Yw=="));
    watch_expect(w, 5, 0);
    world_expect_no_wait(w);
    watch_expect(w, 5, 2);
}

static void calls_and_stream_do_not_disturb_each_other(void **state)
{
    struct world *w = *state;
    unsigned connection = watch_open(w, 5);
    for (uint64_t i = 10; i < 15; i++) {
        etcd_revoke(w->etcd, i, WORLD_TIMEOUT_MS, WORLD_LEASE);
        struct gateway_request request = world_request(w, 0);
        assert_int_not_equal(request.connection, connection);
        watch_say(w, connection, WATCH_PUT("1", "Yg=="));
        watch_expect(w, 5, 1);
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

/* Half a message, and whole ones that nobody took, die with their stream. */
static void nothing_of_a_dead_stream_leaks_into_the_next(void **state)
{
    struct world *w = *state;
    unsigned first = watch_open(w, 5);
    watch_say(w, first,
              WATCH_MESSAGE(",\"created\":true")
                  WATCH_PUT("1", "Yg==") "{\"result\":{");
    watch_expect(w, 5, 0);
    unsigned second = watch_open(w, 6);
    assert_int_not_equal(second, first);
    world_await_close(w, 0, first);
    world_expect_silence(w);
    watch_say(w, second, WATCH_MESSAGE(",\"watch_id\":\"2\",\"created\":true"));
    watch_expect(w, 6, 2);
    watch_say(w, second, WATCH_PUT("1", "Yg==") "{\"result");
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
        unsigned connection = watch_open(w, i);
        watch_say(w, connection, WATCH_MESSAGE(",\"created\":true"));
        watch_expect(w, i, 0);
        assert_int_equal(gateway_connections_n(&w->gateways[0]), 1);
    }
}

static void stream_that_cannot_begin_fails_at_once(void **state)
{
    struct world *w = *state;
    static char name[CODEC_BODY_BYTES_MAX];
    struct etcd_watch_key key = { .key = { name, sizeof name } };
    etcd_watch(w->etcd, 5, &key, 1, 80);
    world_expect_no_wait(w);
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
        TEST(nothing_of_a_dead_stream_leaks_into_the_next),
        TEST(replaced_streams_leave_no_connection_behind),
        TEST(stream_that_cannot_begin_fails_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
