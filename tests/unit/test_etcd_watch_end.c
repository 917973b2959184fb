/* test_etcd_watch_end.c: how the stream of watches ends, and what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "etcd/frames.h"
#include "watch.h"

/* The stream's last reply; then its connection is closed. */
static void expect_end(struct world *w, uint64_t tag, unsigned connection,
                       int status, const char *cause)
{
    world_expect_failure(w, 0, tag, status, cause);
    world_await_close(w, 0, connection);
    world_expect_silence(w);
}

static void canceled_watch_ends_the_stream(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *message;
        int status;
        const char *cause;
    } cases[] = {
        { WATCH_MESSAGE(",\"canceled\":true,\"compact_revision\":\"443\""),
          CANDIDATE_ERETRY,
          "watch canceled: revisions before 443 are compacted" },
        { WATCH_MESSAGE(
              ",\"watch_id\":\"-1\",\"created\":true,\"canceled\":true,"
              "\"cancel_reason\":\"rpc error: code = PermissionDenied "
              "desc = etcdserver: permission denied\""),
          CANDIDATE_EDENIED,
          "watch canceled: rpc error: code = PermissionDenied desc = "
          "etcdserver: permission denied" },
        { WATCH_MESSAGE(",\"watch_id\":\"1\",\"canceled\":true,"
                        "\"cancel_reason\":\"etcdserver: no leader\""),
          CANDIDATE_ERETRY, "watch canceled: etcdserver: no leader" },
        { WATCH_MESSAGE(",\"watch_id\":\"1\",\"canceled\":true"),
          CANDIDATE_ERETRY, "watch canceled: no reason is given" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned connection = watch_open(w, i);
        watch_say(w, connection, WATCH_MESSAGE(",\"created\":true"));
        watch_say(w, connection, cases[i].message);
        watch_say(w, connection, WATCH_PUT("2", "Yw==")); /* comes too late */
        watch_expect(w, i, 0);
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
        unsigned connection = watch_open(w, i);
        watch_say(w, connection, WATCH_MESSAGE(",\"created\":true"));
        watch_say(w, connection, errors[i]);
        watch_expect(w, i, 0);
        expect_end(w, i, connection, CANDIDATE_ERETRY, "etcdserver: no leader");
    }
}

/* As etcd's gateway does it: the error is the last of the stream. */
static void error_without_a_line_end_is_read_at_the_end(void **state)
{
    struct world *w = *state;
    unsigned connection = watch_open(w, 5);
    watch_say(w, connection, WATCH_MESSAGE(",\"created\":true"));
    watch_say(
        w, connection,
        "{\"error\":{\"code\":14,\"message\":\"etcdserver: no leader\"}}");
    watch_expect(w, 5, 0);
    world_expect_silence(w);
    gateway_end(&w->gateways[0], connection);
    world_expect_failure(w, 0, 5, CANDIDATE_ERETRY, "etcdserver: no leader");
    world_expect_silence(w);
}

static void end_of_the_stream_is_its_last_reply(void **state)
{
    struct world *w = *state;
    unsigned connection = watch_open(w, 5);
    watch_say(w, connection, WATCH_MESSAGE(",\"created\":true"));
    gateway_end(&w->gateways[0], connection);
    watch_expect(w, 5, 0);
    world_expect_failure(w, 0, 5, CANDIDATE_ERETRY, "the watch's stream ended");
    world_expect_silence(w);
}

static void cut_stream_fails_after_its_messages(void **state)
{
    struct world *w = *state;
    unsigned connection = watch_open(w, 5);
    watch_say(w, connection, WATCH_PUT("2", "Yw=="));
    watch_say(w, connection, "{\"result\":{");
    gateway_hang_up(&w->gateways[0], connection);
    watch_expect(w, 5, 2);
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
        WATCH_MESSAGE(",\"watch_id\":\"3\""),
        WATCH_MESSAGE(",\"watch_id\":\"-1\""),
    };
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        unsigned connection = watch_open(w, i);
        watch_say(w, connection, garbage[i]);
        watch_say(w, connection, WATCH_PUT("2", "Yw=="));
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
    unsigned connection = watch_open(w, 5);
    struct etcd_reply reply;
    size_t sent = 0;
    while (!etcd_next(w->etcd, &reply)) {
        watch_say(w, connection, piece);
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

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(canceled_watch_ends_the_stream),
        TEST(error_in_the_stream_ends_it),
        TEST(error_without_a_line_end_is_read_at_the_end),
        TEST(end_of_the_stream_is_its_last_reply),
        TEST(cut_stream_fails_after_its_messages),
        TEST(refused_stream_says_why),
        TEST(garbage_ends_the_stream),
        TEST(too_large_message_ends_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
