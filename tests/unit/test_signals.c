/* test_signals.c: which signals come as news, which end the process, and
 * which do nothing. Each test plays in a child, whose dispositions are its
 * own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/signals.h"

/* Run play() in a child. Returns its wait status. */
static int status_of(void (*play)(struct signals *))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
        struct signals s;
        if (signals_init(&s, NULL) < 0)
            _exit(99);
        play(&s);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void require(bool holds, int line)
{
    if (!holds)
        _exit(line < 200 ? line : 200);
}
#define REQUIRE(holds) require(holds, __LINE__)

static bool readable(const struct signals *s)
{
    struct pollfd polled = signals_pollfd(s);
    return poll(&polled, 1, 0) == 1;
}

static void take_term_and_hup(struct signals *s)
{
    REQUIRE(!readable(s) && signals_next(s) == 0);
    raise(SIGTERM);
    REQUIRE(readable(s) && signals_next(s) == SIGTERM);
    raise(SIGHUP);
    REQUIRE(readable(s) && signals_next(s) == SIGHUP);
    REQUIRE(!readable(s) && signals_next(s) == 0);
}

static void term_and_hup_become_readable(void **state)
{
    (void)state;
    assert_int_equal(status_of(take_term_and_hup), 0);
}

static void raise_int(struct signals *s)
{
    (void)s;
    raise(SIGTERM); /* even now */
    raise(SIGINT);
}

static void raise_quit(struct signals *s)
{
    (void)s;
    raise(SIGQUIT);
}

static void int_and_quit_end_the_process_by_the_signal(void **state)
{
    (void)state;
    int status = status_of(raise_int);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
    status = status_of(raise_quit);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGQUIT);
}

static void raise_unwanted(struct signals *s)
{
    raise(SIGTTIN);
    raise(SIGTTOU);
    raise(SIGXFSZ);
    raise(SIGPIPE);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    close(ends[0]);
    REQUIRE(write(ends[1], "x", 1) == -1 && errno == EPIPE);
    REQUIRE(!readable(s));
}

static void signals_that_an_error_replaces_do_nothing(void **state)
{
    (void)state;
    assert_int_equal(status_of(raise_unwanted), 0);
}

static void raise_ignored(struct signals *s)
{
    raise(SIGHUP);
    REQUIRE(!readable(s));
    raise(SIGTERM);
    REQUIRE(signals_next(s) == SIGTERM);
    raise(SIGINT);
}

static void what_was_ignored_at_the_start_stays_ignored(void **state)
{
    (void)state;
    signal(SIGHUP, SIG_IGN); /* as nohup does */
    signal(SIGINT, SIG_IGN); /* as a shell does for a background job */
    int status = status_of(raise_ignored);
    signal(SIGHUP, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(term_and_hup_become_readable),
        cmocka_unit_test(int_and_quit_end_the_process_by_the_signal),
        cmocka_unit_test(signals_that_an_error_replaces_do_nothing),
        cmocka_unit_test(what_was_ignored_at_the_start_stays_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
