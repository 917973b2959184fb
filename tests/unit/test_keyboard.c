/* test_keyboard.c: ENTER on a pipe, on a file, and on a terminal that may be
 * somebody else's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/keyboard.h"

enum { PATIENCE_MS = 10000 };

/* ---- pipes and files ---- */

struct fixture {
    struct keyboard keyboard;
    int reader, writer;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    f->reader = ends[0];
    f->writer = ends[1];
    keyboard_init(&f->keyboard, f->reader);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    close(f->reader);
    if (f->writer >= 0)
        close(f->writer);
    free(f);
    return 0;
}

static void type(const struct fixture *f, const char *text)
{
    assert_int_equal(write(f->writer, text, strlen(text)), strlen(text));
}

static int waits_for(const struct keyboard *k)
{
    int timeout_ms = 7;
    struct pollfd polled = keyboard_pollfd(k, &timeout_ms);
    assert_int_equal(timeout_ms, -1);
    assert_int_equal(polled.events, POLLIN);
    return polled.fd;
}

static void line_end_is_enter_and_the_rest_is_not(void **state)
{
    struct fixture *f = *state;
    assert_false(keyboard_enter(&f->keyboard));
    type(f, "no line end");
    assert_false(keyboard_enter(&f->keyboard));
    type(f, "\n");
    assert_true(keyboard_enter(&f->keyboard));
    assert_false(keyboard_enter(&f->keyboard));
}

static void enter_waits_in_a_pipe(void **state)
{
    struct fixture *f = *state;
    type(f, "\n");
    keyboard_begin(&f->keyboard);
    assert_true(keyboard_enter(&f->keyboard));
}

static void end_of_file_is_no_keyboard(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(waits_for(&f->keyboard), f->reader);
    close(f->writer);
    f->writer = -1;
    assert_false(keyboard_enter(&f->keyboard));
    assert_int_equal(waits_for(&f->keyboard), -1);
    keyboard_begin(&f->keyboard);
    assert_false(keyboard_enter(&f->keyboard));
}

static void enter_before_the_end_of_file_counts(void **state)
{
    struct fixture *f = *state;
    type(f, "\n");
    close(f->writer);
    f->writer = -1;
    assert_true(keyboard_enter(&f->keyboard));
}

static void megabyte_without_a_line_end_is_swallowed(void **state)
{
    struct fixture *f = *state;
    char junk[KEYBOARD_READ_BYTES];
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (char)(i % 256 == '\n' ? 0 : i);
    for (int i = 0; i < 1024 * 1024 / KEYBOARD_READ_BYTES; i++) {
        assert_int_equal(write(f->writer, junk, sizeof junk), sizeof junk);
        assert_false(keyboard_enter(&f->keyboard));
    }
    type(f, "\n");
    assert_true(keyboard_enter(&f->keyboard));
}

static void what_cannot_be_read_is_no_keyboard(void **state)
{
    (void)state;
    int folder = open("/", O_RDONLY | O_CLOEXEC);
    assert_true(folder >= 0);
    struct keyboard k;
    keyboard_init(&k, folder);
    assert_false(keyboard_enter(&k));
    assert_int_equal(waits_for(&k), -1);
    close(folder);
}

/* ---- terminals, with job control: in a session of its own ---- */

struct terminal {
    int master;
    int slave;
    struct keyboard keyboard;
};

static void require(bool holds, int line)
{
    if (!holds)
        _exit(line % 256 ? line % 256 : 255);
}
#define REQUIRE(holds) require(holds, __LINE__)

/* Becomes the leader of a session that this terminal controls. */
static void terminal_init(struct terminal *t)
{
    REQUIRE(setsid() >= 0);
    signal(SIGTTIN, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    t->master = posix_openpt(O_RDWR | O_NOCTTY);
    char name[64];
    REQUIRE(t->master >= 0 && grantpt(t->master) == 0 &&
            unlockpt(t->master) == 0 &&
            ptsname_r(t->master, name, sizeof name) == 0);
    t->slave = open(name, O_RDWR);
    REQUIRE(t->slave >= 0);
    REQUIRE(tcgetpgrp(t->slave) == getpgrp());
    keyboard_init(&t->keyboard, fd_own_terminal(t->slave, O_RDONLY));
}

/* Types a line, and waits until the terminal has it. */
static void type_line(const struct terminal *t)
{
    REQUIRE(write(t->master, "\n", 1) == 1);
    struct pollfd typed = { .fd = t->slave, .events = POLLIN };
    REQUIRE(poll(&typed, 1, PATIENCE_MS) == 1);
}

/* Run play() in a child that has a terminal. */
static void with_terminal(void (*play)(struct terminal *))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct terminal t;
        terminal_init(&t);
        play(&t);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0); /* else the line is in status / 256 */
}

/* Run play() in a grandchild that is a background job of the terminal. */
static void in_background(struct terminal *t, void (*play)(struct terminal *))
{
    pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        REQUIRE(setpgid(0, 0) == 0);
        play(t);
        _exit(0);
    }
    int status;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    if (status != 0)
        _exit(WEXITSTATUS(status));
}

static void type_ahead_then_enter(struct terminal *t)
{
    type_line(t);
    keyboard_begin(&t->keyboard);
    REQUIRE(!keyboard_enter(&t->keyboard));
    type_line(t);
    REQUIRE(keyboard_enter(&t->keyboard));
}

static void terminal_forgets_what_was_typed_ahead(void **state)
{
    (void)state;
    with_terminal(type_ahead_then_enter);
}

static void hang_up(struct terminal *t)
{
    close(t->master);
    REQUIRE(!keyboard_enter(&t->keyboard));
    REQUIRE(t->keyboard.fd == -1);
}

static void terminal_that_hangs_up_is_no_keyboard(void **state)
{
    (void)state;
    with_terminal(hang_up);
}

static void be_background_job(struct terminal *t)
{
    int timeout_ms;
    keyboard_begin(&t->keyboard);
    REQUIRE(keyboard_pollfd(&t->keyboard, &timeout_ms).fd == -1);
    REQUIRE(timeout_ms == KEYBOARD_BACKGROUND_MS);
    REQUIRE(!keyboard_enter(&t->keyboard));       /* EIO */
    REQUIRE(tcsetpgrp(t->slave, getpgrp()) == 0); /* as `fg` does */
    REQUIRE(keyboard_pollfd(&t->keyboard, &timeout_ms).fd == t->keyboard.fd);
    REQUIRE(timeout_ms == -1);
    REQUIRE(keyboard_enter(&t->keyboard));
}

static void put_in_background(struct terminal *t)
{
    type_line(t);
    in_background(t, be_background_job);
}

static void background_job_leaves_the_terminals_input_alone(void **state)
{
    (void)state;
    with_terminal(put_in_background);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(line_end_is_enter_and_the_rest_is_not),
        TEST(enter_waits_in_a_pipe),
        TEST(end_of_file_is_no_keyboard),
        TEST(enter_before_the_end_of_file_counts),
        TEST(megabyte_without_a_line_end_is_swallowed),
        cmocka_unit_test(what_cannot_be_read_is_no_keyboard),
        cmocka_unit_test(terminal_forgets_what_was_typed_ahead),
        cmocka_unit_test(terminal_that_hangs_up_is_no_keyboard),
        cmocka_unit_test(background_job_leaves_the_terminals_input_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
