/* test_frozen.c: candidates, guardians and commands that the kernel's freezer
 * stops (cgroup version 2), as "docker pause" and "systemctl freeze" do. No
 * SIGCONT ends that, so nothing can wake the guardian; but SIGKILL ends who is
 * frozen, and timers go on.
 *
 * Each test ends at once where no cgroup may be made, which root may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "support/control_group.h"
#include "support/procfs.h"

#define LONG_TTL "60"
#define SHORT_TTL "8"

#define WORK "while :; do echo tick; sleep 0.02; done"
#define WORKS COMMAND_BEGIN COMMAND_UP WORK
/* So does a daemon that it has left behind. */
#define ALL_WORK                                                               \
    COMMAND_BEGIN COMMAND_UP "setsid sh -c '(setsid sh -c \"" WORK             \
                             "\" &)'; " WORK

enum {
    SOON_MS = 10000, /* much less than the long TTL */
    TICKS_N = 5,
    LOOK_AGAIN_MS = 5,
};

/* A runs a command with a witness, B waits. */
struct scene {
    struct stage *stage;
    bool may_freeze;
    char group[CONTROL_GROUP_BYTES_MAX]; /* what is in it will be frozen */
    char own[CONTROL_GROUP_BYTES_MAX];
    struct witness witness;
    struct process *a, *b;
    pid_t command, guardian;
    struct candidate_lease_page *page;
};

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    void *stage = NULL;
    assert_non_null(scene);
    stage_setup(&stage);
    scene->stage = stage;
    scene->may_freeze = control_group_make(scene->group) &&
        control_group_of(getpid(), scene->own);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    void *stage = scene->stage;
    if (scene->may_freeze) {
        control_group_take(scene->own, getpid());
        control_group_remove(scene->group);
    }
    stage_teardown(&stage);
    free(scene);
    return 0;
}

/* whole  A begins in the group, with all that it starts. */
static void begin(struct scene *scene, const char *ttl, const char *script,
                  bool whole)
{
    witness_begin(&scene->witness);
    if (whole)
        control_group_take(scene->group, getpid());
    scene->a = stage_candidate(scene->stage, "--ttl", ttl, "--grace", "1s", "A",
                               COMMAND(script, &scene->witness));
    if (whole)
        control_group_take(scene->own, getpid());
    command_expect_lead(scene->a, "A");
    scene->command = command_expect_up(scene->a);
    scene->guardian = command_guardian(scene->a);
    scene->page = command_lease_page(scene->command);
    scene->b = stage_candidate(scene->stage, "--ttl", ttl, "B", "--", "echo",
                               "B runs");
    command_expect_follow(scene->b, "B", "A");
    assert_true(witness_alive(&scene->witness));
}

static void end(struct scene *scene)
{
    process_expect_line(scene->b, "B runs");
    process_expect_error(scene->b, "End");
    process_expect_exit(scene->b, 0);
    candidate_lease_page_close(scene->page);
    witness_end(&scene->witness);
}

/* Ticks come up to that instant, and some were there before. */
static void expect_ticks_until(const struct process *p, int64_t at_ms)
{
    size_t n = process_lines_n(p);
    assert_true(n > TICKS_N);
    assert_true(process_line(p, n - 1).at_ms <= at_ms);
}

static void await_ticks(const struct scene *scene)
{
    while (process_lines_n(scene->a) <= TICKS_N)
        assert_true(process_set_step(scene->stage->set,
                                     process_now_ms() + PROCESS_PATIENCE_MS));
}

/* ---- all of it ---- */

static void freeze_all_until_b_leads(struct scene *scene)
{
    await_ticks(scene);
    control_group_freeze(scene->group, true);
    int64_t frozen_at_ms = process_now_ms();
    int64_t until_ms = command_lease(scene->page).lead_until_ms;
    assert_true(frozen_at_ms < until_ms);
    command_expect_next_lead(scene->b);
    assert_true(process_now_ms() >= until_ms);
    expect_ticks_until(scene->a, frozen_at_ms + COMMAND_NOISE_MS);
}

/* Nobody has reaped it, who would: they are frozen as well. */
static bool is_dead(pid_t pid)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (procfs_state(pid) != 0 && procfs_state(pid) != 'Z') {
        if (process_now_ms() >= end_at_ms)
            return false;
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
    }
    return true;
}

/* It is dead before it is thawed. */
static void frozen_past_its_time_none_of_its_commands_runs_again(void **state)
{
    struct scene *scene = *state;
    if (!scene->may_freeze)
        return;
    begin(scene, SHORT_TTL, WORKS, true);
    freeze_all_until_b_leads(scene);
    size_t lines_n = process_lines_n(scene->a);
    assert_true(is_dead(scene->guardian) && is_dead(scene->command));
    control_group_freeze(scene->group, false);
    process_expect_killed(scene->a, SIGKILL);
    assert_int_equal(process_lines_n(scene->a), lines_n);
    assert_false(witness_alive(&scene->witness));
    end(scene);
}

/* It goes on when it is thawed, as does the guardian's heir. */
static void what_a_frozen_command_has_started_ends_once_it_is_thawed(
    void **state)
{
    struct scene *scene = *state;
    if (!scene->may_freeze)
        return;
    begin(scene, SHORT_TTL, ALL_WORK, true);
    freeze_all_until_b_leads(scene);
    assert_true(is_dead(scene->guardian) && is_dead(scene->command));
    assert_true(witness_alive(&scene->witness));
    control_group_freeze(scene->group, false);
    int64_t thawed_at_ms = process_now_ms();
    assert_in_range(witness_await_end(&scene->witness) - thawed_at_ms, 0,
                    SOON_MS);
    process_expect_error(scene->a, "candidate has died");
    process_expect_killed(scene->a, SIGKILL);
    end(scene);
}

static void frozen_for_a_moment_it_goes_on(void **state)
{
    struct scene *scene = *state;
    if (!scene->may_freeze)
        return;
    begin(scene, SHORT_TTL, WORKS, true);
    await_ticks(scene);
    int64_t until_ms = command_lease(scene->page).lead_until_ms;
    control_group_freeze(scene->group, true);
    size_t lines_n = process_lines_n(scene->a);
    control_group_freeze(scene->group, false);
    while (command_lease(scene->page).lead_until_ms <= until_ms ||
           process_lines_n(scene->a) <= lines_n)
        assert_true(process_set_step(scene->stage->set,
                                     process_now_ms() + PROCESS_PATIENCE_MS));
    process_signal(scene->a, SIGTERM);
    process_expect_error(scene->a, "End");
    process_await_end(scene->a);
    command_expect_next_lead(scene->b);
    end(scene);
}

/* ---- one of the three ---- */

static void freeze_one(struct scene *scene, pid_t pid)
{
    control_group_take(scene->group, pid);
    control_group_freeze(scene->group, true);
}

/* The guardian does the rest. */
static void frozen_candidate_dies_on_its_deadline(void **state)
{
    struct scene *scene = *state;
    if (!scene->may_freeze)
        return;
    begin(scene, SHORT_TTL, COMMAND_STUBBORN, false);
    freeze_one(scene, process_pid(scene->a));
    int64_t until_ms = command_lease(scene->page).lead_until_ms;
    assert_true(witness_await_end(&scene->witness) <=
                until_ms + COMMAND_NOISE_MS);
    process_expect_killed(scene->a, SIGKILL);
    assert_true(process_ended_at_ms(scene->a) >= until_ms);
    command_expect_next_lead(scene->b);
    end(scene);
}

/* Its own timer ends it, once it has not seen renewals for so long. */
static void frozen_guardian_dies_and_is_replaced(void **state)
{
    struct scene *scene = *state;
    if (!scene->may_freeze)
        return;
    begin(scene, SHORT_TTL, COMMAND_STUBBORN, false);
    struct candidate_lease before = command_lease(scene->page);
    freeze_one(scene, scene->guardian);
    process_expect_error(scene->a, "the guardian has died");
    assert_int_not_equal(command_expect_up(scene->a), scene->command);
    assert_int_equal(procfs_state(scene->command), 0);
    assert_int_not_equal(command_guardian(scene->a), scene->guardian);
    assert_true(command_lease(scene->page).token == before.token);
    process_signal(scene->a, SIGTERM);
    process_expect_error(scene->a, "has not ended in time");
    process_expect_error(scene->a, "End");
    process_await_end(scene->a);
    command_expect_next_lead(scene->b);
    end(scene);
}

/* It cannot end on SIGTERM, as it otherwise would. */
static void frozen_command_is_killed_before_another_leads(void **state)
{
    struct scene *scene = *state;
    if (!scene->may_freeze)
        return;
    begin(scene, LONG_TTL, "trap 'exit 0' TERM; " WORKS, false);
    await_ticks(scene);
    freeze_one(scene, scene->command);
    int64_t told_at_ms = process_now_ms();
    process_signal(scene->a, SIGTERM);
    process_expect_error(scene->a, "has not ended in time");
    command_expect_next_lead(scene->b);
    assert_in_range(process_now_ms() - told_at_ms, 0, SOON_MS);
    assert_false(witness_alive(&scene->witness));
    assert_int_equal(procfs_state(scene->command), 0);
    process_expect_error(scene->a, "End");
    process_expect_exit(scene->a, 128 + SIGKILL);
    end(scene);
}

/* ---- without a command ---- */

static void thawed_past_its_deadline_a_leader_has_lost(void **state)
{
    struct scene *scene = *state;
    if (!scene->may_freeze)
        return;
    struct process *a = stage_leader(scene->stage, "--ttl", SHORT_TTL, "A");
    struct process *b = stage_waiter(scene->stage, "A", "B");
    freeze_one(scene, process_pid(a));
    stage_expect_next_lead(b);
    control_group_freeze(scene->group, false);
    stage_expect_lost(a, "did not run");
    stage_expect_next_follow(a, "B");
    stage_resign(b);
    stage_expect_next_lead(a);
    stage_resign(a);
    stage_expect_nothing_left(scene->stage);
}

#define FROZEN_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FROZEN_TEST(frozen_past_its_time_none_of_its_commands_runs_again),
        FROZEN_TEST(what_a_frozen_command_has_started_ends_once_it_is_thawed),
        FROZEN_TEST(frozen_for_a_moment_it_goes_on),
        FROZEN_TEST(frozen_candidate_dies_on_its_deadline),
        FROZEN_TEST(frozen_guardian_dies_and_is_replaced),
        FROZEN_TEST(frozen_command_is_killed_before_another_leads),
        FROZEN_TEST(thawed_past_its_deadline_a_leader_has_lost),
    };
    return cmocka_run_group_tests_name("frozen", tests, NULL, NULL);
}
