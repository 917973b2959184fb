/* test_crowd.c: many candidates, many hand-overs, several elections, and what
 * they cost in connections and descriptors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/procfs.h"
#include "support/stage.h"

enum {
    CROWD = 50,
    HANDOVERS = 20,
    CONNECTIONS_MAX = 2, /* one for requests, one for the watches */
};

#define PREFIX "election_leader/"

static void name_of(int number, char ret_name[16])
{
    snprintf(ret_name, 16, "c%02d", number);
}

/* It has named only leaders that came after each other,
 * each once, each after STAGE_ATTEMPTING; up to where it leads. */
static void expect_names_in_order(const struct process *p, int own_number)
{
    long last = 0;
    size_t i = 1;
    for (; strcmp(process_line(p, i).text, STAGE_LEADER) != 0; i++) {
        const char *text = process_line(p, i).text;
        if (strcmp(text, STAGE_ATTEMPTING) == 0) {
            assert_string_not_equal(process_line(p, i + 1).text, text);
            continue;
        }
        char *rest = NULL;
        long number = strtol(text + 1, &rest, 10);
        assert_string_equal(rest, " is the leader...");
        assert_true(number > last && number < own_number);
        assert_string_equal(process_line(p, i - 1).text, STAGE_ATTEMPTING);
        last = number;
    }
    assert_string_equal(process_line(p, i - 1).text, STAGE_ATTEMPTING);
    assert_int_equal(process_lines_n(p), i + 3); /* claim, prompt, "End" */
}

static void await_claim(struct stage *s, struct process *p)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    size_t n = process_lines_n(p);
    while (n < 2 || strcmp(process_line(p, n - 2).text, STAGE_LEADER) != 0) {
        if (!process_set_step(s->set, end_at_ms))
            process_fail_at(p, "it does not lead", __FILE__, __LINE__);
        n = process_lines_n(p);
    }
}

static void fifty_candidates_lead_once_each_in_their_order(void **state)
{
    struct stage *s = *state;
    struct process *crowd[CROWD + 1];
    char name[16];
    crowd[1] = stage_leader(s, "--ttl", "60", "c01");
    for (int i = 2; i <= CROWD; i++) {
        name_of(i, name);
        crowd[i] = stage_waiter(s, "c01", "--ttl", "60", name);
    }
    int64_t token = 0;
    for (int i = 1; i <= CROWD; i++) {
        name_of(i, name);
        await_claim(s, crowd[i]);
        struct etcdctl_key lock = stage_lock_key(s, PREFIX, name);
        assert_string_equal(etcdctl_get(s->etcd, "leader").value, name);
        assert_true(lock.create_revision > token);
        token = lock.create_revision;
        process_write(crowd[i], "\n");
        process_expect_exit(crowd[i], 0);
    }
    for (int i = 1; i <= CROWD; i++) {
        expect_names_in_order(crowd[i], i);
        process_expect_no_errors(crowd[i]);
    }
    stage_expect_nothing_left(s);
}

/* ---- what it costs ---- */

static void expect_few_connections(struct process *p)
{
    assert_in_range(procfs_tcp_n(process_pid(p)), 1, CONNECTIONS_MAX);
}

/* Each time the leader is deposed, the other leads, and the watches of both
 * are replaced. */
static void hand_over(struct stage *s, struct process *from, struct process *to,
                      const char *to_name)
{
    etcdctl(s->etcd, "del", "leader");
    stage_expect_lost(from, "deleted");
    stage_expect_next_lead(to);
    stage_expect_next_follow(from, to_name);
    expect_few_connections(from);
    expect_few_connections(to);
}

static void handovers_leave_no_connection_and_no_descriptor(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", "300", "A");
    struct process *b = stage_waiter(s, "A", "--ttl", "300", "B");
    expect_few_connections(a);
    expect_few_connections(b);
    hand_over(s, a, b, "B");
    hand_over(s, b, a, "A");
    size_t before_a = procfs_descriptors_n(process_pid(a));
    size_t before_b = procfs_descriptors_n(process_pid(b));
    for (int i = 0; i < HANDOVERS; i += 2) {
        hand_over(s, a, b, "B");
        hand_over(s, b, a, "A");
    }
    /* One more may be in use at this moment. */
    assert_true(procfs_descriptors_n(process_pid(a)) <= before_a + 1);
    assert_true(procfs_descriptors_n(process_pid(b)) <= before_b + 1);
    stage_resign(a);
    stage_expect_next_lead(b);
    stage_resign(b);
    stage_expect_nothing_left(s);
}

/* ---- several elections ---- */

static void elections_of_other_names_do_not_meet(void **state)
{
    struct stage *s = *state;
    struct process *leader = stage_leader(s, "--ttl", "300", "A");
    struct process *db = stage_leader(s, "--ttl", "300", "--election",
                                      "/svc/db", "A");
    struct process *web = stage_leader(s, "--ttl", "300", "--election",
                                       "/svc/web", "B");
    struct process *second = stage_waiter(s, "A", "--ttl", "300", "--election",
                                          "/svc/db", "B");
    assert_string_equal(etcdctl_get(s->etcd, "leader").value, "A");
    assert_string_equal(etcdctl_get(s->etcd, "/svc/db").value, "A");
    assert_string_equal(etcdctl_get(s->etcd, "/svc/web").value, "B");
    stage_lock_key(s, PREFIX, "A");
    stage_lock_key(s, "/svc/election_db/", "A");
    stage_lock_key(s, "/svc/election_db/", "B");
    stage_lock_key(s, "/svc/election_web/", "B");

    stage_resign(db);
    stage_expect_next_lead(second);
    process_expect_nothing_more(leader);
    process_expect_nothing_more(web);
    stage_resign(leader);
    stage_resign(web);
    stage_resign(second);
    stage_expect_nothing_left(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(fifty_candidates_lead_once_each_in_their_order),
        STAGE_TEST(handovers_leave_no_connection_and_no_descriptor),
        STAGE_TEST(elections_of_other_names_do_not_meet),
    };
    return cmocka_run_group_tests_name("crowd", tests, NULL, NULL);
}
