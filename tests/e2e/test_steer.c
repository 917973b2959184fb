/* test_steer.c: --depose and --transfer-to, with everything that can stand in
 * their way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "support/stage.h"

/* Nobody leads in these tests because a lease ran out. */
#define LONG_TTL "300"
#define PREFIX "election_leader/"
#define REQUEST_KEY "election-request_leader"
#define ASKED "asked to step down"
#define STEPPED_DOWN "stepped down as asked"

static struct process *leader(struct stage *s, const char *id)
{
    return stage_leader(s, "--ttl", LONG_TTL, id);
}

static struct process *waiter(struct stage *s, const char *behind,
                              const char *id)
{
    return stage_waiter(s, behind, "--ttl", LONG_TTL, id);
}

static int64_t token_of(struct stage *s, const char *id)
{
    return stage_lock_key(s, PREFIX, id).create_revision;
}

/* The command has ended with success and has left nothing. */
static void expect_done(struct stage *s, struct process *p)
{
    process_expect_exit(p, 0);
    process_expect_nothing_more(p);
    assert_int_equal(etcdctl_get(s->etcd, REQUEST_KEY).create_revision, 0);
}

static void expect_refused(struct process *p, int code, const char *part)
{
    process_expect_error(p, part);
    process_expect_exit(p, code);
    process_expect_nothing_more(p);
}

/* ---- --depose ---- */

static void deposed_leader_goes_to_the_end_of_the_queue(void **state)
{
    struct stage *s = *state;
    struct process *a = leader(s, "A");
    struct process *b = waiter(s, "A", "B");
    struct process *c = waiter(s, "A", "C");
    struct process *depose = stage_candidate(s, "--depose");
    process_expect_line(depose, "A has stepped down");
    process_expect_line(depose, "B is the leader...");
    expect_done(s, depose);
    stage_expect_lost(a, STEPPED_DOWN);
    process_expect_error(a, ASKED);
    stage_expect_next_lead(b);
    stage_expect_next_follow(a, "B");
    stage_expect_next_follow(c, "B");
    assert_true(token_of(s, "A") > token_of(s, "C"));
    assert_int_equal(etcdctl_leases_n(s->etcd), 3);
}

static void leader_that_stands_alone_leads_again(void **state)
{
    struct stage *s = *state;
    struct process *a = leader(s, "A");
    struct process *depose = stage_candidate(s, "--depose");
    process_expect_line(depose, "A has stepped down");
    process_expect_line(depose, "A is the leader...");
    expect_done(s, depose);
    stage_expect_lost(a, STEPPED_DOWN);
    stage_expect_next_lead(a);
}

static void nobody_leads(void **state)
{
    struct stage *s = *state;
    struct process *depose = stage_candidate(s, "--depose");
    struct process *transfer = stage_candidate(s, "--transfer-to", "B");
    struct process *elsewhere = stage_candidate(s, "--election", "/svc/x",
                                                "--depose");
    expect_refused(depose, 1, "nobody leads");
    expect_refused(transfer, 1, "nobody leads");
    expect_refused(elsewhere, 1, "nobody leads");
    stage_expect_nothing_left(s);
}

static void other_elections_have_their_own_requests(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--election", "/svc/db", "--ttl",
                                     LONG_TTL, "A");
    struct process *b = leader(s, "B");
    struct process *depose = stage_candidate(s, "--election", "/svc/db",
                                             "--depose");
    process_expect_line(depose, "A has stepped down");
    process_expect_line(depose, "A is the leader...");
    expect_done(s, depose);
    stage_expect_lost(a, STEPPED_DOWN);
    stage_expect_next_lead(a);
    process_expect_nothing_more(b);
}

/* It knows of no request. */
static void other_program_that_leads_cannot_be_asked(void **state)
{
    struct stage *s = *state;
    struct process *lock = etcdctl_start(s->etcd, "lock", "election_leader");
    process_next_line(lock);
    expect_refused(stage_candidate(s, "--depose"), 75, "another program");
    etcdctl(s->etcd, "put", "leader", "X");
    expect_refused(stage_candidate(s, "--depose"), 75, "another program");
    process_signal(lock, SIGINT);
    process_await_end(lock);
    expect_refused(stage_candidate(s, "--depose"), 75,
                   "etcdctl del -- 'leader'");
}

static void request_of_another_stands_in_the_way(void **state)
{
    struct stage *s = *state;
    struct process *a = leader(s, "A");
    etcdctl(s->etcd, "put", REQUEST_KEY,
            "{\"v\":1,\"type\":\"depose\",\"token\":\"1\"}");
    expect_refused(stage_candidate(s, "--depose"), 75, "etcdctl del -- '");
    process_expect_nothing_more(a);
    etcdctl(s->etcd, "del", REQUEST_KEY);
    struct process *depose = stage_candidate(s, "--depose");
    process_expect_line(depose, "A has stepped down");
    process_expect_line(depose, "A is the leader...");
    process_expect_exit(depose, 0);
}

static void etcd_that_does_not_answer_is_given_up(void **state)
{
    struct stage *s = *state;
    etcd_server_kill(s->etcd, 0);
    struct process *depose = stage_candidate(s, "--depose");
    stage_mind_outages(depose);
    expect_refused(depose, 69, "127.0.0.1");
}

/* ---- a command ---- */

/* It takes its time to end, and says when it has. */
static const char slow_command[] =
    "trap 'sleep 0.2; echo gone; exit 0' TERM; echo starts; "
    "while :; do sleep 1 & wait; done";

static struct process *start_with_command(struct stage *s, const char *id)
{
    return stage_candidate(s, "--ttl", LONG_TTL, "--grace", "60s", id, "--",
                           "sh", "-c", slow_command);
}

static void command_is_gone_before_the_next_one_starts(void **state)
{
    struct stage *s = *state;
    struct process *a = start_with_command(s, "A");
    process_expect_line(a, "starts");
    struct process *b = start_with_command(s, "B");
    stage_await_lock_key(s, PREFIX, "B", 0);
    struct process *depose = stage_candidate(s, "--depose");
    struct process_line gone = process_expect_line(a, "gone");
    struct process_line starts = process_expect_line(b, "starts");
    assert_true(gone.at_ms <= starts.at_ms);
    process_expect_line(depose, "A has stepped down");
    process_expect_line(depose, "B is the leader...");
    expect_done(s, depose);
    stage_await_lock_key(s, PREFIX, "A", token_of(s, "B"));
    struct process *transfer = stage_candidate(s, "--transfer-to", "A");
    gone = process_expect_line(b, "gone");
    starts = process_expect_line(a, "starts");
    assert_true(gone.at_ms <= starts.at_ms);
    process_expect_line(transfer, "B has stepped down");
    process_expect_line(transfer, "A is the leader...");
    expect_done(s, transfer);
    /* In order: the guardian of one that is killed outlives this etcd. */
    process_signal(b, SIGTERM);
    process_await_end(b);
    process_signal(a, SIGTERM);
    process_await_end(a);
}

/* ---- --transfer-to ---- */

static void waiters_between_are_passed_over(void **state)
{
    struct stage *s = *state;
    struct process *a = leader(s, "A");
    struct process *b = waiter(s, "A", "B");
    struct process *c = waiter(s, "A", "C");
    struct process *d = waiter(s, "A", "D");
    struct process *e = waiter(s, "A", "E");
    int64_t token_e = token_of(s, "E");
    struct process *transfer = stage_candidate(s, "--transfer-to", "D");
    process_expect_line(transfer, "A has stepped down");
    process_expect_line(transfer, "D is the leader...");
    expect_done(s, transfer);
    stage_expect_lost(a, STEPPED_DOWN);
    process_expect_error(a, ASKED " for \"D\"");
    stage_expect_next_lead(d);
    stage_expect_next_follow(a, "D");
    stage_expect_next_follow(b, "D");
    stage_expect_next_follow(c, "D");
    stage_expect_next_follow(e, "D");
    assert_int_equal(token_of(s, "E"), token_e);
    assert_true(token_of(s, "B") > token_e);
    assert_true(token_of(s, "C") > token_e);
    assert_int_equal(etcdctl_leases_n(s->etcd), 5);
}

static void leader_that_is_named_leads_on(void **state)
{
    struct stage *s = *state;
    struct process *a = leader(s, "A");
    struct process *b = waiter(s, "A", "B");
    struct process *transfer = stage_candidate(s, "--transfer-to", "A");
    process_expect_line(transfer, "A is the leader...");
    expect_done(s, transfer);
    process_expect_nothing_more(a);
    process_expect_nothing_more(b);
}

static void unknown_and_ambiguous_ids_are_refused(void **state)
{
    struct stage *s = *state;
    struct process *a = leader(s, "A");
    struct process *b1 = waiter(s, "A", "B");
    struct process *b2 = waiter(s, "A", "B");
    process_expect_error(b2, "\"B\"");
    expect_refused(stage_candidate(s, "--transfer-to", "C"), 75,
                   "no candidate with the ID \"C\"");
    expect_refused(stage_candidate(s, "--transfer-to", "B"), 75,
                   "2 candidates have the ID \"B\"");
    process_expect_nothing_more(a);
    process_expect_nothing_more(b1);
    process_expect_nothing_more(b2);
}

/* The queue is not broken for those who know of no request. */
static void other_program_between_is_not_passed_over(void **state)
{
    struct stage *s = *state;
    struct process *a = leader(s, "A");
    struct process *lock = etcdctl_start(s->etcd, "lock", "election_leader");
    struct etcdctl_key place = stage_await_lock_key(s, PREFIX, "", 0);
    struct process *b = waiter(s, "A", "B");
    struct process *transfer = stage_candidate(s, "--transfer-to", "B");
    expect_refused(transfer, 75, place.key);
    process_expect_nothing_more(a);
    process_expect_nothing_more(b);
    process_expect_nothing_more(lock);
    assert_int_equal(etcdctl_get(s->etcd, place.key).create_revision,
                     place.create_revision);
    assert_int_equal(etcdctl_get(s->etcd, REQUEST_KEY).create_revision, 0);

    struct process *depose = stage_candidate(s, "--depose");
    process_expect_line(lock, place.key);
    stage_expect_lost(a, STEPPED_DOWN);
    process_signal(lock, SIGINT);
    stage_expect_next_lead(b);
    process_await_end(depose);
}

/* Nothing of what it asked for stays. */
static void request_ends_with_who_asks(void **state)
{
    struct stage *s = *state;
    struct process *a = leader(s, "A");
    struct process *lock = etcdctl_start(s->etcd, "lock", "election_leader");
    stage_await_lock_key(s, PREFIX, "", 0);
    struct process *b = waiter(s, "A", "B");
    struct process *transfer = stage_candidate(s, "--transfer-to", "B");
    while (!etcdctl_get(s->etcd, REQUEST_KEY).create_revision)
        continue;
    struct etcdctl_key request = etcdctl_get(s->etcd, REQUEST_KEY);
    assert_non_null(strstr(request.value, "transfer"));
    assert_in_range(etcdctl_lease_left_s(s->etcd, request.lease), 1, 5);
    process_signal(transfer, SIGTERM);
    process_expect_killed(transfer, SIGTERM);
    etcdctl_await_deletion(s->etcd, REQUEST_KEY, request.create_revision);
    process_expect_nothing_more(a);
    process_expect_nothing_more(b);
    process_expect_nothing_more(lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(deposed_leader_goes_to_the_end_of_the_queue),
        STAGE_TEST(leader_that_stands_alone_leads_again),
        STAGE_TEST(nobody_leads),
        STAGE_TEST(other_elections_have_their_own_requests),
        STAGE_TEST(other_program_that_leads_cannot_be_asked),
        STAGE_TEST(request_of_another_stands_in_the_way),
        STAGE_TEST(etcd_that_does_not_answer_is_given_up),
        STAGE_TEST(command_is_gone_before_the_next_one_starts),
        STAGE_TEST(waiters_between_are_passed_over),
        STAGE_TEST(leader_that_is_named_leads_on),
        STAGE_TEST(unknown_and_ambiguous_ids_are_refused),
        STAGE_TEST(other_program_between_is_not_passed_over),
        STAGE_TEST(request_ends_with_who_asks),
    };
    return cmocka_run_group_tests_name("steer", tests, NULL, NULL);
}
