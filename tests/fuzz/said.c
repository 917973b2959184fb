/* said.c: see said.h. */
#include "fuzz/said.h"

#include <stdarg.h>

#include "etcd/base64.h"
#include "fuzz/fuzz.h"

void said_add(struct said *s, const char *format, ...)
{
    va_list args;
    size_t room = sizeof s->text - s->bytes;
    va_start(args, format);
    int n = vsnprintf(s->text + s->bytes, room, format, args);
    va_end(args);
    CHECK(n >= 0 && (size_t)n < room);
    s->bytes += (size_t)n;
}

void said_add_bytes(struct said *s, const char *data, size_t bytes)
{
    size_t text_bytes = base64_encoded_bytes(bytes);
    CHECK(text_bytes < sizeof s->text - s->bytes);
    said_add(s, "\"");
    base64_encode(s->text + s->bytes, data, bytes);
    s->bytes += text_bytes;
    said_add(s, "\"");
}
