/* buf.h: a byte buffer that grows up to a limit. */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>

struct buf {
    char *data; /* always followed by a NUL byte once something was added */
    size_t size;
    size_t capacity;
    size_t size_max;
};

/* Empty; no memory is taken before the first byte comes. */
void buf_init(struct buf *b, size_t size_max);
void buf_done(struct buf *b);

/* Append. Returns 0, CANDIDATE_ENOMEM, CANDIDATE_ETOOBIG; on failure the
 * buffer is as before. */
int buf_add(struct buf *b, const void *data, size_t size);

/* Drop the first `size` bytes, at most all; keeps the memory. */
void buf_consume(struct buf *b, size_t size);

/* Keep the first `size` bytes and drop what is behind; keeps the memory. */
void buf_truncate(struct buf *b, size_t size);

#endif
