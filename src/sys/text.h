/* text.h: UTF-8 that is safe to show. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { TEXT_SHELL_WORD_BYTES = 400 }; /* for a key, and some quotes in it */

/* How many bytes the well-formed UTF-8 character (Unicode 15, table 3-7) at
 * the start of data has; 0: there is none. */
size_t text_character_bytes(const char *data, size_t size);

/* Well-formed UTF-8 without control characters
 * (C0, DEL, C1)? */
bool text_is_clean(const char *data, size_t size);

/* Write bytes from anywhere as a clean C string: each byte of what is not
 * clean becomes "\xHH", and "..." ends what does not fit.
 * out_size  bytes at out, the NUL byte included; at least 8. */
void text_escape(char *out, size_t out_size, const char *data, size_t size);

/* Write text in single quotes, as one word for a shell.
 * out_size  bytes at out, the NUL byte included; at least 8. A part of it would
 *           be another word: what does not fit becomes '...'. */
void text_shell_word(char *out, size_t out_size, const char *text);

#endif
