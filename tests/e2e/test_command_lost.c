/* test_command_lost.c: a command whose leader loses its leadership, or fears to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "support/procfs.h"

#define LONG_TTL "60"
#define SHORT_TTL "5"
#define MIDDLE_TTL "10"
#define GRACE "3s"
#define TOLD "etcd does not confirm the leadership"

enum {
    GRACE_MS = 3000,
    TOLD_NOISE_MS = 2500, /* and yet before the leadership is over */
    EARLY_MS = 20, /* clocks are read in whole ms, and told through pipes */
    SOON_MS = 10000,
};

/* Says that it was told to end, and does not. */
static const char told[] = "trap 'echo told' TERM; " COMMAND_BEGIN COMMAND_UP
                           "while :; do read -r _; done";
/* Says so, and does. */
static const char obey[] =
    "trap 'echo told; exit 3' TERM; " COMMAND_BEGIN COMMAND_UP
    "while :; do read -r _; done";

static struct process *start(struct stage *s, struct witness *w,
                             const char *script, const char *ttl,
                             const char *grace)
{
    witness_begin(w);
    struct process *a = stage_candidate(s, "--ttl", ttl, "--grace", grace, "A",
                                        COMMAND(script, w));
    command_expect_lead(a, "A");
    return a;
}

static void silent_etcd_ends_the_command_in_time_and_it_runs_again(void **state)
{
    struct stage *s = *state;
    struct witness w;
    struct process *a = start(s, &w, told, MIDDLE_TTL, GRACE);
    pid_t command = command_expect_up(a);
    struct candidate_lease_page *page = command_lease_page(command);
    etcd_server_pause(s->etcd, 0);
    struct process_line line = process_expect_line(a, "told");
    struct candidate_lease lease = command_lease(page);
    assert_true(line.at_ms >= lease.lead_until_ms - GRACE_MS - EARLY_MS);
    assert_true(line.at_ms <= lease.lead_until_ms - GRACE_MS + TOLD_NOISE_MS);
    int64_t end_at_ms = witness_await_end(&w);
    assert_true(end_at_ms <= lease.lead_until_ms + COMMAND_NOISE_MS);
    process_expect_error(a, TOLD);
    process_expect_error(a, "has not ended in time");
    process_expect_error(a, "Lost leadership: no confirmed renewal");
    assert_int_equal(command_lease(page).state, CANDIDATE_LEASE_LOST);

    etcd_server_resume(s->etcd, 0);
    command_expect_next_lead(a);
    assert_int_not_equal(command_expect_up(a), command);
    candidate_lease_page_close(page);
    witness_end(&w);
}

/* What was begun is carried through, also when etcd answers again. */
static void command_that_was_told_for_nothing_runs_again(void **state)
{
    struct stage *s = *state;
    struct witness w;
    struct process *a = start(s, &w, obey, "20", "7s");
    pid_t command = command_expect_up(a);
    struct candidate_lease_page *page = command_lease_page(command);
    struct candidate_lease before = command_lease(page);
    etcd_server_pause(s->etcd, 0);
    process_expect_line(a, "told");
    etcd_server_resume(s->etcd, 0);
    process_expect_error(a, TOLD);
    assert_int_not_equal(command_expect_up(a), command);
    struct candidate_lease after = command_lease(page);
    assert_int_equal(after.state, CANDIDATE_LEASE_LEADING);
    assert_true(after.token == before.token);
    assert_true(after.lead_until_ms > before.lead_until_ms);
    candidate_lease_page_close(page);
    witness_end(&w);
}

static void with_once_a_leader_of_a_silent_etcd_ends_with_75(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_candidate(s, "--once", "--ttl", SHORT_TTL, "A",
                                        "--", "sh", "-c", obey, "/dev/null");
    command_expect_lead(a, "A");
    command_expect_up(a);
    etcd_server_pause(s->etcd, 0);
    process_expect_line(a, "told");
    etcd_server_resume(s->etcd, 0);
    process_await_end(a);
    process_expect_exit(a, 75);
}

static void with_once_a_deposed_leader_ends_with_75(void **state)
{
    struct stage *s = *state;
    struct witness w;
    witness_begin(&w);
    struct process *a = stage_candidate(s, "--once", "--ttl", LONG_TTL, "A",
                                        COMMAND(COMMAND_STUBBORN, &w));
    command_expect_lead(a, "A");
    command_expect_up(a);
    etcdctl(s->etcd, "del", "leader");
    process_await_end(a);
    assert_false(witness_alive(&w));
    process_expect_exit(a, 75);
    stage_expect_nothing_left(s);
    witness_end(&w);
}

/* Its place in the queue is kept until then. */
static void next_one_starts_when_a_deposed_leader_s_command_is_gone(
    void **state)
{
    struct stage *s = *state;
    struct witness w;
    struct process *a = start(s, &w, COMMAND_CROWD, LONG_TTL, "20s");
    command_expect_up(a);
    struct process *b = stage_candidate(s, "--ttl", LONG_TTL, "B", "--", "echo",
                                        "B runs");
    command_expect_follow(b, "B", "A");
    etcdctl(s->etcd, "del", "leader");
    /* Meanwhile it may say for whom it waits. */
    while (strcmp(process_next_error(b).text, STAGE_LEADER) != 0)
        continue;
    assert_false(witness_alive(&w));
    process_expect_line(b, "B runs");
    process_expect_error(a, "Lost leadership: ");
    process_expect_error(b, "End");
    process_expect_exit(b, 0);
    witness_end(&w);
}

/* A successor may be at work: no grace. */
static void deposed_leader_s_command_is_killed_at_once(void **state)
{
    struct stage *s = *state;
    struct witness w;
    struct process *a = start(s, &w, told, LONG_TTL, "20s");
    pid_t command = command_expect_up(a);
    struct candidate_lease_page *page = command_lease_page(command);
    int64_t token = command_lease(page).token;
    int64_t deposed_at_ms = process_now_ms();
    etcdctl(s->etcd, "del", "leader");
    assert_in_range(witness_await_end(&w) - deposed_at_ms, 0, SOON_MS);
    process_expect_error(a, "Lost leadership: ");
    command_expect_next_lead(a);
    candidate_lease_page_close(page);
    page = command_lease_page(command_expect_up(a)); /* and was not told */
    assert_true(command_lease(page).token > token);
    candidate_lease_page_close(page);
    witness_end(&w);
}

/* The guardian is stopped, so that it finds both orders at once. */
static void leadership_lost_meanwhile_the_command_never_starts(void **state)
{
    static const char say_token[] = COMMAND_UP "echo $CANDIDATE_TOKEN";
    struct stage *s = *state;
    struct process *b = stage_leader(s, "--ttl", LONG_TTL, "B");
    struct process *a = stage_candidate(s, "--ttl", LONG_TTL, "A", "--", "sh",
                                        "-c", say_token);
    command_expect_follow(a, "A", "B");
    pid_t guardian = command_guardian(a);
    kill(guardian, SIGSTOP);
    command_await_state(guardian, 'T');
    stage_resign(b);
    command_expect_next_lead(a);
    struct etcdctl_key first = etcdctl_get(s->etcd, "leader");
    etcdctl(s->etcd, "del", "leader");
    process_expect_error(a, "Lost leadership: ");
    kill(guardian, SIGCONT);
    command_expect_next_lead(a);
    command_expect_up(a);
    struct process_line line = process_next_line(a);
    assert_true(strtoll(line.text, NULL, 10) > first.create_revision);
    process_expect_error(a, "End");
    process_expect_exit(a, 0);
    process_expect_nothing_more(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(silent_etcd_ends_the_command_in_time_and_it_runs_again),
        STAGE_TEST(command_that_was_told_for_nothing_runs_again),
        STAGE_TEST(with_once_a_leader_of_a_silent_etcd_ends_with_75),
        STAGE_TEST(with_once_a_deposed_leader_ends_with_75),
        STAGE_TEST(deposed_leader_s_command_is_killed_at_once),
        STAGE_TEST(next_one_starts_when_a_deposed_leader_s_command_is_gone),
        STAGE_TEST(leadership_lost_meanwhile_the_command_never_starts),
    };
    return cmocka_run_group_tests_name("command_lost", tests, NULL, NULL);
}
