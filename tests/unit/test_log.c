/* test_log.c: lines for the operator, and what becomes of them when nobody
 * reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "small_pipe.h"
#include "sys/log.h"

struct fixture {
    struct log log;
    struct small_pipe pipe;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    small_pipe_open(&f->pipe);
    log_init(&f->log, f->pipe.writer);
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

static const char *received(struct fixture *f)
{
    return small_pipe_read(&f->pipe);
}

static void severity_is_a_word_and_an_error_has_none(void **state)
{
    struct fixture *f = *state;
    log_write(&f->log, CANDIDATE_INFO, "one %d", 1);
    log_write(&f->log, CANDIDATE_WARNING, "two");
    log_write(&f->log, CANDIDATE_ERROR, "three");
    log_advice(&f->log, "four");
    assert_string_equal(received(f),
                        "candidate: info: one 1\n"
                        "candidate: warning: two\n"
                        "candidate: three\n"
                        "four\n");
}

static void what_is_below_the_level_is_not_written(void **state)
{
    struct fixture *f = *state;
    log_write(&f->log, CANDIDATE_DEBUG, "hidden");
    assert_string_equal(received(f), "");
    log_set(&f->log, CANDIDATE_DEBUG, LOG_TEXT);
    log_write(&f->log, CANDIDATE_DEBUG, "shown");
    assert_string_equal(received(f), "candidate: debug: shown\n");
}

static void controls_are_escaped(void **state)
{
    struct fixture *f = *state;
    log_write(&f->log, CANDIDATE_ERROR, "%s", "a\nb\033[2J");
    assert_string_equal(received(f), "candidate: a\\x0ab\\x1b[2J\n");
}

static void too_long_a_line_is_cut(void **state)
{
    struct fixture *f = *state;
    char text[2 * LOG_LINE_BYTES_MAX];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    log_write(&f->log, CANDIDATE_ERROR, "%s", text);
    size_t bytes = strlen(received(f));
    assert_in_range(bytes, LOG_TEXT_BYTES_MAX, LOG_TEXT_BYTES_MAX + 32);
    assert_string_equal(f->pipe.text + bytes - 4, "...\n");
}

static void stuck_reader_delays_nothing_and_is_told_the_count(void **state)
{
    struct fixture *f = *state;
    small_pipe_fill(&f->pipe);
    log_write(&f->log, CANDIDATE_WARNING, "lost 1");
    log_write(&f->log, CANDIDATE_WARNING, "lost 2");
    small_pipe_empty(&f->pipe);
    log_write(&f->log, CANDIDATE_WARNING, "kept");
    log_write(&f->log, CANDIDATE_WARNING, "kept too");
    assert_string_equal(
        received(f),
        "candidate: warning: 2 messages could not be written here\n"
        "candidate: warning: kept\n"
        "candidate: warning: kept too\n");
}

static void count_is_told_at_the_end_when_nothing_else_came(void **state)
{
    struct fixture *f = *state;
    small_pipe_fill(&f->pipe);
    log_write(&f->log, CANDIDATE_WARNING, "lost");
    small_pipe_empty(&f->pipe);
    log_done(&f->log);
    assert_string_equal(
        received(f),
        "candidate: warning: 1 message could not be written here\n");
    log_done(&f->log);
    assert_string_equal(received(f), "");
}

static void full_disk_only_counts(void **state)
{
    struct fixture *f = *state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    log_init(&f->log, full);
    log_write(&f->log, CANDIDATE_WARNING, "lost");
    assert_int_equal(f->log.dropped_n, 1);
    close(full);
}

/* A file that may not grow beyond some bytes tears a line where we want. */
static void torn_line_is_ended_by_the_next(void **state)
{
    struct fixture *f = *state;
    char path[] = "/tmp/test_log.XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    unlink(path);
    signal(SIGXFSZ, SIG_IGN);
    log_init(&f->log, file);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = { strlen("candidate: to"), before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    log_write(&f->log, CANDIDATE_ERROR, "torn");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    log_write(&f->log, CANDIDATE_ERROR, "whole");
    log_write(&f->log, CANDIDATE_ERROR, "whole too");
    ssize_t n = pread(file, f->pipe.text, sizeof f->pipe.text - 1, 0);
    f->pipe.text[n > 0 ? n : 0] = '\0';
    assert_string_equal(
        f->pipe.text,
        "candidate: to\n"
        "candidate: warning: 1 message could not be written here\n"
        "candidate: whole\n"
        "candidate: whole too\n");
    close(file);
}

static const struct candidate_event answer = {
    .type = CANDIDATE_NOTICE,
    .severity = CANDIDATE_DEBUG,
    .text = "lease lives; now LEADING",
    .endpoint = "http://127.0.0.1:2379",
    .call = "renew",
    .revision = 9007199254740993,
    .duration_ms = 3,
};

static void answer_is_one_line_that_says_who_what_when_and_why(void **state)
{
    struct fixture *f = *state;
    log_notice(&f->log, &answer);
    assert_string_equal(received(f), "");
    log_set(&f->log, CANDIDATE_DEBUG, LOG_TEXT);
    log_notice(&f->log, &answer);
    struct candidate_event unknown = answer;
    unknown.revision = 0;
    log_notice(&f->log, &unknown);
    struct candidate_event plain = { .type = CANDIDATE_NOTICE,
                                     .severity = CANDIDATE_WARNING,
                                     .text = "beware" };
    log_notice(&f->log, &plain);
    assert_string_equal(
        received(f),
        "candidate: debug: http://127.0.0.1:2379: renew, revision "
        "9007199254740993, 3 ms: lease lives; now LEADING\n"
        "candidate: debug: http://127.0.0.1:2379: renew, 3 ms: lease lives; "
        "now LEADING\n"
        "candidate: warning: beware\n");
}

/* ---- JSON ---- */

/* What stands behind the time, which must be the present. */
static const char *behind_time(const char *line)
{
    static const char form[] = "{\"time\":\"dddd-dd-ddTdd:dd:dd.dddZ\",";
    for (size_t i = 0; form[i]; i++) {
        if (form[i] == 'd')
            assert_in_range(line[i], '0', '9');
        else
            assert_int_equal(line[i], form[i]);
    }
    struct tm utc = { 0 };
    assert_non_null(strptime(line + 9, "%Y-%m-%dT%H:%M:%S", &utc));
    /* time() may lag a tick behind the clock that was asked. */
    assert_in_range(timegm(&utc), time(NULL) - 60, time(NULL) + 1);
    return line + sizeof form - 1;
}

static void json_is_one_object_a_line(void **state)
{
    struct fixture *f = *state;
    log_set(&f->log, CANDIDATE_DEBUG, LOG_JSON);
    log_write(&f->log, CANDIDATE_ERROR, "%s", "a \"b\" c:\\d\n\xff \u00e9");
    assert_string_equal(behind_time(received(f)),
                        "\"level\":\"error\",\"message\":\"a \\\"b\\\" "
                        "c:\\\\d\\\\x0a\\\\xff \u00e9\"}\n");
    log_notice(&f->log, &answer);
    assert_string_equal(
        behind_time(received(f)),
        "\"level\":\"debug\",\"endpoint\":\"http://127.0.0.1:2379\","
        "\"call\":\"renew\",\"revision\":9007199254740993,"
        "\"duration_ms\":3,\"message\":\"lease lives; now LEADING\"}\n");
    log_advice(&f->log, "Try something else.");
    assert_string_equal(received(f), "");
}

static void longest_json_is_cut_within_its_strings(void **state)
{
    struct fixture *f = *state;
    log_set(&f->log, CANDIDATE_DEBUG, LOG_JSON);
    static char long_text[2 * LOG_LINE_BYTES_MAX];
    memset(long_text, '"', sizeof long_text - 1);
    struct candidate_event event = answer;
    event.text = event.endpoint = event.call = long_text;
    event.revision = event.duration_ms = INT64_MAX;
    log_notice(&f->log, &event);
    size_t bytes = strlen(received(f));
    assert_in_range(bytes, 2 * LOG_TEXT_BYTES_MAX, LOG_LINE_BYTES_MAX);
    assert_string_equal(f->pipe.text + bytes - 8, "\\\"...\"}\n");
    cJSON *json = cJSON_Parse(f->pipe.text);
    assert_non_null(json);
    cJSON_Delete(json);
}

static void count_of_what_was_dropped_is_json_as_well(void **state)
{
    struct fixture *f = *state;
    log_set(&f->log, CANDIDATE_INFO, LOG_JSON);
    small_pipe_fill(&f->pipe);
    log_write(&f->log, CANDIDATE_WARNING, "lost");
    small_pipe_empty(&f->pipe);
    log_done(&f->log);
    assert_string_equal(behind_time(received(f)),
                        "\"level\":\"warning\",\"message\":\"1 message "
                        "could not be written here\"}\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(severity_is_a_word_and_an_error_has_none),
        TEST(what_is_below_the_level_is_not_written),
        TEST(controls_are_escaped),
        TEST(answer_is_one_line_that_says_who_what_when_and_why),
        TEST(json_is_one_object_a_line),
        TEST(longest_json_is_cut_within_its_strings),
        TEST(count_of_what_was_dropped_is_json_as_well),
        TEST(too_long_a_line_is_cut),
        TEST(stuck_reader_delays_nothing_and_is_told_the_count),
        TEST(count_is_told_at_the_end_when_nothing_else_came),
        TEST(full_disk_only_counts),
        TEST(torn_line_is_ended_by_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
