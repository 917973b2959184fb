/* test_lease_page.c: what a leader shows other processes of its machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "candidate.h"
#include "support/procfs.h"
#include "sys/clock.h"

enum {
    TOKEN = 42,
    LEASE = 7,
    LONG_MS = 3600000,
    READS_MAX = 2000000,
    CHANGES_MAX = 50000,
};

struct pages {
    struct candidate_lease_page *writer, *reader;
};

static struct candidate_lease leading(int64_t token)
{
    return (struct candidate_lease){
        .state = CANDIDATE_LEASE_LEADING,
        .token = token,
        .lease = LEASE,
        .lead_until_ms = clock_now_ms() + LONG_MS,
    };
}

static int setup(void **state)
{
    static struct pages pages;
    unsetenv("CANDIDATE_LEASE_PAGE");
    unsetenv("CANDIDATE_TOKEN");
    assert_int_equal(candidate_lease_page_new(&pages.writer, NULL), 0);
    assert_int_equal(candidate_lease_page_open(
                         &pages.reader, candidate_lease_page_path(pages.writer),
                         TOKEN, NULL),
                     0);
    *state = &pages;
    return 0;
}

static int teardown(void **state)
{
    struct pages *p = *state;
    candidate_lease_page_close(p->reader);
    candidate_lease_page_close(p->writer);
    return 0;
}

static void write_lease(struct pages *p, struct candidate_lease lease)
{
    candidate_lease_page_write(p->writer, &lease);
}

/* ---- what it says ---- */

static void reader_sees_what_was_written(void **state)
{
    struct pages *p = *state;
    struct candidate_lease lease = leading(TOKEN), seen;
    write_lease(p, lease);
    assert_true(candidate_lease_page_read(p->reader, &seen));
    assert_int_equal(seen.state, CANDIDATE_LEASE_LEADING);
    assert_int_equal(seen.token, TOKEN);
    assert_int_equal(seen.lease, LEASE);
    assert_int_equal(seen.lead_until_ms, lease.lead_until_ms);
    assert_true(candidate_lease_page_read(p->writer, &seen));
    assert_int_equal(seen.lead_until_ms, lease.lead_until_ms);
}

static void only_a_leader_in_time_may_act(void **state)
{
    struct pages *p = *state;
    assert_false(candidate_may_act(p->reader)); /* nothing is written yet */
    write_lease(p, leading(TOKEN));
    assert_true(candidate_may_act(p->reader));
    assert_true(candidate_may_act(p->writer));
    struct candidate_lease late = leading(TOKEN);
    late.lead_until_ms = clock_now_ms();
    write_lease(p, late);
    assert_false(candidate_may_act(p->reader));
    write_lease(p, leading(TOKEN));
    assert_true(candidate_may_act(p->reader));
    struct candidate_lease lost = leading(TOKEN);
    lost.state = CANDIDATE_LEASE_LOST;
    write_lease(p, lost);
    assert_false(candidate_may_act(p->reader));
    assert_false(candidate_may_act(NULL));
}

/* Whoever acts for one leadership must not act for the next one. */
static void page_counts_for_the_token_it_was_opened_with(void **state)
{
    struct pages *p = *state;
    struct candidate_lease seen;
    write_lease(p, leading(TOKEN + 1));
    assert_false(candidate_may_act(p->reader));
    assert_true(candidate_lease_page_read(p->reader, &seen));
    assert_int_equal(seen.state, CANDIDATE_LEASE_LOST);
    assert_int_equal(seen.token, TOKEN + 1);
    assert_true(candidate_may_act(p->writer));
}

static void variables_say_where_and_for_whom(void **state)
{
    struct pages *p = *state;
    struct candidate_lease_page *page = NULL;
    write_lease(p, leading(TOKEN));
    setenv("CANDIDATE_LEASE_PAGE", candidate_lease_page_path(p->writer), 1);
    setenv("CANDIDATE_TOKEN", "42", 1);
    assert_int_equal(candidate_lease_page_open(&page, NULL, 0, NULL), 0);
    assert_true(candidate_may_act(page));
    candidate_lease_page_close(page);
    setenv("CANDIDATE_TOKEN", "41", 1);
    assert_int_equal(candidate_lease_page_open(&page, NULL, 0, NULL), 0);
    assert_false(candidate_may_act(page));
    candidate_lease_page_close(page);
    candidate_lease_page_close(NULL);
}

/* ---- what a reader cannot do ---- */

static void reader_can_neither_write_nor_resize(void **state)
{
    struct pages *p = *state;
    const char *path = candidate_lease_page_path(p->writer);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        assert_int_equal(write(fd, "x", 1), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(ftruncate(fd, 0), -1);
        assert_int_equal(errno, EPERM);
        assert_int_equal(ftruncate(fd, 1 << 20), -1);
        assert_ptr_equal(
            mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
            MAP_FAILED);
        assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
        close(fd);
    }
    write_lease(p, leading(TOKEN));
    assert_true(candidate_may_act(p->reader));
}

/* ---- readers and writers at the same time ---- */

/* Every number follows from the token. */
static struct candidate_lease numbered(int64_t i)
{
    return (struct candidate_lease){
        .state = i % 2 ? CANDIDATE_LEASE_LEADING : CANDIDATE_LEASE_LOST,
        .token = i,
        .lease = 2 * i,
        .lead_until_ms = 3 * i,
    };
}

static bool is_whole(const struct candidate_lease *seen)
{
    struct candidate_lease whole = numbered(seen->token);
    return seen->lease == whole.lease &&
        seen->lead_until_ms == whole.lead_until_ms &&
        (seen->token == 0 || seen->state == whole.state);
}

struct writing {
    struct candidate_lease_page *page;
    atomic_bool over;
};

static void *write_on(void *arg)
{
    struct writing *w = arg;
    for (int64_t i = 1; !w->over; i++) {
        struct candidate_lease lease = numbered(i);
        candidate_lease_page_write(w->page, &lease);
    }
    return NULL;
}

static void no_reader_sees_half_of_a_write(void **state)
{
    struct pages *p = *state;
    struct writing w = { .page = p->writer };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
    int64_t last = 0;
    int changes = 0;
    bool whole = true; /* the thread must end before the test does */
    /* On one processor there are few changes, and that is no fault. */
    for (int reads = 0; reads < READS_MAX && changes < CHANGES_MAX; reads++) {
        struct candidate_lease seen;
        if (!candidate_lease_page_read(p->writer, &seen))
            continue;
        whole = whole && is_whole(&seen) && seen.token >= last;
        changes += seen.token > last;
        last = seen.token;
    }
    w.over = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(whole);
}

/* Runs in a process that shares the writer's memory, until it is killed. */
static _Noreturn void write_for_ever(struct candidate_lease_page *page, int fd)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int64_t i = 1;; i++) {
        struct candidate_lease lease = numbered(i);
        candidate_lease_page_write(page, &lease);
        if (i == 1000 && write(fd, "", 1) != 1)
            _exit(1);
    }
}

/* As a guardian does when the leader has died in the midst of a write. */
static void page_of_a_dead_writer_can_be_read_and_closed(void **state)
{
    struct pages *p = *state;
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    for (int i = 0; i < 20; i++) {
        char byte;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            write_for_ever(p->writer, pipe_fds[1]);
        assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        struct candidate_lease seen;
        assert_true(candidate_lease_page_read(p->writer, &seen));
        assert_true(seen.token >= 1000);
        assert_true(is_whole(&seen));
        seen.state = CANDIDATE_LEASE_LOST;
        write_lease(p, seen);
        assert_true(candidate_lease_page_read(p->reader, &seen));
        assert_int_equal(seen.state, CANDIDATE_LEASE_LOST);
    }
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

/* A child that has closed all descriptors may have another file there. */
static void child_closes_the_page_and_nothing_else(void **state)
{
    struct pages *p = *state;
    const char *path = candidate_lease_page_path(p->writer);
    int fd = (int)strtol(strrchr(path, '/') + 1, NULL, 10);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fd);
        int other = open("/dev/null", O_RDONLY);
        candidate_lease_page_write(p->writer,
                                   &(struct candidate_lease){ .token = 99 });
        candidate_lease_page_close(p->writer);
        _exit(other == fd && fcntl(fd, F_GETFD) >= 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    struct candidate_lease seen;
    assert_true(candidate_lease_page_read(p->writer, &seen));
    assert_int_equal(seen.token, 99);
}

static void nothing_is_left_behind(void **state)
{
    struct pages *p = *state;
    size_t before = procfs_descriptors_n(getpid());
    struct candidate_lease_page *page, *reader;
    assert_int_equal(candidate_lease_page_new(&page, NULL), 0);
    assert_int_equal(candidate_lease_page_open(
                         &reader, candidate_lease_page_path(page), TOKEN, NULL),
                     0);
    assert_int_equal(procfs_descriptors_n(getpid()), before + 1);
    candidate_lease_page_close(page);
    assert_int_equal(procfs_descriptors_n(getpid()), before);
    assert_false(candidate_may_act(reader)); /* the memory is still there */
    candidate_lease_page_close(reader);
    assert_non_null(p->writer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reader_sees_what_was_written),
        TEST(only_a_leader_in_time_may_act),
        TEST(page_counts_for_the_token_it_was_opened_with),
        TEST(variables_say_where_and_for_whom),
        TEST(reader_can_neither_write_nor_resize),
        TEST(no_reader_sees_half_of_a_write),
        TEST(page_of_a_dead_writer_can_be_read_and_closed),
        TEST(child_closes_the_page_and_nothing_else),
        TEST(nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
