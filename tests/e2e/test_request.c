/* test_request.c: what candidates do when the request key asks for something,
 * put by hand as any client may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support/stage.h"

/* Nobody leads in these tests because a lease ran out. */
#define LONG_TTL "300"
#define PREFIX "election_leader/"
#define REQUEST_KEY "election-request_leader"

enum { KEYS_MAX = 8 };

static void depose(struct stage *s, int64_t token)
{
    char value[128];
    snprintf(value, sizeof value,
             "{\"v\":1,\"type\":\"depose\",\"token\":\"%" PRId64 "\"}", token);
    etcdctl(s->etcd, "put", REQUEST_KEY, value);
}

static void transfer(struct stage *s, int64_t token, int64_t to_token)
{
    char value[256];
    snprintf(value, sizeof value,
             "{\"v\":1,\"type\":\"transfer\",\"token\":\"%" PRId64
             "\",\"to\":\"D\",\"to_token\":\"%" PRId64 "\"}",
             token, to_token);
    etcdctl(s->etcd, "put", REQUEST_KEY, value);
}

static int64_t token_of(struct stage *s, const char *id)
{
    return stage_lock_key(s, PREFIX, id).create_revision;
}

static void leader_steps_down_and_queues_again(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    depose(s, token_of(s, "A"));
    stage_expect_lost(a, "stepped down as asked");
    process_expect_error(a, "asked to step down");
    stage_expect_next_lead(b);
    stage_expect_next_follow(a, "B");
    assert_true(token_of(s, "A") > token_of(s, "B"));
    assert_int_equal(etcdctl_leases_n(s->etcd), 2);
    etcdctl(s->etcd, "del", REQUEST_KEY);
    stage_resign(b);
    stage_expect_next_lead(a);
    stage_resign(a);
    stage_expect_nothing_left(s);
}

static void leader_that_stands_alone_leads_again(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    int64_t token = token_of(s, "A");
    depose(s, token);
    stage_expect_lost(a, "stepped down as asked");
    process_expect_error(a, "asked to step down");
    stage_expect_next_lead(a);
    assert_true(token_of(s, "A") > token);
    stage_resign(a);
}

static void request_of_another_leadership_does_nothing(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    int64_t token = token_of(s, "A");
    depose(s, token);
    stage_expect_lost(a, "stepped down as asked");
    process_expect_error(a, "asked to step down");
    stage_expect_next_lead(b);
    stage_expect_next_follow(a, "B");
    depose(s, token);
    etcdctl(s->etcd, "put", REQUEST_KEY, "please");
    process_expect_error(b, "not a request");
    process_expect_error(a, "not a request");
    process_expect_nothing_more(b);
    process_expect_nothing_more(a);
    stage_resign(b);
    stage_expect_next_lead(a);
}

static bool is_behind(struct stage *s, const char *id, int64_t token)
{
    struct etcdctl_key keys[KEYS_MAX];
    size_t n = etcdctl_list(s->etcd, PREFIX, keys, KEYS_MAX);
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i].value, id) == 0 && keys[i].create_revision > token)
            return true;
    return false;
}

/* Ask until it queues behind that token: a request counts for 3 s only. */
static void ask_aside(struct stage *s, const char *id, int64_t token)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!is_behind(s, id, token)) {
        assert_true(process_now_ms() < end_at_ms);
        transfer(s, token_of(s, "A"), token);
    }
}

/* B and C queue behind D; A goes on leading. */
static void waiters_between_step_aside(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    struct process *c = stage_waiter(s, "A", "--ttl", LONG_TTL, "C");
    struct process *d = stage_waiter(s, "A", "--ttl", LONG_TTL, "D");
    int64_t token_d = token_of(s, "D");
    ask_aside(s, "B", token_d);
    ask_aside(s, "C", token_d);
    process_expect_nothing_more(a);
    process_expect_nothing_more(b);
    process_expect_nothing_more(c);
    depose(s, token_of(s, "A"));
    stage_expect_next_lead(d);
    stage_expect_next_follow(b, "D");
    stage_expect_next_follow(c, "D");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(leader_steps_down_and_queues_again),
        STAGE_TEST(leader_that_stands_alone_leads_again),
        STAGE_TEST(request_of_another_leadership_does_nothing),
        STAGE_TEST(waiters_between_step_aside),
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
