/* asked.h: what a candidate's request asks for, read where its JSON stands.
 *
 * It is our own builder's JSON (src/etcd/codec_build.c): no blanks, no escapes.
 * NULL is a value that is not there, and nothing can be read of it. Asks for no
 * memory, which may have ended.
 */
#ifndef ASKED_H
#define ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASKED_KEY_BYTES_MAX = 64 };

/* A key, or the end of a range of keys; size 0: not there. */
struct asked_key {
    char data[ASKED_KEY_BYTES_MAX];
    size_t size;
};

/* The value of an object's member. */
const char *asked_member(const char *object, const char *name);
/* An array's first item, or the one behind an item. */
const char *asked_first(const char *array);
const char *asked_next(const char *item);

/* A member's number, as digits or in a string; 0: not there. */
int64_t asked_number(const char *object, const char *name);
/* Whether it is this word, or begins with it. */
bool asked_is(const char *object, const char *name, const char *word);
/* Its bytes, of base64. */
struct asked_key asked_bytes(const char *object, const char *name);

/* Less than, equal to or greater than 0, as memcmp(3). */
int asked_order(const struct asked_key *a, const struct asked_key *b);

#endif
