/* base64.c: bytes as text, in the standard alphabet of RFC 4648. */
#include "etcd/base64.h"

#include <assert.h>
#include <stdint.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

enum { PADDING = 64 }; /* the place of '=' in the alphabet */

size_t base64_encoded_bytes(size_t bytes)
{
    assert(bytes <= SIZE_MAX / 2);
    return (bytes + 2) / 3 * 4;
}

void base64_encode(char *out, const char *data, size_t bytes)
{
    const unsigned char *in = (const unsigned char *)data;
    for (size_t i = 0; i < bytes; i += 3) {
        uint32_t bits = (uint32_t)in[i] << 16;
        if (i + 1 < bytes)
            bits |= (uint32_t)in[i + 1] << 8;
        if (i + 2 < bytes)
            bits |= in[i + 2];
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = alphabet[i + 1 < bytes ? bits >> 6 & 63 : PADDING];
        *out++ = alphabet[i + 2 < bytes ? bits & 63 : PADDING];
    }
}

/* 0..63; PADDING: not a digit. */
static uint32_t digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : PADDING;
}

bool base64_decode(char *out, const char *text, size_t text_bytes,
                   size_t *ret_bytes)
{
    if (text_bytes % 4 != 0)
        return false;
    size_t padding = 0;
    while (padding < 2 && padding < text_bytes &&
           text[text_bytes - 1 - padding] == '=')
        padding++;
    size_t digits = text_bytes - padding;
    size_t bytes = 0;
    uint32_t bits = 0; /* read and not yet written, in the low bits */
    for (size_t i = 0; i < digits; i++) {
        uint32_t d = digit(text[i]);
        if (d == PADDING)
            return false;
        bits = (bits << 6 | d) & 0xffff;
        if (i % 4 != 0)
            out[bytes++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
    }
    /* What padding cuts off must be zero: else another text has the same
     * bytes. */
    if (padding > 0 && (bits & (padding == 1 ? 3 : 15)) != 0)
        return false;
    assert(bytes == text_bytes / 4 * 3 - padding);
    *ret_bytes = bytes;
    return true;
}
