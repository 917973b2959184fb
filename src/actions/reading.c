/* reading.c: see reading.h. */
#include "actions/reading.h"

#include <stdlib.h>
#include <string.h>

#include "cli/json_lines.h"
#include "sys/clock.h"
#include "sys/error.h"

enum {
    POLL_SIGNALS,
    POLL_OUTPUT,
    POLLS_N,
    STUCK_MS = 1000,   /* at a time, for a reader that does not read */
    DETAILS_MS = 5000, /* for leases and members, all together */
};

bool reading_begin(struct reading *r)
{
    struct candidate_error err = { 0 };
    r->text = malloc(JSON_LINES_VIEW_BYTES_MAX);
    int status = r->text ? 0
                         : error_set(&err, CANDIDATE_ENOMEM, "out of memory");
    if (status == 0)
        status = access_complete(&r->access, r->options, r->signals, &err);
    if (status < 0)
        exits_refuse(r->exits, status, &err);
    return status == 0;
}

bool reading_open(struct reading *r)
{
    struct candidate_error err = { 0 };
    bool begun = reading_begin(r);
    int status = 0;
    if (begun)
        status = candidate_observer_new(&r->observer, &r->options->config,
                                        &err);
    options_forget(r->options);
    if (status < 0)
        exits_refuse(r->exits, status, &err);
    return begun && status == 0;
}

static void check_output(struct reading *r)
{
    const char *error = output_error(r->output);
    if (!error || r->failed)
        return;
    r->failed = true;
    exits_fail(r->exits, OPTIONS_EXIT_OUTPUT, "standard output: ", error);
}

void reading_close(struct reading *r)
{
    output_drain(r->output, NULL, OUTPUT_DRAIN_MS);
    check_output(r);
    candidate_observer_free(r->observer);
    free(r->text);
    r->observer = NULL;
    r->text = NULL;
}

bool reading_turn(struct reading *r, int64_t timeout_ms)
{
    struct pollfd polls[POLLS_N];
    polls[POLL_SIGNALS] = signals_pollfd(r->signals);
    polls[POLL_OUTPUT] = output_pollfd(r->output);
    /* Nothing is taken from etcd that could not be written. */
    int status = output_busy(r->output)
        ? poll(polls, POLLS_N, STUCK_MS)
        : candidate_observer_poll(r->observer, polls, POLLS_N, (int)timeout_ms);
    if (status < 0 && !output_busy(r->output)) {
        exits_fail(r->exits, OPTIONS_EXIT_INTERNAL, "",
                   candidate_strerror(status));
        r->failed = true;
        return false;
    }
    output_polled(r->output, &polls[POLL_OUTPUT]);
    output_flush(r->output, NULL);
    check_output(r);
    int number = signals_next(r->signals);
    if (number != 0)
        r->signal = number;
    return !r->failed && r->signal == 0;
}

bool reading_await(struct reading *r, enum candidate_change change,
                   int64_t end_at_ms)
{
    enum candidate_change came;
    for (;;) {
        while (candidate_observer_next(r->observer, &came))
            if (came == change)
                return true;
        int64_t left_ms = end_at_ms - clock_now_ms();
        if (left_ms <= 0 || candidate_observer_view(r->observer)->denied ||
            !reading_turn(r, left_ms))
            return false;
    }
}

void reading_details(struct reading *r)
{
    enum candidate_change came;
    int64_t end_at_ms = clock_now_ms() + DETAILS_MS;
    candidate_observer_ask(r->observer);
    for (;;) {
        while (candidate_observer_next(r->observer, &came))
            if (came == CANDIDATE_VIEW_DETAILS)
                return;
        int64_t left_ms = end_at_ms - clock_now_ms();
        if (left_ms <= 0 || !reading_turn(r, left_ms))
            return;
    }
}

void reading_unavailable(struct reading *r)
{
    const struct candidate_view *view = candidate_observer_view(r->observer);
    exits_fail(r->exits, OPTIONS_EXIT_UNAVAILABLE, "",
               view->trouble_code ? view->trouble : "etcd does not answer");
}

struct json_text reading_json(struct reading *r)
{
    struct json_text j;
    json_text_init(&j, r->text, JSON_LINES_VIEW_BYTES_MAX - 1);
    return j;
}

void reading_put(struct reading *r, const char *text, size_t bytes)
{
    output_bytes(r->output, text, bytes);
    output_flush(r->output, NULL);
    check_output(r);
}

void reading_put_json(struct reading *r, struct json_text *j)
{
    if (j->too_long) {
        exits_fail(r->exits, OPTIONS_EXIT_INTERNAL, "",
                   "the line is too long to be written");
        return;
    }
    r->text[j->bytes] = '\n';
    reading_put(r, r->text, j->bytes + 1);
}
