/* live.c: see live.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/live.h"

static int setup_n(void **state, unsigned members_n)
{
    struct live *l = calloc(1, sizeof *l);
    assert_non_null(l);
    l->set = process_set_new();
    l->server = etcd_server_start(l->set, members_n);
    *state = l;
    return 0;
}

int live_setup(void **state)
{
    return setup_n(state, 1);
}

int live_setup_three(void **state)
{
    return setup_n(state, 3);
}

int live_teardown(void **state)
{
    struct live *l = *state;
    etcd_server_free(l->server);
    process_set_free(l->set);
    free(l);
    return 0;
}

void live_connect(struct live *l, const char *endpoints)
{
    etcd_free(l->etcd);
    l->etcd = NULL;
    struct etcd_config config = { .endpoints = endpoints };
    assert_int_equal(etcd_new(&l->etcd, &config, NULL), 0);
}

int live_begin(void **state)
{
    struct live *l = *state;
    live_connect(l, etcd_server_endpoint(l->server, 0));
    for (int64_t lease = LIVE_LEASE; lease < LIVE_LEASE + 4; lease++) {
        etcd_revoke(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, lease);
        (void)live_next(l); /* often there is none */
    }
    struct etcd_delete all = { .key = { "\0", 1 }, .range_end = { "\0", 1 } };
    etcd_delete(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, &all);
    (void)live_reply(l, ETCD_REPLY_RESULT);
    return 0;
}

int live_end(void **state)
{
    struct live *l = *state;
    etcd_free(l->etcd);
    l->etcd = NULL;
    return 0;
}

uint64_t live_tag(struct live *l)
{
    return ++l->tag;
}

struct etcd_reply live_next(struct live *l)
{
    struct etcd_reply reply;
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!etcd_next(l->etcd, &reply)) {
        if (process_now_ms() >= end_at_ms)
            fail_msg("no reply came");
        assert_true(etcd_poll(l->etcd, NULL, 0, 1000) >= 0);
    }
    return reply;
}

struct etcd_reply live_reply(struct live *l, enum etcd_reply_type type)
{
    struct etcd_reply reply = live_next(l);
    if (type != ETCD_REPLY_FAILED)
        assert_string_equal(reply.message, "");
    assert_int_equal(reply.type, type);
    assert_int_equal(reply.tag, l->tag);
    if (type != ETCD_REPLY_FAILED) {
        assert_true(reply.header.cluster_id > 0);
        assert_true(reply.header.raft_term > 0);
        assert_true(reply.header.revision > 0);
    }
    return reply;
}

void live_expect_failure(struct live *l, int status, const char *cause)
{
    char message[CANDIDATE_ERROR_BYTES_MAX];
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_FAILED);
    snprintf(message, sizeof message, "%s: %s", reply.endpoint, cause);
    assert_string_equal(reply.message, message);
    assert_int_equal(reply.status, status);
}

struct etcd_bytes live_bytes(const char *text)
{
    return (struct etcd_bytes){ text, strlen(text) };
}

void live_grant(struct live *l, int64_t lease)
{
    etcd_grant(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, lease, LIVE_TTL_S);
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_LEASE);
    assert_int_equal(reply.lease.id, lease);
    assert_int_equal(reply.lease.ttl_s, LIVE_TTL_S);
}

void live_revoke(struct live *l, int64_t lease)
{
    etcd_revoke(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, lease);
    (void)live_reply(l, ETCD_REPLY_HEADER);
}

int64_t live_put(struct live *l, const char *key, const char *value,
                 int64_t lease)
{
    struct etcd_put put = { live_bytes(key), live_bytes(value), lease };
    etcd_put(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, &put);
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_RESULT);
    assert_int_equal(reply.result.type, ETCD_OP_PUT);
    return reply.header.revision;
}

int64_t live_delete(struct live *l, const char *key)
{
    struct etcd_delete del = { .key = live_bytes(key) };
    etcd_delete(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, &del);
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_RESULT);
    assert_int_equal(reply.result.type, ETCD_OP_DELETE);
    assert_int_equal(reply.result.del.deleted, 1);
    return reply.header.revision;
}

static struct etcd_reply range(struct live *l, const char *key)
{
    struct etcd_range get = { .key = live_bytes(key) };
    etcd_range(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, &get);
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_RESULT);
    assert_int_equal(reply.result.type, ETCD_OP_RANGE);
    return reply;
}

struct etcd_kv live_get(struct live *l, const char *key)
{
    struct etcd_reply reply = range(l, key);
    return reply.result.range.n > 0 ? reply.result.range.items[0]
                                    : (struct etcd_kv){ 0 };
}

int64_t live_revision(struct live *l)
{
    return range(l, "no key").header.revision;
}

void live_watch(struct live *l, int64_t from_revision)
{
    const struct etcd_watch_key keys[] = {
        { .key = { "a", 1 } },
        { .key = { "b", 1 } },
        { .key = { "c", 1 }, .range_end = { "d", 1 } },
    };
    etcd_watch(l->etcd, live_tag(l), keys, sizeof keys / sizeof *keys,
               from_revision);
    unsigned created = 0; /* a set of watch_ids */
    while (created != 7) {
        struct etcd_reply reply = live_reply(l, ETCD_REPLY_WATCH);
        assert_true(reply.watch.created);
        created |= 1u << reply.watch.watch_id;
    }
}
