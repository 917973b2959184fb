/* test_buf.c: the byte buffer and its limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "candidate.h"
#include "sys/buf.h"

static void assert_holds(const struct buf *b, const char *text)
{
    assert_int_equal(b->size, strlen(text));
    assert_string_equal(b->data, text);
}

static void empty_buffer_takes_no_memory(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    assert_int_equal(buf_add(&b, NULL, 0), 0);
    assert_null(b.data);
    assert_int_equal(b.capacity, 0);
    buf_done(&b);
}

static void pieces_come_out_in_one(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    assert_int_equal(buf_add(&b, "lea", 3), 0);
    assert_int_equal(buf_add(&b, "d", 1), 0);
    assert_int_equal(buf_add(&b, "er", 2), 0);
    assert_holds(&b, "leader");
    buf_done(&b);
}

static void buffer_refuses_to_grow_past_its_limit(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 6);
    assert_int_equal(buf_add(&b, "12345", 5), 0);
    assert_int_equal(buf_add(&b, "67", 2), CANDIDATE_ETOOBIG);
    assert_int_equal(buf_add(&b, "67", SIZE_MAX), CANDIDATE_ETOOBIG);
    assert_holds(&b, "12345");
    assert_int_equal(buf_add(&b, "6", 1), 0);
    assert_int_equal(buf_add(&b, "7", 1), CANDIDATE_ETOOBIG);
    assert_holds(&b, "123456");
    assert_true(b.capacity <= 7);
    buf_done(&b);
}

static void buffer_without_room_takes_nothing(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    assert_int_equal(buf_add(&b, "", 0), 0);
    assert_int_equal(buf_add(&b, "x", 1), CANDIDATE_ETOOBIG);
    buf_done(&b);
}

static void zero_bytes_are_bytes_like_others(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    assert_int_equal(buf_add(&b, "a\0b", 3), 0);
    assert_int_equal(b.size, 3);
    assert_memory_equal(b.data, "a\0b", 4);
    buf_done(&b);
}

static void consuming_moves_the_rest_to_the_front(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    buf_consume(&b, 5);
    assert_int_equal(buf_add(&b, "abcdef", 6), 0);
    buf_consume(&b, 0);
    assert_holds(&b, "abcdef");
    buf_consume(&b, 2);
    assert_holds(&b, "cdef");
    buf_consume(&b, 100);
    assert_holds(&b, "");
    assert_int_equal(buf_add(&b, "0123456789", 10), 0);
    assert_holds(&b, "0123456789");
    buf_done(&b);
}

static void truncating_keeps_the_front(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    buf_truncate(&b, 0);
    assert_int_equal(buf_add(&b, "abcdef", 6), 0);
    buf_truncate(&b, 100);
    assert_holds(&b, "abcdef");
    buf_truncate(&b, 4);
    assert_holds(&b, "abcd");
    assert_int_equal(buf_add(&b, "456789", 6), 0);
    assert_holds(&b, "abcd456789");
    buf_truncate(&b, 0);
    assert_holds(&b, "");
    buf_done(&b);
}

static void a_buffer_fed_byte_by_byte_fills_to_its_limit(void **state)
{
    (void)state;
    enum { LIMIT = 100000 };
    struct buf b;
    buf_init(&b, LIMIT);
    for (int i = 0; i < LIMIT; i++) {
        char c = (char)i;
        assert_int_equal(buf_add(&b, &c, 1), 0);
    }
    assert_int_equal(buf_add(&b, "x", 1), CANDIDATE_ETOOBIG);
    for (int i = 0; i < LIMIT; i++)
        if (b.data[i] != (char)i)
            fail_msg("byte %d is wrong", i);
    assert_int_equal(b.data[LIMIT], 0);
    buf_done(&b);
}

static void buffer_is_usable_after_it_was_emptied(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 3);
    assert_int_equal(buf_add(&b, "abc", 3), 0);
    buf_done(&b);
    assert_int_equal(b.size, 0);
    assert_null(b.data);
    assert_int_equal(buf_add(&b, "def", 3), 0);
    assert_holds(&b, "def");
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_buffer_takes_no_memory),
        cmocka_unit_test(pieces_come_out_in_one),
        cmocka_unit_test(buffer_refuses_to_grow_past_its_limit),
        cmocka_unit_test(buffer_without_room_takes_nothing),
        cmocka_unit_test(zero_bytes_are_bytes_like_others),
        cmocka_unit_test(consuming_moves_the_rest_to_the_front),
        cmocka_unit_test(truncating_keeps_the_front),
        cmocka_unit_test(a_buffer_fed_byte_by_byte_fills_to_its_limit),
        cmocka_unit_test(buffer_is_usable_after_it_was_emptied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
