/* arena.c: many small allocations that die together. */
#include "sys/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 4096 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t capacity;
    _Alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *a)
{
    a->chunks = NULL;
}

void arena_done(struct arena *a)
{
    struct arena_chunk *chunk = a->chunks;
    while (chunk) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    a->chunks = NULL;
}

static struct arena_chunk *chunk_new(size_t size)
{
    size_t capacity = CHUNK_BYTES - sizeof(struct arena_chunk);
    if (capacity < size)
        capacity = size;
    struct arena_chunk *chunk = calloc(1,
                                       sizeof(struct arena_chunk) + capacity);
    if (chunk)
        chunk->capacity = capacity;
    return chunk;
}

/* Put a new chunk where it serves best: one that is filled by a single large
 * allocation goes behind the first, whose room is still of use. */
static void chunk_insert(struct arena *a, struct arena_chunk *chunk,
                         size_t size)
{
    if (a->chunks && size == chunk->capacity) {
        chunk->next = a->chunks->next;
        a->chunks->next = chunk;
    } else {
        chunk->next = a->chunks;
        a->chunks = chunk;
    }
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    if (size > PTRDIFF_MAX - CHUNK_BYTES) /* rounding up cannot overflow */
        return NULL;
    size = size > 0 ? (size + align - 1) / align * align : align;
    struct arena_chunk *chunk = a->chunks;
    if (!chunk || size > chunk->capacity - chunk->used) {
        chunk = chunk_new(size);
        if (!chunk)
            return NULL;
        chunk_insert(a, chunk, size);
    }
    assert(chunk->used <= chunk->capacity);
    assert(chunk->used % align == 0);
    void *p = chunk->bytes + chunk->used;
    chunk->used += size;
    return p;
}

char *arena_copy(struct arena *a, const void *data, size_t size)
{
    if (size == SIZE_MAX)
        return NULL;
    char *copy = arena_alloc(a, size + 1);
    if (copy && size > 0)
        memcpy(copy, data, size);
    return copy;
}
