/* text.c: see text.h. */
#include "sys/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char ellipsis[] = "...";

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* How many bytes the clean character at data has; 0: it is not clean. */
static size_t clean_bytes(const unsigned char *data, size_t size)
{
    unsigned char first = data[0];
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f;
    size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size < bytes)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if (!is_continuation(data[i]))
            return 0;
    unsigned char second = data[1];
    bool control = first == 0xc2 && second < 0xa0;
    bool overlong = (first == 0xe0 && second < 0xa0) ||
        (first == 0xf0 && second < 0x90);
    bool surrogate = first == 0xed && second > 0x9f;
    bool beyond = first == 0xf4 && second > 0x8f;
    return control || overlong || surrogate || beyond ? 0 : bytes;
}

bool text_is_clean(const char *data, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)data;
    for (size_t i = 0; i < size;) {
        size_t step = clean_bytes(bytes + i, size - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

void text_escape(char *out, size_t out_size, const char *data, size_t size)
{
    assert(out_size >= 8);
    const unsigned char *bytes = (const unsigned char *)data;
    size_t used = 0;
    size_t last_fit = 0; /* so far that the ellipsis fits behind it */
    for (size_t i = 0; i < size;) {
        size_t step = clean_bytes(bytes + i, size - i);
        char piece[5];
        size_t piece_size = step ? step : 4;
        if (step)
            memcpy(piece, data + i, step);
        else
            snprintf(piece, sizeof piece, "\\x%02x", (unsigned)bytes[i]);
        if (used + sizeof ellipsis <= out_size)
            last_fit = used;
        if (used + piece_size >= out_size) {
            memcpy(out + last_fit, ellipsis, sizeof ellipsis);
            return;
        }
        memcpy(out + used, piece, piece_size);
        used += piece_size;
        i += step ? step : 1;
    }
    out[used] = '\0';
}
