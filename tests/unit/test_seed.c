/* test_seed.c: what chance begins with, and a kernel that gives nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "sys/seed.h"

static int refusal;            /* errno of each call; 0: it succeeds */
static unsigned interrupted_n; /* calls that a signal ends before */

/* In the place of the C library's. */
ssize_t getrandom(void *data, size_t bytes, unsigned flags)
{
    assert_int_equal(flags, 0);
    errno = refusal;
    if (interrupted_n > 0) {
        interrupted_n--;
        errno = EINTR;
        return -1;
    }
    if (refusal)
        return -1;
    memset(data, 0x5a, bytes);
    return (ssize_t)bytes;
}

static void every_byte_is_the_kernels(void **state)
{
    (void)state;
    uint64_t seed = 0;
    refusal = 0;
    interrupted_n = 3;
    assert_int_equal(seed_draw(&seed, NULL), 0);
    assert_int_equal(interrupted_n, 0);
    assert_true(seed == 0x5a5a5a5a5a5a5a5aULL);
}

static void kernel_that_gives_nothing_is_said(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct candidate_error err;
    refusal = ENOSYS;
    interrupted_n = 0;
    assert_int_equal(seed_draw(&seed, &err), CANDIDATE_ESYSTEM);
    assert_string_equal(err.message, "getrandom: Function not implemented");
    assert_true(seed == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_the_kernels),
        cmocka_unit_test(kernel_that_gives_nothing_is_said),
    };
    return cmocka_run_group_tests_name("seed", tests, NULL, NULL);
}
