/* watch.c: see watch.h. */
#include "watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

unsigned watch_open(struct world *w, uint64_t tag)
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

void watch_say(struct world *w, unsigned connection, const char *piece)
{
    gateway_say(&w->gateways[0], connection, piece);
}

struct etcd_reply watch_expect(struct world *w, uint64_t tag, int64_t watch_id)
{
    struct etcd_reply reply = world_reply(w);
    assert_string_equal(reply.message, "");
    assert_int_equal(reply.type, ETCD_REPLY_WATCH);
    assert_int_equal(reply.tag, tag);
    assert_string_equal(reply.endpoint, w->gateways[0].url);
    assert_int_equal(reply.watch.watch_id, watch_id);
    return reply;
}
