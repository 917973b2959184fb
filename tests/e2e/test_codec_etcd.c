/* test_codec_etcd.c: a real etcd understands every field that we send.
 *
 * etcd drops fields that it does not know, so each is shown by what it does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/direct.h"
#include "support/etcdctl.h"

enum { TTL_S = 100 };

static void grant(struct direct *d)
{
    assert_int_equal(codec_build_grant(&d->body, LEASE, TTL_S), 0);
    direct_post_lease(d, "lease/grant");
}

static void grant_has_our_ttl_and_id(void **state)
{
    struct direct *d = *state;
    grant(d);
    assert_int_equal(d->lease.id, LEASE);
    assert_int_equal(d->lease.ttl_s, TTL_S);
}

static void keepalive_and_revoke_name_the_lease(void **state)
{
    struct direct *d = *state;
    grant(d);
    assert_int_equal(codec_build_lease(&d->body, LEASE), 0);
    assert_int_equal(direct_post(d, "lease/keepalive"), 200);
    direct_parsed(d,
                  codec_parse_keepalive(&d->arena, d->reply, d->reply_bytes,
                                        &d->header, &d->lease, &d->err));
    assert_int_equal(d->lease.id, LEASE);
    assert_int_equal(d->lease.ttl_s, TTL_S);
    assert_int_equal(codec_build_lease(&d->body, LEASE), 0);
    assert_int_equal(direct_post(d, "lease/revoke"), 200);
    direct_parsed(d,
                  codec_parse_header(&d->arena, d->reply, d->reply_bytes,
                                     &d->header, &d->err));
    assert_int_equal(codec_build_lease(&d->body, LEASE), 0);
    assert_int_equal(direct_post(d, "lease/keepalive"), 200);
    direct_parsed(d,
                  codec_parse_keepalive(&d->arena, d->reply, d->reply_bytes,
                                        &d->header, &d->lease, &d->err));
    assert_int_equal(d->lease.ttl_s, 0);
}

static void refusal_is_understood(void **state)
{
    struct direct *d = *state;
    struct etcd_refusal refusal;
    assert_int_equal(codec_build_lease(&d->body, LEASE), 0);
    assert_int_equal(direct_post(d, "lease/revoke"), 404);
    direct_parsed(d,
                  codec_parse_refusal(&d->arena, d->reply, d->reply_bytes,
                                      &refusal, &d->err));
    assert_int_equal(refusal.grpc_code, 5);
    assert_string_equal(refusal.message.data,
                        "etcdserver: requested lease not found");
}

static void member_tells_its_version(void **state)
{
    struct direct *d = *state;
    struct etcd_status_result status;
    assert_int_equal(buf_add(&d->body, "{}", 2), 0);
    assert_int_equal(direct_post(d, "maintenance/status"), 200);
    direct_parsed(d,
                  codec_parse_status(&d->arena, d->reply, d->reply_bytes,
                                     &d->header, &status, &d->err));
    assert_memory_equal(status.version.data, "3.", 2);
    assert_int_equal(status.leader, d->header.member_id);
    assert_int_equal(status.raft_term, d->header.raft_term);
}

static void put_attaches_the_lease(void **state)
{
    struct direct *d = *state;
    grant(d);
    direct_put(d, &(struct etcd_put){ BYTES("k\0"), BYTES("v\xff"), LEASE });
    struct etcd_kvs *kvs = direct_range(
        d, &(struct etcd_range){ .key = BYTES("k\0") });
    assert_int_equal(kvs->n, 1);
    assert_int_equal(kvs->items[0].lease, LEASE);
    assert_int_equal(kvs->items[0].value.size, 2);
    assert_memory_equal(kvs->items[0].value.data, "v\xff", 2);
    assert_int_equal(codec_build_time_to_live(&d->body, LEASE, true), 0);
    direct_post_lease(d, "lease/timetolive");
    assert_int_equal(d->lease.granted_ttl_s, TTL_S);
    assert_int_equal(d->lease.keys_n, 1);
    assert_memory_equal(d->lease.keys[0].data, "k\0", 2);
    assert_int_equal(codec_build_time_to_live(&d->body, LEASE, false), 0);
    assert_int_equal(direct_post_lease(d, "lease/timetolive")->keys_n, 0);
}

static void every_field_of_range_has_its_effect(void **state)
{
    struct direct *d = *state;
    int64_t revision;
    direct_put_abc(d, &revision);
    struct etcd_range all = { .key = BYTES("a"), .range_end = BYTES("d") };
    assert_int_equal(direct_range(d, &all)->n, 3);
    struct etcd_range r = all;
    r.limit = 2;
    assert_int_equal(direct_range(d, &r)->n, 2);
    assert_true(d->result.range.more);
    assert_int_equal(d->result.range.count, 3);
    r.order = ETCD_DESCEND;
    r.target = ETCD_CREATE;
    assert_string_equal(direct_range(d, &r)->items[0].key.data, "c");
    r.target = ETCD_VALUE;
    assert_string_equal(direct_range(d, &r)->items[0].key.data, "b");
    r.order = ETCD_ASCEND;
    assert_string_equal(direct_range(d, &r)->items[0].key.data, "a");
    r = all;
    r.max_create_revision = revision + 1;
    assert_int_equal(direct_range(d, &r)->n, 2);
    r = all;
    r.revision = revision;
    assert_int_equal(direct_range(d, &r)->n, 1);
    r = all;
    r.keys_only = true;
    assert_int_equal(direct_range(d, &r)->items[0].value.size, 0);
    r = all;
    r.count_only = true;
    assert_int_equal(direct_range(d, &r)->n, 0);
    assert_int_equal(d->result.range.count, 3);
    r = all;
    r.serializable = true;
    assert_int_equal(direct_range(d, &r)->n, 3);
}

static void delete_takes_a_range_and_gives_what_was_there(void **state)
{
    struct direct *d = *state;
    int64_t revision;
    direct_put_abc(d, &revision);
    struct etcd_result *result = direct_delete(
        d, &(struct etcd_delete){ BYTES("a"), BYTES("c"), true });
    assert_int_equal(result->del.deleted, 2);
    assert_int_equal(result->del.prev.n, 2);
    assert_string_equal(result->del.prev.items[1].value.data, "3");
    result = direct_delete(d, &(struct etcd_delete){ .key = BYTES("c") });
    assert_int_equal(result->del.deleted, 1);
    assert_int_equal(result->del.prev.n, 0);
}

static bool holds(struct direct *d, struct etcd_compare compare)
{
    return direct_txn(
               d, &(struct etcd_txn){ .compares = &compare, .compares_n = 1 })
        ->succeeded;
}

/* The number must count: the same comparison with another one does not hold. */
static void check_equal(struct direct *d, struct etcd_compare compare)
{
    compare.relation = ETCD_EQUAL;
    assert_true(holds(d, compare));
    compare.relation = ETCD_NOT_EQUAL;
    assert_false(holds(d, compare));
    compare.number++;
    compare.value.size = 0;
    assert_true(holds(d, compare));
    if (compare.target == ETCD_VALUE)
        return;
    compare.relation = ETCD_LESS;
    assert_true(holds(d, compare));
    compare.relation = ETCD_GREATER;
    assert_false(holds(d, compare));
    compare.number -= 2;
    assert_true(holds(d, compare));
}

static void every_target_is_compared(void **state)
{
    struct direct *d = *state;
    grant(d);
    direct_put(d, &(struct etcd_put){ BYTES("k"), BYTES("1"), LEASE });
    int64_t created = d->header.revision;
    direct_put(d, &(struct etcd_put){ BYTES("k"), BYTES("2"), LEASE });
    struct etcd_compare compare = { .key = BYTES("k") };
    compare.target = ETCD_VERSION;
    compare.number = 2;
    check_equal(d, compare);
    compare.target = ETCD_CREATE;
    compare.number = created;
    check_equal(d, compare);
    compare.target = ETCD_MOD;
    compare.number = created + 1;
    check_equal(d, compare);
    compare.target = ETCD_LEASE;
    compare.number = LEASE;
    check_equal(d, compare);
    compare.target = ETCD_VALUE;
    compare.value = (struct etcd_bytes)BYTES("2");
    check_equal(d, compare);
}

static void comparison_of_a_range_is_of_every_key(void **state)
{
    struct direct *d = *state;
    struct etcd_compare nobody = { .key = BYTES("a"),
                                   .range_end = BYTES("d"),
                                   .target = ETCD_CREATE };
    assert_true(holds(d, nobody));
    int64_t revision;
    direct_put_abc(d, &revision);
    assert_false(holds(d, nobody));
    struct etcd_compare none_older = nobody;
    none_older.relation = ETCD_GREATER;
    none_older.number = revision - 1;
    assert_true(holds(d, none_older));
    none_older.number = revision;
    assert_false(holds(d, none_older));
}

static void txn_runs_the_branch_and_nests(void **state)
{
    struct direct *d = *state;
    grant(d);
    struct etcd_compare no_key = { .key = BYTES("k"), .target = ETCD_CREATE };
    struct etcd_op inner_ops[] = {
        { .type = ETCD_OP_PUT, .put = { BYTES("i"), BYTES("x"), LEASE } },
    };
    struct etcd_txn inner = { .success = inner_ops, .success_n = 1 };
    struct etcd_op success[] = {
        { .type = ETCD_OP_PUT, .put = { BYTES("k"), BYTES("v"), LEASE } },
        { .type = ETCD_OP_TXN, .txn = &inner },
        { .type = ETCD_OP_RANGE, .range = { .key = BYTES("i") } },
    };
    struct etcd_op failure[] = {
        { .type = ETCD_OP_DELETE,
          .del = { .key = BYTES("k"), .prev_kv = true } },
    };
    struct etcd_txn txn = { &no_key, 1, success, 3, failure, 1 };
    struct etcd_txn_result *result = direct_txn(d, &txn);
    assert_true(result->succeeded);
    assert_int_equal(result->results_n, 3);
    assert_true(result->results[1].txn.succeeded);
    assert_int_equal(result->results[2].range.items[0].lease, LEASE);
    result = direct_txn(d, &txn);
    assert_false(result->succeeded);
    assert_int_equal(result->results_n, 1);
    assert_int_equal(result->results[0].del.prev.items[0].lease, LEASE);
}

static void authenticate_has_our_name_and_password(void **state)
{
    struct direct *d = *state;
    etcdctl(d->server, "user", "add", "root:a \"\\ b");
    etcdctl(d->server, "auth", "enable");
    struct etcd_bytes token;
    assert_int_equal(codec_build_authenticate(&d->body, "root", "a \"\\ b"), 0);
    assert_int_equal(direct_post(d, "auth/authenticate"), 200);
    direct_parsed(d,
                  codec_parse_token(&d->arena, d->reply, d->reply_bytes, &token,
                                    &d->err));
    etcdctl(d->server, "--user", "root:a \"\\ b", "auth", "disable");
    etcdctl(d->server, "user", "delete", "root");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, direct_clear)
    const struct CMUnitTest tests[] = {
        TEST(grant_has_our_ttl_and_id),
        TEST(keepalive_and_revoke_name_the_lease),
        TEST(refusal_is_understood),
        TEST(member_tells_its_version),
        TEST(put_attaches_the_lease),
        TEST(every_field_of_range_has_its_effect),
        TEST(delete_takes_a_range_and_gives_what_was_there),
        TEST(every_target_is_compared),
        TEST(comparison_of_a_range_is_of_every_key),
        TEST(txn_runs_the_branch_and_nests),
        TEST(authenticate_has_our_name_and_password),
    };
    return cmocka_run_group_tests(tests, direct_setup, direct_teardown);
}
