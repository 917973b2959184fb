/* world.c: see world.h. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/base64.h"
#include "sys/clock.h"

enum { CALL_BYTES_MAX = 8192 };

static int setup_n(void **state, unsigned n, const char *user)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    char endpoints[256] = "";
    w->gateways_n = n;
    for (unsigned i = 0; i < n; i++) {
        gateway_open(&w->gateways[i]);
        size_t used = strlen(endpoints);
        (void)snprintf(endpoints + used, sizeof endpoints - used, "%s%s",
                       i > 0 ? "," : "", w->gateways[i].url);
    }
    struct etcd_config config = {
        .endpoints = endpoints,
        .user = user,
        .password = user ? "pa\"ss" : NULL,
    };
    assert_int_equal(etcd_new(&w->etcd, &config, NULL), 0);
    assert_int_equal(etcd_endpoints_n(w->etcd), n);
    memset(endpoints, 'x', sizeof endpoints - 1); /* they were copied */
    *state = w;
    return 0;
}

int world_setup(void **state)
{
    return setup_n(state, 1, NULL);
}

int world_setup_three(void **state)
{
    return setup_n(state, 3, NULL);
}

int world_setup_user(void **state)
{
    return setup_n(state, 1, "ann");
}

int world_setup_user_three(void **state)
{
    return setup_n(state, 3, "ann");
}

int world_teardown(void **state)
{
    struct world *w = *state;
    etcd_free(w->etcd);
    for (unsigned i = 0; i < w->gateways_n; i++)
        gateway_close(&w->gateways[i]);
    free(w);
    return 0;
}

void world_turn(struct world *w, int timeout_ms)
{
    struct pollfd fds[WORLD_GATEWAYS_MAX * GATEWAY_FDS];
    for (unsigned i = 0; i < w->gateways_n; i++)
        gateway_fds(&w->gateways[i], fds + (size_t)i * GATEWAY_FDS);
    int r = etcd_poll(w->etcd, fds, w->gateways_n * GATEWAY_FDS, timeout_ms);
    assert_true(r >= 0);
    for (unsigned i = 0; i < w->gateways_n; i++)
        gateway_serve(&w->gateways[i], fds + (size_t)i * GATEWAY_FDS);
}

/* A turn of a wait that began so that it ends at end_at_ms. */
static void turn_until(struct world *w, int64_t end_at_ms, const char *what)
{
    if (clock_now_ms() >= end_at_ms)
        fail_msg("%s did not come", what);
    world_turn(w, 1000);
}

struct gateway_request world_request(struct world *w, unsigned gateway)
{
    int64_t end_at_ms = clock_now_ms() + GATEWAY_PATIENCE_MS;
    struct gateway_request request;
    while (!gateway_next(&w->gateways[gateway], &request))
        turn_until(w, end_at_ms, "request");
    return request;
}

void world_await_close(struct world *w, unsigned gateway, unsigned connection)
{
    int64_t end_at_ms = clock_now_ms() + GATEWAY_PATIENCE_MS;
    while (gateway_is_open(&w->gateways[gateway], connection))
        turn_until(w, end_at_ms, "end of the connection");
}

struct etcd_reply world_reply(struct world *w)
{
    int64_t end_at_ms = clock_now_ms() + GATEWAY_PATIENCE_MS;
    struct etcd_reply reply;
    while (!etcd_next(w->etcd, &reply))
        turn_until(w, end_at_ms, "reply");
    return reply;
}

void world_expect_failure(struct world *w, unsigned gateway, uint64_t tag,
                          int status, const char *cause)
{
    char message[CANDIDATE_ERROR_BYTES_MAX];
    struct etcd_reply reply = world_reply(w);
    assert_int_equal(reply.type, ETCD_REPLY_FAILED);
    (void)snprintf(message, sizeof message, "%s: %s", w->gateways[gateway].url,
                   cause);
    assert_string_equal(reply.message, message);
    assert_int_equal(reply.status, status);
    assert_int_equal(reply.tag, tag);
    assert_string_equal(reply.endpoint, w->gateways[gateway].url);
}

void world_expect_silence(struct world *w)
{
    struct etcd_reply reply;
    for (int i = 0; i < 4; i++) {
        assert_false(etcd_next(w->etcd, &reply));
        world_turn(w, 0);
    }
    assert_false(etcd_next(w->etcd, &reply));
}

void world_expect_no_wait(struct world *w)
{
    int64_t began_at_ms = clock_now_ms();
    for (int i = 0; i < 20; i++) /* the first may end for another reason */
        assert_int_equal(etcd_poll(w->etcd, NULL, 0, WORLD_TIMEOUT_MS), 0);
    assert_true(clock_now_ms() - began_at_ms < WORLD_TIMEOUT_MS / 2);
}

static void to_body(char ret_body[CALL_BYTES_MAX], const char *text)
{
    size_t size = 0;
    for (const char *p = text; *p; p++) {
        assert_true(size < CALL_BYTES_MAX - 1024);
        if (*p != '<') {
            ret_body[size++] = (char)(*p == '\'' ? '"' : *p);
            continue;
        }
        char key[256];
        size_t bytes = strcspn(p + 1, ">");
        assert_true(bytes <= sizeof key);
        for (size_t i = 0; i < bytes; i++)
            key[i] = (char)(p[1 + i] == '~' ? '\0' : p[1 + i]);
        ret_body[size++] = '"';
        base64_encode(ret_body + size, key, bytes);
        size += base64_encoded_bytes(bytes);
        ret_body[size++] = '"';
        p += bytes + 1;
    }
    ret_body[size] = '\0';
}

struct etcd_reply world_expect_call(struct world *w, const char *path,
                                    const char *text)
{
    char body[CALL_BYTES_MAX];
    char head[64];
    to_body(body, text);
    int bytes = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\n", path);
    struct gateway_request request = world_request(w, 0);
    assert_memory_equal(request.head, head, (size_t)bytes);
    assert_string_equal(request.body, body);
    gateway_reply(&w->gateways[0], request.connection, 200,
                  "{" WORLD_HEADER "}");
    return world_reply(w);
}

void world_answer(struct world *w, int status, const char *body)
{
    struct gateway_request request = world_request(w, 0);
    gateway_reply(&w->gateways[0], request.connection, status, body);
}
