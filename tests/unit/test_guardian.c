/* test_guardian.c: the guardian's process, told what to do by hand. What it
 * does when the main process dies: tests/e2e/test_command_crash.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/guardian.h"
#include "sys/clock.h"

enum {
    LIMIT_MS = 30000,
    SOON_MS = 150, /* more than the guardian kills early, so it may begin */
    FAR_MS = 600000,
    TRIES_MAX = 20,
    TOKEN = 7,
};

struct post {
    struct candidate_config candidate;
    struct signals signals;
    struct log log;
    struct guardian_config config;
    struct guardian guardian;
};

static void write_page(struct post *p, enum candidate_lease_state state,
                       int64_t lead_until_ms)
{
    candidate_lease_page_write(
        p->config.page,
        &(struct candidate_lease){
            .state = state, .token = TOKEN, .lead_until_ms = lead_until_ms });
}

static void begin(struct post *p, const char *const *command)
{
    *p = (struct post){ .guardian = { .fd = -1 } };
    candidate_config_init(&p->candidate);
    p->candidate.id = "A";
    sigemptyset(&p->signals.ignored);
    log_init(&p->log, STDERR_FILENO);
    p->config = (struct guardian_config){ .candidate = &p->candidate,
                                          .command = (char *const *)command,
                                          .signals = &p->signals,
                                          .log = &p->log };
    assert_int_equal(candidate_lease_page_new(&p->config.page, NULL), 0);
    write_page(p, CANDIDATE_LEASE_LEADING, clock_now_ms() + FAR_MS);
    assert_int_equal(guardian_start(&p->guardian, &p->config, NULL), 0);
}

static void end(struct post *p)
{
    guardian_end(&p->guardian);
    assert_int_equal(p->guardian.pid, 0);
    candidate_lease_page_close(p->config.page);
}

static void tell(struct post *p, enum guardian_message_type type, int number)
{
    guardian_send(&p->guardian,
                  &(struct guardian_message){
                      .type = type, .number = number, .token = TOKEN });
}

/* Returns false when the guardian has died instead. */
static bool next_or_dead(struct post *p, struct guardian_message *ret_message)
{
    while (!guardian_next(&p->guardian, ret_message)) {
        if (guardian_gone(&p->guardian))
            return false;
        struct pollfd polled = guardian_pollfd(&p->guardian);
        assert_int_equal(poll(&polled, 1, LIMIT_MS), 1);
    }
    return true;
}

static struct guardian_message next(struct post *p)
{
    struct guardian_message message;
    assert_true(next_or_dead(p, &message));
    return message;
}

/* The next message is this one. Returns its number. */
static int expect(struct post *p, enum guardian_message_type type)
{
    struct guardian_message message = next(p);
    assert_int_equal(message.type, type);
    return message.number;
}

static const char *const idle[] = { "sleep", "1000", NULL };

static void command_is_started_signalled_and_reported(void **state)
{
    (void)state;
    struct post p;
    begin(&p, idle);
    for (int i = 0; i < 2; i++) { /* more than once */
        tell(&p, GUARDIAN_START, 0);
        pid_t pid = expect(&p, GUARDIAN_STARTED);
        assert_int_equal(getpgid(pid), pid);
        tell(&p, GUARDIAN_SIGNAL, SIGTSTP);
        assert_int_equal(expect(&p, GUARDIAN_STOPPED), SIGTSTP);
        tell(&p, GUARDIAN_SIGNAL, SIGTERM);
        tell(&p, GUARDIAN_SIGNAL, SIGCONT);
        int status = expect(&p, GUARDIAN_EXITED);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
        assert_int_equal(kill(pid, 0), 0); /* its number is kept for it */
        tell(&p, GUARDIAN_KILL, 0);
        expect(&p, GUARDIAN_EMPTY);
        assert_int_equal(kill(pid, 0), -1);
    }
    end(&p);
}

static void killed_command_is_reported_before_nothing_is_left(void **state)
{
    (void)state;
    struct post p;
    begin(&p, idle);
    tell(&p, GUARDIAN_START, 0);
    expect(&p, GUARDIAN_STARTED);
    tell(&p, GUARDIAN_KILL, 0);
    tell(&p, GUARDIAN_KILL, 0);
    int status = expect(&p, GUARDIAN_EXITED);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    expect(&p, GUARDIAN_EMPTY);
    end(&p);
}

static void one_that_cannot_be_started_is_reported(void **state)
{
    (void)state;
    static const char *const nowhere[] = { "/nonexistent/command", NULL };
    struct post p;
    begin(&p, nowhere);
    tell(&p, GUARDIAN_START, 0);
    assert_int_equal(expect(&p, GUARDIAN_FAILED), ENOENT);
    expect(&p, GUARDIAN_EMPTY);
    end(&p);
}

static void without_leadership_nothing_is_started(void **state)
{
    (void)state;
    struct post p;
    begin(&p, idle);
    write_page(&p, CANDIDATE_LEASE_LOST, clock_now_ms() + FAR_MS);
    tell(&p, GUARDIAN_START, 0);
    expect(&p, GUARDIAN_EMPTY);
    end(&p);
}

/* On a busy machine the time may be over before the command has begun, or the
 * guardian's own timer, a little later, may still be first: then it is no
 * guardian any more. */
static bool is_killed_in_time(struct post *p)
{
    int64_t until_ms = clock_now_ms() + SOON_MS;
    write_page(p, CANDIDATE_LEASE_LEADING, until_ms);
    tell(p, GUARDIAN_START, 0);
    struct guardian_message message;
    bool begun = false;
    while (next_or_dead(p, &message) && message.type != GUARDIAN_EMPTY) {
        begun = true;
        if (message.type != GUARDIAN_EXITED)
            continue;
        assert_true(WIFSIGNALED(message.number));
        assert_int_equal(WTERMSIG(message.number), SIGKILL);
        assert_true(clock_now_ms() >= until_ms - GUARDIAN_KILL_EARLY_MS);
    }
    if (p->guardian.pid > 0)
        return begun;
    assert_true(clock_now_ms() >= until_ms);
    assert_int_equal(guardian_start(&p->guardian, &p->config, NULL), 0);
    return false;
}

/* Nobody tells it to; a renewal would have moved the time on. */
static void command_is_killed_when_the_time_on_the_page_is_over(void **state)
{
    (void)state;
    struct post p;
    begin(&p, idle);
    int tries = 0;
    while (!is_killed_in_time(&p))
        assert_true(++tries < TRIES_MAX);
    end(&p);
}

static void guardian_that_dies_is_noticed_once(void **state)
{
    (void)state;
    struct post p;
    begin(&p, idle);
    assert_false(guardian_gone(&p.guardian));
    guardian_kill(&p.guardian);
    struct guardian_message message;
    struct pollfd polled = guardian_pollfd(&p.guardian);
    assert_int_equal(poll(&polled, 1, LIMIT_MS), 1);
    assert_false(guardian_next(&p.guardian, &message));
    assert_true(guardian_gone(&p.guardian));
    assert_false(guardian_gone(&p.guardian));
    tell(&p, GUARDIAN_START, 0); /* to nobody */
    assert_int_equal(guardian_start(&p.guardian, &p.config, NULL), 0);
    tell(&p, GUARDIAN_START, 0);
    expect(&p, GUARDIAN_STARTED);
    tell(&p, GUARDIAN_KILL, 0);
    expect(&p, GUARDIAN_EXITED);
    expect(&p, GUARDIAN_EMPTY);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_is_started_signalled_and_reported),
        cmocka_unit_test(killed_command_is_reported_before_nothing_is_left),
        cmocka_unit_test(one_that_cannot_be_started_is_reported),
        cmocka_unit_test(without_leadership_nothing_is_started),
        cmocka_unit_test(command_is_killed_when_the_time_on_the_page_is_over),
        cmocka_unit_test(guardian_that_dies_is_noticed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
