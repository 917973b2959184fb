/* test_tree.c: descendants of all kinds, killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "brood.h"
#include "support/procfs.h"
#include "sys/clock.h"
#include "sys/tree.h"

enum { MANY = 200 };

/* Start it, kill all, and see that nobody is left. */
static void play(void (*body)(void))
{
    BROOD_REQUIRE(pipe(brood_alive) == 0);
    brood_start(body);
    close(brood_alive[1]);
    brood_kill_all(NULL, 0);
    char byte;
    struct pollfd polled = { .fd = brood_alive[0], .events = POLLIN };
    BROOD_REQUIRE(poll(&polled, 1, 0) == 1 &&
                  read(brood_alive[0], &byte, 1) == 0);
    BROOD_REQUIRE(waitpid(-1, NULL, 0) < 0); /* and all are reaped */
}

static void play_nothing(void)
{
    BROOD_REQUIRE(tree_kill(NULL, 0, 0) == 0);
}

static void without_descendants_there_is_nothing_to_do(void **state)
{
    (void)state;
    brood_run(play_nothing);
}

static void play_idle(void)
{
    play(brood_idle);
}

static void child_that_ignores_sigterm_is_killed(void **state)
{
    (void)state;
    brood_run(play_idle);
}

/* As daemon(3), twice: nothing ties it to us but that we adopt orphans. */
static void daemonize(void)
{
    for (int i = 0; i < 2; i++) {
        if (fork() > 0)
            _exit(0);
        setsid();
    }
    brood_idle();
}

static void play_daemon(void)
{
    play(daemonize);
}

static void daemon_that_left_group_and_session_is_killed(void **state)
{
    (void)state;
    brood_run(play_daemon);
}

static void play_deep(void)
{
    play(brood_deepen);
}

static void deep_tree_is_killed(void **state)
{
    (void)state;
    brood_run(play_deep);
}

static void spread(void)
{
    for (int i = 0; i < MANY; i++)
        if (fork() == 0)
            brood_wait_for_ever();
    brood_idle();
}

static void play_wide(void)
{
    play(spread);
}

static void wide_tree_is_killed(void **state)
{
    (void)state;
    brood_run(play_wide);
}

/* Has another number before anybody can use it. */
static void hop(void)
{
    int64_t end_at_ms = clock_now_ms() + BROOD_LIMIT_MS;
    for (bool said = false; clock_now_ms() < end_at_ms; said = true) {
        if (fork() > 0)
            _exit(0);
        setsid();
        if (!said)
            brood_say_ready();
    }
}

static void play_hopping(void)
{
    play(hop);
}

static void process_that_forks_and_ends_for_ever_is_killed(void **state)
{
    (void)state;
    brood_run(play_hopping);
}

static void leave_a_zombie(void)
{
    if (fork() == 0)
        _exit(0);
    siginfo_t info;
    waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    brood_idle();
}

static void play_zombie(void)
{
    play(leave_a_zombie);
}

static void zombies_are_no_obstacle(void **state)
{
    (void)state;
    brood_run(play_zombie);
}

static void start_a_child(void)
{
    if (fork() == 0)
        brood_idle();
    brood_wait_for_ever();
}

/* Their pipe finds no end, the other ones' does. */
static void play_spared(void)
{
    BROOD_REQUIRE(pipe(brood_alive) == 0);
    int spared_fd = brood_alive[0];
    pid_t spared = brood_start(start_a_child);
    close(brood_alive[1]);
    BROOD_REQUIRE(pipe(brood_alive) == 0);
    brood_start(start_a_child);
    close(brood_alive[1]);
    brood_kill_all(&spared, 1);
    char byte;
    struct pollfd polled[] = { { .fd = brood_alive[0], .events = POLLIN },
                               { .fd = spared_fd, .events = POLLIN } };
    BROOD_REQUIRE(poll(&polled[0], 1, 0) == 1 &&
                  read(brood_alive[0], &byte, 1) == 0);
    BROOD_REQUIRE(poll(&polled[1], 1, 0) == 0);
    brood_kill_all(NULL, 0);
    BROOD_REQUIRE(read(spared_fd, &byte, 1) == 0);
}

static void spared_children_and_what_is_below_live_on(void **state)
{
    (void)state;
    brood_run(play_spared);
}

static void play_unreaped(void)
{
    BROOD_REQUIRE(pipe(brood_alive) == 0);
    pid_t child = brood_start(brood_idle);
    close(brood_alive[1]);
    while (tree_kill(NULL, 0, child) > 0 &&
           waitid(P_PID, (id_t)child, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) < 0)
        continue;
    BROOD_REQUIRE(tree_kill(NULL, 0, child) == 1); /* it counts */
    int status;
    BROOD_REQUIRE(waitpid(child, &status, WNOHANG) == child);
    BROOD_REQUIRE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    BROOD_REQUIRE(tree_kill(NULL, 0, child) == 0);
}

static void child_whose_status_matters_is_left_to_be_reaped(void **state)
{
    (void)state;
    brood_run(play_unreaped);
}

static void play_below(void)
{
    BROOD_REQUIRE(pipe(brood_alive) == 0);
    pid_t guardian;
    pid_t child = brood_start(brood_be_heir);
    close(brood_alive[1]);
    /* One look passes over a child whose number is below its parent's, as it is
     * when the numbers begin anew. */
    struct pollfd end = { .fd = brood_alive[0], .events = POLLIN };
    int64_t give_up_at_ms = clock_now_ms() + BROOD_LIMIT_MS;
    do
        BROOD_REQUIRE(tree_kill_below(child) > 0 &&
                      clock_now_ms() < give_up_at_ms);
    while (poll(&end, 1, 10) == 0);
    char byte;
    BROOD_REQUIRE(read(brood_alive[0], &byte, 1) == 0);
    int status;
    BROOD_REQUIRE(waitpid(child, &status, WNOHANG) == 0);
    BROOD_REQUIRE(procfs_children(child, &guardian, 1) == 1 &&
                  procfs_state(guardian) == 'S');
    brood_kill_all(NULL, 0);
}

static void what_is_below_a_child_s_children_is_killed_without_them(
    void **state)
{
    (void)state;
    brood_run(play_below);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_descendants_there_is_nothing_to_do),
        cmocka_unit_test(child_that_ignores_sigterm_is_killed),
        cmocka_unit_test(daemon_that_left_group_and_session_is_killed),
        cmocka_unit_test(deep_tree_is_killed),
        cmocka_unit_test(wide_tree_is_killed),
        cmocka_unit_test(process_that_forks_and_ends_for_ever_is_killed),
        cmocka_unit_test(zombies_are_no_obstacle),
        cmocka_unit_test(child_whose_status_matters_is_left_to_be_reaped),
        cmocka_unit_test(
            what_is_below_a_child_s_children_is_killed_without_them),
        cmocka_unit_test(spared_children_and_what_is_below_live_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
