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

size_t text_character_bytes(const char *data, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)data;
    if (size == 0)
        return 0;
    unsigned char first = bytes[0];
    if (first < 0x80)
        return 1;
    size_t step = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size < step)
        return 0;
    for (size_t i = 1; i < step; i++)
        if (!is_continuation(bytes[i]))
            return 0;
    unsigned char second = bytes[1];
    bool overlong = (first == 0xe0 && second < 0xa0) ||
        (first == 0xf0 && second < 0x90);
    bool surrogate = first == 0xed && second > 0x9f;
    bool beyond = first == 0xf4 && second > 0x8f;
    return overlong || surrogate || beyond ? 0 : step;
}

/* How many bytes the clean character at data has; 0: it is not clean. */
static size_t clean_bytes(const char *data, size_t size)
{
    size_t step = text_character_bytes(data, size);
    unsigned char first = (unsigned char)data[0];
    bool c0 = step == 1 && (first < 0x20 || first == 0x7f);
    bool c1 = step == 2 && first == 0xc2 && (unsigned char)data[1] < 0xa0;
    return c0 || c1 ? 0 : step;
}

bool text_is_clean(const char *data, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t step = clean_bytes(data + i, size - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

void text_escape(char *out, size_t out_size, const char *data, size_t size)
{
    assert(out_size >= 8);
    size_t used = 0;
    size_t last_fit = 0; /* so far that the ellipsis fits behind it */
    for (size_t i = 0; i < size;) {
        size_t step = clean_bytes(data + i, size - i);
        char piece[5];
        size_t piece_size = step ? step : 4;
        if (step)
            memcpy(piece, data + i, step);
        else
            snprintf(piece, sizeof piece, "\\x%02x",
                     (unsigned)(unsigned char)data[i]);
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

void text_shell_word(char *out, size_t out_size, const char *text)
{
    assert(out_size >= 8);
    static const char quote[] = "'\\''"; /* ends the word, and goes on */
    size_t used = 0;
    out[used++] = '\'';
    for (; *text; text++) {
        size_t size = *text == '\'' ? sizeof quote - 1 : 1;
        if (used + size + 2 > out_size) {
            memcpy(out, "'...'", sizeof "'...'");
            return;
        }
        memcpy(out + used, *text == '\'' ? quote : text, size);
        used += size;
    }
    memcpy(out + used, "'", sizeof "'");
}
