/* test_secret_terminal.c: passwords from a person at a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "sys/secret.h"

enum {
    PATIENCE_MS = 10000,
    SECRET_BYTES = CANDIDATE_PASSWORD_BYTES_MAX + 1,
};

/* ---- a terminal and its job, in a session of their own ---- */

struct play {
    int master, terminal;
    int stop_reader, stop_writer;
    pid_t job; /* asks, in the terminal's foreground */
};

static void require(bool holds, int line)
{
    if (!holds)
        _exit(line % 256 ? line % 256 : 255);
}
#define REQUIRE(holds) require((holds), __LINE__)

/* What the job exits with. */
enum outcome { GOT_IT = 1, STOPPED, NO_TERMINAL, INVALID, OTHERWISE };

static enum outcome ask(int stop_fd)
{
    char secret[SECRET_BYTES];
    struct candidate_error err;
    switch (secret_ask("Password: ", stop_fd, secret, sizeof secret, &err)) {
    case 0:
        return strcmp(secret, "sec ret") == 0 ? GOT_IT : OTHERWISE;
    case 1:
        return STOPPED;
    case CANDIDATE_ENOTFOUND:
        return NO_TERMINAL;
    case CANDIDATE_EINVAL:
        return INVALID;
    default: /* any other error */
        return OTHERWISE;
    }
}

static void open_terminal(struct play *p)
{
    char name[64];
    REQUIRE(setsid() >= 0);
    signal(SIGTTIN, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    p->master = posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(p->master >= 0 && grantpt(p->master) == 0 &&
            unlockpt(p->master) == 0 &&
            ptsname_r(p->master, name, sizeof name) == 0);
    p->terminal = open(name, O_RDWR);
    REQUIRE(p->terminal >= 0);
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    p->stop_reader = ends[0];
    p->stop_writer = ends[1];
}

static void start_job(struct play *p)
{
    int go[2];
    char byte = 0;
    REQUIRE(pipe2(go, O_CLOEXEC) == 0);
    p->job = fork();
    REQUIRE(p->job >= 0);
    if (p->job == 0) {
        close(p->master);
        signal(SIGINT, SIG_DFL); /* whoever began us may ignore it */
        REQUIRE(setpgid(0, 0) == 0 && read(go[0], &byte, 1) == 1);
        _exit((int)ask(p->stop_reader));
    }
    (void)setpgid(p->job, p->job);
    REQUIRE(tcsetpgrp(p->terminal, p->job) == 0);
    REQUIRE(write(go[1], &byte, 1) == 1);
    close(go[0]);
    close(go[1]);
}

static bool echoes(const struct play *p)
{
    struct termios mode;
    REQUIRE(tcgetattr(p->terminal, &mode) == 0);
    return (mode.c_lflag & ECHO) != 0;
}

/* The terminal shows exactly this next. */
static void await_shown(const struct play *p, const char *text)
{
    char shown[64];
    size_t bytes = 0;
    while (bytes < strlen(text)) {
        struct pollfd polled = { .fd = p->master, .events = POLLIN };
        REQUIRE(poll(&polled, 1, PATIENCE_MS) == 1);
        ssize_t n = read(p->master, shown + bytes, strlen(text) - bytes);
        REQUIRE(n > 0);
        bytes += (size_t)n;
    }
    REQUIRE(memcmp(shown, text, bytes) == 0);
}

static void type(const struct play *p, const char *text)
{
    REQUIRE(write(p->master, text, strlen(text)) == (ssize_t)strlen(text));
}

static void await_prompt(const struct play *p)
{
    await_shown(p, "Password: ");
    REQUIRE(!echoes(p));
}

static int status_of_job(const struct play *p)
{
    int status;
    REQUIRE(waitpid(p->job, &status, WUNTRACED) == p->job);
    REQUIRE(echoes(p));
    return status;
}

static bool ends_with(const struct play *p, enum outcome outcome)
{
    int status = status_of_job(p);
    return WIFEXITED(status) && WEXITSTATUS(status) == (int)outcome;
}

/* Run play() in a child that has a terminal, with a job that asks. */
static void act(void (*play)(struct play *))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct play p;
        open_terminal(&p);
        start_job(&p);
        await_prompt(&p);
        play(&p);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0); /* else the line is in status / 256 */
}

static void answer(struct play *p)
{
    type(p, "sex\177c ret\n"); /* with a slip and a correction */
    await_shown(p, "\r\n");    /* and nothing before that */
    REQUIRE(ends_with(p, GOT_IT));
}

static void answer_is_read_without_echo(void **state)
{
    (void)state;
    act(answer);
}

static void answer_with_nothing(struct play *p)
{
    type(p, "\n");
    REQUIRE(ends_with(p, INVALID));
    start_job(p);
    await_shown(p, "\r\n");
    await_prompt(p);
    type(p, "\004"); /* Ctrl-D */
    REQUIRE(ends_with(p, INVALID));
}

static void no_answer_is_no_password(void **state)
{
    (void)state;
    act(answer_with_nothing);
}

/* The shell must not get the rest for a command. */
static void answer_too_much(struct play *p)
{
    char text[2 * SECRET_BYTES];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    type(p, text);
    type(p, "\n");
    REQUIRE(ends_with(p, INVALID));
    struct pollfd left = { .fd = p->terminal, .events = POLLIN };
    REQUIRE(poll(&left, 1, 0) == 0);
}

static void too_long_an_answer_is_left_to_nobody(void **state)
{
    (void)state;
    act(answer_too_much);
}

static bool ends_by(const struct play *p, int number)
{
    int status = status_of_job(p);
    return WIFSIGNALED(status) && WTERMSIG(status) == number;
}

static void type_interrupt(struct play *p)
{
    type(p, "secr\003");
    REQUIRE(ends_by(p, SIGINT));
}

static void send_interrupt(struct play *p)
{
    REQUIRE(kill(p->job, SIGINT) == 0);
    REQUIRE(ends_by(p, SIGINT));
}

static void ctrl_c_ends_by_the_signal_with_echo_on(void **state)
{
    (void)state;
    act(type_interrupt);
    act(send_interrupt);
}

static void stop_asking(struct play *p)
{
    REQUIRE(write(p->stop_writer, "!", 1) == 1);
    REQUIRE(ends_with(p, STOPPED));
}

static void readable_descriptor_ends_the_asking_with_echo_on(void **state)
{
    (void)state;
    act(stop_asking);
}

static void suspend(struct play *p)
{
    type(p, "secr\032"); /* Ctrl-Z */
    REQUIRE(WIFSTOPPED(status_of_job(p)));
    REQUIRE(tcsetpgrp(p->terminal, getpgrp()) == 0);
    REQUIRE(tcsetpgrp(p->terminal, p->job) == 0); /* as `fg` does */
    REQUIRE(kill(p->job, SIGCONT) == 0);
    await_shown(p, "\r\n");
    await_prompt(p);
    type(p, "sec ret\n");
    REQUIRE(ends_with(p, GOT_IT));
}

static void suspended_it_gives_the_echo_back_and_asks_again(void **state)
{
    (void)state;
    act(suspend);
}

static void leave_background(struct play *p)
{
    type(p, "\032");
    REQUIRE(WIFSTOPPED(status_of_job(p)));
    REQUIRE(tcsetpgrp(p->terminal, getpgrp()) == 0);
    REQUIRE(kill(p->job, SIGCONT) == 0); /* as `bg` does */
    REQUIRE(ends_with(p, NO_TERMINAL));
}

static void background_job_lets_the_terminal_alone(void **state)
{
    (void)state;
    act(leave_background);
}

static void without_a_terminal_nobody_is_asked(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(setsid() < 0 ? OTHERWISE : (int)ask(-1));
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), NO_TERMINAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_is_read_without_echo),
        cmocka_unit_test(no_answer_is_no_password),
        cmocka_unit_test(too_long_an_answer_is_left_to_nobody),
        cmocka_unit_test(ctrl_c_ends_by_the_signal_with_echo_on),
        cmocka_unit_test(readable_descriptor_ends_the_asking_with_echo_on),
        cmocka_unit_test(suspended_it_gives_the_echo_back_and_asks_again),
        cmocka_unit_test(background_job_lets_the_terminal_alone),
        cmocka_unit_test(without_a_terminal_nobody_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
