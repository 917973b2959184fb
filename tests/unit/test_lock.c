/* test_lock.c: the keys of a candidacy, and what each transaction sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "etcd/lock.h"
#include "world.h"

enum {
    TAG = 7,
    LEASE = 0xabc, /* 2748 */
    REVISION = 40, /* create_revision of our lock key */
};

/* ---- keys ---- */

static void expect_names(const char *election, const char *prefix,
                         const char *prefix_end)
{
    struct lock l;
    lock_init(&l, election, "A");
    assert_string_equal(l.leader_key, election);
    assert_string_equal(l.value, "A");
    assert_string_equal(l.prefix, prefix);
    assert_string_equal(l.prefix_end, prefix_end);
}

static void prefix_is_put_before_the_last_component(void **state)
{
    (void)state;
    expect_names("leader", "election_leader/", "election_leader0");
    expect_names("/svc/db", "/svc/election_db/", "/svc/election_db0");
    expect_names("/db", "/election_db/", "/election_db0");
    expect_names("a/b/c", "a/b/election_c/", "a/b/election_c0");
    expect_names("50%s", "election_50%s/", "election_50%s0");
}

/* Nobody may name an election so, but no harm is done. */
static void odd_names_do_no_harm(void **state)
{
    (void)state;
    expect_names("", "election_/", "election_0");
    expect_names("/", "/election_/", "/election_0");
    expect_names("svc/", "svc/election_/", "svc/election_0");
}

static void key_is_the_lease_in_hex(void **state)
{
    (void)state;
    struct lock l;
    lock_init(&l, "/svc/db", "A");
    lock_set_lease(&l, LEASE);
    assert_string_equal(l.key, "/svc/election_db/abc");
    assert_true(strncmp(l.barrier_key, l.key, strlen(l.key)) == 0);
    assert_true(strcmp(l.barrier_key, l.key) > 0);
    assert_true(strcmp(l.barrier_key, l.prefix_end) < 0);
    lock_set_lease(&l, INT64_MAX);
    assert_string_equal(l.key, "/svc/election_db/7fffffffffffffff");
    assert_int_equal(l.lease, INT64_MAX);
}

static void longest_names_fit(void **state)
{
    (void)state;
    char election[CANDIDATE_ELECTION_BYTES_MAX + 1];
    char id[CANDIDATE_ID_BYTES_MAX + 1];
    char key[LOCK_KEY_BYTES_MAX];
    memset(election, 'e', sizeof election - 1);
    election[sizeof election - 1] = '\0';
    memset(id, 'i', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    struct lock l;
    lock_init(&l, election, id);
    lock_set_lease(&l, INT64_MAX);
    assert_string_equal(l.leader_key, election);
    assert_string_equal(l.value, id);
    snprintf(key, sizeof key, "election_%s/7fffffffffffffff", election);
    assert_string_equal(l.key, key);
    assert_int_equal(strlen(l.barrier_key), strlen(key) + strlen("/barrier"));
}

/* ---- bodies ---- */

static struct lock our_lock(void)
{
    struct lock l;
    lock_init(&l, "leader", "A");
    lock_set_lease(&l, LEASE);
    return l;
}

/* The call that was begun must send this transaction. */
static void expect(struct world *w, const char *text)
{
    struct etcd_reply reply = world_expect_call(w, "/v3/kv/txn", text);
    assert_int_equal(reply.type, ETCD_REPLY_TXN);
    assert_int_equal(reply.tag, TAG);
}

#define PUT_LOCK                                                               \
    "{'request_put':{'key':<election_leader/abc>,'value':<A>,"                 \
    "'lease':'2748'}}"
#define PUT_LEADER "{'request_put':{'key':<leader>,'value':<A>,'lease':'2748'}}"
#define RANGE_OF(key) "{'request_range':{'key':" key "}}"
#define QUEUE "'key':<election_leader/>,'range_end':<election_leader0>"
#define OLDEST                                                                 \
    "{'request_range':{" QUEUE ",'limit':'1','sort_order':'ASCEND',"           \
    "'sort_target':'CREATE'}}"
#define CREATE_IS(key, revision)                                               \
    "{'key':" key ",'target':'CREATE','result':'EQUAL',"                       \
    "'create_revision':'" revision "'}"
#define LOCK_LEASE_IS_OURS                                                     \
    "{'key':<election_leader/abc>,'target':'LEASE','result':'EQUAL',"          \
    "'lease':'2748'}"
#define LEADER_LEASE_IS_OURS                                                   \
    "{'key':<leader>,'target':'LEASE','result':'EQUAL','lease':'2748'}"
#define VIEW                                                                   \
    "[" RANGE_OF(                                                              \
        "<election_leader/abc>") ","                                           \
                                 "{'request_range':{" QUEUE                    \
                                 ",'limit':'1','sort_order':'DESCEND',"        \
                                 "'sort_target':'CREATE','max_create_"         \
                                 "revision':'39'}}," RANGE_OF(                 \
                                     "<leader>") "," OLDEST "]"
#define ID_SEARCH(from, to)                                                    \
    "{'request_txn':{'compare':[{'key':" from ",'range_end':" to ","           \
    "'target':'VALUE','result':'NOT_EQUAL','value':<A>}],"                     \
    "'failure':[{'request_range':{'key':" from ",'range_end':" to ","          \
    "'count_only':true}}]}}"

static void attempt_leads_an_empty_election_and_queues_in_another(void **state)
{
    struct world *w = *state;
    struct lock l = our_lock();
    lock_attempt(&l, w->etcd, TAG, WORLD_TIMEOUT_MS);
    expect(
        w,
        "{'compare':[{" QUEUE ",'target':'CREATE','result':'EQUAL',"
        "'create_revision':'0'}," CREATE_IS(
            "<leader>",
            "0") "],"
                 "'success':[" PUT_LOCK "," PUT_LEADER "],'failure':["
                 "{'request_txn':{'compare':[" CREATE_IS(
                     "<election_leader/abc>",
                     "0") "],"
                          "'success':[" PUT_LOCK "]}}," RANGE_OF(
                              "<election_leader/abc>") ","
                                                       "{'request_range':"
                                                       "{" QUEUE ",'limit':'2',"
                                                       "'sort_order':'DESCEND',"
                                                       "'sort_target':'CREATE'}"
                                                       "}," RANGE_OF("<leader>") "," OLDEST "," ID_SEARCH(
                                                           "<election_leader/>",
                                                           "<election_leader/"
                                                           "abc>") "," ID_SEARCH("<election_leader/abc~>",
                                                                                 "<election_leader0>") "]}");
}

static void claim_proves_the_turn_before_it_leads(void **state)
{
    struct world *w = *state;
    struct lock l = our_lock();
    lock_claim(&l, w->etcd, TAG, WORLD_TIMEOUT_MS, REVISION);
    expect(w,
           "{'compare':[" CREATE_IS(
               "<election_leader/abc>",
               "40") "," LOCK_LEASE_IS_OURS ","
                     "{" QUEUE ",'target':'CREATE','result':'GREATER',"
                     "'create_revision':'39'}," CREATE_IS(
                         "<leader>", "0") "],"
                                          "'success':[" PUT_LEADER
                                          "],'failure':" VIEW "}");
}

/* No put, no delete; not serializable, so etcd's leader is asked. */
static void check_only_reads(void **state)
{
    struct world *w = *state;
    struct lock l = our_lock();
    lock_check(&l, w->etcd, TAG, WORLD_TIMEOUT_MS, REVISION);
    expect(w,
           "{'compare':[{'key':<election_leader/abc/barrier>,"
           "'target':'VERSION','result':'EQUAL','version':'1'}],"
           "'failure':" VIEW "}");
}

static void barrier_commits_while_both_keys_are_ours(void **state)
{
    struct world *w = *state;
    struct lock l = our_lock();
    lock_barrier(&l, w->etcd, TAG, WORLD_TIMEOUT_MS, REVISION);
    expect(w,
           "{'compare':[" CREATE_IS(
               "<election_leader/abc>",
               "40") "," LOCK_LEASE_IS_OURS "," LEADER_LEASE_IS_OURS
                     "],'success':[{'request_delete_range':"
                     "{'key':<election_leader/abc/barrier>}}],'failure':" VIEW
                     "}");
}

static void resign_deletes_what_is_ours_alone(void **state)
{
    struct world *w = *state;
    struct lock l = our_lock();
    lock_resign(&l, w->etcd, TAG, WORLD_TIMEOUT_MS, REVISION);
    expect(
        w,
        "{'compare':[" CREATE_IS(
            "<election_leader/abc>",
            "40") "],"
                  "'success':[{'request_delete_range':"
                  "{'key':<election_leader/abc>}},"
                  "{'request_txn':{'compare':[" LEADER_LEASE_IS_OURS "],"
                  "'success':[{'request_delete_range':{'key':<leader>}}]}}]}");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefix_is_put_before_the_last_component),
        cmocka_unit_test(odd_names_do_no_harm),
        cmocka_unit_test(key_is_the_lease_in_hex),
        cmocka_unit_test(longest_names_fit),
        TEST(attempt_leads_an_empty_election_and_queues_in_another),
        TEST(claim_proves_the_turn_before_it_leads),
        TEST(check_only_reads),
        TEST(barrier_commits_while_both_keys_are_ours),
        TEST(resign_deletes_what_is_ours_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
