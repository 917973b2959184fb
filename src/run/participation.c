/* participation.c: see participation.h. */
#include "run/participation.h"

#include <assert.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/error.h"
#include "sys/fd.h"

enum {
    POLL_SIGNALS,
    POLL_OUTPUT,
    POLL_KEYBOARD,
    POLL_GUARDIAN,
    POLL_HOOKS,
    POLL_CLIENTS = POLL_HOOKS + HOOKS_LANES_N,
    POLLS_MAX = POLL_CLIENTS + STATUS_SERVER_FDS_MAX
};
static_assert(POLLS_MAX <= 16, "candidate_poll() takes no more");

static bool has_command(const struct participation *p)
{
    return p->options->command != NULL;
}

static void resign(struct participation *p)
{
    if (p->candidate && !p->leaving) {
        candidate_resign(p->candidate);
        supervision_show(&p->supervision, p->candidate);
        service_stopping(&p->service);
        hooks_lost(&p->hooks);
        status_server_leaving(&p->status_server);
    }
    p->leaving = true;
}

/* A command ends first. */
static void leave(struct participation *p)
{
    if (has_command(p))
        supervision_leave(&p->supervision);
    else
        resign(p);
}

static void step_down(struct participation *p)
{
    candidate_yield(p->candidate);
    supervision_show(&p->supervision, p->candidate);
}

/* Step down, and queue anew. */
static void yield(struct participation *p)
{
    if (has_command(p))
        supervision_yield(&p->supervision);
    else
        step_down(p);
}

/* Without output nobody can see what happens here: we had better leave. A
 * command's work goes on. */
static void check_output(struct participation *p)
{
    if (has_command(p) || p->output_failed || !output_error(p->output))
        return;
    p->output_failed = true;
    exits_fail(p->exits, OPTIONS_EXIT_OUTPUT,
               "standard output: ", output_error(p->output));
    leave(p);
}

static void on_event(struct participation *p,
                     const struct candidate_event *event)
{
    bool shown = !p->leaving;
    waiting_event(&p->waiting, event);
    service_event(&p->service, event);
    hooks_event(&p->hooks, event);
    supervision_event(&p->supervision, event);
    status_server_event(&p->status_server, event);
    switch (event->type) {
    case CANDIDATE_ATTEMPTING:
    case CANDIDATE_FOLLOWING:
        break;
    case CANDIDATE_ELECTED:
        p->leading = true;
        if (!has_command(p)) /* before anybody is told to press it */
            keyboard_begin(&p->keyboard);
        break;
    case CANDIDATE_LOST:
        p->leading = false;
        shown = true;
        if (p->options->once && !p->leaving) {
            exits_fail(p->exits, OPTIONS_EXIT_LOST,
                       "--once: ", "leadership is lost");
            leave(p);
        }
        break;
    case CANDIDATE_ENDED:
        p->ended = true;
        shown = true;
        if (event->status < 0)
            exits_fail(p->exits, exits_code_of(event->status), "", event->text);
        break;
    case CANDIDATE_ASKED:
        log_write(p->exits->log, CANDIDATE_INFO, "%s", event->text);
        output_event(p->output, event);
        yield(p);
        return;
    case CANDIDATE_NOTICE:
        log_notice(p->exits->log, event);
        output_event(p->output, event);
        return;
    }
    if (shown)
        output_event(p->output, event);
}

static void check_waiting(struct participation *p)
{
    char why[WAITING_TEXT_BYTES_MAX];
    if (p->leaving || !waiting_over(&p->waiting, clock_now_ms(), why))
        return;
    exits_fail(p->exits, OPTIONS_EXIT_LOST, "", why);
    leave(p);
}

static void inform_service(struct participation *p)
{
    service_turn(&p->service,
                 &(struct service_health){
                     .now_ms = clock_now_ms(),
                     .confirmed_at_ms = candidate_confirmed_at_ms(p->candidate),
                     .place = candidate_place(p->candidate),
                 });
}

static void take_signals(struct participation *p)
{
    for (int number; (number = signals_next(p->signals)) != 0;)
        if (has_command(p))
            supervision_signal(&p->supervision, p->candidate, number);
        else
            leave(p);
}

/* What is to be waited for beside etcd, and how long at most. Returns how
 * many of polls were filled. */
static unsigned prepare_wait(struct participation *p,
                             struct pollfd polls[POLLS_MAX],
                             int *ret_timeout_ms)
{
    int timeout_ms = -1;
    int64_t now_ms = clock_now_ms();
    polls[POLL_SIGNALS] = signals_pollfd(p->signals);
    polls[POLL_OUTPUT] = output_pollfd(p->output);
    polls[POLL_GUARDIAN] = supervision_pollfd(&p->supervision);
    polls[POLL_KEYBOARD] = p->leading && !p->leaving && !has_command(p)
        ? keyboard_pollfd(&p->keyboard, &timeout_ms)
        : (struct pollfd){ .fd = -1 };
    hooks_pollfds(&p->hooks, &polls[POLL_HOOKS]);
    if (!p->leaving)
        timeout_ms = waiting_timeout_ms(&p->waiting, now_ms, timeout_ms);
    timeout_ms = hooks_timeout_ms(&p->hooks, now_ms, timeout_ms);
    timeout_ms = service_timeout_ms(&p->service, now_ms, timeout_ms);
    timeout_ms = supervision_timeout_ms(&p->supervision, timeout_ms);
    *ret_timeout_ms = timeout_ms;
    return POLL_CLIENTS +
        status_server_pollfds(&p->status_server, &polls[POLL_CLIENTS],
                              ret_timeout_ms);
}

static void do_what_supervision_wants(struct participation *p)
{
    if (supervision_resigns(&p->supervision))
        resign(p);
    else if (supervision_yields(&p->supervision))
        step_down(p);
    candidate_hold(p->candidate, !supervision_idle(&p->supervision));
}

/* One turn of the loop. Returns 0, or what candidate_poll() failed with. */
static int turn(struct participation *p)
{
    struct pollfd polls[POLLS_MAX];
    int timeout_ms;
    hooks_turn(&p->hooks, clock_now_ms(),
               candidate_lead_until_ms(p->candidate));
    unsigned polls_n = prepare_wait(p, polls, &timeout_ms);
    int r = candidate_poll(p->candidate, polls, polls_n, timeout_ms);
    if (r < 0)
        return r;
    output_polled(p->output, &polls[POLL_OUTPUT]);
    struct candidate_event event;
    while (candidate_next(p->candidate, &event))
        on_event(p, &event);
    /* Before anything else: a leadership may be over. */
    supervision_turn(&p->supervision, p->candidate);
    output_flush(p->output, p->candidate);
    check_output(p);
    check_waiting(p);
    inform_service(p);
    take_signals(p);
    if (p->leading && polls[POLL_KEYBOARD].revents &&
        keyboard_enter(&p->keyboard))
        leave(p);
    supervision_news(&p->supervision, p->candidate);
    do_what_supervision_wants(p);
    status_server_work(&p->status_server);
    return 0;
}

/* Returns false when there is nothing to take part in: it was refused, or a
 * signal asks for the end already. */
static bool join(struct participation *p)
{
    struct candidate_error err = { 0 };
    struct options *o = p->options;
    o->config.trace = o->log_level == CANDIDATE_DEBUG;
    hooks_init(&p->hooks, o, p->signals, p->exits->log);
    int r = access_complete(&p->access, o, p->signals, &err);
    if (r == 0)
        r = supervision_init(&p->supervision, o, &p->hooks, p->signals,
                             p->exits->log, &err);
    if (r == 0)
        r = candidate_new(&p->candidate, &o->config, &err);
    if (r == 0)
        r = status_server_open(&p->status_server, o->listen, p->candidate,
                               &o->config, &err);
    if (!supervision_needs_password(&p->supervision))
        options_forget(o);
    if (r < 0)
        exits_refuse(p->exits, r, &err);
    else if (r == 0 && o->listen)
        log_write(p->exits->log, CANDIDATE_INFO, "status at %s",
                  p->status_server.listen.shown);
    return r == 0;
}

static void take_part(struct participation *p)
{
    int r = 0;
    waiting_begin(&p->waiting, p->options, clock_now_ms());
    keyboard_init(&p->keyboard, fd_own_terminal(STDIN_FILENO, O_RDONLY));
    const struct candidate_config *config = &p->options->config;
    if (p->options->json)
        output_json(p->output, config->id, config->election);
    output_begin(p->output, config->id);
    output_flush(p->output, p->candidate);
    check_output(p);
    p->ended = p->output_failed; /* and nothing was sent */
    while (r >= 0 && !(p->ended && supervision_idle(&p->supervision)))
        r = turn(p);
    service_stopping(&p->service);
    status_server_close(&p->status_server);
    if (r < 0) { /* the guardian does what we cannot do any more */
        exits_fail(p->exits, OPTIONS_EXIT_INTERNAL, "", candidate_strerror(r));
    } else {
        supervision_done(&p->supervision);
        hooks_finish(&p->hooks);
    }
    if (p->exits->code == 0)
        p->exits->code = supervision_exit_code(&p->supervision);
}

void participation_run(struct participation *p)
{
    service_init(&p->service);
    if (join(p))
        take_part(p);
    else
        supervision_done(&p->supervision);
    options_forget(p->options);
    output_drain(p->output, p->candidate, OUTPUT_DRAIN_MS);
    check_output(p);
    candidate_free(p->candidate);
    service_done(&p->service);
}
