/* test_cgroup.c: a control group that is killed at one blow; and where none can
 * be made, as for most users, nothing is done and nothing is harmed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/control_group.h"
#include "sys/cgroup.h"

enum {
    NOBODY = 65534,
    FILE_BYTES_MAX = CGROUP_PATH_BYTES_MAX + 32,
    EXIT_DONE = 7,
    PATIENCE_S = 60,
};

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A child in the group, and its own child, which has left all else. Each has
 * the end of the pipe. Returns the child, as soon as both are up. */
static pid_t populate(const struct cgroup *g, int *ret_fd)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        cgroup_join(g);
        if (fork() == 0)
            (void)setsid();
        (void)alarm(PATIENCE_S); /* whatever becomes of the test */
        (void)!write(ends[1], "", 1);
        for (;;)
            pause();
    }
    close(ends[1]);
    char up;
    for (int i = 0; i < 2; i++)
        assert_int_equal(read(ends[0], &up, 1), 1);
    *ret_fd = ends[0];
    return pid;
}

static void expect_killed(pid_t pid, int fd)
{
    int status;
    char none;
    assert_int_equal(read(fd, &none, 1), 0); /* nobody has the other end */
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(waitpid(-1, &status, 0) > 0); /* its child is ours now */
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(fd);
}

static void what_has_left_all_else_is_killed_with_the_group(void **state)
{
    (void)state;
    struct cgroup g;
    int fd;
    cgroup_make(&g);
    assert_int_equal(g.path[0] != '\0', control_group_may_be_made());
    if (g.path[0] == '\0')
        return;
    char path[CGROUP_PATH_BYTES_MAX];
    (void)snprintf(path, sizeof path, "%s", g.path);
    for (int i = 0; i < 2; i++) { /* more than once */
        pid_t pid = populate(&g, &fd);
        char of[CONTROL_GROUP_BYTES_MAX];
        assert_true(control_group_of(pid, of));
        assert_string_equal(of, g.path);
        cgroup_kill(&g);
        expect_killed(pid, fd);
    }
    cgroup_remove(&g);
    assert_false(is_there(path));
}

static void kill_as_nobody(const struct cgroup *g, pid_t pid)
{
    char file[FILE_BYTES_MAX];
    (void)snprintf(file, sizeof file, "%s/cgroup.kill", g->path);
    pid_t killer = fork();
    if (killer == 0) {
        if (chown(file, NOBODY, NOBODY) < 0 ||
            setresuid(NOBODY, NOBODY, NOBODY) < 0 || kill(pid, SIGKILL) == 0 ||
            errno != EPERM)
            _exit(1);
        cgroup_kill(g);
        _exit(EXIT_DONE);
    }
    int status;
    assert_int_equal(waitpid(killer, &status, 0), killer);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE);
}

/* Only root can become another one to try it. */
static void another_user_s_process_is_killed_too(void **state)
{
    (void)state;
    struct cgroup g;
    int fd;
    cgroup_make(&g);
    if (geteuid() == 0 && g.path[0] != '\0') {
        pid_t pid = populate(&g, &fd);
        kill_as_nobody(&g, pid);
        expect_killed(pid, fd);
    }
    cgroup_remove(&g);
    assert_string_equal(g.path, "");
}

static void groups_below_go_with_it(void **state)
{
    (void)state;
    struct cgroup g;
    char path[CGROUP_PATH_BYTES_MAX];
    char below[FILE_BYTES_MAX];
    cgroup_make(&g);
    if (g.path[0] == '\0')
        return;
    (void)snprintf(path, sizeof path, "%s", g.path);
    (void)snprintf(below, sizeof below, "%s/below", g.path);
    assert_int_equal(mkdir(below, 0700), 0);
    cgroup_remove(&g);
    assert_false(is_there(below));
    assert_false(is_there(path));
}

/* By one of our number, and by one that is dead. */
static void what_was_left_is_cleared_up(void **state)
{
    (void)state;
    struct cgroup ours, g;
    struct cgroup left = { "" };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        cgroup_make(&left);
        (void)!write(ends[1], &left, sizeof left);
        _exit(0);
    }
    assert_int_equal(read(ends[0], &left, sizeof left), sizeof left);
    cgroup_make(&ours); /* its number is still taken */
    assert_int_equal(is_there(left.path), left.path[0] != '\0');
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    cgroup_make(&g);
    assert_string_equal(g.path, ours.path);
    assert_int_equal(is_there(g.path), g.path[0] != '\0');
    assert_false(is_there(left.path));
    cgroup_remove(&g);
    close(ends[0]);
    close(ends[1]);
}

/* In another namespace, numbers of processes are others. */
static void other_namespace_s_groups_are_let_alone(void **state)
{
    (void)state;
    struct cgroup g, ours;
    char path[CGROUP_PATH_BYTES_MAX];
    cgroup_make(&g);
    if (g.path[0] == '\0')
        return;
    (void)snprintf(path, sizeof path, "%.*s/candidate-%d-1",
                   (int)(strrchr(g.path, '/') - g.path), g.path, INT_MAX);
    assert_int_equal(mkdir(path, 0700), 0);
    cgroup_make(&ours);
    assert_true(is_there(path));
    assert_int_equal(rmdir(path), 0);
    cgroup_remove(&ours);
}

static void without_a_group_nothing_happens(void **state)
{
    (void)state;
    struct cgroup none = { "" };
    char before[CONTROL_GROUP_BYTES_MAX] = "";
    char after[CONTROL_GROUP_BYTES_MAX] = "";
    bool known = control_group_of(getpid(), before);
    cgroup_join(&none);
    cgroup_kill(&none);
    cgroup_remove(&none);
    assert_int_equal(control_group_of(getpid(), after), known);
    assert_string_equal(after, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_left_all_else_is_killed_with_the_group),
        cmocka_unit_test(another_user_s_process_is_killed_too),
        cmocka_unit_test(groups_below_go_with_it),
        cmocka_unit_test(what_was_left_is_cleared_up),
        cmocka_unit_test(other_namespace_s_groups_are_let_alone),
        cmocka_unit_test(without_a_group_nothing_happens),
    };
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
