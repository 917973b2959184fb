/* gateway.c: requests as the codec builds them, to a real etcd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/gateway.h"

enum { TAG = 1 };

int gateway_setup(void **state)
{
    struct gateway *g = calloc(1, sizeof *g);
    assert_non_null(g);
    g->set = process_set_new();
    g->server = etcd_server_start(g->set, 1);
    buf_init(&g->body, CODEC_BODY_BYTES_MAX);
    assert_int_equal(http_new(&g->http, NULL, NULL), 0);
    *state = g;
    return 0;
}

int gateway_teardown(void **state)
{
    struct gateway *g = *state;
    http_free(g->http);
    etcd_server_free(g->server);
    process_set_free(g->set);
    buf_done(&g->body);
    arena_done(&g->arena);
    free(g->reply);
    free(g);
    return 0;
}

void gateway_send(struct gateway *g, const char *path, bool stream)
{
    char url[256];
    snprintf(url, sizeof url, "%s/v3/%s", etcd_server_endpoint(g->server, 0),
             path);
    struct http_request request = {
        .tag = TAG,
        .url = url,
        .body = g->body.data,
        .body_bytes = g->body.size,
        .connect_timeout_ms = 5000,
        .timeout_ms = stream ? 0 : PROCESS_PATIENCE_MS,
        .stream = stream,
    };
    assert_int_equal(http_send(g->http, &request, &g->err), 0);
    buf_consume(&g->body, g->body.size);
}

struct http_event gateway_await(struct gateway *g)
{
    struct http_event event;
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!http_next(g->http, &event)) {
        assert_true(process_now_ms() < end_at_ms);
        assert_true(http_poll(g->http, NULL, 0, 1000) >= 0);
    }
    return event;
}

int gateway_post(struct gateway *g, const char *path)
{
    gateway_send(g, path, false);
    struct http_event event = gateway_await(g);
    assert_int_equal(event.type, HTTP_DONE);
    if (event.error != 0)
        fail_msg("%s: %s", path, event.message);
    free(g->reply);
    g->reply = malloc(event.bytes + 1);
    assert_non_null(g->reply);
    memcpy(g->reply, event.data, event.bytes);
    g->reply[event.bytes] = '\0';
    g->reply_bytes = event.bytes;
    return event.http_status;
}

void gateway_parsed(struct gateway *g, int r)
{
    if (r < 0)
        fail_msg("%s: %s", g->reply, g->err.message);
}

struct etcd_lease_result *gateway_post_lease(struct gateway *g,
                                             const char *path)
{
    assert_int_equal(gateway_post(g, path), 200);
    gateway_parsed(g,
                   codec_parse_lease(&g->arena, g->reply, g->reply_bytes,
                                     &g->header, &g->lease, &g->err));
    return &g->lease;
}

struct etcd_kvs *gateway_range(struct gateway *g, const struct etcd_range *r)
{
    assert_int_equal(codec_build_range(&g->body, r), 0);
    assert_int_equal(gateway_post(g, "kv/range"), 200);
    gateway_parsed(g,
                   codec_parse_result(&g->arena, g->reply, g->reply_bytes,
                                      ETCD_OP_RANGE, &g->header, &g->result,
                                      &g->err));
    return &g->result.range;
}

struct etcd_result *gateway_delete(struct gateway *g,
                                   const struct etcd_delete *del)
{
    assert_int_equal(codec_build_delete(&g->body, del), 0);
    assert_int_equal(gateway_post(g, "kv/deleterange"), 200);
    gateway_parsed(g,
                   codec_parse_result(&g->arena, g->reply, g->reply_bytes,
                                      ETCD_OP_DELETE, &g->header, &g->result,
                                      &g->err));
    return &g->result;
}

void gateway_put(struct gateway *g, const struct etcd_put *p)
{
    assert_int_equal(codec_build_put(&g->body, p), 0);
    assert_int_equal(gateway_post(g, "kv/put"), 200);
    gateway_parsed(g,
                   codec_parse_result(&g->arena, g->reply, g->reply_bytes,
                                      ETCD_OP_PUT, &g->header, &g->result,
                                      &g->err));
}

struct etcd_txn_result *gateway_txn(struct gateway *g,
                                    const struct etcd_txn *txn)
{
    assert_int_equal(codec_build_txn(&g->body, txn), 0);
    assert_int_equal(gateway_post(g, "kv/txn"), 200);
    gateway_parsed(g,
                   codec_parse_txn(&g->arena, g->reply, g->reply_bytes,
                                   &g->header, &g->txn, &g->err));
    return &g->txn;
}

int gateway_clear(void **state)
{
    struct gateway *g = *state;
    arena_done(&g->arena);
    gateway_delete(g, &(struct etcd_delete){ { "\0", 1 }, { "\0", 1 }, false });
    assert_int_equal(codec_build_lease(&g->body, LEASE), 0);
    (void)gateway_post(g, "lease/revoke"); /* often there is none */
    return 0;
}

void gateway_stop(struct gateway *g)
{
    http_cancel(g->http, TAG);
}
