/* test_live_picture.c: --observe on a terminal, and the terminal afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "support/process_private.h"
#include "support/stage.h"

#define LONG_TTL "300"
#define ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l"
#define LEAVE "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"

static struct process *observe(struct stage *s, const char *environment)
{
    const char *const argv[] = { stage_program(), "--endpoints",
                                 etcd_server_endpoints(s->etcd), "--observe",
                                 NULL };
    const char *const variables[] = { "TERM=xterm", environment, NULL };
    return process_start(s->set, PROCESS_TERMINAL, argv, variables);
}

static bool has(struct process *p, size_t from, const char *part)
{
    const char *output = process_output(p);
    return strlen(output) > from && strstr(output + from, part);
}

/* Until this part comes behind those first bytes. Returns how many bytes have
 * come. */
static size_t await(struct process *p, size_t from, const char *part)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!has(p, from, part))
        if (!process_set_step(p->set, end_at_ms))
            process_fail_at(p, part, __FILE__, __LINE__);
    return strlen(process_output(p));
}

static tcflag_t local_modes(struct process *p)
{
    struct termios modes;
    assert_int_equal(tcgetattr(p->in_fd, &modes), 0);
    return modes.c_lflag & (tcflag_t)(ECHO | ICANON);
}

static void expect_restored(struct process *p)
{
    const char *output = process_output(p);
    bool on = false;
    for (const char *at = output; *at; at++)
        if (strncmp(at, ENTER, sizeof ENTER - 1) == 0)
            on = true;
        else if (strncmp(at, LEAVE, sizeof LEAVE - 1) == 0)
            on = false;
    assert_true(has(p, 0, ENTER));
    assert_false(on);
}

static void picture_shows_each_change_as_it_comes(void **state)
{
    struct stage *s = *state;
    struct process *p = observe(s, NULL);
    await(p, 0, "nobody leads");
    assert_int_equal(local_modes(p), 0);
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    size_t seen = await(p, 0, "A leads");
    await(p, 0, "] 4 min");
    (void)stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    await(p, seen, "Queue: A, B");
    stage_resign(a);
    seen = await(p, seen, "B leads");
    etcd_server_kill(s->etcd, 0);
    await(p, seen, "not known, etcd does not answer");
    process_signal(p, SIGTERM);
    process_expect_exit(p, 0);
    expect_restored(p);
}

static void ends_with(struct stage *s, int signal_number, bool typed)
{
    struct process *p = observe(s, NULL);
    await(p, 0, "nobody leads");
    if (typed)
        process_write(p, "\x03");
    else
        process_signal(p, signal_number);
    process_expect_killed(p, signal_number);
    expect_restored(p);
    process_free(p);
}

static void terminal_is_as_before_whatever_ends_it(void **state)
{
    struct stage *s = *state;
    ends_with(s, SIGINT, true);
    ends_with(s, SIGINT, false);
    ends_with(s, SIGQUIT, false);
    ends_with(s, SIGABRT, false);
    ends_with(s, SIGALRM, false);
}

/* Nobody could wake it up here, so the kernel does not let it stop; it goes
 * on at once. */
static void terminal_is_given_back_for_a_stop(void **state)
{
    struct stage *s = *state;
    struct process *p = observe(s, NULL);
    size_t seen = await(p, 0, "nobody leads");
    process_signal(p, SIGTSTP);
    await(p, seen, LEAVE);
    await(p, seen, LEAVE ENTER);
    seen = await(p, seen, "nobody leads");
    assert_int_equal(local_modes(p), 0);
    process_signal(p, SIGCONT);
    await(p, seen, "nobody leads");
    process_signal(p, SIGTERM);
    process_expect_exit(p, 0);
    expect_restored(p);
}

static void resize(struct process *p, unsigned short rows)
{
    struct winsize size = { .ws_row = rows, .ws_col = 80 };
    assert_int_equal(ioctl(p->in_fd, TIOCSWINSZ, &size), 0);
}

static void picture_fits_the_window(void **state)
{
    struct stage *s = *state;
    struct process *p = observe(s, NULL);
    size_t seen = await(p, 0, "nobody leads");
    resize(p, 2);
    seen = await(p, seen, "...\x1b[K\x1b[J");
    resize(p, 40);
    await(p, seen, "healthy");
    process_signal(p, SIGTERM);
    process_expect_exit(p, 0);
}

static void no_color_means_none(void **state)
{
    struct stage *s = *state;
    struct process *p = observe(s, "NO_COLOR=1");
    await(p, 0, "healthy");
    process_signal(p, SIGTERM);
    process_expect_exit(p, 0);
    assert_null(strstr(process_output(p), "\x1b[3"));
    p = observe(s, "NO_COLOR=");
    await(p, 0, "\x1b[32mhealthy");
    process_signal(p, SIGTERM);
    process_expect_exit(p, 0);
}

static void expect_lines(struct stage *s, const char *option,
                         const char *variable)
{
    const char *const argv[] = {
        stage_program(), "--endpoints", etcd_server_endpoints(s->etcd),
        "--observe",     option,        NULL
    };
    const char *const variables[] = { variable, NULL };
    struct process *p = process_start(s->set, PROCESS_TERMINAL, argv,
                                      variables);
    await(p, 0, option && option[2] == 'w' ? "\"nobody\"" : "Nobody leads now");
    process_signal(p, SIGTERM);
    process_expect_exit(p, 0);
    assert_null(strchr(process_output(p), '\x1b'));
}

static void lines_on_a_terminal_if_asked_for(void **state)
{
    struct stage *s = *state;
    expect_lines(s, "--plain", "TERM=xterm");
    expect_lines(s, "--write-out=json", "TERM=xterm");
    expect_lines(s, NULL, "TERM=dumb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(picture_shows_each_change_as_it_comes),
        STAGE_TEST(terminal_is_as_before_whatever_ends_it),
        STAGE_TEST(terminal_is_given_back_for_a_stop),
        STAGE_TEST(picture_fits_the_window),
        STAGE_TEST(no_color_means_none),
        STAGE_TEST(lines_on_a_terminal_if_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
