/* arena.h: many small allocations that die together.
 *
 * A parsed reply is a tree of structs and bytes; it lives in one arena and
 * goes with it.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;
};

void arena_init(struct arena *a);

/* Give everything back; the arena is empty and usable again. */
void arena_done(struct arena *a);

/* Zeroed memory for any type, good until arena_done(); NULL: out of memory. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy with a NUL byte behind it; NULL: out of memory. */
char *arena_copy(struct arena *a, const void *data, size_t size);

#endif
