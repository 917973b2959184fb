/* test_etcd_live.c: every call of the client on a real etcd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "e2e/live.h"
#include "support/etcdctl.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- leases ---- */

static void lease_lives_from_grant_to_revoke(void **state)
{
    struct live *l = *state;
    live_grant(l, LIVE_LEASE);
    live_put(l, "a", "1", LIVE_LEASE);
    assert_int_equal(live_get(l, "a").lease, LIVE_LEASE);
    etcd_keepalive(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE);
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_LEASE);
    assert_int_equal(reply.lease.id, LIVE_LEASE);
    assert_int_equal(reply.lease.ttl_s, LIVE_TTL_S);
    etcd_time_to_live(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE, true);
    reply = live_reply(l, ETCD_REPLY_LEASE);
    assert_in_range(reply.lease.ttl_s, LIVE_TTL_S / 2, LIVE_TTL_S);
    assert_int_equal(reply.lease.granted_ttl_s, LIVE_TTL_S);
    assert_int_equal(reply.lease.keys_n, 1);
    assert_string_equal(reply.lease.keys[0].data, "a");
    live_revoke(l, LIVE_LEASE);
    assert_int_equal(live_get(l, "a").create_revision, 0);
}

static void lease_that_is_gone_is_said_so_by_every_call(void **state)
{
    struct live *l = *state;
    static const char gone[] = "etcdserver: requested lease not found";
    etcd_keepalive(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE);
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_LEASE);
    assert_int_equal(reply.lease.id, LIVE_LEASE);
    assert_int_equal(reply.lease.ttl_s, 0);
    etcd_time_to_live(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE, false);
    assert_int_equal(live_reply(l, ETCD_REPLY_LEASE).lease.ttl_s, -1);
    etcd_revoke(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE);
    live_expect_failure(l, CANDIDATE_ENOTFOUND, gone);
    struct etcd_op put = {
        .type = ETCD_OP_PUT,
        .put = { .key = { "a", 1 }, .value = { "1", 1 }, .lease = LIVE_LEASE },
    };
    etcd_put(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, &put.put);
    live_expect_failure(l, CANDIDATE_ENOTFOUND, gone);
    struct etcd_txn inner = { .success = &put, .success_n = 1 };
    etcd_txn(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, &inner);
    live_expect_failure(l, CANDIDATE_ENOTFOUND, gone);
    struct etcd_op nested = { .type = ETCD_OP_TXN, .txn = &inner };
    struct etcd_txn outer = { .success = &nested, .success_n = 1 };
    etcd_txn(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, &outer);
    live_expect_failure(l, CANDIDATE_ENOTFOUND, gone);
    assert_int_equal(live_get(l, "a").create_revision, 0);
}

static void lease_that_exists_is_not_granted_again(void **state)
{
    struct live *l = *state;
    live_grant(l, LIVE_LEASE);
    etcd_grant(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE, LIVE_TTL_S);
    live_expect_failure(l, CANDIDATE_EEXISTS,
                        "etcdserver: lease already exists");
}

static void short_lease_is_made_longer(void **state)
{
    struct live *l = *state;
    etcd_grant(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE, 1);
    assert_int_equal(live_reply(l, ETCD_REPLY_LEASE).lease.ttl_s, 2);
}

static void endless_lease_is_denied(void **state)
{
    struct live *l = *state;
    etcd_grant(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE,
               INT64_C(9000000001));
    live_expect_failure(l, CANDIDATE_EDENIED,
                        "etcdserver: too large lease TTL");
}

/* ---- keys and transactions ---- */

static void keys_are_put_read_and_deleted(void **state)
{
    struct live *l = *state;
    int64_t created = live_put(l, "a", "1", 0);
    int64_t changed = live_put(l, "a", "22", 0);
    struct etcd_kv kv = live_get(l, "a");
    assert_string_equal(kv.key.data, "a");
    assert_string_equal(kv.value.data, "22");
    assert_int_equal(kv.create_revision, created);
    assert_int_equal(kv.mod_revision, changed);
    assert_int_equal(kv.version, 2);
    assert_int_equal(kv.lease, 0);
    assert_int_equal(live_delete(l, "a"), changed + 1);
    assert_int_equal(live_get(l, "a").create_revision, 0);
}

static void member_tells_its_version(void **state)
{
    struct live *l = *state;
    etcd_status(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, 0);
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_STATUS);
    assert_memory_equal(reply.member.version.data, "3.", 2);
    assert_int_equal(reply.member.leader, reply.header.member_id);
}

/* Whether a comparison of the keys [p/, p0) holds. */
static bool holds(struct live *l, enum etcd_target target,
                  enum etcd_relation relation, int64_t number,
                  const char *value)
{
    struct etcd_compare compare = {
        .key = { "p/", 2 },
        .range_end = { "p0", 2 },
        .target = target,
        .relation = relation,
        .number = number,
        .value = live_bytes(value),
    };
    struct etcd_txn txn = { .compares = &compare, .compares_n = 1 };
    etcd_txn(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, &txn);
    return live_reply(l, ETCD_REPLY_TXN).txn.succeeded;
}

static void compare_of_a_range_holds_for_every_key_of_it(void **state)
{
    struct live *l = *state;
    assert_true(holds(l, ETCD_CREATE, ETCD_EQUAL, 0, ""));
    assert_false(holds(l, ETCD_CREATE, ETCD_GREATER, 0, ""));
    assert_false(holds(l, ETCD_VALUE, ETCD_NOT_EQUAL, 0, "A"));
    int64_t first = live_put(l, "p/1", "A", 0);
    int64_t second = live_put(l, "p/2", "B", 0);
    live_put(l, "p0", "C", 0); /* behind the range */
    assert_false(holds(l, ETCD_CREATE, ETCD_EQUAL, 0, ""));
    assert_true(holds(l, ETCD_CREATE, ETCD_GREATER, first - 1, ""));
    assert_false(holds(l, ETCD_CREATE, ETCD_GREATER, first, ""));
    assert_true(holds(l, ETCD_CREATE, ETCD_LESS, second + 1, ""));
    assert_false(holds(l, ETCD_VALUE, ETCD_NOT_EQUAL, 0, "A"));
    assert_false(holds(l, ETCD_VALUE, ETCD_EQUAL, 0, "A"));
    assert_true(holds(l, ETCD_VALUE, ETCD_NOT_EQUAL, 0, "C"));
    assert_true(holds(l, ETCD_VERSION, ETCD_EQUAL, 1, ""));
    assert_true(holds(l, ETCD_LEASE, ETCD_EQUAL, 0, ""));
    assert_true(holds(l, ETCD_MOD, ETCD_GREATER, first - 1, ""));
}

/* Nested compares see the keys as they were before; ranges as they are. No key
 * may be changed twice. */
static void operations_of_a_txn_run_in_order_and_nested(void **state)
{
    struct live *l = *state;
    struct etcd_compare absent = { .key = { "a", 1 },
                                   .target = ETCD_CREATE,
                                   .relation = ETCD_EQUAL };
    struct etcd_op get = { .type = ETCD_OP_RANGE, .range.key = { "a", 1 } };
    struct etcd_txn inner = {
        .compares = &absent,
        .compares_n = 1,
        .success = &get,
        .success_n = 1,
    };
    struct etcd_op ops[] = {
        { .type = ETCD_OP_PUT,
          .put = { .key = { "a", 1 }, .value = { "1", 1 } } },
        { .type = ETCD_OP_TXN, .txn = &inner },
        { .type = ETCD_OP_DELETE, .del.key = { "b", 1 } },
        { .type = ETCD_OP_RANGE, .range.key = { "b", 1 } },
    };
    struct etcd_txn txn = {
        .compares = &absent,
        .compares_n = 1,
        .success = ops,
        .success_n = COUNT(ops),
    };
    live_put(l, "b", "2", 0);
    etcd_txn(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, &txn);
    struct etcd_reply reply = live_reply(l, ETCD_REPLY_TXN);
    assert_true(reply.txn.succeeded);
    assert_int_equal(reply.txn.results_n, COUNT(ops));
    const struct etcd_result *results = reply.txn.results;
    assert_int_equal(results[0].type, ETCD_OP_PUT);
    assert_int_equal(results[1].type, ETCD_OP_TXN);
    assert_true(results[1].txn.succeeded);
    assert_int_equal(results[1].txn.results[0].range.n, 1);
    assert_int_equal(results[1].txn.results[0].range.items[0].create_revision,
                     reply.header.revision);
    assert_int_equal(results[2].del.deleted, 1);
    assert_int_equal(results[3].range.n, 0);
}

/* ---- watches ---- */

/* The next message is of this watch and has n events. */
static struct etcd_watch_event *expect_events(struct live *l, uint64_t tag,
                                              int64_t watch_id, size_t n)
{
    struct etcd_reply reply = live_next(l);
    assert_string_equal(reply.message, "");
    assert_int_equal(reply.type, ETCD_REPLY_WATCH);
    assert_int_equal(reply.tag, tag);
    assert_int_equal(reply.watch.watch_id, watch_id);
    assert_int_equal(reply.watch.events_n, n);
    return reply.watch.events;
}

/* etcdctl changes the keys: the client has nothing else to take in. */
static void three_keys_are_watched_on_one_stream(void **state)
{
    struct live *l = *state;
    live_watch(l, live_revision(l) + 1);
    uint64_t tag = l->tag;
    etcdctl(l->server, "put", "b", "1");
    struct etcd_watch_event *event = expect_events(l, tag, 1, 1);
    assert_false(event->deleted);
    assert_string_equal(event->kv.key.data, "b");
    assert_string_equal(event->kv.value.data, "1");
    int64_t created = event->kv.create_revision;
    assert_int_equal(event->kv.mod_revision, created);
    etcdctl(l->server, "put", "c7", "2");
    event = expect_events(l, tag, 2, 1);
    assert_string_equal(event->kv.key.data, "c7");
    etcdctl(l->server, "put", "x", "not watched");
    etcdctl(l->server, "del", "b");
    event = expect_events(l, tag, 1, 1);
    assert_true(event->deleted);
    assert_string_equal(event->kv.key.data, "b");
    assert_int_equal(event->kv.mod_revision, created + 3);
    etcdctl(l->server, "put", "a", "3");
    expect_events(l, tag, 0, 1);
}

static void watch_tells_what_happened_before_it_was_opened(void **state)
{
    struct live *l = *state;
    int64_t revision = live_put(l, "b", "1", 0);
    live_delete(l, "b");
    live_watch(l, revision);
    struct etcd_watch_event *events = expect_events(l, l->tag, 1, 2);
    assert_false(events[0].deleted);
    assert_true(events[1].deleted);
    assert_int_equal(events[1].kv.mod_revision, revision + 1);
}

static void expired_lease_deletes_its_keys_in_one_message(void **state)
{
    struct live *l = *state;
    etcd_grant(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, LIVE_LEASE, 5);
    (void)live_reply(l, ETCD_REPLY_LEASE);
    live_put(l, "c1", "1", LIVE_LEASE);
    live_put(l, "c2", "2", LIVE_LEASE);
    live_watch(l, live_revision(l) + 1);
    struct etcd_watch_event *events = expect_events(l, l->tag, 2, 2);
    assert_true(events[0].deleted);
    assert_true(events[1].deleted);
    assert_int_equal(events[0].kv.mod_revision, events[1].kv.mod_revision);
}

static void compacted_watch_fails(void **state)
{
    struct live *l = *state;
    int64_t first = live_put(l, "a", "1", 0);
    int64_t last = live_put(l, "a", "2", 0);
    char revision[32], cause[128];
    snprintf(revision, sizeof revision, "%lld", (long long)last);
    etcdctl(l->server, "compact", revision);
    struct etcd_watch_key key = { .key = { "a", 1 } };
    etcd_watch(l->etcd, live_tag(l), &key, 1, first);
    struct etcd_reply reply = live_next(l);
    while (reply.type == ETCD_REPLY_WATCH && reply.watch.created)
        reply = live_next(l);
    snprintf(cause, sizeof cause,
             "%s: watch canceled: revisions before %lld are compacted",
             reply.endpoint, (long long)last);
    assert_string_equal(reply.message, cause);
    assert_int_equal(reply.type, ETCD_REPLY_FAILED);
    assert_int_equal(reply.status, CANDIDATE_ERETRY);
    struct etcd_range old = { .key = { "a", 1 }, .revision = first };
    etcd_range(l->etcd, live_tag(l), LIVE_TIMEOUT_MS, &old);
    live_expect_failure(
        l, CANDIDATE_ERETRY,
        "etcdserver: mvcc: required revision has been compacted");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, live_begin, live_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lease_lives_from_grant_to_revoke),
        TEST(lease_that_is_gone_is_said_so_by_every_call),
        TEST(lease_that_exists_is_not_granted_again),
        TEST(short_lease_is_made_longer),
        TEST(endless_lease_is_denied),
        TEST(keys_are_put_read_and_deleted),
        TEST(member_tells_its_version),
        TEST(compare_of_a_range_holds_for_every_key_of_it),
        TEST(operations_of_a_txn_run_in_order_and_nested),
        TEST(three_keys_are_watched_on_one_stream),
        TEST(watch_tells_what_happened_before_it_was_opened),
        TEST(expired_lease_deletes_its_keys_in_one_message),
        TEST(compacted_watch_fails),
    };
    return cmocka_run_group_tests(tests, live_setup, live_teardown);
}
