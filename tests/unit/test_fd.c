/* test_fd.c: reading and writing without waiting; descriptors that were
 * closed at the start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/fd.h"

enum { FILL_BYTES_MAX = 64 * 1024 * 1024 };

/* ---- writing and reading ---- */

/* A terminal, in its master's hands. */
static void open_terminal(int *ret_master, int *ret_slave)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    char name[64];
    assert_int_equal(ptsname_r(master, name, sizeof name), 0);
    int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(slave >= 0);
    *ret_master = master;
    *ret_slave = slave;
}

/* Write until there is no room; a write that waits would hang the test.
 * Returns how many bytes went in. */
static size_t fill(int fd, size_t line_bytes)
{
    char line[PIPE_BUF];
    memset(line, '#', sizeof line);
    size_t total = 0;
    size_t written = 1;
    while (written > 0) {
        assert_int_equal(fd_write_now(fd, line, line_bytes, &written, NULL), 0);
        total += written;
        assert_true(total < FILL_BYTES_MAX);
    }
    return total;
}

static void writing_to_a_full_pipe_does_not_wait(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(fill(ends[1], 100) >= PIPE_BUF);
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    close(ends[0]);
    close(ends[1]);
}

static void writing_to_a_full_socket_does_not_wait(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
                     0);
    assert_true(fill(ends[1], 100) >= PIPE_BUF);
    close(ends[0]);
    close(ends[1]);
}

/* POLLOUT of a terminal promises room for one byte, and its write() waits
 * until all are in: some of these lengths meet such a room. */
static void writing_to_a_stuck_terminal_does_not_wait(void **state)
{
    (void)state;
    static const size_t line_bytes[] = { 10, 257, 700, 2047, PIPE_BUF };
    for (size_t i = 0; i < sizeof line_bytes / sizeof *line_bytes; i++) {
        int master, slave;
        open_terminal(&master, &slave);
        int own = fd_own_terminal(slave, O_WRONLY);
        assert_int_not_equal(own, slave);
        assert_true(fill(own, line_bytes[i]) > 0);
        assert_int_equal(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
        close(own);
        close(slave);
        close(master);
    }
}

static void only_a_terminal_is_opened_anew(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fd_own_terminal(ends[1], O_WRONLY), ends[1]);
    close(ends[0]);
    close(ends[1]);
}

static void write_errors_have_the_systems_words(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    size_t written = 7;
    struct candidate_error err = { 0 };
    assert_int_equal(fd_write_now(ends[1], "x", 1, &written, &err),
                     CANDIDATE_ESYSTEM);
    assert_string_equal(err.message, strerror(EPIPE));
    assert_int_equal(written, 7);
    close(ends[1]);
}

static void reading_tells_data_nothing_and_end_apart(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    char data[8];
    size_t bytes = 0;
    assert_int_equal(fd_read_now(ends[0], data, sizeof data, &bytes),
                     FD_NOTHING);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    assert_int_equal(fd_read_now(ends[0], data, sizeof data, &bytes), FD_DATA);
    assert_int_equal(bytes, 3);
    assert_memory_equal(data, "abc", 3);
    close(ends[1]);
    assert_int_equal(fd_read_now(ends[0], data, sizeof data, &bytes), FD_END);
    close(ends[0]);
}

static void what_cannot_be_read_is_broken(void **state)
{
    (void)state;
    int folder = open("/", O_RDONLY | O_CLOEXEC);
    assert_true(folder >= 0);
    char data[8];
    size_t bytes = 7;
    assert_int_equal(fd_read_now(folder, data, sizeof data, &bytes), FD_BROKEN);
    assert_int_equal(bytes, 7);
    close(folder);
}

static void reading_a_silent_terminal_does_not_wait(void **state)
{
    (void)state;
    int master, slave;
    open_terminal(&master, &slave);
    int own = fd_own_terminal(slave, O_RDONLY);
    char data[8];
    size_t bytes;
    assert_int_equal(fd_read_now(own, data, sizeof data, &bytes), FD_NOTHING);
    assert_int_equal(fd_read_now(slave, data, sizeof data, &bytes), FD_NOTHING);
    close(own);
    close(slave);
    close(master);
}

/* ---- descriptors that were closed at the start ---- */

/* In a child: close a set of 0, 1 and 2, fill, and see what is there now. */
static int plays_well(int closed)
{
    for (int fd = 0; fd < 3; fd++)
        if (closed & 1 << fd)
            close(fd);
    if (fd_fill_standard(NULL) != closed)
        return 1;
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) != 0)
            return 2;
    int next = socket(AF_UNIX, SOCK_STREAM, 0);
    if (next >= 0 && next < 3)
        return 3;
    char byte;
    if ((closed & 1) && read(0, &byte, 1) != 0)
        return 4;
    return fd_fill_standard(NULL) == 0 ? 0 : 5;
}

static void closed_standard_descriptors_are_filled(void **state)
{
    (void)state;
    for (int closed = 0; closed < 8; closed++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(plays_well(closed));
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_to_a_full_pipe_does_not_wait),
        cmocka_unit_test(writing_to_a_full_socket_does_not_wait),
        cmocka_unit_test(writing_to_a_stuck_terminal_does_not_wait),
        cmocka_unit_test(only_a_terminal_is_opened_anew),
        cmocka_unit_test(write_errors_have_the_systems_words),
        cmocka_unit_test(reading_tells_data_nothing_and_end_apart),
        cmocka_unit_test(what_cannot_be_read_is_broken),
        cmocka_unit_test(reading_a_silent_terminal_does_not_wait),
        cmocka_unit_test(closed_standard_descriptors_are_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
