/* log.c: see log.h. */
#include "sys/log.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys/fd.h"
#include "sys/text.h"

static_assert(LOG_LINE_BYTES_MAX <= PIPE_BUF, "a line goes in one write");

void log_init(struct log *l, int fd, enum candidate_severity least)
{
    *l = (struct log){ .fd = fd, .least = least };
}

static const char *word(enum candidate_severity severity)
{
    switch (severity) {
    case CANDIDATE_DEBUG:
        return "debug: ";
    case CANDIDATE_INFO:
        return "info: ";
    case CANDIDATE_WARNING:
        return "warning: ";
    case CANDIDATE_ERROR:
        return "";
    }
    return "";
}

/* Returns whether the whole line went out. A torn one is ended by the next. */
static bool put(struct log *l, const char *line)
{
    char bytes[LOG_LINE_BYTES_MAX];
    int n = snprintf(bytes, sizeof bytes, "%s%s\n", l->torn ? "\n" : "", line);
    assert(n > 0 && (size_t)n < sizeof bytes);
    size_t written = 0;
    if (fd_write_now(l->fd, bytes, (size_t)n, &written, NULL) < 0)
        return false;
    if (written > 0)
        l->torn = written < (size_t)n;
    return written == (size_t)n;
}

static bool tell_dropped(struct log *l)
{
    char line[128];
    (void)snprintf(line, sizeof line,
                   "candidate: warning: %u message%s could not be written here",
                   l->dropped_n, l->dropped_n == 1 ? "" : "s");
    if (!put(l, line))
        return false;
    l->dropped_n = 0;
    return true;
}

void log_done(struct log *l)
{
    if (l->dropped_n > 0)
        (void)tell_dropped(l);
}

void log_plain(struct log *l, const char *line)
{
    if ((l->dropped_n > 0 && !tell_dropped(l)) || !put(l, line))
        l->dropped_n++;
}

void log_write(struct log *l, enum candidate_severity severity,
               const char *format, ...)
{
    if (severity < l->least)
        return;
    char text[LOG_LINE_BYTES_MAX];
    int used = snprintf(text, sizeof text, "candidate: %s", word(severity));
    assert(used > 0 && (size_t)used < sizeof text);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text + used, sizeof text - (size_t)used, format, args);
    va_end(args);
    char line[LOG_LINE_BYTES_MAX - 2]; /* and two line ends, see put() */
    text_escape(line, sizeof line, text, strlen(text));
    log_plain(l, line);
}
