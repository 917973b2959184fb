/* base64.h: bytes as text, in the standard alphabet of RFC 4648.
 *
 * Strict: padding is required, and every text stands for bytes that have no
 * other text. No blanks, no line ends, not the alphabet for URLs.
 */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* The text's size; bytes must be at most SIZE_MAX / 2. */
size_t base64_encoded_bytes(size_t bytes);

/* Write base64_encoded_bytes(bytes) characters, without a NUL byte. */
void base64_encode(char *out, const char *data, size_t bytes);

/* Write at most text_bytes / 4 * 3 bytes and set *ret_bytes to their number.
 * Returns false, and leaves *ret_bytes alone, when the text is not strict. */
bool base64_decode(char *out, const char *text, size_t text_bytes,
                   size_t *ret_bytes);

#endif
