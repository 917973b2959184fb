/* test_request_txn.c: what the transactions of whoever steers send, and what
 * their replies say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "etcd/request_txn.h"
#include "world.h"

enum {
    TAG = 7,
    LEASE = 0xabc, /* 2748, of the request */
};

#define LEADER_LOCK "election_leader/11"
#define TARGET_LOCK "election_leader/22"

static void expect_txn(struct world *w, const char *text)
{
    assert_int_equal(world_expect_call(w, "/v3/kv/txn", text).tag, TAG);
}

struct scene {
    struct request_keys keys;
    struct lock lock;
    struct request_scene scene;
};

static struct request_scene *begin(struct scene *s, bool target)
{
    request_keys_init(&s->keys, "leader");
    lock_init(&s->lock, "leader", "");
    s->scene = (struct request_scene){
        .keys = &s->keys,
        .lock = &s->lock,
        .leader_lock = { LEADER_LOCK, sizeof LEADER_LOCK - 1 },
        .lease = LEASE,
    };
    if (target)
        s->scene.target_lock = (struct etcd_bytes){ TARGET_LOCK,
                                                    sizeof TARGET_LOCK - 1 };
    return &s->scene;
}

#define REQUEST "election-request_leader"
#define GET(key) "{'request_range':{'key':<" key ">}}"
#define HEAD                                                                   \
    "{'request_range':{'key':<election_leader/>,'range_end':"                  \
    "<election_leader0>,'limit':'2','sort_order':'ASCEND',"                    \
    "'sort_target':'CREATE'}}," GET("leader") "," GET(REQUEST)
#define TOKEN_IS                                                               \
    "{'key':<" LEADER_LOCK                                                     \
    ">,'target':'CREATE','result':'EQUAL','create_revision':'40'}"
#define PUT(value)                                                             \
    "{'request_put':{'key':<election-request_leader>,'value':<" value          \
    ">,'lease':'2748'}}"

#define NAMED HEAD "," GET(TARGET_LOCK)
#define DEPOSE "{\"v\":1,\"type\":\"depose\",\"token\":\"40\"}"
#define TRANSFER                                                               \
    "{\"v\":1,\"type\":\"transfer\",\"token\":\"40\",\"to\":\"B\","            \
    "\"to_token\":\"50\"}"

static void look_reads_the_head_of_the_queue(void **state)
{
    struct world *w = *state;
    struct scene s;
    request_look(begin(&s, false), w->etcd, TAG, WORLD_TIMEOUT_MS);
    expect_txn(w, "{'success':[" HEAD "]}");
    request_look(begin(&s, true), w->etcd, TAG, WORLD_TIMEOUT_MS);
    expect_txn(w, "{'success':[" NAMED "]}");
}

static void request_is_put_for_one_leadership_only(void **state)
{
    struct world *w = *state;
    struct scene s;
    struct request request = { .type = REQUEST_DEPOSE, .token = 40 };
    request_put(begin(&s, false), w->etcd, TAG, WORLD_TIMEOUT_MS, &request,
                false);
    expect_txn(w,
               "{'compare':[" TOKEN_IS
               ",{'key':<election-request_leader>,'target':'CREATE',"
               "'result':'EQUAL','create_revision':'0'}],"
               "'success':[" PUT(DEPOSE) "," HEAD "],'failure':[" HEAD "]}");
}

static void request_that_is_put_again_must_be_ours(void **state)
{
    struct world *w = *state;
    struct scene s;
    struct request request = { REQUEST_TRANSFER, 40, 50, "B" };
    request_put(begin(&s, true), w->etcd, TAG, WORLD_TIMEOUT_MS, &request,
                true);
    expect_txn(w,
               "{'compare':[" TOKEN_IS
               ",{'key':<election-request_leader>,'target':'LEASE',"
               "'result':'EQUAL','lease':'2748'}],"
               "'success':[" PUT(TRANSFER) "," NAMED "],"
                                           "'failure':[" NAMED "]}");
}

static void priority_is_shown_on_its_lease(void **state)
{
    struct world *w = *state;
    struct scene s;
    begin(&s, false);
    lock_set_lease(&s.lock, LEASE);
    request_show(&s.keys, &s.lock, 7, w->etcd, TAG, WORLD_TIMEOUT_MS);
    struct etcd_reply reply = world_expect_call(
        w, "/v3/kv/put",
        "{'key':<election-priority_leader/abc>,'value':<7>,'lease':'2748'}");
    assert_int_equal(reply.tag, TAG);
}

/* ---- replies ---- */

static struct etcd_kv kv(int64_t create_revision)
{
    return (struct etcd_kv){ .create_revision = create_revision };
}

static struct etcd_result keys(struct etcd_kv *items, size_t n)
{
    return (struct etcd_result){ .type = ETCD_OP_RANGE,
                                 .range = { .items = items, .n = n } };
}

static void view_is_read_by_position(void **state)
{
    (void)state;
    struct scene s;
    struct etcd_kv queue[] = { kv(40), kv(44) };
    struct etcd_kv leader = kv(41), target = kv(50);
    struct etcd_result results[] = {
        { .type = ETCD_OP_PUT }, keys(queue, 2),   keys(&leader, 1),
        keys(NULL, 0),           keys(&target, 1),
    };
    struct etcd_txn_result put = { true, results, 5 };
    struct request_view view;
    const struct request_scene *scene = begin(&s, true);
    assert_int_equal(request_parse_view(scene, true, &put, &view), 0);
    assert_true(view.succeeded);
    assert_int_equal(view.holder.create_revision, 40);
    assert_int_equal(view.next.create_revision, 44);
    assert_int_equal(view.leader.create_revision, 41);
    assert_int_equal(view.request.create_revision, 0);
    assert_int_equal(view.target.create_revision, 50);
    struct etcd_txn_result look = { true, results + 1, 4 };
    assert_int_equal(request_parse_view(scene, false, &look, &view), 0);
    assert_false(view.succeeded);
    assert_int_equal(view.next.create_revision, 44);
}

static void reply_of_another_shape_says_nothing(void **state)
{
    (void)state;
    struct scene s;
    struct etcd_kv three[] = { kv(40), kv(44), kv(45) };
    struct etcd_result results[] = { keys(three, 3), keys(NULL, 0),
                                     keys(NULL, 0) };
    struct etcd_txn_result txn = { true, results, 3 };
    struct request_view view;
    const struct request_scene *scene = begin(&s, false);
    assert_int_equal(request_parse_view(scene, false, &txn, &view),
                     CANDIDATE_EPROTO);
    results[0] = keys(three, 2);
    assert_int_equal(request_parse_view(scene, false, &txn, &view), 0);
    assert_int_equal(request_parse_view(scene, true, &txn, &view),
                     CANDIDATE_EPROTO); /* its put is missing */
    results[1] = keys(three, 2);
    assert_int_equal(request_parse_view(scene, false, &txn, &view),
                     CANDIDATE_EPROTO);
    results[1] = (struct etcd_result){ .type = ETCD_OP_PUT };
    assert_int_equal(request_parse_view(scene, false, &txn, &view),
                     CANDIDATE_EPROTO);
    txn.results_n = 2;
    assert_int_equal(request_parse_view(scene, false, &txn, &view),
                     CANDIDATE_EPROTO);
}

static unsigned priority_of(const char *value, int64_t lease)
{
    struct etcd_kv key = { .value = { value, strlen(value) }, .lease = lease };
    return request_priority(&key);
}

static void priority_is_a_number_on_a_lease(void **state)
{
    (void)state;
    assert_int_equal(priority_of("7", 1), 7);
    assert_int_equal(priority_of("100", 1), 100);
    assert_int_equal(priority_of("101", 1), 0);
    assert_int_equal(priority_of("9999999999", 1), 0);
    assert_int_equal(priority_of("-1", 1), 0);
    assert_int_equal(priority_of("7 ", 1), 0);
    assert_int_equal(priority_of("", 1), 0);
    assert_int_equal(priority_of("7", 0), 0); /* it would stay for ever */
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(look_reads_the_head_of_the_queue),
        TEST(request_is_put_for_one_leadership_only),
        TEST(request_that_is_put_again_must_be_ours),
        TEST(priority_is_shown_on_its_lease),
        cmocka_unit_test(view_is_read_by_position),
        cmocka_unit_test(reply_of_another_shape_says_nothing),
        cmocka_unit_test(priority_is_a_number_on_a_lease),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
