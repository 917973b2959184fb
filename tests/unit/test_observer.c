/* test_observer.c: the observer and a scripted gateway: answers that do not
 * fit, that are too large or of another cluster, and a stream that is silent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fake/gateway.h"
#include "lib/observer.h"
#include "sys/clock.h"
#include "sys/http.h"

#define HEADER(cluster, revision)                                              \
    "\"header\":{\"cluster_id\":\"" cluster "\",\"member_id\":\"8\","          \
    "\"revision\":\"" revision "\",\"raft_term\":\"2\"}"
/* "leader" -> "A" on lease 10, created at 11; "election_leader/a" at 10. */
#define LEADER                                                                 \
    "{\"key\":\"bGVhZGVy\",\"create_revision\":\"11\","                        \
    "\"mod_revision\":\"11\",\"version\":\"1\",\"value\":\"QQ==\","            \
    "\"lease\":\"10\"}"
#define LOCK                                                                   \
    "{\"key\":\"ZWxlY3Rpb25fbGVhZGVyL2E=\",\"create_revision\":\"10\","        \
    "\"mod_revision\":\"10\",\"version\":\"1\",\"value\":\"QQ==\","            \
    "\"lease\":\"10\"}"
#define BOTH(cluster, revision, leader)                                        \
    "{" HEADER(cluster, revision) ",\"succeeded\":true,\"responses\":["        \
                                  "{\"response_range\":{\"kvs\":[" leader      \
                                  "],\"count\":\"1\"}},"                       \
                                  "{\"response_range\":{\"kvs\":[" LOCK        \
                                  "],\"count\":\"1\"}}]}"
#define NO_LEADER(cluster, revision)                                           \
    "{" HEADER(cluster, revision) ",\"succeeded\":true,\"responses\":["        \
                                  "{\"response_range\":{}},"                   \
                                  "{\"response_range\":{\"kvs\":[" LOCK        \
                                  "],\"count\":\"1\"}}]}"
#define EMPTY(cluster, revision)                                               \
    "{" HEADER(cluster, revision) ",\"succeeded\":true,\"responses\":["        \
                                  "{\"response_range\":{}},"                   \
                                  "{\"response_range\":{}}]}"
/* Of the watch of that number: a key, in base64, was deleted. */
#define DELETED(watch, key, revision)                                          \
    "{\"result\":{" HEADER(                                                    \
        "7",                                                                   \
        revision) ",\"watch_id\":\"" watch                                     \
                  "\",\"events\":[{\"type\":\"DELETE\",\"kv\":{\"key\":\"" key \
                  "\",\"mod_revision\":\"" revision "\"}}]}}\n"

struct fixture {
    struct gateway gateway;
    struct candidate_observer *observer;
    unsigned stream; /* connection of the last watch */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    gateway_open(&f->gateway);
    struct candidate_config config;
    candidate_config_init(&config);
    config.endpoints = f->gateway.url;
    assert_int_equal(candidate_observer_new(&f->observer, &config, NULL), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    candidate_observer_free(f->observer);
    gateway_close(&f->gateway);
    free(f);
    return 0;
}

/* One turn; false: no change has come. */
static bool turn(struct fixture *f, enum candidate_change *ret_change)
{
    if (candidate_observer_next(f->observer, ret_change))
        return true;
    struct pollfd fds[GATEWAY_FDS];
    gateway_fds(&f->gateway, fds);
    assert_true(candidate_observer_poll(f->observer, fds, GATEWAY_FDS, 100) >=
                0);
    gateway_serve(&f->gateway, fds);
    return false;
}

static void expect_change(struct fixture *f, enum candidate_change wanted)
{
    int64_t end_at_ms = clock_now_ms() + GATEWAY_PATIENCE_MS;
    enum candidate_change change;
    while (!turn(f, &change))
        assert_true(clock_now_ms() < end_at_ms);
    assert_int_equal(change, wanted);
}

/* The next request, which must be for this path. No change comes before. */
static struct gateway_request expect_request(struct fixture *f,
                                             const char *path)
{
    int64_t end_at_ms = clock_now_ms() + GATEWAY_PATIENCE_MS;
    struct gateway_request request;
    enum candidate_change change;
    while (!gateway_next(&f->gateway, &request)) {
        assert_true(clock_now_ms() < end_at_ms);
        if (turn(f, &change))
            fail_msg("change %d came", change);
    }
    char start[64];
    (void)snprintf(start, sizeof start, "POST %s ", path);
    assert_memory_equal(request.head, start, strlen(start));
    return request;
}

static void answer(struct fixture *f, const char *path, const char *body)
{
    struct gateway_request request = expect_request(f, path);
    gateway_reply(&f->gateway, request.connection, 200, body);
}

/* The first survey: A leads at revision 20; then the stream from 21 on. */
static void begin(struct fixture *f)
{
    answer(f, "/v3/kv/txn", BOTH("7", "20", LEADER));
    expect_change(f, CANDIDATE_VIEW_FRESH);
    expect_change(f, CANDIDATE_VIEW_LEADER);
    expect_change(f, CANDIDATE_VIEW_QUEUE);
    struct gateway_request request = expect_request(f, "/v3/watch");
    assert_non_null(strstr(request.body, "\"start_revision\":\"21\""));
    f->stream = request.connection;
    gateway_begin(&f->gateway, f->stream);
}

static void check_that_agrees_keeps_the_view(void **state)
{
    struct fixture *f = *state;
    begin(f);
    answer(f, "/v3/kv/txn", BOTH("7", "35", LEADER));
    struct gateway_request next = expect_request(f, "/v3/kv/txn");
    assert_non_null(strstr(next.body, "\"MOD\"")); /* the next check */
    const struct candidate_view *view = candidate_observer_view(f->observer);
    assert_int_equal(view->revision, 35);
    assert_int_equal(view->token, 10);
    assert_true(gateway_is_open(&f->gateway, f->stream));
}

/* The stream is open, and tells nothing: nobody is behind it any more. */
static void silent_stream_is_found_out(void **state)
{
    struct fixture *f = *state;
    begin(f);
    answer(f, "/v3/kv/txn", EMPTY("7", "35"));
    answer(f, "/v3/kv/txn", EMPTY("7", "35"));
    struct gateway_request survey = expect_request(f, "/v3/kv/txn");
    assert_null(strstr(survey.body, "\"MOD\""));
    assert_string_equal(candidate_observer_view(f->observer)->leader, "A");
    gateway_reply(&f->gateway, survey.connection, 200, EMPTY("7", "36"));
    expect_change(f, CANDIDATE_VIEW_NOBODY);
    expect_change(f, CANDIDATE_VIEW_QUEUE);
    struct gateway_request request = expect_request(f, "/v3/watch");
    assert_non_null(strstr(request.body, "\"start_revision\":\"37\""));
}

static void event_that_was_only_late_needs_no_survey(void **state)
{
    struct fixture *f = *state;
    begin(f);
    answer(f, "/v3/kv/txn", EMPTY("7", "35"));
    gateway_say(&f->gateway, f->stream,
                DELETED("0", "bGVhZGVy", "35")
                    DELETED("1", "ZWxlY3Rpb25fbGVhZGVyL2E=", "35"));
    expect_change(f, CANDIDATE_VIEW_NOBODY);
    expect_change(f, CANDIDATE_VIEW_QUEUE);
    answer(f, "/v3/kv/txn", EMPTY("7", "35"));
    struct gateway_request next = expect_request(f, "/v3/kv/txn");
    assert_non_null(strstr(next.body, "\"MOD\""));
}

/* A candidate would lead in a moment; nobody else is expected to. */
static void who_holds_the_lock_and_does_not_lead_is_named(void **state)
{
    struct fixture *f = *state;
    answer(f, "/v3/kv/txn", NO_LEADER("7", "20"));
    int64_t seen_at_ms = clock_now_ms();
    expect_change(f, CANDIDATE_VIEW_FRESH);
    assert_string_equal(candidate_observer_view(f->observer)->holder, "");
    expect_change(f, CANDIDATE_VIEW_NOBODY);
    expect_change(f, CANDIDATE_VIEW_QUEUE);
    expect_change(f, CANDIDATE_VIEW_HOLDER);
    assert_true(clock_now_ms() - seen_at_ms >= OBSERVER_HOLDER_MS);
    const struct candidate_view *view = candidate_observer_view(f->observer);
    assert_string_equal(view->holder, "A");
    assert_false(view->led);

    struct gateway_request stream = expect_request(f, "/v3/watch");
    gateway_begin(&f->gateway, stream.connection);
    gateway_say(&f->gateway, stream.connection,
                DELETED("1", "ZWxlY3Rpb25fbGVhZGVyL2E=", "35"));
    expect_change(f, CANDIDATE_VIEW_QUEUE);
    assert_string_equal(candidate_observer_view(f->observer)->holder, "");
}

static void cut_stream_is_taken_up_where_it_was(void **state)
{
    struct fixture *f = *state;
    begin(f);
    gateway_hang_up(&f->gateway, f->stream);
    struct gateway_request request = expect_request(f, "/v3/watch");
    assert_non_null(strstr(request.body, "\"start_revision\":\"21\""));
    gateway_begin(&f->gateway, request.connection);
    gateway_say(
        &f->gateway, request.connection,
        "{\"result\":{" HEADER(
            "7", "40") ",\"created\":true}}\n"
                       "{\"result\":{" HEADER(
                           "7", "40") ",\"canceled\":true,"
                                      "\"compact_revision\":\"30\"}}\n");
    answer(f, "/v3/kv/txn", NO_LEADER("7", "40"));
    expect_change(f, CANDIDATE_VIEW_NOBODY);
}

static void other_cluster_is_believed_only_when_nobody_else_answers(
    void **state)
{
    struct fixture *f = *state;
    begin(f);
    for (int i = 0; i < OBSERVER_STRANGERS_MAX; i++) {
        answer(f, "/v3/kv/txn", NO_LEADER("8", "5"));
        assert_string_equal(candidate_observer_view(f->observer)->leader, "A");
    }
    answer(f, "/v3/kv/txn", NO_LEADER("8", "5"));
    answer(f, "/v3/kv/txn", NO_LEADER("8", "5")); /* the survey */
    expect_change(f, CANDIDATE_VIEW_NOBODY);
    assert_true(candidate_observer_view(f->observer)->cluster == 8);
    assert_int_equal(candidate_observer_view(f->observer)->revision, 5);
}

/* Somebody has put a megabyte there: then without values. */
static void values_that_are_too_large_are_left_out(void **state)
{
    struct fixture *f = *state;
    struct gateway_request request = expect_request(f, "/v3/kv/txn");
    assert_null(strstr(request.body, "keys_only"));
    static char blob[HTTP_REPLY_BYTES_MAX + 4096];
    memset(blob, ' ', sizeof blob - 1);
    gateway_reply(&f->gateway, request.connection, 200, blob);
    request = expect_request(f, "/v3/kv/txn");
    assert_non_null(strstr(request.body, "\"keys_only\":true"));
    gateway_reply(&f->gateway, request.connection, 200,
                  BOTH("7", "20", LEADER));
    expect_change(f, CANDIDATE_VIEW_FRESH);
}

static void refusal_of_all_makes_it_stale_at_once(void **state)
{
    struct fixture *f = *state;
    struct gateway_request request = expect_request(f, "/v3/kv/txn");
    gateway_reply(&f->gateway, request.connection, 403,
                  "{\"code\":7,\"message\":\"etcdserver: permission denied\"}");
    expect_change(f, CANDIDATE_VIEW_STALE);
    const struct candidate_view *view = candidate_observer_view(f->observer);
    assert_true(view->denied);
    assert_false(view->known);
    assert_int_equal(view->trouble_code, CANDIDATE_EDENIED);
}

/* The server says that it is an hour ago. */
static void clock_of_a_server_is_read_from_its_answer(void **state)
{
    struct fixture *f = *state;
    begin(f);
    candidate_observer_ask(f->observer);
    answer(f, "/v3/lease/timetolive",
           "{" HEADER("7", "20") ",\"ID\":\"10\",\"TTL\":\"7\","
                                 "\"grantedTTL\":\"10\"}");
    struct gateway_request request = expect_request(f,
                                                    "/v3/maintenance/status");
    static const char body[] = "{" HEADER(
        "7",
        "20") ",\"version\":\"3.5.30\",\"leader\":\"8\",\"raftTerm\":\"2\"}";
    time_t then = time(NULL) - 3600;
    struct tm utc;
    char date[64], reply[1024];
    assert_non_null(gmtime_r(&then, &utc));
    assert_true(strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc) >
                0);
    int n = snprintf(reply, sizeof reply,
                     "HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: %zu\r\n"
                     "\r\n%s",
                     date, sizeof body - 1, body);
    gateway_send(&f->gateway, request.connection, reply, (size_t)n);
    answer(f, "/v3/cluster/member/list",
           "{" HEADER("7", "20") ",\"members\":[{\"ID\":\"8\","
                                 "\"name\":\"m\"},{\"ID\":\"9\"}]}");
    expect_change(f, CANDIDATE_VIEW_DETAILS);
    const struct candidate_view *view = candidate_observer_view(f->observer);
    assert_int_equal(view->members_n, 2);
    assert_true(view->members[0].clock_known);
    assert_in_range(-view->members[0].clock_ahead_ms, 3590000, 3610000);
    assert_string_equal(view->members[0].name, "m");
    assert_string_equal(view->members[0].trouble, "");
    assert_non_null(strstr(view->members[1].trouble, "not asked"));
    assert_int_equal(view->queue[0].lease_ttl_ms, 10000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(check_that_agrees_keeps_the_view),
        TEST(silent_stream_is_found_out),
        TEST(event_that_was_only_late_needs_no_survey),
        TEST(who_holds_the_lock_and_does_not_lead_is_named),
        TEST(cut_stream_is_taken_up_where_it_was),
        TEST(other_cluster_is_believed_only_when_nobody_else_answers),
        TEST(values_that_are_too_large_are_left_out),
        TEST(refusal_of_all_makes_it_stale_at_once),
        TEST(clock_of_a_server_is_read_from_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
