/* test_fence_file.c: the file that has seen the largest token. */
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
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/folder.h"
#include "sys/clock.h"
#include "sys/fence_file.h"

#define LINE_42 "0000000000000000042 9223372036854775765\n"
#define LINE_43 "0000000000000000043 9223372036854775764\n"
#define LINE_MAX "9223372036854775807 0000000000000000000\n"
#define NOT_ONE                                                                \
    "is not a fence file; if nothing else needs it, and nothing runs under "   \
    "it, remove it"

enum {
    PATH_BYTES = FOLDER_PATH_BYTES_MAX + 16,
    CONTENT_BYTES = 256,
    DESCRIPTORS_MAX = 64,
};

struct fence {
    struct folder folder;
    char path[PATH_BYTES];
};

static int setup(void **state)
{
    static struct fence f;
    folder_make(&f.folder);
    snprintf(f.path, sizeof f.path, "%s/fence", f.folder.path);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fence *f = *state;
    folder_remove(&f->folder);
    return 0;
}

static void write_file(const struct fence *f, const char *content)
{
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void expect_content(const struct fence *f, const char *content)
{
    char text[CONTENT_BYTES] = "";
    FILE *file = fopen(f->path, "r");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    assert_int_equal(n, strlen(content));
    assert_string_equal(text, content);
}

static void passes(const struct fence *f, int64_t token)
{
    int fd = -1;
    struct candidate_error err = { 0 };
    int r = fence_file_pass(f->path, token, 0, &fd, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(r, 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

static void refuses(const struct fence *f, int64_t token, int code,
                    const char *words)
{
    int fd = -1;
    struct candidate_error err = { 0 };
    char message[PATH_BYTES + CONTENT_BYTES];
    assert_int_equal(fence_file_pass(f->path, token, 0, &fd, &err), code);
    assert_int_equal(fd, -1);
    snprintf(message, sizeof message, "%s: %s", f->path, words);
    assert_string_equal(err.message, message);
}

/* ---- tokens ---- */

static void first_token_is_stored_in_a_new_file(void **state)
{
    struct fence *f = *state;
    passes(f, 42);
    expect_content(f, LINE_42);
}

static void larger_and_equal_tokens_pass_and_smaller_ones_do_not(void **state)
{
    struct fence *f = *state;
    passes(f, 42);
    passes(f, 42);
    passes(f, 43);
    expect_content(f, LINE_42 LINE_43);
    refuses(f, 42, CANDIDATE_EFENCED,
            "token 42 is smaller than 43, which it has seen");
    passes(f, 43);
    passes(f, INT64_MAX);
    expect_content(f, LINE_MAX LINE_43);
    refuses(f, 1, CANDIDATE_EFENCED,
            "token 1 is smaller than 9223372036854775807, which it has seen");
    expect_content(f, LINE_MAX LINE_43);
}

static void larger_of_both_lines_counts_wherever_it_is(void **state)
{
    struct fence *f = *state;
    static const char *const both[] = { LINE_42 LINE_43, LINE_43 LINE_42 };
    for (int i = 0; i < 2; i++) {
        write_file(f, both[i]);
        refuses(f, 42, CANDIDATE_EFENCED,
                "token 42 is smaller than 43, which it has seen");
        passes(f, INT64_MAX);
        expect_content(f, i == 0 ? LINE_MAX LINE_43 : LINE_43 LINE_MAX);
    }
}

/* ---- when power fails ---- */

/* A part of the new line stands before or behind a part of the old one. */
static void mixed_line_does_not_count(void **state)
{
    struct fence *f = *state;
    static const char old[] = LINE_42, new[] = LINE_MAX;
    enum { LAST_DIGIT = sizeof old - 1 - 2 };
    for (int cut = 1; cut <= LAST_DIGIT; cut++) {
        for (int i = 0; i < 2; i++) {
            char mixed[CONTENT_BYTES];
            snprintf(mixed, sizeof mixed, "%.*s%s%s", cut, i == 0 ? new : old,
                     (i == 0 ? old : new) + cut, LINE_43);
            write_file(f, mixed);
            refuses(f, 41, CANDIDATE_EFENCED,
                    "token 41 is smaller than 43, which it has seen");
            passes(f, INT64_MAX);
            expect_content(f, LINE_MAX LINE_43);
        }
    }
}

static void line_that_was_cut_short_does_not_count(void **state)
{
    struct fence *f = *state;
    for (int cut = 1; cut < (int)sizeof LINE_43 - 1; cut++) {
        char content[CONTENT_BYTES];
        snprintf(content, sizeof content, "%s%.*s", LINE_42, cut, LINE_43);
        write_file(f, content);
        passes(f, 42);
        passes(f, 43);
        expect_content(f, LINE_42 LINE_43);
    }
}

/* ---- other files ---- */

static void what_is_no_fence_file_is_refused_and_left_alone(void **state)
{
    struct fence *f = *state;
    static const char too_long[] = LINE_42 LINE_43 "x";
    static const char *const bad[] = {
        "42\n",
        "\n",
        "0000000000000000042 9223372036854775764\n",
        "9223372036854775808 9223372036854775807\n",
        "000000000000000004x 9223372036854775765\n",
        "0000000000000000042:9223372036854775765\n",
        "0000000000000000042 9223372036854775765 ",
        too_long,
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(f, bad[i]);
        refuses(f, 44, CANDIDATE_EINVAL, NOT_ONE);
        expect_content(f, bad[i]);
    }
    unlink(f->path);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    refuses(f, 44, CANDIDATE_EINVAL, NOT_ONE);
}

static void file_that_cannot_be_opened_is_named(void **state)
{
    struct fence *f = *state;
    assert_int_equal(mkdir(f->path, 0700), 0);
    refuses(f, 1, CANDIDATE_ESYSTEM, "open: Is a directory");
    snprintf(f->path, sizeof f->path, "%s/no/file", f->folder.path);
    refuses(f, 1, CANDIDATE_ESYSTEM, "open: No such file or directory");
}

/* Runs in a process whose files may not grow beyond this. */
static _Noreturn void pass_within(const struct fence *f, rlim_t bytes)
{
    int fd;
    struct rlimit limit = { bytes, bytes };
    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        _exit(1);
    int r = fence_file_pass(f->path, 43, 0, &fd, NULL);
    _exit(r == CANDIDATE_ESYSTEM ? 0 : 1);
}

static void full_disk_is_an_error_and_costs_no_token(void **state)
{
    struct fence *f = *state;
    passes(f, 42);
    for (rlim_t more = 0; more < 40; more += 13) {
        int status;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            pass_within(f, sizeof LINE_42 - 1 + more);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        refuses(f, 41, CANDIDATE_EFENCED,
                "token 41 is smaller than 42, which it has seen");
    }
    passes(f, 43);
    expect_content(f, LINE_42 LINE_43);
}

/* ---- the lock ---- */

static void file_stays_locked_until_the_descriptor_is_closed(void **state)
{
    struct fence *f = *state;
    int fd;
    assert_int_equal(fence_file_pass(f->path, 1, 0, &fd, NULL), 0);
    int copy = dup(fd); /* a command's, say */
    close(fd);
    refuses(f, 2, CANDIDATE_EFENCED,
            "stays locked: another command runs under it");
    expect_content(f, "0000000000000000001 9223372036854775806\n");
    close(copy);
    passes(f, 2);
}

static void refused_token_leaves_it_unlocked(void **state)
{
    struct fence *f = *state;
    passes(f, 2);
    refuses(f, 1, CANDIDATE_EFENCED,
            "token 1 is smaller than 2, which it has seen");
    passes(f, 2);
}

/* Has this process that file open? */
static bool has_open(pid_t pid, const char *path)
{
    bool found = false;
    for (int fd = 0; fd < DESCRIPTORS_MAX && !found; fd++) {
        char link[64], target[PATH_BYTES];
        snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd);
        ssize_t n = readlink(link, target, sizeof target - 1);
        target[n > 0 ? n : 0] = '\0';
        found = strcmp(target, path) == 0;
    }
    return found;
}

/* A process that wants to pass, and waits for the lock that we have. */
static pid_t start_waiter(const struct fence *f, int lock_fd, int64_t token)
{
    int pipe_fds[2], fd;
    char byte;
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(lock_fd);
        (void)!write(pipe_fds[1], "", 1);
        int r = fence_file_pass(f->path, token, FENCE_FILE_WAIT_MS, &fd, NULL);
        _exit(r == 0 ? 0 : 1);
    }
    assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    int64_t end_at_ms = clock_now_ms() + FENCE_FILE_WAIT_MS / 2;
    while (!has_open(pid, f->path))
        assert_true(clock_now_ms() < end_at_ms);
    return pid;
}

static void expect_passed(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void who_waits_goes_on_when_it_is_unlocked(void **state)
{
    struct fence *f = *state;
    int fd;
    assert_int_equal(fence_file_pass(f->path, 42, 0, &fd, NULL), 0);
    pid_t pid = start_waiter(f, fd, 43);
    expect_content(f, LINE_42);
    close(fd);
    expect_passed(pid);
    expect_content(f, LINE_42 LINE_43);
}

/* Whoever removes the file while somebody waits for it makes two of them: the
 * one that has the name counts. */
static void file_that_was_replaced_is_opened_anew(void **state)
{
    struct fence *f = *state;
    int fd;
    assert_int_equal(fence_file_pass(f->path, 42, 0, &fd, NULL), 0);
    pid_t pid = start_waiter(f, fd, 43);
    assert_int_equal(unlink(f->path), 0);
    close(fd);
    expect_passed(pid);
    expect_content(f, LINE_43);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_token_is_stored_in_a_new_file),
        TEST(larger_and_equal_tokens_pass_and_smaller_ones_do_not),
        TEST(larger_of_both_lines_counts_wherever_it_is),
        TEST(mixed_line_does_not_count),
        TEST(line_that_was_cut_short_does_not_count),
        TEST(what_is_no_fence_file_is_refused_and_left_alone),
        TEST(file_that_cannot_be_opened_is_named),
        TEST(full_disk_is_an_error_and_costs_no_token),
        TEST(file_stays_locked_until_the_descriptor_is_closed),
        TEST(refused_token_leaves_it_unlocked),
        TEST(who_waits_goes_on_when_it_is_unlocked),
        TEST(file_that_was_replaced_is_opened_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
