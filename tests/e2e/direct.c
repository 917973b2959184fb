/* direct.c: requests as the codec builds them, straight to a real etcd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/direct.h"

enum { TAG = 1 };

int direct_setup(void **state)
{
    struct direct *d = calloc(1, sizeof *d);
    assert_non_null(d);
    d->set = process_set_new();
    d->server = etcd_server_start(d->set, 1);
    buf_init(&d->body, CODEC_BODY_BYTES_MAX);
    assert_int_equal(http_new(&d->http, NULL, NULL), 0);
    *state = d;
    return 0;
}

int direct_teardown(void **state)
{
    struct direct *d = *state;
    http_free(d->http);
    etcd_server_free(d->server);
    process_set_free(d->set);
    buf_done(&d->body);
    arena_done(&d->arena);
    free(d->reply);
    free(d);
    return 0;
}

void direct_send(struct direct *d, const char *path, bool stream)
{
    char url[256];
    snprintf(url, sizeof url, "%s/v3/%s", etcd_server_endpoint(d->server, 0),
             path);
    struct http_request request = {
        .tag = TAG,
        .url = url,
        .body = d->body.data,
        .body_bytes = d->body.size,
        .connect_timeout_ms = 5000,
        .timeout_ms = stream ? 0 : PROCESS_PATIENCE_MS,
        .stream = stream,
    };
    assert_int_equal(http_send(d->http, &request, &d->err), 0);
    buf_consume(&d->body, d->body.size);
}

struct http_event direct_await(struct direct *d)
{
    struct http_event event;
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!http_next(d->http, &event)) {
        assert_true(process_now_ms() < end_at_ms);
        assert_true(http_poll(d->http, NULL, 0, 1000) >= 0);
    }
    return event;
}

int direct_post(struct direct *d, const char *path)
{
    direct_send(d, path, false);
    struct http_event event = direct_await(d);
    assert_int_equal(event.type, HTTP_DONE);
    if (event.error != 0)
        fail_msg("%s: %s", path, event.message);
    free(d->reply);
    d->reply = malloc(event.bytes + 1);
    assert_non_null(d->reply);
    memcpy(d->reply, event.data, event.bytes);
    d->reply[event.bytes] = '\0';
    d->reply_bytes = event.bytes;
    return event.http_status;
}

void direct_parsed(struct direct *d, int r)
{
    if (r < 0)
        fail_msg("%s: %s", d->reply, d->err.message);
}

struct etcd_lease_result *direct_post_lease(struct direct *d, const char *path)
{
    assert_int_equal(direct_post(d, path), 200);
    direct_parsed(d,
                  codec_parse_lease(&d->arena, d->reply, d->reply_bytes,
                                    &d->header, &d->lease, &d->err));
    return &d->lease;
}

struct etcd_kvs *direct_range(struct direct *d, const struct etcd_range *r)
{
    assert_int_equal(codec_build_range(&d->body, r), 0);
    assert_int_equal(direct_post(d, "kv/range"), 200);
    direct_parsed(d,
                  codec_parse_result(&d->arena, d->reply, d->reply_bytes,
                                     ETCD_OP_RANGE, &d->header, &d->result,
                                     &d->err));
    return &d->result.range;
}

void direct_put_abc(struct direct *d, int64_t *ret_revision)
{
    direct_put(d, &(struct etcd_put){ BYTES("a"), BYTES("1"), 0 });
    *ret_revision = d->header.revision;
    direct_put(d, &(struct etcd_put){ BYTES("b"), BYTES("3"), 0 });
    direct_put(d, &(struct etcd_put){ BYTES("c"), BYTES("2"), 0 });
}

struct etcd_result *direct_delete(struct direct *d,
                                  const struct etcd_delete *del)
{
    assert_int_equal(codec_build_delete(&d->body, del), 0);
    assert_int_equal(direct_post(d, "kv/deleterange"), 200);
    direct_parsed(d,
                  codec_parse_result(&d->arena, d->reply, d->reply_bytes,
                                     ETCD_OP_DELETE, &d->header, &d->result,
                                     &d->err));
    return &d->result;
}

void direct_put(struct direct *d, const struct etcd_put *p)
{
    assert_int_equal(codec_build_put(&d->body, p), 0);
    assert_int_equal(direct_post(d, "kv/put"), 200);
    direct_parsed(d,
                  codec_parse_result(&d->arena, d->reply, d->reply_bytes,
                                     ETCD_OP_PUT, &d->header, &d->result,
                                     &d->err));
}

struct etcd_txn_result *direct_txn(struct direct *d, const struct etcd_txn *txn)
{
    assert_int_equal(codec_build_txn(&d->body, txn), 0);
    assert_int_equal(direct_post(d, "kv/txn"), 200);
    direct_parsed(d,
                  codec_parse_txn(&d->arena, d->reply, d->reply_bytes,
                                  &d->header, &d->txn, &d->err));
    return &d->txn;
}

int direct_clear(void **state)
{
    struct direct *d = *state;
    arena_done(&d->arena);
    direct_delete(d, &(struct etcd_delete){ { "\0", 1 }, { "\0", 1 }, false });
    assert_int_equal(codec_build_lease(&d->body, LEASE), 0);
    (void)direct_post(d, "lease/revoke"); /* often there is none */
    return 0;
}

void direct_stop(struct direct *d)
{
    http_cancel(d->http, TAG);
}
