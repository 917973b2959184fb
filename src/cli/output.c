/* output.c: see output.h. */
#include "cli/output.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/json_lines.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/text.h"

static_assert(OUTPUT_LINE_BYTES_MAX <= PIPE_BUF, "a line goes in one write");

void output_init(struct output *o, int fd)
{
    assert(fd >= 0);
    o->fd = fd;
    o->no_prompt = false;
    o->first = o->n = 0;
    o->written = 0;
    o->retracted = false;
    o->json_id = o->json_election = NULL;
    o->data_bytes = 0;
    o->error.code = 0;
}

void output_no_prompt(struct output *o)
{
    o->no_prompt = true;
}

/* The first error stands. What waits is lost, and so is what comes. */
static void fail(struct output *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct output *o, const char *format, ...)
{
    assert(o->error.code == 0);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(o->error.message, sizeof o->error.message, format, args);
    va_end(args);
    o->error.code = CANDIDATE_ESYSTEM;
    o->fd = -1;
    o->n = 0;
    o->data_bytes = 0;
}

const char *output_error(const struct output *o)
{
    return o->error.code < 0 ? o->error.message : NULL;
}

/* ---- the queue ---- */

static void add(struct output *o, enum output_kind kind, const char *format,
                ...) __attribute__((format(printf, 3, 4)));

static void add(struct output *o, enum output_kind kind, const char *format,
                ...)
{
    if (o->fd < 0)
        return;
    if (o->n == OUTPUT_LINES_MAX) {
        fail(o, "nobody has read the last %d lines", OUTPUT_LINES_MAX);
        return;
    }
    struct output_line *line = &o->lines[(o->first + o->n) % OUTPUT_LINES_MAX];
    char raw[2 * OUTPUT_LINE_BYTES_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    text_escape(line->text, sizeof line->text - 1, raw, strlen(raw));
    line->bytes = strlen(line->text);
    line->text[line->bytes++] = '\n';
    line->kind = kind;
    o->n++;
}

static void drop_first(struct output *o)
{
    assert(o->n > 0);
    o->first = (o->first + 1) % OUTPUT_LINES_MAX;
    o->n--;
    o->written = 0;
}

/* ---- the words ---- */

void output_text(struct output *o, const char *text)
{
    while (*text) {
        int bytes = (int)strcspn(text, "\n");
        add(o, OUTPUT_PLAIN, "%.*s", bytes, text);
        text += bytes;
        text += *text == '\n';
    }
}

void output_bytes(struct output *o, const char *data, size_t bytes)
{
    assert(o->data_bytes == 0);
    if (o->fd < 0)
        return;
    o->data = data;
    o->data_bytes = bytes;
}

bool output_busy(const struct output *o)
{
    return o->n > 0 || o->data_bytes > 0;
}

void output_json(struct output *o, const char *id, const char *election)
{
    o->json_id = id;
    o->json_election = election;
}

/* Returns false when lines are for people. */
static bool add_json(struct output *o, enum output_kind kind,
                     const struct candidate_event *event)
{
    if (!o->json_id)
        return false;
    char text[OUTPUT_LINE_BYTES_MAX];
    struct json_text j;
    json_text_init(&j, text, sizeof text - 1);
    if (event)
        json_lines_event(&j, event, o->json_id, o->json_election);
    else
        json_lines_begin(&j, o->json_id, o->json_election);
    assert(!j.too_long);
    add(o, kind, "%s", text);
    return true;
}

void output_begin(struct output *o, const char *id)
{
    if (add_json(o, OUTPUT_PLAIN, NULL))
        return;
    add(o, OUTPUT_PLAIN, "Candidate %s", id);
}

void output_event(struct output *o, const struct candidate_event *event)
{
    bool claim = event->type == CANDIDATE_ELECTED;
    if (add_json(o, claim ? OUTPUT_CLAIM : OUTPUT_PLAIN, event))
        return;
    switch (event->type) {
    case CANDIDATE_ATTEMPTING:
        add(o, OUTPUT_PLAIN, "Attempting leadership...");
        break;
    case CANDIDATE_ELECTED:
        add(o, OUTPUT_CLAIM, "I am the LEADER!");
        if (!o->no_prompt)
            add(o, OUTPUT_PROMPT, "Press ENTER to finish...");
        break;
    case CANDIDATE_FOLLOWING:
        add(o, OUTPUT_PLAIN, "%s is the leader...", event->leader);
        break;
    case CANDIDATE_LOST:
        add(o, OUTPUT_PLAIN, "Lost leadership: %s", event->text);
        break;
    case CANDIDATE_ENDED:
        if (event->status == 0)
            add(o, OUTPUT_PLAIN, "End");
        break;
    case CANDIDATE_NOTICE:
    case CANDIDATE_ASKED:
        break;
    }
}

/* ---- writing ---- */

/* Leadership ended before the claim was out. What the reader has of it cannot
 * be taken back, but it does not become a claim. */
static void retract(struct output *o, struct output_line *claim)
{
    o->retracted = true;
    if (o->written == 0) {
        drop_first(o);
        return;
    }
    claim->kind = OUTPUT_PLAIN;
    claim->bytes = o->written + 1;
    claim->text[o->written] = '\n';
}

/* Whether the first line may be written as it is. If not, it is dropped, or
 * changed so that it may. */
static bool is_true(struct output *o, const struct candidate *c)
{
    struct output_line *line = &o->lines[o->first];
    switch (line->kind) {
    case OUTPUT_PLAIN:
        return true;
    case OUTPUT_CLAIM:
        o->retracted = false;
        if (candidate_leading(c))
            return true;
        retract(o, line);
        return false;
    case OUTPUT_PROMPT:
        if (!o->retracted)
            return true;
        drop_first(o);
        return false;
    }
    return false;
}

/* Write a piece. Returns false when no more can be written now. */
static bool put(struct output *o, const char *data, size_t bytes,
                size_t *ret_written)
{
    struct candidate_error err;
    if (bytes > PIPE_BUF)
        bytes = PIPE_BUF;
    if (fd_write_now(o->fd, data, bytes, ret_written, &err) < 0) {
        fail(o, "%s", err.message);
        return false;
    }
    return *ret_written > 0;
}

void output_flush(struct output *o, const struct candidate *c)
{
    size_t written;
    while (o->n > 0) {
        if (!is_true(o, c))
            continue;
        const struct output_line *line = &o->lines[o->first];
        if (!put(o, line->text + o->written, line->bytes - o->written,
                 &written))
            return;
        o->written += written;
        if (o->written < line->bytes)
            return;
        drop_first(o);
    }
    while (o->data_bytes > 0 && put(o, o->data, o->data_bytes, &written)) {
        o->data += written;
        o->data_bytes -= written;
    }
}

struct pollfd output_pollfd(const struct output *o)
{
    return (struct pollfd){ .fd = o->fd,
                            .events = output_busy(o) ? POLLOUT : 0 };
}

void output_polled(struct output *o, const struct pollfd *polled)
{
    if (o->fd >= 0 && (polled->revents & (POLLERR | POLLHUP | POLLNVAL)))
        fail(o, "%s", strerror(EPIPE));
}

void output_drain(struct output *o, const struct candidate *c, int timeout_ms)
{
    int64_t give_up_at_ms = clock_now_ms() + timeout_ms;
    for (output_flush(o, c); output_busy(o); output_flush(o, c)) {
        int64_t left_ms = give_up_at_ms - clock_now_ms();
        if (left_ms <= 0) {
            fail(o, "nobody read the last lines within %d ms", timeout_ms);
            return;
        }
        struct pollfd room = output_pollfd(o);
        (void)poll(&room, 1, (int)left_ms);
    }
}
