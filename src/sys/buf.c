/* buf.c: a byte buffer that grows up to a limit. */
#include "sys/buf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "candidate.h"

enum { CAPACITY_FIRST = 256 };

void buf_init(struct buf *b, size_t size_max)
{
    assert(size_max < SIZE_MAX); /* the NUL byte has its place */
    *b = (struct buf){ .size_max = size_max };
}

void buf_done(struct buf *b)
{
    free(b->data);
    *b = (struct buf){ .size_max = b->size_max };
}

/* Make room for `needed` bytes, doubling, so that adding byte by byte costs
 * no more than adding at once. */
static int reserve(struct buf *b, size_t needed)
{
    if (needed <= b->capacity)
        return 0;
    size_t limit = b->size_max + 1;
    size_t capacity = b->capacity > 0 ? b->capacity : CAPACITY_FIRST;
    while (capacity < needed)
        capacity = capacity > limit / 2 ? limit : capacity * 2;
    if (capacity > limit)
        capacity = limit;
    char *data = realloc(b->data, capacity);
    if (!data)
        return CANDIDATE_ENOMEM;
    b->data = data;
    b->capacity = capacity;
    return 0;
}

int buf_add(struct buf *b, const void *data, size_t size)
{
    assert(b->size <= b->size_max);
    if (size > b->size_max - b->size)
        return CANDIDATE_ETOOBIG;
    if (size == 0)
        return 0;
    int r = reserve(b, b->size + size + 1);
    if (r < 0)
        return r;
    memcpy(b->data + b->size, data, size);
    b->size += size;
    b->data[b->size] = '\0';
    return 0;
}

void buf_consume(struct buf *b, size_t size)
{
    assert(b->size <= b->size_max);
    if (size == 0 || b->size == 0)
        return;
    if (size > b->size)
        size = b->size;
    b->size -= size;
    memmove(b->data, b->data + size, b->size + 1);
}

void buf_truncate(struct buf *b, size_t size)
{
    if (size >= b->size)
        return;
    b->size = size;
    b->data[size] = '\0';
}
