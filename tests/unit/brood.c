/* brood.c: see brood.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "brood.h"
#include "sys/clock.h"
#include "sys/tree.h"

int brood_alive[2];

void brood_require(bool holds, int line)
{
    if (!holds)
        _exit(line < 250 ? line : 250);
}

void brood_run_alone(void (*play)(void))
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
    BROOD_REQUIRE(tree_adopt(NULL) == 0);
    played();
}

void brood_run(void (*play)(void))
{
    played = play;
    brood_run_alone(adopt_and_play);
}

pid_t brood_start(void (*body)(void))
{
    int ready[2];
    char byte;
    BROOD_REQUIRE(pipe(ready) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(brood_alive[0]);
        close(ready[0]);
        signal(SIGTERM, SIG_IGN);
        BROOD_REQUIRE(dup2(ready[1], STDIN_FILENO) == STDIN_FILENO);
        close(ready[1]);
        body();
        _exit(1);
    }
    close(ready[1]);
    BROOD_REQUIRE(pid > 0 && read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    return pid;
}

void brood_say_ready(void)
{
    BROOD_REQUIRE(write(STDIN_FILENO, "x", 1) == 1);
    close(STDIN_FILENO);
}

_Noreturn void brood_wait_for_ever(void)
{
    alarm(2 * BROOD_LIMIT_MS / 1000);
    for (;;)
        pause();
}

void brood_idle(void)
{
    brood_say_ready();
    brood_wait_for_ever();
}

void brood_kill_all(const pid_t *spare, unsigned spare_n)
{
    int64_t give_up_at_ms = clock_now_ms() + BROOD_LIMIT_MS;
    int left_n;
    while ((left_n = tree_kill(spare, spare_n, 0)) > 0)
        BROOD_REQUIRE(clock_now_ms() < give_up_at_ms);
    BROOD_REQUIRE(left_n == 0);
}

void brood_deepen(void)
{
    for (int i = 0; i < BROOD_DEPTH; i++)
        if (fork() > 0)
            brood_wait_for_ever();
    brood_idle();
}

void brood_be_heir(void)
{
    BROOD_REQUIRE(tree_adopt(NULL) == 0);
    if (fork() == 0)
        brood_adopt_deep();
    close(brood_alive[1]);
    brood_wait_for_ever();
}

void brood_adopt_deep(void)
{
    BROOD_REQUIRE(tree_adopt(NULL) == 0);
    if (fork() == 0)
        brood_deepen();
    close(brood_alive[1]);
    brood_wait_for_ever();
}
