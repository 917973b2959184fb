/* test_output.c: the lines, and readers that are slow, stuck or gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/output.h"
#include "small_pipe.h"
#include "sys/clock.h"

struct fixture {
    struct output output;
    struct small_pipe pipe;
    bool leading;
};

/* The handle is the fixture itself, which says what the library would. */
bool candidate_leading(const struct candidate *c)
{
    return ((const struct fixture *)(const void *)c)->leading;
}

static const struct candidate *handle(const struct fixture *f)
{
    return (const struct candidate *)(const void *)f;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    small_pipe_open(&f->pipe);
    output_init(&f->output, f->pipe.writer);
    signal(SIGPIPE, SIG_IGN);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    small_pipe_close(&f->pipe);
    free(f);
    return 0;
}

static void flush(struct fixture *f)
{
    output_flush(&f->output, handle(f));
}

/* What came through the pipe since the last call. */
static const char *received(struct fixture *f)
{
    return small_pipe_read(&f->pipe);
}

static void happens(struct fixture *f, enum candidate_event_type type)
{
    struct candidate_event event = { .type = type,
                                     .leader = "B",
                                     .text = "the lease ran out" };
    output_event(&f->output, &event);
}

static void each_event_has_its_line(void **state)
{
    struct fixture *f = *state;
    f->leading = true;
    output_begin(&f->output, "A");
    happens(f, CANDIDATE_ATTEMPTING);
    happens(f, CANDIDATE_FOLLOWING);
    happens(f, CANDIDATE_NOTICE);
    happens(f, CANDIDATE_ELECTED);
    happens(f, CANDIDATE_LOST);
    happens(f, CANDIDATE_ENDED);
    flush(f);
    assert_string_equal(received(f),
                        "Candidate A\n"
                        "Attempting leadership...\n"
                        "B is the leader...\n"
                        "I am the LEADER!\n"
                        "Press ENTER to finish...\n"
                        "Lost leadership: the lease ran out\n"
                        "End\n");
    assert_null(output_error(&f->output));
}

static void end_is_said_only_of_an_orderly_one(void **state)
{
    struct fixture *f = *state;
    struct candidate_event event = { .type = CANDIDATE_ENDED,
                                     .status = CANDIDATE_ERETRY,
                                     .leader = "",
                                     .text = "etcd could not be told" };
    output_event(&f->output, &event);
    flush(f);
    assert_string_equal(received(f), "");
}

static void names_are_words_and_not_formats_or_controls(void **state)
{
    struct fixture *f = *state;
    output_begin(&f->output, "%s%n \033[2J \u00e4");
    flush(f);
    assert_string_equal(received(f), "Candidate %s%n \\x1b[2J \u00e4\n");
}

static void each_line_is_a_write_of_its_own(void **state)
{
    struct fixture *f = *state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_DIRECT | O_CLOEXEC), 0); /* keeps borders */
    output_init(&f->output, ends[1]);
    output_text(&f->output, "one\ntwo\n\nfour");
    flush(f);
    static const char *const lines[] = { "one\n", "two\n", "\n", "four\n" };
    for (size_t i = 0; i < 4; i++) {
        char data[SMALL_PIPE_BYTES] = "";
        assert_int_equal(read(ends[0], data, sizeof data), strlen(lines[i]));
        assert_string_equal(data, lines[i]);
    }
    close(ends[0]);
    close(ends[1]);
}

static void claim_is_dropped_when_leadership_is_over(void **state)
{
    struct fixture *f = *state;
    f->leading = false;
    happens(f, CANDIDATE_ELECTED);
    happens(f, CANDIDATE_LOST);
    flush(f);
    assert_string_equal(received(f), "Lost leadership: the lease ran out\n");
}

static void claim_is_checked_when_it_is_written_not_when_it_is_queued(
    void **state)
{
    struct fixture *f = *state;
    f->leading = true;
    small_pipe_fill(&f->pipe);
    happens(f, CANDIDATE_ELECTED);
    flush(f);
    f->leading = false;
    happens(f, CANDIDATE_LOST);
    small_pipe_empty(&f->pipe);
    flush(f);
    assert_string_equal(received(f), "Lost leadership: the lease ran out\n");
}

static void claim_after_a_dropped_one_is_written(void **state)
{
    struct fixture *f = *state;
    happens(f, CANDIDATE_ELECTED);
    flush(f);
    assert_string_equal(received(f), "");
    f->leading = true;
    happens(f, CANDIDATE_ELECTED);
    flush(f);
    assert_string_equal(received(f),
                        "I am the LEADER!\nPress ENTER to finish...\n");
}

static void full_pipe_keeps_the_lines_waiting(void **state)
{
    struct fixture *f = *state;
    small_pipe_fill(&f->pipe);
    output_begin(&f->output, "A");
    flush(f);
    assert_int_equal(output_pollfd(&f->output).events, POLLOUT);
    assert_int_equal(output_pollfd(&f->output).fd, f->pipe.writer);
    small_pipe_empty(&f->pipe);
    flush(f);
    assert_string_equal(received(f), "Candidate A\n");
    assert_int_equal(output_pollfd(&f->output).events, 0);
    assert_null(output_error(&f->output));
}

static void lines_beyond_the_limit_are_an_error(void **state)
{
    struct fixture *f = *state;
    small_pipe_fill(&f->pipe);
    for (int i = 0; i < OUTPUT_LINES_MAX; i++)
        happens(f, CANDIDATE_ATTEMPTING);
    flush(f);
    assert_null(output_error(&f->output));
    happens(f, CANDIDATE_ATTEMPTING);
    assert_string_equal(output_error(&f->output),
                        "nobody has read the last 128 lines");
    assert_int_equal(output_pollfd(&f->output).fd, -1);
    happens(f, CANDIDATE_ELECTED); /* and does nothing */
    flush(f);
    small_pipe_empty(&f->pipe);
    assert_string_equal(received(f), "");
}

static void queue_goes_round_without_mixing_lines(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 5; round++) {
        small_pipe_fill(&f->pipe);
        char text[OUTPUT_LINES_MAX * 8] = "";
        for (int i = 0; i < OUTPUT_LINES_MAX - 7; i++) {
            size_t used = strlen(text);
            snprintf(text + used, sizeof text - used, "%d.%d\n", round, i);
        }
        output_text(&f->output, text);
        flush(f);
        small_pipe_empty(&f->pipe);
        flush(f);
        assert_string_equal(received(f), text);
    }
}

static void too_long_a_line_is_cut(void **state)
{
    struct fixture *f = *state;
    char id[2 * OUTPUT_LINE_BYTES_MAX];
    memset(id, 'x', sizeof id);
    id[sizeof id - 1] = '\0';
    output_begin(&f->output, id);
    flush(f);
    const char *line = received(f);
    size_t bytes = strlen(line);
    assert_in_range(bytes, OUTPUT_LINE_BYTES_MAX - 8, OUTPUT_LINE_BYTES_MAX);
    assert_string_equal(line + bytes - 4, "...\n");
}

static void reader_that_is_gone_is_an_error_of_the_next_line(void **state)
{
    struct fixture *f = *state;
    small_pipe_close_reader(&f->pipe);
    output_begin(&f->output, "A");
    flush(f);
    assert_string_equal(output_error(&f->output), strerror(EPIPE));
}

static void reader_that_is_gone_is_noticed_while_nothing_waits(void **state)
{
    struct fixture *f = *state;
    small_pipe_close_reader(&f->pipe);
    struct pollfd polled = output_pollfd(&f->output);
    assert_int_equal(polled.events, 0);
    assert_int_equal(poll(&polled, 1, 0), 1);
    output_polled(&f->output, &polled);
    assert_string_equal(output_error(&f->output), strerror(EPIPE));
}

static void full_disk_is_an_error(void **state)
{
    struct fixture *f = *state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    output_init(&f->output, full);
    output_begin(&f->output, "A");
    flush(f);
    assert_string_equal(output_error(&f->output), strerror(ENOSPC));
    close(full);
}

/* A file that may not grow beyond some bytes cuts a line where we want. */
static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static const char *file_after(struct fixture *f, bool still_leading)
{
    char path[] = "/tmp/test_output.XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    unlink(path);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    output_init(&f->output, file);
    f->leading = true;
    happens(f, CANDIDATE_ELECTED);
    limit_file_size(strlen("I am the"));
    flush(f);
    limit_file_size(before.rlim_cur);
    f->leading = still_leading;
    happens(f, CANDIDATE_ATTEMPTING);
    flush(f);
    ssize_t n = pread(file, f->pipe.text, sizeof f->pipe.text - 1, 0);
    f->pipe.text[n > 0 ? n : 0] = '\0';
    close(file);
    return f->pipe.text;
}

static void line_that_was_written_in_part_is_completed(void **state)
{
    assert_string_equal(file_after(*state, true),
                        "I am the LEADER!\n"
                        "Press ENTER to finish...\n"
                        "Attempting leadership...\n");
}

static void claim_that_was_written_in_part_does_not_become_one(void **state)
{
    assert_string_equal(file_after(*state, false),
                        "I am the\n"
                        "Attempting leadership...\n");
}

static void drain_gives_up_on_a_stuck_reader(void **state)
{
    struct fixture *f = *state;
    small_pipe_fill(&f->pipe);
    output_begin(&f->output, "A");
    int64_t begun_at_ms = clock_now_ms();
    output_drain(&f->output, handle(f), 20);
    assert_in_range(clock_now_ms() - begun_at_ms, 20, 10000);
    assert_string_equal(output_error(&f->output),
                        "nobody read the last lines within 20 ms");
}

static void drain_of_nothing_minds_no_reader_that_is_gone(void **state)
{
    struct fixture *f = *state;
    output_begin(&f->output, "A");
    flush(f);
    small_pipe_close_reader(&f->pipe);
    output_drain(&f->output, handle(f), 20);
    assert_null(output_error(&f->output));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_event_has_its_line),
        TEST(end_is_said_only_of_an_orderly_one),
        TEST(names_are_words_and_not_formats_or_controls),
        TEST(each_line_is_a_write_of_its_own),
        TEST(claim_is_dropped_when_leadership_is_over),
        TEST(claim_is_checked_when_it_is_written_not_when_it_is_queued),
        TEST(claim_after_a_dropped_one_is_written),
        TEST(full_pipe_keeps_the_lines_waiting),
        TEST(lines_beyond_the_limit_are_an_error),
        TEST(queue_goes_round_without_mixing_lines),
        TEST(too_long_a_line_is_cut),
        TEST(reader_that_is_gone_is_an_error_of_the_next_line),
        TEST(reader_that_is_gone_is_noticed_while_nothing_waits),
        TEST(full_disk_is_an_error),
        TEST(line_that_was_written_in_part_is_completed),
        TEST(claim_that_was_written_in_part_does_not_become_one),
        TEST(drain_gives_up_on_a_stuck_reader),
        TEST(drain_of_nothing_minds_no_reader_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
