/* json_text.h: writing JSON, into memory of a fixed size.
 *
 * Strict on what it writes, whatever it is given: a string that is not UTF-8
 * is escaped as text_escape() does. Reads nothing.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_TEXT_STRING_BYTES_MAX = 1536 }; /* of one; what is more is cut */

struct json_text {
    char *text; /* always ends with a NUL byte */
    size_t bytes, bytes_max;
    bool comma;    /* before the next value */
    bool too_long; /* something did not fit: text is not whole */
};

/* Write to text, of bytes_max > 0 bytes. */
void json_text_init(struct json_text *j, char *text, size_t bytes_max);

/* Members of an object have a name, values of an array, and the outermost one,
 * have none: NULL. A name is written as it is. */
void json_text_object(struct json_text *j, const char *name);
void json_text_object_end(struct json_text *j);
void json_text_array(struct json_text *j, const char *name);
void json_text_array_end(struct json_text *j);
/* value  NULL: null. */
void json_text_string(struct json_text *j, const char *name, const char *value);
void json_text_number(struct json_text *j, const char *name, int64_t value);
void json_text_bool(struct json_text *j, const char *name, bool value);
/* An int64 of etcd's, as etcd writes it: digits in a string. */
void json_text_int64(struct json_text *j, const char *name, int64_t value);
/* A lease, as etcdctl shows it: hexadecimal digits in a string. */
void json_text_lease(struct json_text *j, const char *name, int64_t lease);
/* A moment: ms since 1970, in UTC, as "2026-11-24T09:00:00.123Z". */
void json_text_time(struct json_text *j, const char *name, int64_t wall_ms);
/* Behind the outermost value, where each stands on a line of its own. */
void json_text_line_end(struct json_text *j);

#endif
