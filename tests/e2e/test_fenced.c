/* test_fenced.c: writes to a real etcd that are done only for its leader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "e2e/live.h"
#include "support/etcdctl.h"

struct leader {
    struct candidate *candidate;
    struct candidate_config config;
    struct candidate_fence fence;
    char lock_key[ETCDCTL_TEXT_BYTES_MAX];
    char leader_key[ETCDCTL_TEXT_BYTES_MAX];
};

static struct candidate_event await(struct candidate *c,
                                    enum candidate_event_type type)
{
    struct candidate_event event;
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    for (;;) {
        while (candidate_next(c, &event))
            if (event.type == type)
                return event;
        assert_true(process_now_ms() < end_at_ms);
        assert_true(candidate_poll(c, NULL, 0, 1000) >= 0);
    }
}

static void lead(struct leader *leader, struct live *l, const char *id)
{
    struct candidate_error err = { 0 };
    candidate_config_init(&leader->config);
    leader->config.endpoints = etcd_server_endpoint(l->server, 0);
    leader->config.id = id;
    leader->config.election = "/svc/db";
    leader->config.ttl_s = LIVE_TTL_S;
    assert_int_equal(candidate_new(&leader->candidate, &leader->config, &err),
                     0);
    struct candidate_event event = await(leader->candidate, CANDIDATE_ELECTED);
    snprintf(leader->lock_key, sizeof leader->lock_key, "%s", event.lock_key);
    snprintf(leader->leader_key, sizeof leader->leader_key, "%s",
             event.leader_key);
    leader->fence = (struct candidate_fence){ leader->lock_key, event.token };
}

static void resign(struct leader *leader)
{
    candidate_resign(leader->candidate);
    assert_int_equal(await(leader->candidate, CANDIDATE_ENDED).status, 0);
    candidate_free(leader->candidate);
}

static int put(const struct leader *leader, const char *key, const char *value,
               struct candidate_error *err)
{
    return candidate_fenced_put(&leader->config, &leader->fence, key, value,
                                strlen(value), PROCESS_PATIENCE_MS, err);
}

static int delete_key(const struct leader *leader, const char *key)
{
    return candidate_fenced_delete(&leader->config, &leader->fence, key,
                                   PROCESS_PATIENCE_MS, NULL);
}

static void expect_data(struct live *l, const char *key, const char *value)
{
    struct etcd_kv kv = live_get(l, key);
    assert_string_equal(kv.value.data, value);
    assert_int_equal(kv.lease, 0);
}

static void elected_event_names_the_keys_that_etcd_has(void **state)
{
    struct live *l = *state;
    struct leader a;
    lead(&a, l, "A");
    assert_int_equal(live_get(l, a.lock_key).create_revision, a.fence.token);
    assert_string_equal(a.leader_key, "/svc/db");
    assert_string_equal(live_get(l, a.leader_key).value.data, "A");
    resign(&a);
}

static void leader_writes_and_its_successor_alone_does(void **state)
{
    struct live *l = *state;
    struct leader a, b;
    struct candidate_error err = { 0 };
    lead(&a, l, "A");
    assert_int_equal(put(&a, "data", "from A", NULL), 0);
    expect_data(l, "data", "from A");
    assert_int_equal(delete_key(&a, "data"), 0);
    assert_int_equal(live_get(l, "data").create_revision, 0);
    assert_int_equal(delete_key(&a, "data"), 0);
    resign(&a);
    assert_int_equal(put(&a, "data", "from nobody", &err), CANDIDATE_EFENCED);
    assert_non_null(strstr(err.message, " is over"));
    assert_int_equal(live_get(l, "data").create_revision, 0);
    lead(&b, l, "B");
    assert_true(b.fence.token > a.fence.token);
    assert_int_equal(put(&b, "data", "from B", NULL), 0);
    assert_int_equal(put(&a, "data", "late from A", NULL), CANDIDATE_EFENCED);
    assert_int_equal(delete_key(&a, "data"), CANDIDATE_EFENCED);
    expect_data(l, "data", "from B");
    resign(&b);
}

static void key_of_the_same_name_is_not_the_same_leadership(void **state)
{
    struct live *l = *state;
    struct leader a;
    lead(&a, l, "A");
    live_delete(l, a.lock_key);
    live_put(l, a.lock_key, "A", 0);
    assert_int_equal(put(&a, "data", "1", NULL), CANDIDATE_EFENCED);
    candidate_free(a.candidate);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, live_begin, live_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(elected_event_names_the_keys_that_etcd_has),
        TEST(leader_writes_and_its_successor_alone_does),
        TEST(key_of_the_same_name_is_not_the_same_leadership),
    };
    return cmocka_run_group_tests(tests, live_setup, live_teardown);
}
