/* test_hooks.c: which of the user's commands run when, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/hooks.h"
#include "sys/clock.h"

enum {
    TEXT_BYTES_MAX = 8192,
    PATIENCE_MS = 60000,
    CHANGES_N = 500,
};

/* Hooks write with >>$F/said, and open $F/alive for as long as they live. */
struct fixture {
    char folder[32];
    int log_ends[2];
    int alive; /* reads the end of file when no hook lives any more */
    struct log log;
    struct options options;
    struct hooks hooks;
    int64_t lead_until_ms;
};

/* As the program found them when it began. */
static struct signals signals;

static int begin(void **state)
{
    (void)state;
    return signals_init(&signals, NULL);
}

static const char *path_of(const struct fixture *f, const char *name)
{
    static char path[64];
    (void)snprintf(path, sizeof path, "%s/%s", f->folder, name);
    return path;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->folder, "/tmp/hooks-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    setenv("F", f->folder, 1);
    assert_int_equal(mkfifo(path_of(f, "alive"), 0600), 0);
    f->alive = open(path_of(f, "alive"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(f->alive >= 0);
    assert_int_equal(pipe2(f->log_ends, O_CLOEXEC | O_NONBLOCK), 0);
    log_init(&f->log, f->log_ends[1]);
    candidate_config_init(&f->options.config);
    f->options.config.id = "me";
    f->options.hook_timeout_ms = PATIENCE_MS;
    hooks_init(&f->hooks, &f->options, &signals, &f->log);
    f->lead_until_ms = INT64_MAX;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie is left */
    assert_int_equal(errno, ECHILD);
    unlink(path_of(f, "alive"));
    unlink(path_of(f, "said"));
    assert_int_equal(rmdir(f->folder), 0);
    close(f->alive);
    close(f->log_ends[0]);
    close(f->log_ends[1]);
    free(f);
    return 0;
}

static const char *read_all(int fd)
{
    static char text[TEXT_BYTES_MAX];
    ssize_t n = read(fd, text, sizeof text - 1);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static const char *logged(const struct fixture *f)
{
    return read_all(f->log_ends[0]);
}

static void expect_said(const struct fixture *f, const char *text)
{
    int fd = open(path_of(f, "said"), O_RDONLY);
    assert_string_equal(fd < 0 ? "" : read_all(fd), text);
    if (fd >= 0)
        close(fd);
}

static bool is_idle(const struct fixture *f)
{
    pid_t pids[HOOKS_LANES_N];
    return hooks_pids(&f->hooks, pids) == 0;
}

/* One turn of the program's loop. */
static void turn(struct fixture *f)
{
    struct pollfd polls[HOOKS_LANES_N + 1];
    int64_t now_ms = clock_now_ms();
    hooks_turn(&f->hooks, now_ms, f->lead_until_ms);
    hooks_pollfds(&f->hooks, polls);
    polls[HOOKS_LANES_N] = (struct pollfd){ .fd = f->alive, .events = POLLIN };
    if (!is_idle(f))
        assert_true(poll(polls, HOOKS_LANES_N + 1,
                         hooks_timeout_ms(&f->hooks, now_ms, -1)) >= 0);
}

static void run_until_idle(struct fixture *f)
{
    int64_t end_at_ms = clock_now_ms() + PATIENCE_MS;
    do {
        turn(f);
        assert_true(clock_now_ms() < end_at_ms);
    } while (!is_idle(f));
}

/* Until a hook has written this to $F/alive. */
static void run_until_alive(struct fixture *f, const char *text)
{
    char got[16] = "";
    int64_t end_at_ms = clock_now_ms() + PATIENCE_MS;
    while (read(f->alive, got, sizeof got - 1) <= 0) {
        turn(f);
        assert_true(clock_now_ms() < end_at_ms);
    }
    assert_string_equal(got, text);
}

/* Everybody who had it open has died; poll() tells so only when somebody had. */
static void expect_nobody_alive(const struct fixture *f)
{
    close(open(path_of(f, "alive"), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    struct pollfd end = { .fd = f->alive, .events = POLLIN };
    char byte;
    assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
    assert_int_equal(read(f->alive, &byte, 1), 0);
}

static void happens(struct fixture *f, enum candidate_event_type type,
                    const char *leader)
{
    hooks_event(&f->hooks,
                &(struct candidate_event){ .type = type,
                                           .token = 77,
                                           .lease = 0xabc,
                                           .lock_key = "election_leader/abc",
                                           .leader_key = "leader",
                                           .leader = leader,
                                           .text = "" });
}

#define SAY(word)                                                              \
    "echo " word " $CANDIDATE_ID $CANDIDATE_ELECTION ${CANDIDATE_TOKEN-no}"    \
    " ${CANDIDATE_LEASE-no} ${CANDIDATE_LOCK_KEY-no} "                         \
    "${CANDIDATE_LEADER_KEY-no} ${CANDIDATE_LEADER-no} >>$F/said"

static void each_hook_has_its_variables(void **state)
{
    struct fixture *f = *state;
    f->options.on_elected = SAY("elected");
    f->options.on_lost = SAY("lost");
    happens(f, CANDIDATE_ELECTED, NULL);
    run_until_idle(f);
    happens(f, CANDIDATE_LOST, NULL);
    run_until_idle(f);
    f->options.on_leader_change = SAY("change");
    happens(f, CANDIDATE_FOLLOWING, "B");
    run_until_idle(f);
    f->options.on_elected = NULL;
    happens(f, CANDIDATE_ELECTED, NULL);
    run_until_idle(f);
    expect_said(f,
                "elected me leader 77 abc election_leader/abc leader me\n"
                "lost me leader 77 abc election_leader/abc leader no\n"
                "change me leader no no no no B\n"
                "change me leader 77 abc election_leader/abc leader me\n");
    assert_string_equal(logged(f), "");
}

static void without_hooks_nothing_runs(void **state)
{
    struct fixture *f = *state;
    happens(f, CANDIDATE_ATTEMPTING, NULL);
    happens(f, CANDIDATE_FOLLOWING, "B");
    happens(f, CANDIDATE_ELECTED, NULL);
    turn(f);
    assert_true(is_idle(f));
    assert_int_equal(hooks_timeout_ms(&f->hooks, clock_now_ms(), -1), -1);
    hooks_finish(&f->hooks);
}

static void hook_has_no_input_and_says_all_on_standard_error(void **state)
{
    struct fixture *f = *state;
    f->options.on_elected = "cat; test /proc/self/fd/1 -ef /proc/self/fd/2 "
                            "&& echo same >>$F/said";
    happens(f, CANDIDATE_ELECTED, NULL);
    run_until_idle(f);
    expect_said(f, "same\n");
    assert_string_equal(logged(f), "");
}

static void hook_that_hangs_is_killed_with_all_that_it_started(void **state)
{
    struct fixture *f = *state;
    f->options.on_elected = "exec 9>$F/alive; sleep 1000 & trap '' TERM; "
                            "echo on >&9; wait";
    f->options.hook_timeout_ms = 300;
    happens(f, CANDIDATE_ELECTED, NULL);
    run_until_idle(f);
    run_until_idle(f);
    assert_string_equal(logged(f),
                        "candidate: warning: --on-elected: killed after 0.3 s, "
                        "its time limit\n");
    char text[4];
    (void)!read(f->alive, text, sizeof text); /* if it came so far */
    expect_nobody_alive(f);
}

static void what_a_hook_leaves_behind_ends_with_it(void **state)
{
    struct fixture *f = *state;
    f->options.on_elected = "exec 9>$F/alive; sleep 1000 & echo on >&9";
    happens(f, CANDIDATE_ELECTED, NULL);
    run_until_alive(f, "on\n");
    run_until_idle(f);
    expect_nobody_alive(f);
    assert_string_equal(logged(f), "");
}

static void failure_is_said(void **state)
{
    struct fixture *f = *state;
    f->options.on_elected = "exit 3";
    f->options.on_lost = "kill -PIPE $$"; /* which is not ignored */
    happens(f, CANDIDATE_ELECTED, NULL);
    run_until_idle(f);
    assert_string_equal(logged(f),
                        "candidate: warning: --on-elected: ended with 3\n");
    happens(f, CANDIDATE_LOST, NULL);
    run_until_idle(f);
    assert_string_equal(logged(f),
                        "candidate: warning: --on-lost: ended by signal 13\n");
}

/* What one does the other undoes: never both at a time. */
static void leadership_that_ends_kills_its_hook_before_the_next(void **state)
{
    struct fixture *f = *state;
    f->options.on_elected = "exec 9>$F/alive; echo on >&9; sleep 1000; "
                            "echo bad >>$F/said";
    f->options.on_lost = "echo lost >>$F/said";
    happens(f, CANDIDATE_ELECTED, NULL);
    run_until_alive(f, "on\n");
    happens(f, CANDIDATE_LOST, NULL);
    hooks_lost(&f->hooks); /* said twice, it is one end */
    run_until_idle(f);
    run_until_idle(f);
    expect_said(f, "lost\n");
    expect_nobody_alive(f);
    assert_string_equal(
        logged(f),
        "candidate: warning: --on-elected: killed: leadership is over\n");
}

static void new_leadership_waits_for_the_hook_of_the_old_one_s_end(void **state)
{
    struct fixture *f = *state;
    f->options.on_elected = "echo elected >>$F/said";
    f->options.on_lost = "exec 9>$F/alive; echo on >&9; "
                         "while test -e $F/alive; do :; done; "
                         "echo lost >>$F/said";
    f->hooks.leading = true;
    hooks_lost(&f->hooks);
    run_until_alive(f, "on\n");
    happens(f, CANDIDATE_ELECTED, NULL);
    hooks_turn(&f->hooks, clock_now_ms(), f->lead_until_ms);
    expect_said(f, "");
    unlink(path_of(f, "alive"));
    run_until_idle(f);
    run_until_idle(f);
    expect_said(f, "lost\nelected\n");
}

static void nothing_begins_for_a_leadership_that_is_over(void **state)
{
    struct fixture *f = *state;
    f->options.on_elected = "echo bad >>$F/said";
    f->lead_until_ms = 0;
    happens(f, CANDIDATE_ELECTED, NULL);
    run_until_idle(f);
    happens(f, CANDIDATE_ELECTED, NULL);
    happens(f, CANDIDATE_LOST, NULL);
    f->lead_until_ms = INT64_MAX;
    run_until_idle(f);
    expect_said(f, "");
}

static void flood_of_changes_is_told_once(void **state)
{
    struct fixture *f = *state;
    f->options.on_leader_change = "echo $CANDIDATE_LEADER >>$F/said; "
                                  "exec 9>$F/alive; echo on >&9; "
                                  "while test -e $F/alive; do :; done";
    happens(f, CANDIDATE_FOLLOWING, "first");
    run_until_alive(f, "on\n");
    for (int i = 0; i < CHANGES_N; i++) {
        pid_t pids[HOOKS_LANES_N];
        happens(f, CANDIDATE_FOLLOWING, i + 1 < CHANGES_N ? "other" : "last");
        hooks_turn(&f->hooks, clock_now_ms(), 0);
        assert_int_equal(hooks_pids(&f->hooks, pids), 1);
    }
    unlink(path_of(f, "alive"));
    f->options.on_leader_change = "echo $CANDIDATE_LEADER >>$F/said";
    run_until_idle(f);
    run_until_idle(f);
    expect_said(f, "first\nlast\n");
    assert_string_equal(
        logged(f),
        "candidate: info: --on-leader-change: what changed 499 times "
        "meanwhile is not told\n");
}

static void end_of_the_program_waits_for_the_last_hook(void **state)
{
    struct fixture *f = *state;
    f->options.on_lost = "sleep 0.1; echo lost >>$F/said";
    f->hooks.leading = true;
    hooks_lost(&f->hooks);
    hooks_finish(&f->hooks);
    expect_said(f, "lost\n");
    assert_true(is_idle(f));
}

static void end_of_the_program_does_not_wait_for_ever(void **state)
{
    struct fixture *f = *state;
    f->options.on_lost = "exec 9>$F/alive; sleep 1000";
    f->options.on_leader_change = "exec 9>$F/alive; sleep 1000";
    f->options.hook_timeout_ms = 300;
    f->hooks.leading = true;
    hooks_lost(&f->hooks);
    happens(f, CANDIDATE_FOLLOWING, "B");
    hooks_finish(&f->hooks);
    assert_true(is_idle(f));
    expect_nobody_alive(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_hook_has_its_variables),
        TEST(without_hooks_nothing_runs),
        TEST(hook_has_no_input_and_says_all_on_standard_error),
        TEST(hook_that_hangs_is_killed_with_all_that_it_started),
        TEST(what_a_hook_leaves_behind_ends_with_it),
        TEST(failure_is_said),
        TEST(leadership_that_ends_kills_its_hook_before_the_next),
        TEST(new_leadership_waits_for_the_hook_of_the_old_one_s_end),
        TEST(nothing_begins_for_a_leadership_that_is_over),
        TEST(flood_of_changes_is_told_once),
        TEST(end_of_the_program_waits_for_the_last_hook),
        TEST(end_of_the_program_does_not_wait_for_ever),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
