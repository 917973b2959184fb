/* frames.c: cuts a stream of JSON objects, one a line, into messages. */
#include "etcd/frames.h"

#include <assert.h>
#include <string.h>

#include "candidate.h"

/* An unfinished message and, behind it, what one reading brought. */
enum { PENDING_BYTES_MAX = 2 * FRAMES_MESSAGE_BYTES_MAX };

void frames_init(struct frames *f)
{
    *f = (struct frames){ 0 };
    buf_init(&f->buf, PENDING_BYTES_MAX);
}

void frames_done(struct frames *f)
{
    buf_done(&f->buf);
    f->taken = 0;
    f->whole = 0;
}

/* Whether no line grows past the limit when these bytes are added; sets
 * *ret_whole to the offset in data behind its last newline, 0: it has none. */
static bool fits(const struct frames *f, const char *data, size_t bytes,
                 size_t *ret_whole)
{
    size_t unfinished = f->buf.size - f->whole;
    size_t at = 0;
    while (at < bytes) {
        const char *end = memchr(data + at, '\n', bytes - at);
        size_t line = end ? (size_t)(end - data) - at : bytes - at;
        if (line > FRAMES_MESSAGE_BYTES_MAX - unfinished)
            return false;
        if (!end)
            break;
        at += line + 1;
        unfinished = 0;
    }
    *ret_whole = at;
    return true;
}

int frames_feed(struct frames *f, const char *data, size_t bytes)
{
    assert(f->taken <= f->whole && f->whole <= f->buf.size);
    assert(f->buf.size - f->whole <= FRAMES_MESSAGE_BYTES_MAX);
    size_t whole;
    if (!fits(f, data, bytes, &whole))
        return CANDIDATE_ETOOBIG;
    buf_consume(&f->buf, f->taken);
    f->whole -= f->taken;
    f->taken = 0;
    size_t before = f->buf.size;
    int r = buf_add(&f->buf, data, bytes);
    if (r < 0)
        return r;
    if (whole > 0)
        f->whole = before + whole;
    return 0;
}

static bool is_blank(const char *line, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

bool frames_next(struct frames *f, const char **ret_message, size_t *ret_bytes)
{
    assert(f->taken <= f->whole && f->whole <= f->buf.size);
    while (f->taken < f->whole) {
        const char *line = f->buf.data + f->taken;
        const char *end = memchr(line, '\n', f->whole - f->taken);
        assert(end);
        size_t bytes = (size_t)(end - line);
        f->taken += bytes + 1;
        if (is_blank(line, bytes))
            continue;
        if (line[bytes - 1] == '\r')
            bytes--;
        *ret_message = line;
        *ret_bytes = bytes;
        return true;
    }
    return false;
}
