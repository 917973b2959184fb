/* test_tree_want.c: descendants are killed when descriptors and memory are used
 * up, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "brood.h"
#include "sys/tree.h"

#if defined(__SANITIZE_ADDRESS__)
#define TREE_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TREE_SANITIZED
#endif
#endif

enum { DESCRIPTORS_N = 32 };

static rlim_t limit_descriptors(rlim_t n)
{
    struct rlimit limit;
    BROOD_REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = n;
    BROOD_REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    return before;
}

/* Returns the last one. */
static int use_up_descriptors(void)
{
    int last = -1;
    for (int fd; (fd = dup(brood_alive[0])) >= 0;)
        last = fd;
    return last;
}

static void play_without_descriptors(void)
{
    BROOD_REQUIRE(pipe(brood_alive) == 0);
    brood_start(brood_adopt_deep);
    close(brood_alive[1]);
    limit_descriptors(DESCRIPTORS_N);
    use_up_descriptors();
    brood_kill_all(NULL, 0);
    char byte;
    BROOD_REQUIRE(read(brood_alive[0], &byte, 1) == 0);
}

static void killing_takes_no_more_descriptors(void **state)
{
    (void)state;
    brood_run(play_without_descriptors);
}

/* One is there for /proc, and none for what is in it. */
static void play_blind(void)
{
    BROOD_REQUIRE(pipe(brood_alive) == 0);
    brood_start(brood_idle);
    rlim_t before = limit_descriptors(DESCRIPTORS_N);
    close(use_up_descriptors());
    BROOD_REQUIRE(tree_kill(NULL, 0, 0) < 0);
    limit_descriptors(before);
    BROOD_REQUIRE(tree_kill(NULL, 0, 0) == 1);
    brood_kill_all(NULL, 0);
}

static void what_cannot_be_looked_at_is_not_gone(void **state)
{
    (void)state;
    brood_run_alone(play_blind); /* who adopts keeps some for it */
}

/* AddressSanitizer itself cannot do without. */
#ifndef TREE_SANITIZED

/* Take all that there is, and no more can be had. */
static void use_up_memory(void)
{
    struct rlimit none = { 0 };
    BROOD_REQUIRE(getrlimit(RLIMIT_DATA, &none) == 0);
    none.rlim_cur = 1; /* 0 is let pass for Valgrind's sake */
    BROOD_REQUIRE(setrlimit(RLIMIT_DATA, &none) == 0);
    for (size_t bytes = 1 << 20; bytes > 0; bytes /= 2) {
        void *volatile taken; /* else a compiler takes nothing */
        do
            taken = malloc(bytes);
        while (taken);
    }
}

static void play_without_memory(void)
{
    BROOD_REQUIRE(pipe(brood_alive) == 0);
    brood_start(brood_idle);
    close(brood_alive[1]);
    use_up_memory();
    brood_kill_all(NULL, 0);
    char byte;
    BROOD_REQUIRE(read(brood_alive[0], &byte, 1) == 0);
}

static void killing_takes_no_memory(void **state)
{
    (void)state;
    brood_run(play_without_memory);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
