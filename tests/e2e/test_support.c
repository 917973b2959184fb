/* test_support.c: the end-to-end tests' own tools, with cat, sh and etcd as
 * the programs under test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/procfs.h"
#include "support/spawn.h"
#include "support/stage.h"

static struct process *shell(struct stage *s, unsigned flags,
                             const char *script)
{
    return process_start(
        s->set, flags, (const char *const[]){ "sh", "-c", script, NULL }, NULL);
}

static void lines_are_stamped_in_their_order(void **state)
{
    struct stage *s = *state;
    struct process *p = shell(s, PROCESS_PIPES,
                              "echo one; read x; echo two $x");
    int64_t began_at_ms = process_now_ms();
    struct process_line one = process_expect_line(p, "one");
    process_write(p, "more\n");
    struct process_line two = process_expect_line(p, "two more");
    assert_true(one.at_ms >= began_at_ms - 1);
    assert_true(two.at_ms >= one.at_ms);
    process_expect_exit(p, 0);
    assert_true(process_ended_at_ms(p) >= two.at_ms);
    process_expect_nothing_more(p);
    process_expect_output(p, "one\ntwo more\n");
}

static void streams_are_told_apart(void **state)
{
    struct stage *s = *state;
    struct process *p = shell(s, PROCESS_PIPES, "echo out; echo err >&2");
    process_expect_error(p, "err");
    process_expect_exit(p, 0);
    process_expect_output(p, "out\n");
}

static void ignored_errors_are_not_counted(void **state)
{
    struct stage *s = *state;
    struct process *p = shell(s, PROCESS_PIPES,
                              "read x; echo old server >&2; echo cause >&2");
    process_ignore_errors(p, "old");
    process_write(p, "\n");
    process_expect_error(p, "cause");
    process_expect_exit(p, 0);
    process_expect_nothing_more(p);
}

static void end_of_input_is_seen(void **state)
{
    struct stage *s = *state;
    struct process *p = process_start(
        s->set, PROCESS_PIPES, (const char *const[]){ "cat", NULL }, NULL);
    process_write(p, "whole\npart");
    process_close_input(p);
    process_expect_line(p, "whole");
    process_expect_exit(p, 0);
    process_expect_output(p, "whole\npart");
}

static void exit_code_and_signal_are_told_apart(void **state)
{
    struct stage *s = *state;
    process_expect_exit(shell(s, PROCESS_PIPES, "exit 9"), 9);
    process_expect_killed(shell(s, PROCESS_PIPES, "kill -9 $$"), SIGKILL);
    process_expect_exit(shell(s, PROCESS_PIPES, "no-such-program"), 127);
}

static void terminal_echoes_and_sends_signals(void **state)
{
    struct stage *s = *state;
    struct process *p = shell(s, PROCESS_TERMINAL,
                              "test -t 0 && test -t 1 && ! test -t 2 && "
                              "echo ready; read x; echo got; exec cat");
    process_expect_line(p, "ready");
    process_write(p, "\r");
    process_expect_line(p, "");
    process_expect_line(p, "got");
    process_write(p, "\003");
    process_expect_killed(p, SIGINT);
    process_expect_output(p, "ready\r\n\r\ngot\r\n^C");
}

static void stopped_process_goes_on_where_it_was(void **state)
{
    struct stage *s = *state;
    struct process *p = process_start(
        s->set, PROCESS_PIPES, (const char *const[]){ "cat", NULL }, NULL);
    process_pause(p);
    process_write(p, "late\n");
    process_expect_nothing_more(p);
    process_resume(p);
    process_expect_line(p, "late");
}

static void environment_of_etcd_is_not_passed_on(void **state)
{
    struct stage *s = *state;
    assert_int_equal(setenv("ETCDCTL_ENDPOINTS", "http://stranger", 1), 0);
    assert_int_equal(setenv("ETCD_NAME", "stranger", 1), 0);
    struct process *p = process_start(
        s->set, PROCESS_PIPES,
        (const char *const[]){
            "sh", "-c", "echo \"$ETCDCTL_ENDPOINTS$ETCD_NAME$MINE\"", NULL },
        (const char *const[]){ "MINE=yes", NULL });
    unsetenv("ETCDCTL_ENDPOINTS");
    unsetenv("ETCD_NAME");
    process_expect_line(p, "yes");
}

static void descriptors_and_connections_are_counted(void **state)
{
    struct stage *s = *state;
    struct process *p = process_start(
        s->set, PROCESS_PIPES, (const char *const[]){ "cat", NULL }, NULL);
    process_write(p, "runs\n");
    process_expect_line(p, "runs");
    assert_int_equal(procfs_descriptors_n(process_pid(p)), 3);
    assert_int_equal(procfs_tcp_n(process_pid(p)), 0);

    struct process *watch = etcdctl_start(s->etcd, "watch", "a", "--rev=1");
    etcdctl(s->etcd, "put", "a", "1");
    process_expect_line(watch, "PUT");
    assert_int_equal(procfs_tcp_n(process_pid(watch)), 1);
}

static void processor_time_is_counted(void **state)
{
    struct stage *s = *state;
    struct process *idle = shell(s, PROCESS_PIPES, "echo up; read x");
    process_expect_line(idle, "up");
    struct procfs_load load = procfs_load_begin(process_pid(idle));
    struct process *busy = shell(s, PROCESS_PIPES, "while :; do :; done");
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (procfs_cpu_ms(process_pid(busy)) < 200)
        assert_true(process_now_ms() < end_at_ms);
    assert_true(procfs_load_percent(&load) < 20);
}

/* A test program that dies at once, with a child and a folder of its own;
 * written is where it says their names. */
static void die_with_everything_open(int written)
{
    struct folder folder;
    folder_make(&folder);
    int in[2];
    if (pipe(in) != 0)
        _exit(1);
    const char *const argv[] = { "cat", NULL };
    pid_t child = spawn_child(&(struct spawn){
        .argv = argv, .in_fd = in[0], .out_fd = written, .err_fd = written });
    dprintf(written, "%d %s", (int)child, folder.path);
    raise(SIGKILL);
}

/* cat holds the pipe's writing end: its end of file says that cat is dead. */
static void crashed_test_leaves_no_child_and_no_folder(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        die_with_everything_open(ends[1]);
    close(ends[1]);
    char said[FOLDER_PATH_BYTES_MAX + 32];
    size_t n = 0;
    for (ssize_t got = 1; got > 0; n += (size_t)got) {
        got = read(ends[0], said + n, sizeof said - 1 - n);
        assert_true(got >= 0);
    }
    said[n] = '\0';
    close(ends[0]);
    assert_true(WIFSIGNALED(spawn_wait(pid)));
    const char *path = strchr(said, ' ');
    assert_non_null(path);
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (access(path + 1, F_OK) == 0)
        assert_true(process_now_ms() < end_at_ms);
}

static void keys_and_leases_are_read_back(void **state)
{
    struct stage *s = *state;
    assert_int_equal(etcdctl_leases_n(s->etcd), 0);
    const char *said = etcdctl(s->etcd, "lease", "grant", "100");
    char id[32];
    assert_int_equal(sscanf(said, "lease %31s granted", id), 1);
    int64_t lease = (int64_t)strtoull(id, NULL, 16);
    char option[64];
    snprintf(option, sizeof option, "--lease=%s", id);
    etcdctl(s->etcd, "put", option, "b \"quoted\"", "two");
    etcdctl(s->etcd, "put", "a", "one");
    etcdctl(s->etcd, "put", "a", "uno");

    assert_int_equal(etcdctl_leases_n(s->etcd), 1);
    assert_in_range(etcdctl_lease_left_s(s->etcd, lease), 1, 100);
    assert_int_equal(etcdctl_lease_left_s(s->etcd, lease + 1), -1);
    struct etcdctl_key keys[2];
    assert_int_equal(etcdctl_list(s->etcd, "", keys, 2), 2);
    assert_string_equal(keys[0].value, "two");
    assert_true(keys[0].lease == lease);
    assert_string_equal(keys[1].key, "a");
    assert_string_equal(keys[1].value, "uno");
    assert_true(keys[1].lease == 0);
    assert_true(keys[1].mod_revision == keys[1].create_revision + 1);
    assert_true(keys[0].create_revision < keys[1].create_revision);
    assert_true(etcdctl_get(s->etcd, "c").create_revision == 0);
}

static void restarted_etcd_has_its_data_and_its_port(void **state)
{
    struct stage *s = *state;
    etcdctl(s->etcd, "put", "a", "1");
    etcd_server_kill(s->etcd, 0);
    etcd_server_relaunch(s->etcd, 0);
    etcd_server_await(s->etcd, 0);
    assert_string_equal(etcdctl_get(s->etcd, "a").value, "1");
    etcd_server_pause(s->etcd, 0);
    struct process *put = etcdctl_start(s->etcd, "put", "a", "2");
    process_expect_nothing_more(put);
    etcd_server_resume(s->etcd, 0);
    process_expect_exit(put, 0);
    assert_string_equal(etcdctl_get(s->etcd, "a").value, "2");
}

/* A put fails while the members that are left elect a new leader. */
static void put_in_the_end(struct stage *s, const char *key, const char *value)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    int status = -1;
    while (status != 0) {
        assert_true(process_now_ms() < end_at_ms);
        struct process *p = etcdctl_start(s->etcd, "put", key, value);
        process_await_end(p);
        status = process_status(p);
        process_free(p);
    }
}

static void three_members_survive_the_loss_of_one(void **state)
{
    struct stage *s = *state;
    s->etcd = etcd_server_start(s->set, 3);
    etcdctl(s->etcd, "put", "a", "1");
    etcd_server_kill(s->etcd, 1);
    put_in_the_end(s, "a", "2");
    etcd_server_relaunch(s->etcd, 1);
    etcd_server_await(s->etcd, 1);
    assert_string_equal(etcdctl_get(s->etcd, "a").value, "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST_WITHOUT_ETCD(lines_are_stamped_in_their_order),
        STAGE_TEST_WITHOUT_ETCD(streams_are_told_apart),
        STAGE_TEST_WITHOUT_ETCD(ignored_errors_are_not_counted),
        STAGE_TEST_WITHOUT_ETCD(end_of_input_is_seen),
        STAGE_TEST_WITHOUT_ETCD(exit_code_and_signal_are_told_apart),
        STAGE_TEST_WITHOUT_ETCD(terminal_echoes_and_sends_signals),
        STAGE_TEST_WITHOUT_ETCD(stopped_process_goes_on_where_it_was),
        STAGE_TEST_WITHOUT_ETCD(environment_of_etcd_is_not_passed_on),
        STAGE_TEST_WITHOUT_ETCD(crashed_test_leaves_no_child_and_no_folder),
        STAGE_TEST(descriptors_and_connections_are_counted),
        STAGE_TEST_WITHOUT_ETCD(processor_time_is_counted),
        STAGE_TEST(keys_and_leases_are_read_back),
        STAGE_TEST(restarted_etcd_has_its_data_and_its_port),
        STAGE_TEST_WITHOUT_ETCD(three_members_survive_the_loss_of_one),
    };
    return cmocka_run_group_tests_name("support", tests, NULL, NULL);
}
