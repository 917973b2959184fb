/* test_deadman.c: the timer that ends its process. Each test plays in a child.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/deadman.h"

enum {
    SOON_MS = 30,
    LATER_MS = 1000, /* not over before the next call, on a busy machine */
    FAR_MS = 600000,
};

/* Run play() in a child, which would exit with 0. Returns its wait status. */
static int status_with(int signal, void (*play)(struct deadman *))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct deadman d;
        if (deadman_init(&d, signal, NULL) < 0)
            _exit(99);
        play(&d);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int status_of(void (*play)(struct deadman *))
{
    return status_with(SIGKILL, play);
}

static void assert_killed(int status)
{
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

_Noreturn static void wait_for_ever(void)
{
    for (;;)
        pause();
}

static void block_all_and_wait(struct deadman *d)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    deadman_set(d, clock_now_ms() + SOON_MS);
    wait_for_ever();
}

static void ends_a_process_that_takes_no_signals(void **state)
{
    (void)state;
    assert_killed(status_of(block_all_and_wait));
}

static void stop(struct deadman *d)
{
    deadman_set(d, clock_now_ms() + SOON_MS);
    raise(SIGSTOP);
}

static void ends_a_process_that_is_stopped(void **state)
{
    (void)state;
    assert_killed(status_of(stop));
}

static void stop_with_signals_blocked(struct deadman *d)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    deadman_set(d, clock_now_ms() + LATER_MS);
    raise(SIGSTOP);
}

static void wakes_a_process_that_is_stopped(void **state)
{
    (void)state;
    assert_int_equal(status_with(SIGCONT, stop_with_signals_blocked), 0);
}

static void set_to_the_past(struct deadman *d)
{
    deadman_set(d, clock_now_ms() - 1);
    wait_for_ever();
}

static void instant_that_has_passed_means_at_once(void **state)
{
    (void)state;
    assert_killed(status_of(set_to_the_past));
}

/* Returns when the instant of a timer that is off has passed. */
static void outlive(int64_t at_ms)
{
    while (clock_now_ms() <= at_ms + SOON_MS)
        (void)poll(NULL, 0, SOON_MS);
}

static void move_then_switch_off(struct deadman *d)
{
    int64_t at_ms = clock_now_ms() + LATER_MS;
    deadman_set(d, at_ms);
    deadman_set(d, at_ms + FAR_MS);
    outlive(at_ms);
    at_ms = clock_now_ms() + LATER_MS;
    deadman_set(d, at_ms);
    deadman_set(d, 0);
    outlive(at_ms);
}

static void moved_or_switched_off_it_does_nothing(void **state)
{
    (void)state;
    int status = status_of(move_then_switch_off);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void move_forward(struct deadman *d)
{
    deadman_set(d, clock_now_ms() + FAR_MS);
    deadman_set(d, clock_now_ms() + SOON_MS);
    wait_for_ever();
}

static void moved_to_an_earlier_instant_it_counts(void **state)
{
    (void)state;
    assert_killed(status_of(move_forward));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_a_process_that_takes_no_signals),
        cmocka_unit_test(ends_a_process_that_is_stopped),
        cmocka_unit_test(wakes_a_process_that_is_stopped),
        cmocka_unit_test(instant_that_has_passed_means_at_once),
        cmocka_unit_test(moved_or_switched_off_it_does_nothing),
        cmocka_unit_test(moved_to_an_earlier_instant_it_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
