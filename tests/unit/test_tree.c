/* test_tree.c: descendants of all kinds, killed. Each test plays in a child,
 * whose descendants they are. A pipe tells that nobody is left: its reader
 * finds the end when every process that has the other end is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/tree.h"

#if defined(__SANITIZE_ADDRESS__)
#define TREE_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TREE_SANITIZED
#endif
#endif

enum {
    LIMIT_MS = 30000, /* machines are noisy */
    MANY = 200,
    DEPTH = 20,
    DESCRIPTORS_N = 32,
};

/* One end of a pipe for the descendants, one for whoever looks. */
static int alive[2];

static void require(bool holds, int line)
{
    if (!holds)
        _exit(line < 250 ? line : 250);
}
#define REQUIRE(holds) require(holds, __LINE__)

/* Play in a child, which must find everything as it should be. */
static void run_alone(void (*play)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        play();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void (*played)(void);

static void adopt_and_play(void)
{
    REQUIRE(tree_adopt(NULL) == 0);
    played();
}

static void run(void (*play)(void))
{
    played = play;
    run_alone(adopt_and_play);
}

/* Start body() in a child, which is at work when this returns. */
static pid_t start(void (*body)(void))
{
    int ready[2];
    char byte;
    REQUIRE(pipe(ready) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(alive[0]);
        close(ready[0]);
        signal(SIGTERM, SIG_IGN);
        REQUIRE(dup2(ready[1], STDIN_FILENO) == STDIN_FILENO);
        close(ready[1]);
        body();
        _exit(1);
    }
    close(ready[1]);
    REQUIRE(pid > 0 && read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    return pid;
}

static void say_ready(void)
{
    REQUIRE(write(STDIN_FILENO, "x", 1) == 1);
    close(STDIN_FILENO);
}

/* Should the test fail, nobody stays behind. */
_Noreturn static void wait_for_ever(void)
{
    alarm(2 * LIMIT_MS / 1000);
    for (;;)
        pause();
}

static void idle(void)
{
    say_ready();
    wait_for_ever();
}

static void kill_all(const pid_t *spare, unsigned spare_n)
{
    int64_t give_up_at_ms = clock_now_ms() + LIMIT_MS;
    int left_n;
    while ((left_n = tree_kill(spare, spare_n, 0)) > 0)
        REQUIRE(clock_now_ms() < give_up_at_ms);
    REQUIRE(left_n == 0);
}

/* Start it, kill all, and see that nobody is left. */
static void play(void (*body)(void))
{
    REQUIRE(pipe(alive) == 0);
    start(body);
    close(alive[1]);
    kill_all(NULL, 0);
    char byte;
    struct pollfd polled = { .fd = alive[0], .events = POLLIN };
    REQUIRE(poll(&polled, 1, 0) == 1 && read(alive[0], &byte, 1) == 0);
    REQUIRE(waitpid(-1, NULL, 0) < 0); /* and all are reaped */
}

static void play_nothing(void)
{
    REQUIRE(tree_kill(NULL, 0, 0) == 0);
}

static void without_descendants_there_is_nothing_to_do(void **state)
{
    (void)state;
    run(play_nothing);
}

static void play_idle(void)
{
    play(idle);
}

static void child_that_ignores_sigterm_is_killed(void **state)
{
    (void)state;
    run(play_idle);
}

/* As daemon(3), twice: nothing ties it to us but that we adopt orphans. */
static void daemonize(void)
{
    for (int i = 0; i < 2; i++) {
        if (fork() > 0)
            _exit(0);
        setsid();
    }
    idle();
}

static void play_daemon(void)
{
    play(daemonize);
}

static void daemon_that_left_group_and_session_is_killed(void **state)
{
    (void)state;
    run(play_daemon);
}

static void descend(void)
{
    for (int i = 0; i < DEPTH; i++)
        if (fork() > 0)
            wait_for_ever();
    idle();
}

static void play_deep(void)
{
    play(descend);
}

static void deep_tree_is_killed(void **state)
{
    (void)state;
    run(play_deep);
}

static void spread(void)
{
    for (int i = 0; i < MANY; i++)
        if (fork() == 0)
            wait_for_ever();
    idle();
}

static void play_wide(void)
{
    play(spread);
}

static void wide_tree_is_killed(void **state)
{
    (void)state;
    run(play_wide);
}

/* Has another number before anybody can use it. */
static void hop(void)
{
    int64_t end_at_ms = clock_now_ms() + LIMIT_MS;
    for (bool said = false; clock_now_ms() < end_at_ms; said = true) {
        if (fork() > 0)
            _exit(0);
        setsid();
        if (!said)
            say_ready();
    }
}

static void play_hopping(void)
{
    play(hop);
}

static void process_that_forks_and_ends_for_ever_is_killed(void **state)
{
    (void)state;
    run(play_hopping);
}

static void leave_a_zombie(void)
{
    if (fork() == 0)
        _exit(0);
    siginfo_t info;
    waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    idle();
}

static void play_zombie(void)
{
    play(leave_a_zombie);
}

static void zombies_are_no_obstacle(void **state)
{
    (void)state;
    run(play_zombie);
}

static void start_a_child(void)
{
    if (fork() == 0)
        idle();
    wait_for_ever();
}

/* Their pipe finds no end, the other ones' does. */
static void play_spared(void)
{
    REQUIRE(pipe(alive) == 0);
    int spared_fd = alive[0];
    pid_t spared = start(start_a_child);
    close(alive[1]);
    REQUIRE(pipe(alive) == 0);
    start(start_a_child);
    close(alive[1]);
    kill_all(&spared, 1);
    char byte;
    struct pollfd polled[] = { { .fd = alive[0], .events = POLLIN },
                               { .fd = spared_fd, .events = POLLIN } };
    REQUIRE(poll(&polled[0], 1, 0) == 1 && read(alive[0], &byte, 1) == 0);
    REQUIRE(poll(&polled[1], 1, 0) == 0);
    kill_all(NULL, 0);
    REQUIRE(read(spared_fd, &byte, 1) == 0);
}

static void spared_children_and_what_is_below_live_on(void **state)
{
    (void)state;
    run(play_spared);
}

static void play_unreaped(void)
{
    REQUIRE(pipe(alive) == 0);
    pid_t child = start(idle);
    close(alive[1]);
    while (tree_kill(NULL, 0, child) > 0 &&
           waitid(P_PID, (id_t)child, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) < 0)
        continue;
    REQUIRE(tree_kill(NULL, 0, child) == 1); /* it counts */
    int status;
    REQUIRE(waitpid(child, &status, WNOHANG) == child);
    REQUIRE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    REQUIRE(tree_kill(NULL, 0, child) == 0);
}

static void child_whose_status_matters_is_left_to_be_reaped(void **state)
{
    (void)state;
    run(play_unreaped);
}

/* As the guardian: orphans come to it. */
static void adopt_a_deep_tree(void)
{
    REQUIRE(tree_adopt(NULL) == 0);
    if (fork() == 0)
        descend();
    close(alive[1]);
    wait_for_ever();
}

static void play_below(void)
{
    REQUIRE(pipe(alive) == 0);
    pid_t child = start(adopt_a_deep_tree);
    close(alive[1]);
    /* One look passes over a child whose number is below its parent's, as it is
     * when the numbers begin anew. */
    struct pollfd end = { .fd = alive[0], .events = POLLIN };
    int64_t give_up_at_ms = clock_now_ms() + LIMIT_MS;
    do
        REQUIRE(tree_kill_below(child) > 0 && clock_now_ms() < give_up_at_ms);
    while (poll(&end, 1, 10) == 0);
    char byte;
    REQUIRE(read(alive[0], &byte, 1) == 0);
    int status;
    REQUIRE(waitpid(child, &status, WNOHANG) == 0);
    kill_all(NULL, 0);
}

static void what_is_below_a_child_is_killed_without_it(void **state)
{
    (void)state;
    run(play_below);
}

static rlim_t limit_descriptors(rlim_t n)
{
    struct rlimit limit;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = n;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    return before;
}

/* Returns the last one. */
static int use_up_descriptors(void)
{
    int last = -1;
    for (int fd; (fd = dup(alive[0])) >= 0;)
        last = fd;
    return last;
}

static void play_without_descriptors(void)
{
    REQUIRE(pipe(alive) == 0);
    start(adopt_a_deep_tree);
    close(alive[1]);
    limit_descriptors(DESCRIPTORS_N);
    use_up_descriptors();
    kill_all(NULL, 0);
    char byte;
    REQUIRE(read(alive[0], &byte, 1) == 0);
}

static void killing_takes_no_more_descriptors(void **state)
{
    (void)state;
    run(play_without_descriptors);
}

/* One is there for /proc, and none for what is in it. */
static void play_blind(void)
{
    REQUIRE(pipe(alive) == 0);
    start(idle);
    rlim_t before = limit_descriptors(DESCRIPTORS_N);
    close(use_up_descriptors());
    REQUIRE(tree_kill(NULL, 0, 0) < 0);
    limit_descriptors(before);
    REQUIRE(tree_kill(NULL, 0, 0) == 1);
    kill_all(NULL, 0);
}

static void what_cannot_be_looked_at_is_not_gone(void **state)
{
    (void)state;
    run_alone(play_blind); /* who adopts keeps some for it */
}

/* AddressSanitizer itself cannot do without. */
#ifndef TREE_SANITIZED

/* Take all that there is, and no more can be had. */
static void use_up_memory(void)
{
    struct rlimit none = { 0 };
    REQUIRE(getrlimit(RLIMIT_DATA, &none) == 0);
    none.rlim_cur = 1; /* 0 is let pass for Valgrind's sake */
    REQUIRE(setrlimit(RLIMIT_DATA, &none) == 0);
    for (size_t bytes = 1 << 20; bytes > 0; bytes /= 2) {
        void *volatile taken; /* else a compiler takes nothing */
        do
            taken = malloc(bytes);
        while (taken);
    }
}

static void play_without_memory(void)
{
    REQUIRE(pipe(alive) == 0);
    start(idle);
    close(alive[1]);
    use_up_memory();
    kill_all(NULL, 0);
    char byte;
    REQUIRE(read(alive[0], &byte, 1) == 0);
}

static void killing_takes_no_memory(void **state)
{
    (void)state;
    run(play_without_memory);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifndef TREE_SANITIZED
        cmocka_unit_test(killing_takes_no_memory),
#endif
        cmocka_unit_test(killing_takes_no_more_descriptors),
        cmocka_unit_test(what_cannot_be_looked_at_is_not_gone),
        cmocka_unit_test(without_descendants_there_is_nothing_to_do),
        cmocka_unit_test(child_that_ignores_sigterm_is_killed),
        cmocka_unit_test(daemon_that_left_group_and_session_is_killed),
        cmocka_unit_test(deep_tree_is_killed),
        cmocka_unit_test(wide_tree_is_killed),
        cmocka_unit_test(process_that_forks_and_ends_for_ever_is_killed),
        cmocka_unit_test(zombies_are_no_obstacle),
        cmocka_unit_test(child_whose_status_matters_is_left_to_be_reaped),
        cmocka_unit_test(what_is_below_a_child_is_killed_without_it),
        cmocka_unit_test(spared_children_and_what_is_below_live_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
