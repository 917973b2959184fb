/* test_frames.c: a stream cut into messages, however its bytes come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "candidate.h"
#include "etcd/frames.h"

enum { MESSAGES_MAX = 8 };

struct stream {
    const char *bytes;
    const char *messages[MESSAGES_MAX]; /* NULL behind the last */
};

static const struct stream streams[] = {
    { "", { NULL } },
    { "\n", { NULL } },
    { "{}\n", { "{}" } },
    { "{}", { NULL } },
    { "{\"a\":1}\n{\"b\":2}\n", { "{\"a\":1}", "{\"b\":2}" } },
    { "{\"a\":1}\n{\"b\":", { "{\"a\":1}" } },
    { "\n\n{}\n\n\n{}\n\n", { "{}", "{}" } },
    { "{}\r\n\r\n{ }\r\n", { "{}", "{ }" } },
    { " \t\r\n{}\n \n", { "{}" } },
    { " {} \n", { " {} " } },
    { "a\rb\r\r\n", { "a\rb\r" } },
    { "1\n2\n3\n4\n5\n6\n7\n", { "1", "2", "3", "4", "5", "6", "7" } },
};

/* Take what is there and check it against the messages from *next on. */
static void take_expected(struct frames *f, const struct stream *s,
                          size_t *next)
{
    const char *message;
    size_t bytes;
    while (frames_next(f, &message, &bytes)) {
        const char *expected = s->messages[*next];
        assert_non_null(expected);
        assert_int_equal(bytes, strlen(expected));
        assert_memory_equal(message, expected, bytes);
        ++*next;
    }
}

static void check_in_pieces_of(const struct stream *s, size_t piece)
{
    struct frames f;
    frames_init(&f);
    size_t next = 0;
    size_t size = strlen(s->bytes);
    for (size_t at = 0; at < size; at += piece) {
        size_t bytes = size - at < piece ? size - at : piece;
        assert_int_equal(frames_feed(&f, s->bytes + at, bytes), 0);
        take_expected(&f, s, &next);
    }
    assert_null(s->messages[next]);
    frames_done(&f);
}

static void messages_do_not_depend_on_where_the_stream_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
        for (size_t piece = 1; piece <= 20; piece++)
            check_in_pieces_of(&streams[i], piece);
}

static void messages_that_were_not_taken_stay(void **state)
{
    (void)state;
    struct frames f;
    frames_init(&f);
    const char *message;
    size_t bytes;
    assert_int_equal(frames_feed(&f, "1\n2\n3\n4", 7), 0);
    assert_true(frames_next(&f, &message, &bytes));
    assert_memory_equal(message, "1", bytes);
    assert_int_equal(frames_feed(&f, "4\n5", 3), 0);
    static const char *const rest[] = { "2", "3", "44" };
    for (size_t i = 0; i < 3; i++) {
        assert_true(frames_next(&f, &message, &bytes));
        assert_int_equal(bytes, strlen(rest[i]));
        assert_memory_equal(message, rest[i], bytes);
    }
    assert_false(frames_next(&f, &message, &bytes));
    frames_done(&f);
}

static void a_newline_of_our_own_frees_the_last_message(void **state)
{
    (void)state;
    struct frames f;
    frames_init(&f);
    const char *message;
    size_t bytes;
    assert_int_equal(frames_feed(&f, "{\"error\":{}}", 12), 0);
    assert_false(frames_next(&f, &message, &bytes));
    assert_int_equal(frames_feed(&f, "\n", 1), 0);
    assert_true(frames_next(&f, &message, &bytes));
    assert_int_equal(bytes, 12);
    frames_done(&f);
}

static char *filled(size_t bytes)
{
    char *data = malloc(bytes);
    assert_non_null(data);
    memset(data, 'x', bytes);
    return data;
}

static void a_message_may_reach_its_limit_but_not_pass_it(void **state)
{
    (void)state;
    enum { MAX = FRAMES_MESSAGE_BYTES_MAX };
    char *data = filled(MAX + 1);
    const char *message;
    size_t bytes;
    for (size_t piece = MAX; piece > 1000; piece = piece / 2 + 1) {
        struct frames f;
        frames_init(&f);
        for (size_t at = 0; at < MAX; at += piece)
            assert_int_equal(
                frames_feed(&f, data, MAX - at < piece ? MAX - at : piece), 0);
        assert_int_equal(frames_feed(&f, "x", 1), CANDIDATE_ETOOBIG);
        assert_false(frames_next(&f, &message, &bytes));
        assert_int_equal(frames_feed(&f, "\n", 1), 0);
        assert_true(frames_next(&f, &message, &bytes));
        assert_int_equal(bytes, MAX);
        frames_done(&f);
    }
    struct frames f;
    frames_init(&f);
    assert_int_equal(frames_feed(&f, data, MAX + 1), CANDIDATE_ETOOBIG);
    data[0] = '\n';
    assert_int_equal(frames_feed(&f, data, MAX + 1), 0);
    assert_int_equal(frames_feed(&f, "x", 1), CANDIDATE_ETOOBIG);
    frames_done(&f);
    free(data);
}

static void the_limit_is_of_each_message_by_itself(void **state)
{
    (void)state;
    enum { MAX = FRAMES_MESSAGE_BYTES_MAX };
    char *data = filled(MAX);
    const char *message;
    size_t bytes;
    struct frames f;
    frames_init(&f);
    assert_int_equal(frames_feed(&f, data, MAX - 4), 0);
    data[4] = '\n';
    data[MAX - 9] = '\n';
    assert_int_equal(frames_feed(&f, data, MAX), 0);
    assert_true(frames_next(&f, &message, &bytes));
    assert_int_equal(bytes, MAX);
    assert_true(frames_next(&f, &message, &bytes));
    assert_int_equal(bytes, MAX - 14);
    assert_false(frames_next(&f, &message, &bytes));
    frames_done(&f);
    free(data);
}

static void messages_that_nobody_takes_do_not_pile_up(void **state)
{
    (void)state;
    enum { MESSAGE_BYTES = 64 * 1024 };
    char *data = filled(MESSAGE_BYTES);
    data[MESSAGE_BYTES - 1] = '\n';
    struct frames f;
    frames_init(&f);
    int r = 0;
    int fed = 0;
    for (; r == 0 && fed < 1000; fed++)
        r = frames_feed(&f, data, MESSAGE_BYTES);
    assert_int_equal(r, CANDIDATE_ETOOBIG);
    assert_true(fed > 16);
    assert_true(f.buf.capacity <= 2 * FRAMES_MESSAGE_BYTES_MAX + 1);
    frames_done(&f);
    free(data);
}

static void a_stream_may_start_again_after_done(void **state)
{
    (void)state;
    struct frames f;
    frames_init(&f);
    assert_int_equal(frames_feed(&f, "1\nhalf", 6), 0);
    frames_done(&f);
    const char *message;
    size_t bytes;
    assert_false(frames_next(&f, &message, &bytes));
    assert_int_equal(frames_feed(&f, "2\n", 2), 0);
    assert_true(frames_next(&f, &message, &bytes));
    assert_int_equal(bytes, 1);
    assert_memory_equal(message, "2", 1);
    frames_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_do_not_depend_on_where_the_stream_is_cut),
        cmocka_unit_test(messages_that_were_not_taken_stay),
        cmocka_unit_test(a_newline_of_our_own_frees_the_last_message),
        cmocka_unit_test(a_message_may_reach_its_limit_but_not_pass_it),
        cmocka_unit_test(the_limit_is_of_each_message_by_itself),
        cmocka_unit_test(messages_that_nobody_takes_do_not_pile_up),
        cmocka_unit_test(a_stream_may_start_again_after_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
