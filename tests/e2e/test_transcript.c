/* test_transcript.c: what three candidates print, byte for byte, and what
 * ENTER, the end of input and signals do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "support/procfs.h"
#include "support/stage.h"

/* Nobody who waits this long leads because a lease ran out. */
#define LONG_TTL "300"
#define SHORT_TTL "10"
enum { BUSY_PERCENT = 20 };

struct cast {
    struct process *a, *b, *c;
};

static struct process *start(struct stage *s, unsigned flags, const char *id)
{
    struct process *p = stage_candidate_argv(
        s, flags, (const char *const[]){ "--ttl", SHORT_TTL, id, NULL });
    stage_mind_outages(p);
    stage_expect_begin(p, id);
    return p;
}

/* The transcript of the README up to B's Ctrl-C and C's ENTER. */
static struct cast play(struct stage *s, unsigned flags, const char *enter)
{
    struct cast cast;
    cast.a = start(s, flags, "A");
    stage_expect_lead(cast.a);
    cast.b = start(s, flags, "B");
    stage_expect_follow(cast.b, "A");
    cast.c = start(s, flags, "C");
    stage_expect_follow(cast.c, "A");

    process_write(cast.a, enter);
    stage_expect_next_lead(cast.b);
    stage_expect_next_follow(cast.c, "B");
    return cast;
}

static void expect_ends(struct stage *s, struct cast *cast)
{
    process_expect_exit(cast->a, 0);
    process_expect_killed(cast->b, SIGINT);
    process_expect_exit(cast->c, 0);
    stage_expect_nothing_left(s);
    process_expect_no_errors(cast->a);
    process_expect_no_errors(cast->b);
    process_expect_no_errors(cast->c);
}

static void three_candidates_on_terminals_print_the_transcript(void **state)
{
    struct stage *s = *state;
    struct cast cast = play(s, PROCESS_TERMINAL, "\r");
    process_write(cast.b, "\003");
    stage_expect_next_lead(cast.c);
    process_write(cast.c, "\r");

    expect_ends(s, &cast);
    process_expect_output(cast.a,
                          "Candidate A\r\n"
                          "Attempting leadership...\r\n"
                          "I am the LEADER!\r\n"
                          "Press ENTER to finish...\r\n"
                          "\r\n"
                          "End\r\n");
    process_expect_output(cast.b,
                          "Candidate B\r\n"
                          "Attempting leadership...\r\n"
                          "A is the leader...\r\n"
                          "Attempting leadership...\r\n"
                          "I am the LEADER!\r\n"
                          "Press ENTER to finish...\r\n"
                          "^C");
    process_expect_output(cast.c,
                          "Candidate C\r\n"
                          "Attempting leadership...\r\n"
                          "A is the leader...\r\n"
                          "Attempting leadership...\r\n"
                          "B is the leader...\r\n"
                          "Attempting leadership...\r\n"
                          "I am the LEADER!\r\n"
                          "Press ENTER to finish...\r\n"
                          "\r\n"
                          "End\r\n");
}

static void three_candidates_on_pipes_print_the_transcript(void **state)
{
    struct stage *s = *state;
    struct cast cast = play(s, PROCESS_PIPES, "\n");
    process_signal(cast.b, SIGINT);
    stage_expect_next_lead(cast.c);
    process_write(cast.c, "\n");

    expect_ends(s, &cast);
    process_expect_output(cast.a,
                          "Candidate A\n"
                          "Attempting leadership...\n"
                          "I am the LEADER!\n"
                          "Press ENTER to finish...\n"
                          "End\n");
    process_expect_output(cast.b,
                          "Candidate B\n"
                          "Attempting leadership...\n"
                          "A is the leader...\n"
                          "Attempting leadership...\n"
                          "I am the LEADER!\n"
                          "Press ENTER to finish...\n");
    process_expect_output(cast.c,
                          "Candidate C\n"
                          "Attempting leadership...\n"
                          "A is the leader...\n"
                          "Attempting leadership...\n"
                          "B is the leader...\n"
                          "Attempting leadership...\n"
                          "I am the LEADER!\n"
                          "Press ENTER to finish...\n"
                          "End\n");
}

static void enter_on_a_terminal_before_leading_is_dropped(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *b = stage_candidate_argv(
        s, PROCESS_TERMINAL,
        (const char *const[]){ "--ttl", LONG_TTL, "B", NULL });
    stage_expect_begin(b, "B");
    stage_expect_follow(b, "A");
    process_write(b, "\r\r\r");
    for (int i = 0; i < 3; i++)
        process_expect_line(b, ""); /* the terminal's echo: it has them */
    stage_resign(a);
    stage_expect_next_lead(b);
    /* It still leads when it hears of this, and so has not resigned. */
    etcdctl(s->etcd, "del", "leader");
    stage_expect_lost(b, "deleted");
    stage_expect_next_lead(b);
    process_write(b, "\r");
    process_expect_line(b, "");
    process_expect_line(b, "End");
    process_expect_exit(b, 0);
    stage_expect_nothing_left(s);
}

static void leader_whose_input_ends_leads_on_until_a_signal(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", "10", "A");
    int64_t lease = etcdctl_get(s->etcd, "leader").lease;
    process_close_input(a);
    struct procfs_load load = procfs_load_begin(process_pid(a));
    etcdctl_await_renewal(s->etcd, lease);
    assert_true(procfs_load_percent(&load) < BUSY_PERCENT);
    process_expect_nothing_more(a);
    process_signal(a, SIGTERM);
    process_expect_line(a, "End");
    process_expect_exit(a, 0);
    process_expect_nothing_more(a);
    stage_expect_nothing_left(s);
}

/* With a TTL that cannot run out, only a resignation lets B lead. */
static void expect_resignation_by(struct stage *s, int number)
{
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct etcdctl_key leader = etcdctl_get(s->etcd, "leader");
    struct etcdctl_key lock = stage_lock_key(s, "election_leader/", "A");
    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    process_signal(a, number);
    process_expect_line(a, "End");
    process_expect_exit(a, 0);
    process_expect_nothing_more(a);
    stage_expect_next_lead(b);
    int64_t gone_at = etcdctl_await_deletion(s->etcd, "leader",
                                             leader.mod_revision);
    assert_int_equal(
        etcdctl_await_deletion(s->etcd, lock.key, lock.mod_revision), gone_at);
    assert_int_equal(etcdctl_lease_left_s(s->etcd, leader.lease), -1);
    stage_resign(b);
    stage_expect_nothing_left(s);
}

static void sigterm_resigns(void **state)
{
    expect_resignation_by(*state, SIGTERM);
}

static void sighup_resigns(void **state)
{
    expect_resignation_by(*state, SIGHUP);
}

static void waiter_that_gets_sigterm_gives_its_place_back(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    struct process *c = stage_waiter(s, "A", "--ttl", LONG_TTL, "C");
    process_signal(b, SIGTERM);
    process_expect_line(b, "End");
    process_expect_exit(b, 0);
    struct etcdctl_key keys[4];
    assert_int_equal(etcdctl_list(s->etcd, "", keys, 4), 3);
    assert_int_equal(etcdctl_leases_n(s->etcd), 2);
    stage_resign(a);
    stage_expect_next_lead(c);
    stage_resign(c);
    stage_expect_nothing_left(s);
}

static void waiter_that_gets_sigint_ends_by_it(void **state)
{
    struct stage *s = *state;
    stage_leader(s, "A");
    struct process *b = stage_waiter(s, "A", "B");
    process_signal(b, SIGINT);
    process_expect_killed(b, SIGINT);
    process_expect_nothing_more(b);
}

/* Nobody could see that it leads: so it does not. */
static void leader_whose_reader_goes_away_resigns(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    process_close_output(a);
    process_expect_error(a, "standard output");
    process_expect_exit(a, 74);
    process_expect_nothing_more(a);
    stage_expect_next_lead(b);
    stage_resign(b);
    stage_expect_nothing_left(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(three_candidates_on_terminals_print_the_transcript),
        STAGE_TEST(three_candidates_on_pipes_print_the_transcript),
        STAGE_TEST(enter_on_a_terminal_before_leading_is_dropped),
        STAGE_TEST(leader_whose_input_ends_leads_on_until_a_signal),
        STAGE_TEST(sigterm_resigns),
        STAGE_TEST(sighup_resigns),
        STAGE_TEST(waiter_that_gets_sigterm_gives_its_place_back),
        STAGE_TEST(waiter_that_gets_sigint_ends_by_it),
        STAGE_TEST(leader_whose_reader_goes_away_resigns),
    };
    return cmocka_run_group_tests_name("transcript", tests, NULL, NULL);
}
