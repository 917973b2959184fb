/* test_command_crash.c: candidates with a command, and guardians, that are
 * killed or stopped: nothing of the command is left, and only then another
 * leads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "command.h"
#include "support/procfs.h"

#define LONG_TTL "60"
#define SHORT_TTL "8"

enum {
    SOON_MS = 10000, /* much less than the long TTL */
    /* What is left of a lease of the short TTL, renewed at each third. */
    LEFT_MS_MIN = 4000,
    LOOK_AGAIN_MS = 5,
    TRIES_MAX = 4,
};

static const char daemon_and_more[] = COMMAND_DAEMON "exec sleep 1000";
static const char echo_token[] = COMMAND_UP "echo $CANDIDATE_TOKEN";

/* A runs a command with a witness, B waits. */
struct scene {
    struct witness witness;
    struct process *a, *b;
    pid_t command, guardian;
    struct candidate_lease_page *page;
};

static struct scene begin(struct stage *s, const char *ttl, const char *script)
{
    struct scene scene;
    witness_begin(&scene.witness);
    scene.a = stage_candidate(s, "--ttl", ttl, "A",
                              COMMAND(script, &scene.witness));
    command_expect_lead(scene.a, "A");
    scene.command = command_expect_up(scene.a);
    scene.guardian = command_guardian(scene.a);
    scene.page = command_lease_page(scene.command);
    scene.b = stage_candidate(s, "--ttl", ttl, "B", "--", "sh", "-c",
                              echo_token);
    command_expect_follow(scene.b, "B", "A");
    assert_true(witness_alive(&scene.witness));
    return scene;
}

/* B leads; nothing of A's command is left by then. Returns when it began. */
static int64_t expect_b(struct scene *scene)
{
    command_expect_next_lead(scene->b);
    assert_false(witness_alive(&scene->witness));
    struct process_line up = process_next_line(scene->b);
    process_next_line(scene->b);
    process_expect_error(scene->b, "End");
    process_expect_exit(scene->b, 0);
    return up.at_ms;
}

static void end(struct scene *scene)
{
    candidate_lease_page_close(scene->page);
    witness_end(&scene->witness);
}

/* ---- killed ---- */

static void killed_candidate_leaves_nothing_and_the_next_leads(void **state)
{
    struct scene scene = begin(*state, LONG_TTL, daemon_and_more);
    int64_t killed_at_ms = process_now_ms();
    process_signal(scene.a, SIGKILL);
    assert_in_range(witness_await_end(&scene.witness) - killed_at_ms, 0,
                    SOON_MS);
    assert_in_range(expect_b(&scene) - killed_at_ms, 0, SOON_MS);
    process_expect_killed(scene.a, SIGKILL);
    stage_expect_nothing_left(*state);
    end(&scene);
}

/* While they are being killed, nobody else may lead. */
static void lease_is_revoked_after_the_last_process_is_gone(void **state)
{
    struct scene scene = begin(*state, LONG_TTL, COMMAND_CROWD);
    process_signal(scene.a, SIGKILL);
    expect_b(&scene);
    end(&scene);
}

/* Its tree ends with it, another begins, and the leadership is the same. */
static void killed_guardian_is_replaced(void **state)
{
    struct scene scene = begin(*state, LONG_TTL, daemon_and_more);
    struct candidate_lease before = command_lease(scene.page);
    kill(scene.guardian, SIGKILL);
    witness_await_end(&scene.witness);
    process_expect_error(scene.a, "the guardian has died");
    pid_t again = command_expect_up(scene.a);
    assert_int_not_equal(again, scene.command);
    assert_int_equal(procfs_state(scene.command), 0);
    assert_int_not_equal(command_guardian(scene.a), scene.guardian);
    struct candidate_lease after = command_lease(scene.page);
    assert_int_equal(after.state, CANDIDATE_LEASE_LEADING);
    assert_true(after.token == before.token);

    process_signal(scene.a, SIGKILL); /* the new one does its work as well */
    expect_b(&scene);
    end(&scene);
}

static rlim_t limit_descriptors(pid_t pid, rlim_t n)
{
    struct rlimit limit;
    assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = n;
    assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &limit, NULL), 0);
    return before;
}

/* A leadership that does no work is another's; and one that comes later works
 * again. */
static void guardian_that_cannot_be_replaced_costs_the_leadership(void **state)
{
    struct scene scene = begin(*state, LONG_TTL, daemon_and_more);
    pid_t a = process_pid(scene.a);
    rlim_t before = limit_descriptors(a, procfs_descriptors_n(a));
    kill(scene.guardian, SIGKILL);
    witness_await_end(&scene.witness);
    process_expect_error(scene.a, "the guardian has died");
    process_expect_error(scene.a, "guardian: socketpair: Too many open files");
    command_expect_next_lead(scene.b);
    limit_descriptors(a, before);
    process_next_line(scene.b); /* the token; then it ends */
    command_expect_up(scene.a);
    assert_true(witness_alive(&scene.witness));
    process_signal(scene.a, SIGKILL);
    witness_await_end(&scene.witness);
    end(&scene);
}

static void both_killed_the_heir_does_what_the_guardian_would(void **state)
{
    struct scene scene = begin(*state, LONG_TTL, daemon_and_more);
    int64_t killed_at_ms = process_now_ms();
    process_pause(scene.a); /* so that it does not see the guardian die */
    kill(scene.guardian, SIGKILL);
    process_signal(scene.a, SIGKILL);
    assert_in_range(witness_await_end(&scene.witness) - killed_at_ms, 0,
                    SOON_MS);
    assert_in_range(expect_b(&scene) - killed_at_ms, 0, SOON_MS);
    process_expect_error(scene.a, "candidate has died");
    stage_expect_nothing_left(*state);
    end(&scene);
}

/* The guardian does not outlive it. */
static void killed_heir_is_replaced_with_its_guardian(void **state)
{
    struct scene scene = begin(*state, LONG_TTL, daemon_and_more);
    kill(command_heir(scene.a), SIGKILL);
    witness_await_end(&scene.witness);
    process_expect_error(scene.a, "the guardian has died");
    assert_int_not_equal(command_expect_up(scene.a), scene.command);
    assert_int_equal(procfs_state(scene.guardian), 0);
    process_signal(scene.a, SIGKILL);
    expect_b(&scene);
    end(&scene);
}

/* Nobody is left to revoke the lease; the kernel ends guardian and command. */
static void killed_with_its_heir_the_next_waits_for_the_ttl(void **state)
{
    struct scene scene = begin(*state, SHORT_TTL, COMMAND_STUBBORN);
    int64_t killed_at_ms = process_now_ms();
    process_pause(scene.a); /* so that it does not see the heir die */
    kill(command_heir(scene.a), SIGKILL);
    process_signal(scene.a, SIGKILL);
    witness_await_end(&scene.witness);
    assert_true(expect_b(&scene) - killed_at_ms >= LEFT_MS_MIN);
    end(&scene);
}

/* Else whoever waits behind it would wait for its lease to run out. */
static void killed_waiter_with_a_guardian_gives_its_place_back(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "--guardian",
                                     "B");
    struct process *c = stage_waiter(s, "A", "C");
    process_signal(b, SIGKILL);
    process_expect_killed(b, SIGKILL);
    process_expect_error(b, "its lease is revoked");
    int64_t resigned_at_ms = process_now_ms();
    stage_resign(a);
    process_expect_line(c, STAGE_ATTEMPTING);
    struct process_line claim = stage_expect_lead(c);
    assert_in_range(claim.at_ms - resigned_at_ms, 0, SOON_MS);
    stage_resign(c);
    stage_expect_nothing_left(s);
}

static void ctrl_c_with_a_guardian_costs_no_ttl(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "--guardian", "A");
    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    int64_t killed_at_ms = process_now_ms();
    process_signal(a, SIGINT);
    process_expect_killed(a, SIGINT);
    process_expect_line(b, STAGE_ATTEMPTING);
    struct process_line claim = stage_expect_lead(b);
    assert_in_range(claim.at_ms - killed_at_ms, 0, SOON_MS);
    stage_resign(b);
    stage_expect_nothing_left(s);
}

/* ---- stopped ---- */

static void expect_dead_by_deadline(struct scene *scene)
{
    int64_t until_ms = command_lease(scene->page).lead_until_ms;
    int64_t end_at_ms = witness_await_end(&scene->witness);
    assert_true(end_at_ms <= until_ms + COMMAND_NOISE_MS);
    process_expect_killed(scene->a, SIGKILL);
    assert_true(process_ended_at_ms(scene->a) >= until_ms);
    expect_b(scene);
}

/* Whether it was given no processor until its own timer ended it, after the
 * deadline: then both are dead, and the heir kills the daemon. */
static bool guardian_was_late(const struct scene *scene)
{
    while (procfs_state(scene->guardian) != 0) {
        if (!witness_alive(&scene->witness))
            return false;
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
    }
    return witness_alive(&scene->witness);
}

/* Returns false if the machine was too busy to see it. */
static bool try_stopped_candidate(struct stage *s)
{
    struct scene scene = begin(s, SHORT_TTL, daemon_and_more);
    process_pause(scene.a);
    bool was_late = guardian_was_late(&scene);
    if (was_late) {
        witness_await_end(&scene.witness);
        expect_b(&scene);
    } else {
        expect_dead_by_deadline(&scene);
    }
    end(&scene);
    return !was_late;
}

static void stopped_candidate_dies_on_its_deadline(void **state)
{
    unsigned tries_n = 0;
    while (!try_stopped_candidate(*state))
        assert_true(++tries_n < TRIES_MAX);
}

static void stopped_with_its_guardian_it_dies_on_its_deadline(void **state)
{
    struct scene scene = begin(*state, SHORT_TTL, COMMAND_STUBBORN);
    kill(scene.guardian, SIGSTOP);
    command_await_state(scene.guardian, 'T');
    process_pause(scene.a);
    expect_dead_by_deadline(&scene);
    command_await_state(scene.guardian, 0);
    end(&scene);
}

static void stopped_guardian_goes_on_when_it_may_be_needed(void **state)
{
    struct scene scene = begin(*state, SHORT_TTL, daemon_and_more);
    kill(scene.guardian, SIGSTOP);
    command_await_state(scene.guardian, 'T');
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (procfs_state(scene.guardian) == 'T') {
        assert_true(process_now_ms() < end_at_ms);
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
    }
    assert_true(witness_alive(&scene.witness)); /* renewals went on */
    assert_int_equal(command_guardian(scene.a), scene.guardian);
    process_signal(scene.a, SIGKILL);
    expect_b(&scene);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(killed_candidate_leaves_nothing_and_the_next_leads),
        STAGE_TEST(lease_is_revoked_after_the_last_process_is_gone),
        STAGE_TEST(killed_guardian_is_replaced),
        STAGE_TEST(guardian_that_cannot_be_replaced_costs_the_leadership),
        STAGE_TEST(both_killed_the_heir_does_what_the_guardian_would),
        STAGE_TEST(killed_heir_is_replaced_with_its_guardian),
        STAGE_TEST(killed_with_its_heir_the_next_waits_for_the_ttl),
        STAGE_TEST(killed_waiter_with_a_guardian_gives_its_place_back),
        STAGE_TEST(ctrl_c_with_a_guardian_costs_no_ttl),
        STAGE_TEST(stopped_candidate_dies_on_its_deadline),
        STAGE_TEST(stopped_with_its_guardian_it_dies_on_its_deadline),
        STAGE_TEST(stopped_guardian_goes_on_when_it_may_be_needed),
    };
    return cmocka_run_group_tests_name("command_crash", tests, NULL, NULL);
}
