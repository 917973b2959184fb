/* said.h: a text that is put together, and then sent. Asks for no memory. */
#ifndef SAID_H
#define SAID_H

#include <stddef.h>

enum { SAID_BYTES_MAX = 16 * 1024 };

struct said {
    size_t bytes;
    char text[SAID_BYTES_MAX];
};

void said_add(struct said *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* In base64, with quotes. */
void said_add_bytes(struct said *s, const char *data, size_t bytes);

#endif
