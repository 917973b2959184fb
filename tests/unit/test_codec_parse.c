/* test_codec_parse.c: replies of real servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/replies.h"

#define CLUSTER UINT64_C(10144879847569953045) /* more than INT64_MAX */

static void assert_kv(const struct etcd_kv *kv, const char *key,
                      const char *value, int64_t create, int64_t mod,
                      int64_t version, int64_t lease)
{
    assert_bytes(kv->key, key);
    assert_bytes(kv->value, value);
    assert_int_equal(kv->create_revision, create);
    assert_int_equal(kv->mod_revision, mod);
    assert_int_equal(kv->version, version);
    assert_int_equal(kv->lease, lease);
}

/* ---- leases ---- */

static void grant_tells_lease_and_ttl(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(
        f, LEASE, "{" HEADER ",\"ID\":\"7587823380406781187\",\"TTL\":\"10\"}");
    assert_int_equal(f->header.cluster_id, CLUSTER);
    assert_int_equal(f->header.member_id, UINT64_C(12428976124636271536));
    assert_int_equal(f->header.revision, 5);
    assert_int_equal(f->header.raft_term, 2);
    assert_int_equal(f->lease.id, INT64_C(7587823380406781187));
    assert_int_equal(f->lease.ttl_s, 10);
}

static void time_to_live_tells_the_keys(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, LEASE,
                       "{" HEADER
                       ",\"ID\":\"77\",\"TTL\":\"59\",\"grantedTTL\":\"60\","
                       "\"keys\":[\"aw==\",\"bGVhZGVy\"]}");
    assert_int_equal(f->lease.ttl_s, 59);
    assert_int_equal(f->lease.granted_ttl_s, 60);
    assert_int_equal(f->lease.keys_n, 2);
    assert_bytes(f->lease.keys[0], "k");
    assert_bytes(f->lease.keys[1], "leader");
}

static void time_to_live_of_an_unknown_lease_is_minus_one(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, LEASE, "{" HEADER ",\"ID\":\"78\",\"TTL\":\"-1\"}");
    assert_int_equal(f->lease.ttl_s, -1);
    assert_int_equal(f->lease.keys_n, 0);
}

static void keepalive_tells_the_ttl(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, KEEPALIVE,
                       "{\"result\":{" HEADER
                       ",\"ID\":\"77\",\"TTL\":\"60\"}}\n");
    assert_int_equal(f->lease.id, 77);
    assert_int_equal(f->lease.ttl_s, 60);
    assert_int_equal(f->header.raft_term, 2);
}

static void keepalive_of_a_lost_lease_has_no_ttl(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, KEEPALIVE,
                       "{\"result\":{" HEADER ",\"ID\":\"78\"}}\n");
    assert_int_equal(f->lease.id, 78);
    assert_int_equal(f->lease.ttl_s, 0);
}

static void null_is_absent(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, KEEPALIVE,
                       "{\"result\":{" HEADER ",\"ID\":\"7\",\"TTL\":null}}");
    assert_int_equal(f->lease.ttl_s, 0);
}

/* Another program may have chosen it. */
static void a_lease_may_be_negative(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, LEASE, "{" HEADER ",\"ID\":\"-5\",\"TTL\":\"60\"}");
    assert_int_equal(f->lease.id, -5);
    replies_parse_both(
        f, RANGE,
        "{" HEADER ",\"kvs\":[{\"key\":\"bmVn\"," KV_FIELDS
        ",\"version\":\"1\",\"lease\":\"-9223372036854775808\"}],"
        "\"count\":\"1\"}");
    assert_kv(&f->result.range.items[0], "neg", "", 2, 3, 1, INT64_MIN);
}

static void revoke_answers_with_a_header(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, PLAIN,
                       "{" HEADER_REVISION("9223372036854775807") "}");
    assert_int_equal(f->header.revision, INT64_MAX);
}

/* ---- keys ---- */

static void range_gives_keys(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, RANGE,
                       "{" HEADER ",\"kvs\":[" KV ",{\"key\":\"bmVn\","
                       "\"create_revision\":\"4\",\"mod_revision\":\"4\","
                       "\"version\":\"1\"}],\"more\":true,\"count\":\"7\"}");
    const struct etcd_kvs *kvs = &f->result.range;
    assert_int_equal(f->result.type, ETCD_OP_RANGE);
    assert_int_equal(kvs->n, 2);
    assert_int_equal(kvs->count, 7);
    assert_true(kvs->more);
    assert_kv(&kvs->items[0], "k", "v2", 2, 3, 2, 77);
    assert_kv(&kvs->items[1], "neg", "", 4, 4, 1, 0);
}

static void empty_range_is_a_header_alone(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, RANGE, "{" HEADER "}");
    assert_int_equal(f->result.range.n, 0);
    assert_int_equal(f->result.range.count, 0);
    assert_false(f->result.range.more);
}

static void range_may_count_only(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, RANGE, "{" HEADER ",\"count\":\"2\"}");
    assert_int_equal(f->result.range.n, 0);
    assert_int_equal(f->result.range.count, 2);
}

static void put_tells_the_value_before(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, PUT, "{" HEADER ",\"prev_kv\":" KV "}");
    assert_kv(&f->result.put_prev, "k", "v2", 2, 3, 2, 77);
    replies_parse_both(f, PUT, "{" HEADER "}");
    assert_int_equal(f->result.put_prev.create_revision, 0);
}

static void delete_tells_what_it_deleted(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, DEL,
                       "{" HEADER ",\"deleted\":\"1\",\"prev_kvs\":[" KV "]}");
    assert_int_equal(f->result.del.deleted, 1);
    assert_int_equal(f->result.del.prev.n, 1);
    assert_kv(&f->result.del.prev.items[0], "k", "v2", 2, 3, 2, 77);
    replies_parse_both(f, DEL, "{" HEADER "}");
    assert_int_equal(f->result.del.deleted, 0);
}

static void bytes_may_hold_nul(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, RANGE,
                       "{" HEADER ",\"kvs\":[{\"key\":\"AGEA\"," KV_FIELDS
                       ",\"version\":\"1\"}],\"count\":\"1\"}");
    assert_int_equal(f->result.range.items[0].key.size, 3);
    assert_memory_equal(f->result.range.items[0].key.data, "\0a\0\0", 4);
}

/* ---- transactions ---- */

static void txn_that_succeeded_has_its_results_in_order(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(
        f, TXN,
        "{" HEADER ",\"succeeded\":true,\"responses\":["
        "{\"response_put\":{\"header\":{\"revision\":\"5\"}}},"
        "{\"response_range\":{\"header\":{\"revision\":\"5\"},\"kvs\":[" KV
        "],\"count\":\"1\"}},"
        "{\"response_txn\":{\"header\":{},\"succeeded\":true,\"responses\":["
        "{\"response_put\":{\"header\":{\"revision\":\"5\"}}}]}},"
        "{\"response_delete_range\":{\"header\":{\"revision\":\"5\"},"
        "\"deleted\":\"1\",\"prev_kvs\":[" KV "]}},"
        "{\"response_delete_range\":{\"header\":{\"revision\":\"5\"}}}]}");
    assert_true(f->txn.succeeded);
    assert_int_equal(f->txn.results_n, 5);
    const struct etcd_result *r = f->txn.results;
    assert_int_equal(r[0].type, ETCD_OP_PUT);
    assert_int_equal(r[1].type, ETCD_OP_RANGE);
    assert_kv(&r[1].range.items[0], "k", "v2", 2, 3, 2, 77);
    assert_int_equal(r[2].type, ETCD_OP_TXN);
    assert_true(r[2].txn.succeeded);
    assert_int_equal(r[2].txn.results_n, 1);
    assert_int_equal(r[2].txn.results[0].type, ETCD_OP_PUT);
    assert_int_equal(r[3].type, ETCD_OP_DELETE);
    assert_int_equal(r[3].del.deleted, 1);
    assert_int_equal(r[4].del.deleted, 0);
}

static void txn_that_failed_does_not_say_so(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, TXN, "{" HEADER "}");
    assert_false(f->txn.succeeded);
    assert_int_equal(f->txn.results_n, 0);
    replies_parse_both(f, TXN,
                       "{" HEADER ",\"responses\":[{\"response_txn\":"
                       "{\"header\":{}}}]}");
    assert_false(f->txn.results[0].txn.succeeded);
}

/* ---- the member ---- */

static void status_tells_version_and_leader(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(
        f, STATUS,
        "{" HEADER ",\"version\":\"3.4.23\",\"dbSize\":\"32768\","
        "\"leader\":\"12428976124636271536\",\"raftIndex\":\"5\","
        "\"raftTerm\":\"2\",\"raftAppliedIndex\":\"5\","
        "\"dbSizeInUse\":\"24576\"}");
    assert_bytes(f->status.version, "3.4.23");
    assert_int_equal(f->status.leader, UINT64_C(12428976124636271536));
    assert_int_equal(f->status.raft_term, 2);
}

static void authenticate_gives_a_token(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, TOKEN,
                       "{" HEADER ",\"token\":\"NYxDoKlgMdmRZoUI.8\"}");
    assert_bytes(f->token, "NYxDoKlgMdmRZoUI.8");
}

/* ---- watches ---- */

static void watch_is_created_without_an_id_when_it_is_the_first(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, WATCH, "{\"result\":{" HEADER ",\"created\":true}}");
    assert_false(f->is_refusal);
    assert_true(f->watch.created);
    assert_int_equal(f->watch.watch_id, 0);
    replies_parse_both(f, WATCH,
                       "{\"result\":{" HEADER
                       ",\"watch_id\":\"1\",\"created\":true}}");
    assert_int_equal(f->watch.watch_id, 1);
}

static void put_event_has_the_key_and_no_type(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(
        f, WATCH, "{\"result\":{" HEADER ",\"events\":[{\"kv\":" KV "}]}}");
    assert_int_equal(f->watch.events_n, 1);
    assert_false(f->watch.events[0].deleted);
    assert_kv(&f->watch.events[0].kv, "k", "v2", 2, 3, 2, 77);
    assert_int_equal(f->watch.events[0].prev.create_revision, 0);
}

static void delete_event_has_key_and_revision_only(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, WATCH,
                       "{\"result\":{" HEADER ",\"watch_id\":\"1\",\"events\":["
                       "{\"type\":\"DELETE\",\"kv\":{\"key\":\"aw==\","
                       "\"mod_revision\":\"9\"},\"prev_kv\":" KV "},"
                       "{\"type\":\"PUT\",\"kv\":" KV "}]}}");
    assert_int_equal(f->watch.events_n, 2);
    assert_true(f->watch.events[0].deleted);
    assert_kv(&f->watch.events[0].kv, "k", "", 0, 9, 0, 0);
    assert_kv(&f->watch.events[0].prev, "k", "v2", 2, 3, 2, 77);
    assert_false(f->watch.events[1].deleted);
}

static void progress_is_a_watch_without_events(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, WATCH,
                       "{\"result\":{" HEADER ",\"watch_id\":\"2\"}}");
    assert_int_equal(f->watch.watch_id, 2);
    assert_int_equal(f->watch.events_n, 0);
    assert_false(f->watch.created);
}

/* Recorded: this one message's header has no revision. */
static void compaction_cancels_a_watch(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(
        f, WATCH,
        "{\"result\":{\"header\":{"
        "\"cluster_id\":\"10144879847569953045\","
        "\"member_id\":\"12428976124636271536\",\"raft_term\":\"2\"},"
        "\"canceled\":true,\"compact_revision\":\"5\"}}");
    assert_true(f->watch.canceled);
    assert_int_equal(f->watch.compact_revision, 5);
    assert_int_equal(f->header.revision, 0);
}

static void refused_watch_gives_the_reason(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(
        f, WATCH,
        "{\"result\":{" HEADER ",\"watch_id\":\"-1\",\"created\":true,"
        "\"canceled\":true,\"cancel_reason\":\"rpc error: code = "
        "PermissionDenied desc = etcdserver: permission denied\"}}");
    assert_int_equal(f->watch.watch_id, -1);
    assert_true(f->watch.canceled);
    assert_bytes(f->watch.cancel_reason,
                 "rpc error: code = PermissionDenied desc = "
                 "etcdserver: permission denied");
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, replies_setup, replies_teardown)
    const struct CMUnitTest tests[] = {
        TEST(grant_tells_lease_and_ttl),
        TEST(time_to_live_tells_the_keys),
        TEST(time_to_live_of_an_unknown_lease_is_minus_one),
        TEST(keepalive_tells_the_ttl),
        TEST(keepalive_of_a_lost_lease_has_no_ttl),
        TEST(null_is_absent),
        TEST(a_lease_may_be_negative),
        TEST(revoke_answers_with_a_header),
        TEST(range_gives_keys),
        TEST(empty_range_is_a_header_alone),
        TEST(range_may_count_only),
        TEST(put_tells_the_value_before),
        TEST(delete_tells_what_it_deleted),
        TEST(bytes_may_hold_nul),
        TEST(txn_that_succeeded_has_its_results_in_order),
        TEST(txn_that_failed_does_not_say_so),
        TEST(status_tells_version_and_leader),
        TEST(authenticate_gives_a_token),
        TEST(watch_is_created_without_an_id_when_it_is_the_first),
        TEST(put_event_has_the_key_and_no_type),
        TEST(delete_event_has_key_and_revision_only),
        TEST(progress_is_a_watch_without_events),
        TEST(compaction_cancels_a_watch),
        TEST(refused_watch_gives_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
