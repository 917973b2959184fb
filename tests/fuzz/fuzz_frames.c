/* fuzz_frames.c: a stream gives the same messages wherever it is cut.
 *
 * The first byte seeds the cuts, the rest after the second is the stream. When
 * the second byte is 255, a byte 1 of the stream stands for a run so long that
 * a few reach a message's limit. The messages are those that a plain reading
 * of the whole stream finds.
 */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "candidate.h"
#include "etcd/frames.h"
#include "fuzz/fuzz.h"
#include "fuzz/script.h"

enum {
    LONG_RUNS = 255, /* the second byte */
    RUN_BYTES = 350 * 1000,
    RUNS_MAX = 4,
    EACH_BYTE_MAX = 64 * 1024, /* longer streams are not fed byte by byte */
};

static_assert(RUNS_MAX * RUN_BYTES > FRAMES_MESSAGE_BYTES_MAX,
              "limits come into reach");

struct stream {
    char *data;
    size_t size;
};

static struct stream expand(const uint8_t *data, size_t size, bool long_runs)
{
    size_t room = size + (long_runs ? (size_t)RUNS_MAX * RUN_BYTES : 1);
    struct stream s = { malloc(room), 0 };
    CHECK(s.data || script_lost_memory());
    unsigned runs = 0;
    for (size_t i = 0; s.data && i < size; i++) {
        if (long_runs && data[i] == 1 && runs++ < RUNS_MAX) {
            memset(s.data + s.size, 'x', RUN_BYTES);
            s.size += RUN_BYTES;
        } else {
            s.data[s.size++] = (char)data[i];
        }
    }
    return s;
}

static bool is_blank(const char *line, size_t bytes)
{
    while (bytes > 0 && strchr(" \t\r", line[bytes - 1]) &&
           line[bytes - 1] != '\0')
        bytes--;
    return bytes == 0;
}

/* The plain reading: where the next message is from *at on. Returns false
 * when no whole one is left. */
static bool next_line(const struct stream *s, size_t *at, size_t *ret_start,
                      size_t *ret_bytes)
{
    const char *end;
    while ((end = memchr(s->data + *at, '\n', s->size - *at))) {
        size_t start = *at;
        size_t bytes = (size_t)(end - s->data) - start;
        *at = start + bytes + 1;
        if (is_blank(s->data + start, bytes))
            continue;
        if (s->data[start + bytes - 1] == '\r')
            bytes--;
        *ret_start = start;
        *ret_bytes = bytes;
        return true;
    }
    return false;
}

static void check_taken(struct frames *f, const struct stream *s, size_t *at)
{
    const char *message;
    size_t bytes;
    while (frames_next(f, &message, &bytes)) {
        size_t start;
        size_t expected;
        CHECK(next_line(s, at, &start, &expected));
        CHECK(bytes == expected);
        CHECK(memcmp(message, s->data + start, bytes) == 0);
    }
}

/* The offset of the byte with which some message is too long; size: none. */
static size_t limit_at(const struct stream *s)
{
    size_t start = 0;
    while (start < s->size) {
        const char *end = memchr(s->data + start, '\n', s->size - start);
        size_t bytes = end ? (size_t)(end - s->data) - start : s->size - start;
        if (bytes > FRAMES_MESSAGE_BYTES_MAX)
            return start + FRAMES_MESSAGE_BYTES_MAX;
        start += bytes + 1;
    }
    return s->size;
}

/* The next piece's size: mostly short, but of a long stream up to as much as
 * frames_feed() takes at a time. */
static size_t cut(uint32_t *seed, size_t size, size_t rest)
{
    *seed = *seed * 1664525U + 1013904223U;
    uint32_t longest = FRAMES_MESSAGE_BYTES_MAX;
    if (size <= EACH_BYTE_MAX)
        longest = 1U << (*seed >> 28);
    size_t piece = 1 + (*seed >> 8) % longest;
    return piece < rest ? piece : rest;
}

/* seed  of the cuts; 0: after each byte. */
static void check_cuts(const struct stream *s, uint32_t seed)
{
    struct frames f;
    frames_init(&f);
    size_t limit = limit_at(s);
    size_t at = 0; /* of the plain reading */
    size_t fed = 0;
    while (fed < s->size) {
        size_t piece = seed > 0 ? cut(&seed, s->size, s->size - fed) : 1;
        int r = frames_feed(&f, s->data + fed, piece);
        if (r == CANDIDATE_ENOMEM && script_lost_memory())
            break;
        if (r < 0) {
            CHECK(r == CANDIDATE_ETOOBIG);
            CHECK(fed <= limit && limit < fed + piece);
            check_taken(&f, s, &at); /* there is nothing, or it is right */
            break;
        }
        fed += piece;
        CHECK(fed <= limit);
        check_taken(&f, s, &at);
    }
    size_t start;
    size_t bytes;
    struct stream seen = { s->data, fed };
    CHECK(script_lost_memory() || !next_line(&seen, &at, &start, &bytes));
    frames_done(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct stream s = expand(data + 2, size - 2, data[1] == LONG_RUNS);
    if (!s.data)
        return 0;
    check_cuts(&s, 1U + data[0]);
    if (s.size <= EACH_BYTE_MAX) {
        check_cuts(&s, 1U + data[0] * 65537U);
        check_cuts(&s, 0);
    }
    free(s.data);
    return 0;
}
