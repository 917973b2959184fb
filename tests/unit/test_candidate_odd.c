/* test_candidate_odd.c: a candidate and a server that does odd things.
 *
 * One thread plays both: the server's sockets are the caller's descriptors in
 * candidate_poll().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "candidate.h"
#include "fake/gateway.h"
#include "sys/clock.h"

#define HEADER                                                                 \
    "\"header\":{\"cluster_id\":\"7\",\"member_id\":\"8\","                    \
    "\"revision\":\"90\",\"raft_term\":\"2\"}"
#define PUT "{\"response_put\":{\"header\":{\"revision\":\"90\"}}}"
#define CONFIRMED                                                              \
    "{" HEADER ",\"succeeded\":true,\"responses\":[{"                          \
    "\"response_delete_range\":{\"header\":{\"revision\":\"90\"}}}]}"
#define WON "{" HEADER ",\"succeeded\":true,\"responses\":[" PUT "," PUT "]}"

enum { TTL_S = 10, NOTICE_BYTES_MAX = 1024, BODY_BYTES_MAX = 512 };

struct play {
    struct candidate *candidate;
    struct gateway gateway;
    char lease[32];                /* as the grant named it */
    char notice[NOTICE_BYTES_MAX]; /* the last warning */
    bool lost;
    bool ended;
    int status;                 /* of the end, */
    char end[NOTICE_BYTES_MAX]; /* and why */
};

static int setup(void **state)
{
    struct play *p = calloc(1, sizeof *p);
    struct candidate_config config;
    assert_non_null(p);
    gateway_open(&p->gateway);
    candidate_config_init(&config);
    config.id = "A";
    config.endpoints = p->gateway.url;
    config.ttl_s = TTL_S;
    assert_int_equal(candidate_new(&p->candidate, &config, NULL), 0);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct play *p = *state;
    candidate_free(p->candidate);
    gateway_close(&p->gateway);
    free(p);
    return 0;
}

static void turn(struct play *p)
{
    struct pollfd fds[GATEWAY_FDS];
    struct candidate_event event;
    gateway_fds(&p->gateway, fds);
    assert_true(candidate_poll(p->candidate, fds, GATEWAY_FDS, 1000) >= 0);
    gateway_serve(&p->gateway, fds);
    while (candidate_next(p->candidate, &event)) {
        if (event.type == CANDIDATE_NOTICE &&
            event.severity == CANDIDATE_WARNING)
            (void)snprintf(p->notice, sizeof p->notice, "%s", event.text);
        p->lost = p->lost || event.type == CANDIDATE_LOST;
        if (event.type != CANDIDATE_ENDED)
            continue;
        p->ended = true;
        p->status = event.status;
        (void)snprintf(p->end, sizeof p->end, "%s", event.text);
    }
}

static bool is_for(const struct gateway_request *request, const char *path)
{
    char line[64];
    int n = snprintf(line, sizeof line, "POST %s HTTP/1.1\r\n", path);
    return strncmp(request->head, line, (size_t)n) == 0;
}

static void go_on(struct play *p, const struct gateway_request *request)
{
    if (is_for(request, "/v3/watch"))
        gateway_begin(&p->gateway, request->connection);
    else if (is_for(request, "/v3/maintenance/status"))
        gateway_reply(&p->gateway, request->connection, 200,
                      "{" HEADER ",\"version\":\"3.5.30\"}");
    else
        fail_msg("not expected: %s", request->head);
}

/* Wait for a request to this path; watches are opened, and the question for
 * the version is answered, on the way. */
static struct gateway_request request_for(struct play *p, const char *path)
{
    struct gateway_request request;
    int64_t end_at_ms = clock_now_ms() + GATEWAY_PATIENCE_MS;
    for (;;) {
        assert_true(clock_now_ms() < end_at_ms);
        if (!gateway_next(&p->gateway, &request))
            turn(p);
        else if (is_for(&request, path))
            return request;
        else
            go_on(p, &request);
    }
}

static void answer(struct play *p, const char *path, const char *body)
{
    struct gateway_request request = request_for(p, path);
    gateway_reply(&p->gateway, request.connection, 200, body);
}

static void grant(struct play *p)
{
    char body[BODY_BYTES_MAX];
    struct gateway_request request = request_for(p, "/v3/lease/grant");
    const char *id = strstr(request.body, "\"ID\":");
    assert_non_null(id);
    id += strcspn(id, "0123456789");
    (void)snprintf(p->lease, sizeof p->lease, "%.*s",
                   (int)strspn(id, "0123456789"), id);
    (void)snprintf(body, sizeof body,
                   "{" HEADER ",\"ID\":\"%s\",\"TTL\":\"%d\"}", p->lease,
                   TTL_S);
    gateway_reply(&p->gateway, request.connection, 200, body);
}

/* Answer what comes, as an etcd does to its leader, until it may lead longer. */
static void renew(struct play *p)
{
    char renewed[BODY_BYTES_MAX];
    int64_t until_ms = candidate_lead_until_ms(p->candidate);
    int64_t end_at_ms = clock_now_ms() + GATEWAY_PATIENCE_MS;
    (void)snprintf(renewed, sizeof renewed,
                   "{\"result\":{" HEADER ",\"ID\":\"%s\",\"TTL\":\"%d\"}}",
                   p->lease, TTL_S);
    while (candidate_lead_until_ms(p->candidate) == until_ms) {
        struct gateway_request request;
        assert_true(clock_now_ms() < end_at_ms);
        if (!gateway_next(&p->gateway, &request))
            turn(p);
        else if (is_for(&request, "/v3/kv/txn"))
            gateway_reply(&p->gateway, request.connection, 200, CONFIRMED);
        else if (is_for(&request, "/v3/lease/keepalive"))
            gateway_reply(&p->gateway, request.connection, 200, renewed);
        else
            go_on(p, &request);
    }
}

static void lead(struct play *p)
{
    grant(p);
    answer(p, "/v3/kv/txn", WON);
    while (!candidate_leading(p->candidate))
        turn(p);
}

/* ---- the tests ---- */

static void reply_of_a_wrong_shape_is_said_and_asked_for_again(void **state)
{
    static const char *const shapes[] = {
        "{" HEADER ",\"succeeded\":true}",
        "{" HEADER ",\"succeeded\":true,\"responses\":[" PUT "]}",
        "{" HEADER ",\"responses\":[" PUT "," PUT "]}",
    };
    struct play *p = *state;
    char said[NOTICE_BYTES_MAX];
    grant(p);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        answer(p, "/v3/kv/txn", shapes[i]);
    struct gateway_request request = request_for(p, "/v3/kv/txn");
    (void)snprintf(said, sizeof said,
                   "%s: the reply to \"attempt\" lacks what was asked for",
                   p->gateway.url);
    assert_string_equal(p->notice, said);
    gateway_reply(&p->gateway, request.connection, 200, WON);
    while (!candidate_leading(p->candidate))
        turn(p);
}

/* As a proxy does after a while of silence, with the watch's as well. */
static void connections_cut_while_idle_do_not_cost_leadership(void **state)
{
    struct play *p = *state;
    lead(p);
    while (gateway_connections_n(&p->gateway) < 2) { /* the watch's */
        struct gateway_request request;
        turn(p);
        if (gateway_next(&p->gateway, &request))
            go_on(p, &request);
    }
    for (unsigned i = 1; i <= p->gateway.accepted; i++)
        gateway_hang_up(&p->gateway, i);
    renew(p);
    assert_true(candidate_leading(p->candidate));
    assert_false(p->lost);
}

static void server_without_a_gateway_ends_it_with_words(void **state)
{
    struct play *p = *state;
    struct gateway_request request = request_for(p, "/v3/lease/grant");
    gateway_reply(&p->gateway, request.connection, 404, "404 page not found\n");
    while (!p->ended)
        turn(p);
    assert_int_equal(p->status, CANDIDATE_EDENIED);
    assert_non_null(strstr(p->end, p->gateway.url));
    assert_non_null(strstr(p->end, "--enable-grpc-gateway"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reply_of_a_wrong_shape_is_said_and_asked_for_again),
        TEST(server_without_a_gateway_ends_it_with_words),
        TEST(connections_cut_while_idle_do_not_cost_leadership),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
