/* test_command_cgroup.c: a command has a control group of its own, where one
 * may be made. Whoever dies, what is in it is killed, also what no tree of
 * processes leads to, and then the group is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "support/control_group.h"

#define LONG_TTL "60"

enum { LOOK_AGAIN_MS = 5 };

/* A runs a command. In its group there is a process that is not A's. */
struct scene {
    struct stage *stage;
    struct process *a, *stranger;
    char group[CONTROL_GROUP_BYTES_MAX]; /* "": none may be made here */
};

static void expect_group(struct scene *scene, pid_t command)
{
    char number[32];
    (void)snprintf(number, sizeof number, "-%d", (int)process_pid(scene->a));
    assert_true(control_group_of(command, scene->group));
    const char *name = strrchr(scene->group, '/');
    assert_non_null(name);
    assert_memory_equal(name, "/candidate-", strlen("/candidate-"));
    assert_string_equal(strrchr(name, '-'), number);
}

static void bring_stranger(struct scene *scene)
{
    static const char *const argv[] = { "sleep", "1000", NULL };
    char path[CONTROL_GROUP_BYTES_MAX + 32];
    scene->stranger = process_start(scene->stage->set, PROCESS_PIPES, argv,
                                    NULL);
    (void)snprintf(path, sizeof path, "%s/cgroup.procs", scene->group);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "%d", (int)process_pid(scene->stranger)) > 0);
    assert_int_equal(fclose(file), 0);
}

static struct scene begin(void **state, const char *script)
{
    struct scene scene = { .stage = *state };
    scene.a = stage_candidate(scene.stage, "--ttl", LONG_TTL, "A", "--", "sh",
                              "-c", script);
    command_expect_lead(scene.a, "A");
    pid_t command = command_expect_up(scene.a);
    if (control_group_may_be_made()) {
        expect_group(&scene, command);
        bring_stranger(&scene);
    }
    return scene;
}

static void expect_stranger_killed(struct scene *scene)
{
    if (scene->stranger)
        process_expect_killed(scene->stranger, SIGKILL);
}

static void await_group_s_end(const struct scene *scene)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (scene->group[0] && access(scene->group, F_OK) == 0) {
        assert_true(process_now_ms() < end_at_ms);
        (void)process_set_step(scene->stage->set,
                               process_now_ms() + LOOK_AGAIN_MS);
    }
}

static void command_that_ends_leaves_no_group(void **state)
{
    struct scene scene = begin(state, COMMAND_UP "read -r _; exit 3");
    process_write(scene.a, "\n");
    expect_stranger_killed(&scene);
    process_expect_error(scene.a, "End");
    process_expect_exit(scene.a, 3);
    assert_true(!scene.group[0] || access(scene.group, F_OK) < 0);
}

static void guardian_of_a_killed_candidate_kills_and_removes_it(void **state)
{
    struct scene scene = begin(state, COMMAND_UP "exec sleep 1000");
    process_signal(scene.a, SIGKILL);
    expect_stranger_killed(&scene);
    process_expect_killed(scene.a, SIGKILL);
    await_group_s_end(&scene);
}

static void next_command_of_a_killed_guardian_has_the_group_anew(void **state)
{
    struct scene scene = begin(state, COMMAND_UP "exec sleep 1000");
    assert_int_equal(kill(command_guardian(scene.a), SIGKILL), 0);
    expect_stranger_killed(&scene);
    process_expect_error(scene.a, "the guardian has died");
    pid_t command = command_expect_up(scene.a);
    if (scene.group[0])
        expect_group(&scene, command);
    process_signal(scene.a, SIGTERM);
    process_expect_error(scene.a, "End");
    process_expect_exit(scene.a, 128 + SIGTERM);
    assert_true(!scene.group[0] || access(scene.group, F_OK) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(command_that_ends_leaves_no_group),
        STAGE_TEST(guardian_of_a_killed_candidate_kills_and_removes_it),
        STAGE_TEST(next_command_of_a_killed_guardian_has_the_group_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
