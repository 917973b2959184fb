/* main.c: the command line program: a loop around candidate.h.
 *
 * Only here do errors become exit codes. Whatever goes wrong while we take
 * part, the election is left in an orderly way; what went wrong first decides
 * the exit code.
 */
#include <fcntl.h>
#include <unistd.h>

#include "access.h"
#include "candidate.h"
#include "options.h"
#include "output.h"
#include "service.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/keyboard.h"
#include "sys/log.h"
#include "sys/signals.h"
#include "waiting.h"

enum { POLL_SIGNALS, POLL_OUTPUT, POLL_KEYBOARD, POLLS_N };

struct program {
    struct options options;
    struct access access;
    struct log log;
    struct output output;
    struct keyboard keyboard;
    struct signals signals;
    struct waiting waiting;
    struct service service;
    struct candidate *candidate; /* NULL: not taking part */
    bool leading;                /* as far as the events say */
    bool leaving;
    bool ended;
    bool output_failed; /* and that was said */
    int exit_code;      /* for what went wrong first, or 0 */
};

static int exit_code_of(int error)
{
    switch (error) {
    case CANDIDATE_EINVAL:
        return OPTIONS_EXIT_USAGE;
    case CANDIDATE_ERETRY:
    case CANDIDATE_EDENIED:
        return OPTIONS_EXIT_UNAVAILABLE;
    default:
        return OPTIONS_EXIT_INTERNAL;
    }
}

static void fail(struct program *p, int exit_code, const char *context,
                 const char *message)
{
    log_write(&p->log, CANDIDATE_ERROR, "%s%s", context, message);
    if (p->exit_code == 0)
        p->exit_code = exit_code;
}

/* Nothing was sent yet, and nothing will be. */
static void refuse(struct program *p, int error,
                   const struct candidate_error *err)
{
    fail(p, exit_code_of(error), "", err->message);
    if (error == CANDIDATE_EINVAL)
        log_advice(&p->log, "Try 'candidate --help'.");
}

static void leave(struct program *p)
{
    if (p->candidate && !p->leaving) {
        candidate_resign(p->candidate);
        service_stopping(&p->service);
    }
    p->leaving = true;
}

/* Without output nobody can see what happens here: we had better leave. */
static void check_output(struct program *p)
{
    if (p->output_failed || !output_error(&p->output))
        return;
    p->output_failed = true;
    fail(p, OPTIONS_EXIT_OUTPUT, "standard output: ", output_error(&p->output));
    leave(p);
}

static void on_event(struct program *p, const struct candidate_event *event)
{
    bool shown = !p->leaving;
    waiting_event(&p->waiting, event);
    service_event(&p->service, event);
    switch (event->type) {
    case CANDIDATE_ATTEMPTING:
    case CANDIDATE_FOLLOWING:
        break;
    case CANDIDATE_ELECTED:
        p->leading = true;
        keyboard_begin(&p->keyboard); /* before anybody is told to press it */
        break;
    case CANDIDATE_LOST:
        p->leading = false;
        shown = true;
        if (p->options.once && !p->leaving) {
            fail(p, OPTIONS_EXIT_LOST, "--once: ", "leadership is lost");
            leave(p);
        }
        break;
    case CANDIDATE_ENDED:
        p->ended = true;
        shown = true;
        if (event->status < 0)
            fail(p, exit_code_of(event->status), "", event->text);
        break;
    case CANDIDATE_NOTICE:
        log_notice(&p->log, event);
        return;
    }
    if (shown)
        output_event(&p->output, event);
}

static void check_waiting(struct program *p)
{
    char why[WAITING_TEXT_BYTES_MAX];
    if (p->leaving || !waiting_over(&p->waiting, clock_now_ms(), why))
        return;
    fail(p, OPTIONS_EXIT_LOST, "", why);
    leave(p);
}

static void inform_service(struct program *p)
{
    service_turn(&p->service,
                 &(struct service_health){
                     .now_ms = clock_now_ms(),
                     .confirmed_at_ms = candidate_confirmed_at_ms(p->candidate),
                     .place = candidate_place(p->candidate),
                 });
}

/* One turn of the loop. Returns 0, or what candidate_poll() failed with. */
static int turn(struct program *p)
{
    struct pollfd polls[POLLS_N];
    int timeout_ms = -1;
    polls[POLL_SIGNALS] = signals_pollfd(&p->signals);
    polls[POLL_OUTPUT] = output_pollfd(&p->output);
    polls[POLL_KEYBOARD] = p->leading && !p->leaving
        ? keyboard_pollfd(&p->keyboard, &timeout_ms)
        : (struct pollfd){ .fd = -1 };
    if (!p->leaving)
        timeout_ms = waiting_timeout_ms(&p->waiting, clock_now_ms(),
                                        timeout_ms);
    timeout_ms = service_timeout_ms(&p->service, clock_now_ms(), timeout_ms);
    int r = candidate_poll(p->candidate, polls, POLLS_N, timeout_ms);
    if (r < 0)
        return r;
    output_polled(&p->output, &polls[POLL_OUTPUT]);
    struct candidate_event event;
    while (candidate_next(p->candidate, &event))
        on_event(p, &event);
    output_flush(&p->output, p->candidate);
    check_output(p);
    check_waiting(p);
    inform_service(p);
    bool typed = p->leading && polls[POLL_KEYBOARD].revents != 0;
    if (signals_next(&p->signals) || (typed && keyboard_enter(&p->keyboard)))
        leave(p);
    return 0;
}

/* Returns false when there is nothing to take part in: it was refused, or a
 * signal asks for the end already. */
static bool join(struct program *p)
{
    struct candidate_error err = { 0 };
    struct options *o = &p->options;
    o->config.trace = o->log_level == CANDIDATE_DEBUG;
    int r = 0;
    if (o->command)
        r = error_set(&err, CANDIDATE_EINVAL,
                      "--: a command that runs while leading: not yet");
    if (r == 0)
        r = access_complete(&p->access, o, &p->signals, &err);
    if (r == 0)
        r = candidate_new(&p->candidate, &o->config, &err);
    options_forget(o);
    if (r < 0)
        refuse(p, r, &err);
    return r == 0;
}

static void take_part(struct program *p)
{
    int r = 0;
    if (!join(p))
        return;
    waiting_begin(&p->waiting, &p->options, clock_now_ms());
    keyboard_init(&p->keyboard, fd_own_terminal(STDIN_FILENO, O_RDONLY));
    output_begin(&p->output, p->options.config.id);
    output_flush(&p->output, p->candidate);
    check_output(p);
    p->ended = p->output_failed; /* and nothing was sent */
    while (r >= 0 && !p->ended)
        r = turn(p);
    service_stopping(&p->service);
    if (r < 0)
        fail(p, OPTIONS_EXIT_INTERNAL, "", candidate_strerror(r));
}

static void act(struct program *p)
{
    char help[OPTIONS_HELP_BYTES_MAX];
    switch (p->options.action) {
    case OPTIONS_RUN:
        take_part(p);
        return;
    case OPTIONS_HELP:
        options_help(help);
        output_text(&p->output, help);
        return;
    case OPTIONS_VERSION:
        output_text(&p->output, "candidate " CANDIDATE_VERSION "\n");
        return;
    }
}

int main(int argc, char *argv[])
{
    static struct program program; /* large, and mostly never touched */
    struct program *p = &program;
    struct candidate_error err = { 0 };
    int closed = fd_fill_standard(&err);
    log_init(&p->log, fd_own_terminal(STDERR_FILENO, O_WRONLY));
    output_init(&p->output, fd_own_terminal(STDOUT_FILENO, O_WRONLY));
    service_init(&p->service);
    int r = closed < 0 ? closed : signals_init(&p->signals, &err);
    if (r == 0)
        r = options_parse(&p->options, argc, argv, &err);
    if (r == 0)
        log_set(&p->log, p->options.log_level, p->options.log_format);
    if (r < 0)
        refuse(p, r, &err);
    else if (closed & 1 << STDOUT_FILENO)
        fail(p, OPTIONS_EXIT_OUTPUT, "standard output: ", "is closed");
    else
        act(p);
    output_drain(&p->output, p->candidate, OUTPUT_DRAIN_MS);
    check_output(p);
    candidate_free(p->candidate);
    service_done(&p->service);
    log_done(&p->log);
    return p->exit_code;
}
