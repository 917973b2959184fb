/* test_arena.c: allocations that die together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sys/arena.h"

static void memory_is_zeroed_and_aligned_for_any_type(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    for (size_t size = 0; size < 300; size++) {
        unsigned char *p = arena_alloc(&a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            if (p[i] != 0)
                fail_msg("byte %zu of %zu is not zero", i, size);
        memset(p, 0xff, size);
    }
    arena_done(&a);
}

static void allocations_do_not_overlap(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    struct arena a;
    arena_init(&a);
    unsigned char *parts[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        parts[i] = arena_alloc(&a, i * 37 % 6000 + 1);
        assert_non_null(parts[i]);
        memset(parts[i], (int)(i % 251), i * 37 % 6000 + 1);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < i * 37 % 6000 + 1; k++)
            if (parts[i][k] != i % 251)
                fail_msg("part %zu was overwritten", i);
    arena_done(&a);
}

static void a_copy_ends_in_a_zero_byte(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    char source[] = { 'k', 'e', 'y', 'X' };
    char *copy = arena_copy(&a, source, 3);
    source[0] = '-';
    assert_string_equal(copy, "key");
    assert_string_equal(arena_copy(&a, NULL, 0), "");
    assert_memory_equal(arena_copy(&a, "a\0b", 3), "a\0b", 4);
    arena_done(&a);
}

static void a_large_part_leaves_room_in_use(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    char *first = arena_alloc(&a, 16);
    assert_non_null(arena_alloc(&a, 100000));
    char *second = arena_alloc(&a, 16);
    assert_ptr_equal(second, first + 16);
    arena_done(&a);
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < 64; i++)
        assert_null(arena_alloc(&a, SIZE_MAX - i));
    assert_null(arena_copy(&a, "x", SIZE_MAX));
    assert_non_null(arena_alloc(&a, 1));
    arena_done(&a);
}

static void arena_is_usable_after_it_was_emptied(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    arena_done(&a);
    assert_non_null(arena_alloc(&a, 10));
    arena_done(&a);
    assert_string_equal(arena_copy(&a, "again", 5), "again");
    arena_done(&a);
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned_for_any_type),
        cmocka_unit_test(allocations_do_not_overlap),
        cmocka_unit_test(a_copy_ends_in_a_zero_byte),
        cmocka_unit_test(a_large_part_leaves_room_in_use),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(arena_is_usable_after_it_was_emptied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
