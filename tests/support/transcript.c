/* transcript.c: see transcript.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transcript.h"

enum { CHUNK_BYTES = 4096, LINES_GROWTH = 64 };

void transcript_init(struct transcript *t)
{
    *t = (struct transcript){ .fd = -1 };
}

void transcript_close(struct transcript *t)
{
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}

void transcript_done(struct transcript *t)
{
    transcript_close(t);
    for (size_t i = 0; i < t->lines_n; i++)
        free(t->lines[i].text);
    free(t->lines);
    free(t->bytes);
    transcript_init(t);
}

static void end_line(struct transcript *t, size_t end, int64_t now_ms)
{
    assert_true(t->lines_n < TRANSCRIPT_LINES_MAX);
    if (t->lines_n % LINES_GROWTH == 0) {
        size_t n = t->lines_n + LINES_GROWTH;
        t->lines = realloc(t->lines, n * sizeof *t->lines);
        assert_non_null(t->lines);
    }
    size_t bytes = end - t->line_start;
    if (bytes > 0 && t->bytes[end - 1] == '\r')
        bytes--;
    char *text = strndup(t->bytes + t->line_start, bytes);
    assert_non_null(text);
    t->line_start = end + 1;
    if (t->ignored && strstr(text, t->ignored))
        free(text);
    else
        t->lines[t->lines_n++] = (struct transcript_line){ text, now_ms };
}

static void append(struct transcript *t, const char *data, size_t n,
                   int64_t now_ms)
{
    assert_true(t->bytes_n + n < TRANSCRIPT_BYTES_MAX);
    t->bytes = realloc(t->bytes, t->bytes_n + n + 1);
    assert_non_null(t->bytes);
    memcpy(t->bytes + t->bytes_n, data, n);
    size_t from = t->bytes_n;
    t->bytes_n += n;
    t->bytes[t->bytes_n] = '\0';
    for (size_t i = from; i < t->bytes_n; i++)
        if (t->bytes[i] == '\n')
            end_line(t, i, now_ms);
}

void transcript_read(struct transcript *t, int64_t now_ms)
{
    char chunk[CHUNK_BYTES];
    while (t->fd >= 0) {
        struct pollfd ready = { .fd = t->fd, .events = POLLIN };
        if (poll(&ready, 1, 0) != 1)
            return;
        ssize_t n = read(t->fd, chunk, sizeof chunk);
        if (n > 0)
            append(t, chunk, (size_t)n, now_ms);
        else if (n == 0 || errno == EIO) /* EIO: the terminal hung up */
            transcript_close(t);
        else
            assert_int_equal(errno, EINTR);
    }
}

void transcript_print(const struct transcript *t, const char *name,
                      const char *stream, int64_t zero_at_ms)
{
    for (size_t i = 0; i < t->lines_n; i++)
        print_error("%8" PRId64 " ms  %s %s  %s%s\n",
                    t->lines[i].at_ms - zero_at_ms, name, stream,
                    i < t->taken_n ? "" : "! ", t->lines[i].text);
    if (t->line_start < t->bytes_n)
        print_error("             %s %s  %s (no end of line)\n", name, stream,
                    t->bytes + t->line_start);
}
