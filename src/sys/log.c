/* log.c: see log.h. */
#include "sys/log.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/json_text.h"
#include "sys/text.h"

enum {
    ENDPOINT_BYTES_MAX = 300, /* as it is shown */
    CALL_BYTES_MAX = 32,
    FRAME_BYTES_MAX = 256, /* of a line: names, marks, numbers, time */
};

static_assert(LOG_LINE_BYTES_MAX <= PIPE_BUF, "a line goes in one write");
/* Escaped for JSON, each byte becomes two at most: none is a control. */
static_assert(2 * (LOG_TEXT_BYTES_MAX + ENDPOINT_BYTES_MAX + CALL_BYTES_MAX) +
                      FRAME_BYTES_MAX <=
                  LOG_LINE_BYTES_MAX,
              "no line has to be cut but by its texts");
static_assert((int)LOG_TEXT_BYTES_MAX <= (int)JSON_TEXT_STRING_BYTES_MAX,
              "nor any text but by our limit");

/* What a line says. The strings may hold anything. */
struct record {
    enum candidate_severity severity;
    const char *text;
    const char *endpoint; /* NULL: it is not about an answer */
    const char *call;
    int64_t revision; /* 0: unknown */
    int64_t duration_ms;
};

void log_init(struct log *l, int fd)
{
    *l = (struct log){ .fd = fd, .least = CANDIDATE_INFO, .format = LOG_TEXT };
}

void log_set(struct log *l, enum candidate_severity least,
             enum log_format format)
{
    l->least = least;
    l->format = format;
}

/* ---- lines ---- */

struct line {
    size_t bytes;
    char text[LOG_LINE_BYTES_MAX - 2]; /* and two line ends, see put() */
};

static void add(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
    size_t room = sizeof line->text - line->bytes;
    va_list args;
    va_start(args, format);
    int bytes = vsnprintf(line->text + line->bytes, room, format, args);
    va_end(args);
    assert(bytes >= 0 && (size_t)bytes < room);
    line->bytes += (size_t)bytes;
}

static void add_clean(struct line *line, const char *text, size_t bytes_max)
{
    assert(bytes_max <= sizeof line->text - line->bytes);
    text_escape(line->text + line->bytes, bytes_max, text, strlen(text));
    line->bytes += strlen(line->text + line->bytes);
}

const char *const log_words[LOG_WORDS_N] = {
    [CANDIDATE_DEBUG] = "debug",
    [CANDIDATE_INFO] = "info",
    [CANDIDATE_WARNING] = "warning",
    [CANDIDATE_ERROR] = "error",
};

static void render_text(struct line *line, const struct record *record)
{
    add(line, "candidate: ");
    if (record->severity != CANDIDATE_ERROR)
        add(line, "%s: ", log_words[record->severity]);
    if (record->endpoint) {
        add_clean(line, record->endpoint, ENDPOINT_BYTES_MAX);
        add(line, ": ");
        add_clean(line, record->call, CALL_BYTES_MAX);
        if (record->revision > 0)
            add(line, ", revision %lld", (long long)record->revision);
        add(line, ", %lld ms: ", (long long)record->duration_ms);
    }
    add_clean(line, record->text, LOG_TEXT_BYTES_MAX);
}

static void add_member(struct json_text *j, const char *name, const char *text,
                       size_t bytes_max)
{
    char clean[LOG_TEXT_BYTES_MAX];
    assert(bytes_max <= sizeof clean);
    text_escape(clean, bytes_max, text, strlen(text));
    json_text_string(j, name, clean);
}

static void render_json(struct line *line, const struct record *record)
{
    struct json_text j;
    json_text_init(&j, line->text, sizeof line->text);
    json_text_object(&j, NULL);
    json_text_time(&j, "time", clock_wall_ms());
    add_member(&j, "level", log_words[record->severity], CALL_BYTES_MAX);
    if (record->endpoint) {
        add_member(&j, "endpoint", record->endpoint, ENDPOINT_BYTES_MAX);
        add_member(&j, "call", record->call, CALL_BYTES_MAX);
        if (record->revision > 0)
            json_text_number(&j, "revision", record->revision);
        json_text_number(&j, "duration_ms", record->duration_ms);
    }
    add_member(&j, "message", record->text, LOG_TEXT_BYTES_MAX);
    json_text_object_end(&j);
    assert(!j.too_long);
    line->bytes = j.bytes;
}

/* ---- writing ---- */

/* Returns whether the whole line went out. A torn one is ended by the next. */
static bool put(struct log *l, const char *line)
{
    char bytes[LOG_LINE_BYTES_MAX + 1];
    int n = snprintf(bytes, sizeof bytes, "%s%s\n", l->torn ? "\n" : "", line);
    assert(n > 0 && n <= LOG_LINE_BYTES_MAX);
    size_t written = 0;
    if (fd_write_now(l->fd, bytes, (size_t)n, &written, NULL) < 0)
        return false;
    if (written > 0)
        l->torn = written < (size_t)n;
    return written == (size_t)n;
}

static bool put_record(struct log *l, const struct record *record)
{
    struct line line = { .bytes = 0 };
    switch (l->format) {
    case LOG_TEXT:
        render_text(&line, record);
        break;
    case LOG_JSON:
        render_json(&line, record);
        break;
    }
    return put(l, line.text);
}

static bool tell_dropped(struct log *l)
{
    char text[128];
    (void)snprintf(text, sizeof text, "%u message%s could not be written here",
                   l->dropped_n, l->dropped_n == 1 ? "" : "s");
    if (!put_record(
            l, &(struct record){ .severity = CANDIDATE_WARNING, .text = text }))
        return false;
    l->dropped_n = 0;
    return true;
}

void log_done(struct log *l)
{
    if (l->dropped_n > 0)
        (void)tell_dropped(l);
}

static void write_record(struct log *l, const struct record *record)
{
    if (record->severity < l->least)
        return;
    if ((l->dropped_n > 0 && !tell_dropped(l)) || !put_record(l, record))
        l->dropped_n++;
}

void log_write(struct log *l, enum candidate_severity severity,
               const char *format, ...)
{
    char text[LOG_TEXT_BYTES_MAX + 1]; /* one more: it is seen to be too long */
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    write_record(l, &(struct record){ .severity = severity, .text = text });
}

void log_notice(struct log *l, const struct candidate_event *notice)
{
    assert(notice->type == CANDIDATE_NOTICE);
    write_record(l,
                 &(struct record){ .severity = notice->severity,
                                   .text = notice->text,
                                   .endpoint = notice->endpoint,
                                   .call = notice->call,
                                   .revision = notice->revision,
                                   .duration_ms = notice->duration_ms });
}

void log_advice(struct log *l, const char *line)
{
    if (l->format == LOG_TEXT &&
        ((l->dropped_n > 0 && !tell_dropped(l)) || !put(l, line)))
        l->dropped_n++;
}
