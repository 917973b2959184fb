/* test_command.c: a command that runs only while leading: how it begins, what
 * it finds, how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "support/procfs.h"

#define LONG_TTL "60"

enum {
    SOON_MS = 10000, /* much less than the grace and the TTL */
    VALUE_BYTES_MAX = 400,
    GUARDIAN_KIB_MAX = 300,
    CHILDREN_MAX = 16,
};

static const char read_a_line[] = COMMAND_UP "read -r _";

static void expect_end(struct process *p, int code)
{
    process_expect_error(p, "End");
    process_expect_exit(p, code);
    process_expect_nothing_more(p);
}

/* ---- how it ends ---- */

/* Run a script as A's command to its end. */
static void expect_code(struct stage *s, const char *script, int code)
{
    struct process *p = stage_candidate(s, "--ttl", LONG_TTL, "A", "--", "sh",
                                        "-c", script);
    command_expect_lead(p, "A");
    expect_end(p, code);
    stage_expect_nothing_left(s);
}

static void its_exit_code_is_ours(void **state)
{
    expect_code(*state, "exit 0", 0);
    expect_code(*state, "exit 75", 75);
    expect_code(*state, "kill -KILL $$", 128 + SIGKILL);
}

static void one_that_cannot_be_started_gives_126_or_127(void **state)
{
    struct stage *s = *state;
    struct process *p = stage_candidate(s, "A", "--", "no-such-command");
    command_expect_lead(p, "A");
    process_expect_error(p, "no-such-command: cannot be started: No such file");
    expect_end(p, 127);
    p = stage_candidate(s, "A", "--", "/");
    command_expect_lead(p, "A");
    process_expect_error(p, "/: cannot be started: Permission denied");
    expect_end(p, 126);
    stage_expect_nothing_left(s);
}

static void next_one_starts_when_it_has_ended(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_candidate(s, "--ttl", LONG_TTL, "A", "--", "sh",
                                        "-c", read_a_line);
    command_expect_lead(a, "A");
    command_expect_up(a);
    struct process *b = stage_candidate(s, "--ttl", LONG_TTL, "B", "--", "echo",
                                        "B runs");
    command_expect_follow(b, "B", "A");
    process_close_input(a);
    expect_end(a, 1);
    command_expect_next_lead(b);
    process_expect_line(b, "B runs");
    expect_end(b, 0);
}

static void what_it_leaves_behind_is_killed_before_we_resign(void **state)
{
    struct stage *s = *state;
    struct witness w;
    witness_begin(&w);
    struct process *a = stage_candidate(
        s, "--ttl", LONG_TTL, "A", COMMAND(COMMAND_DAEMON "read -r _", &w));
    command_expect_lead(a, "A");
    pid_t daemon = command_expect_up(a);
    struct process *b = stage_candidate(s, "--ttl", LONG_TTL, "B", "--", "sh",
                                        "-c", COMMAND_UP);
    command_expect_follow(b, "B", "A");
    assert_int_equal(procfs_group(daemon), daemon);
    assert_true(witness_alive(&w));
    process_write(a, "\n");
    command_expect_next_lead(b);
    assert_false(witness_alive(&w));
    assert_int_equal(procfs_state(daemon), 0);
    expect_end(a, 0);
    witness_end(&w);
}

/* ---- signals ---- */

static void sigterm_is_passed_on_and_its_code_counts(void **state)
{
    static const struct {
        int number;
        const char *name;
    } signals[] = { { SIGTERM, "TERM" }, { SIGHUP, "HUP" }, { SIGINT, "INT" } };
    struct stage *s = *state;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        char script[STAGE_LINE_BYTES_MAX];
        snprintf(script, sizeof script,
                 "exec 2>/dev/null; trap 'echo got %s; exit 7' %s; " COMMAND_UP
                 "while :; do sleep 0.05; done",
                 signals[i].name, signals[i].name);
        struct process *a = stage_candidate(s, "--ttl", LONG_TTL, "A", "--",
                                            "sh", "-c", script);
        command_expect_lead(a, "A");
        command_expect_up(a);
        process_signal(a, signals[i].number);
        char got[STAGE_LINE_BYTES_MAX];
        snprintf(got, sizeof got, "got %s", signals[i].name);
        process_expect_line(a, got);
        expect_end(a, 7);
    }
    stage_expect_nothing_left(s);
}

static void one_that_ignores_sigterm_is_killed_after_the_grace(void **state)
{
    struct stage *s = *state;
    struct witness w;
    witness_begin(&w);
    struct process *a = stage_candidate(s, "--ttl", LONG_TTL, "--grace",
                                        "400ms", "A",
                                        COMMAND(COMMAND_STUBBORN, &w));
    command_expect_lead(a, "A");
    command_expect_up(a);
    int64_t told_at_ms = process_now_ms();
    process_signal(a, SIGTERM);
    int64_t end_at_ms = witness_await_end(&w);
    assert_in_range(end_at_ms - told_at_ms, 400, SOON_MS);
    process_expect_error(a, "has not ended in time");
    expect_end(a, 128 + SIGKILL);
    stage_expect_nothing_left(s);
    witness_end(&w);
}

/* Without other processes: one that is stopped between vfork(2) and execve(2)
 * would keep the shell from being seen as stopped. */
static const char trap_and_loop[] =
    "for s in USR1 USR2 WINCH; do trap \"echo got $s\" $s; done; " COMMAND_UP
    "while :; do read -r _; done";

static void other_signals_pass_through(void **state)
{
    static const struct {
        int number;
        const char *line;
    } signals[] = { { SIGUSR1, "got USR1" },
                    { SIGUSR2, "got USR2" },
                    { SIGWINCH, "got WINCH" } };
    struct stage *s = *state;
    struct process *a = stage_candidate(s, "--ttl", LONG_TTL, "A", "--", "sh",
                                        "-c", trap_and_loop);
    command_expect_lead(a, "A");
    pid_t command = command_expect_up(a);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        process_signal(a, signals[i].number);
        process_expect_line(a, signals[i].line);
    }
    process_signal(a, SIGTSTP);
    command_await_state(command, 'T');
    process_signal(a, SIGUSR1);
    process_signal(a, SIGCONT);
    process_expect_line(a, "got USR1");
    process_signal(a, SIGTSTP);
    command_await_state(command, 'T');
    process_signal(a, SIGTERM); /* which it takes because it is continued */
    expect_end(a, 128 + SIGTERM);
}

static void waiting_sigterm_resigns_and_sigint_is_a_crash(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *b = stage_candidate(s, "--ttl", LONG_TTL, "B", "--", "echo",
                                        "never");
    command_expect_follow(b, "B", "A");
    process_signal(b, SIGUSR1); /* for nobody */
    process_signal(b, SIGTERM);
    expect_end(b, 0);
    struct process *c = stage_candidate(s, "--ttl", LONG_TTL, "C", "--", "echo",
                                        "never");
    command_expect_follow(c, "C", "A");
    process_signal(c, SIGINT);
    process_expect_killed(c, SIGINT);
    process_expect_error(c, "its lease is revoked"); /* by its guardian */
    process_expect_nothing_more(c);
    stage_resign(a);
}

/* ---- what it finds ---- */

static void expect_variable(pid_t pid, const char *name, const char *value)
{
    char found[VALUE_BYTES_MAX];
    assert_true(procfs_variable(pid, name, found, sizeof found));
    assert_string_equal(found, value);
}

static void expect_no_variable(pid_t pid, const char *name)
{
    char found[VALUE_BYTES_MAX];
    assert_false(procfs_variable(pid, name, found, sizeof found));
}

static void expect_leadership(pid_t pid, const struct etcdctl_key *lock)
{
    char text[VALUE_BYTES_MAX];
    snprintf(text, sizeof text, "%" PRId64, lock->create_revision);
    expect_variable(pid, "CANDIDATE_TOKEN", text);
    expect_variable(pid, "ETCD_LOCK_REV", text);
    snprintf(text, sizeof text, "%" PRIx64, (uint64_t)lock->lease);
    expect_variable(pid, "CANDIDATE_LEASE", text);
    expect_variable(pid, "CANDIDATE_LOCK_KEY", lock->key);
    expect_variable(pid, "ETCD_LOCK_KEY", lock->key);
}

static void its_environment_says_for_what_it_runs(void **state)
{
    struct stage *s = *state;
    const char *const argv[] = { stage_program(),
                                 "--endpoints",
                                 etcd_server_endpoints(s->etcd),
                                 "--election",
                                 "/svc/db",
                                 "A",
                                 "--",
                                 "sh",
                                 "-c",
                                 read_a_line,
                                 NULL };
    const char *const environment[] = {
        "ETCDCTL_PASSWORD=secret", "ETCD_LOCK_REV=1", "NOTIFY_SOCKET=@nobody",
        "WATCHDOG_USEC=1000000",   "COLOUR=green",    NULL
    };
    struct process *a = process_start(s->set, PROCESS_PIPES, argv, environment);
    process_ignore_errors(a, etcd_server_endpoints(s->etcd));
    command_expect_lead(a, "A");
    pid_t pid = command_expect_up(a);
    struct etcdctl_key lock = stage_lock_key(s, "/svc/election_db/", "A");
    expect_leadership(pid, &lock);
    expect_variable(pid, "CANDIDATE_ID", "A");
    expect_variable(pid, "CANDIDATE_ELECTION", "/svc/db");
    expect_variable(pid, "CANDIDATE_LEADER_KEY", "/svc/db");
    expect_variable(pid, "COLOUR", "green");
    expect_no_variable(pid, "ETCDCTL_PASSWORD");
    expect_no_variable(pid, "ETCDCTL_USER");
    expect_no_variable(pid, "NOTIFY_SOCKET");
    expect_no_variable(pid, "WATCHDOG_USEC");
    struct candidate_lease_page *page = command_lease_page(pid);
    struct candidate_lease lease = command_lease(page);
    candidate_lease_page_close(page);
    assert_int_equal(lease.state, CANDIDATE_LEASE_LEADING);
    assert_true(lease.lease == lock.lease);
    assert_true(lease.lead_until_ms > process_now_ms());
}

static void it_has_three_descriptors_and_its_own_group(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_candidate(s, "A", "--", "sh", "-c", read_a_line);
    command_expect_lead(a, "A");
    pid_t pid = command_expect_up(a);
    assert_int_equal(procfs_descriptors_n(pid), 3);
    assert_int_equal(procfs_group(pid), pid);
    assert_int_equal(procfs_parent(pid), command_guardian(a));
}

static const char leave_orphans[] =
    "for i in 1 2 3; do (true &); done; " COMMAND_UP "exec sleep 1000";

static bool has_zombies(pid_t parent)
{
    pid_t children[CHILDREN_MAX];
    size_t n = procfs_children(parent, children, CHILDREN_MAX);
    for (size_t i = 0; i < n; i++)
        if (procfs_state(children[i]) == 'Z')
            return true;
    return false;
}

static void guardian_is_small_and_leaves_no_zombies(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_candidate(s, "A", "--", "sh", "-c",
                                        leave_orphans);
    command_expect_lead(a, "A");
    pid_t command = command_expect_up(a);
    pid_t guardian = command_guardian(a);
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (has_zombies(guardian))
        assert_true(process_now_ms() < end_at_ms);
    assert_false(has_zombies(process_pid(a)));
    assert_int_not_equal(procfs_state(command), 'Z');
#ifndef __SANITIZE_ADDRESS__
    assert_in_range(procfs_memory_kib(guardian, "Private_Dirty") +
                        procfs_memory_kib(guardian, "Private_Clean"),
                    1, GUARDIAN_KIB_MAX);
#endif
}

/* ---- on a terminal ---- */

static const char read_and_stop[] = COMMAND_UP
    "read -r line; echo \"got $line\"; kill -STOP $$; read -r line; "
    "echo \"got $line\"";
static const char trap_and_read[] = "trap 'exit 9' INT; " COMMAND_UP
                                    "read -r _";

static void it_has_the_foreground_of_the_terminal(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_candidate_argv(
        s, PROCESS_TERMINAL,
        (const char *const[]){ "A", "--", "sh", "-c", read_and_stop, NULL });
    command_expect_lead(a, "A");
    pid_t command = command_expect_up(a);
    assert_int_equal(procfs_foreground(command), command);
    process_write(a, "one\n");
    process_expect_line(a, "one");
    process_expect_line(a, "got one");
    command_await_state(command, 'T');
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (procfs_foreground(command) != process_pid(a)) /* taken back */
        assert_true(process_now_ms() < end_at_ms);
    process_signal(a, SIGCONT);
    process_write(a, "two\n");
    process_expect_line(a, "two");
    process_expect_line(a, "got two");
    process_expect_error(a, "End");
    process_expect_exit(a, 0);
}

/* ^C, which the terminal sends to the foreground alone. */
static void interrupt_from_the_keyboard_is_the_command_s(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_candidate_argv(
        s, PROCESS_TERMINAL,
        (const char *const[]){ "A", "--", "sh", "-c", trap_and_read, NULL });
    command_expect_lead(a, "A");
    command_expect_up(a);
    process_write(a, "\003");
    process_expect_error(a, "End");
    process_expect_exit(a, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(its_exit_code_is_ours),
        STAGE_TEST(one_that_cannot_be_started_gives_126_or_127),
        STAGE_TEST(next_one_starts_when_it_has_ended),
        STAGE_TEST(what_it_leaves_behind_is_killed_before_we_resign),
        STAGE_TEST(sigterm_is_passed_on_and_its_code_counts),
        STAGE_TEST(one_that_ignores_sigterm_is_killed_after_the_grace),
        STAGE_TEST(other_signals_pass_through),
        STAGE_TEST(waiting_sigterm_resigns_and_sigint_is_a_crash),
        STAGE_TEST(its_environment_says_for_what_it_runs),
        STAGE_TEST(it_has_three_descriptors_and_its_own_group),
        STAGE_TEST(guardian_is_small_and_leaves_no_zombies),
        STAGE_TEST(it_has_the_foreground_of_the_terminal),
        STAGE_TEST(interrupt_from_the_keyboard_is_the_command_s),
    };
    return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
