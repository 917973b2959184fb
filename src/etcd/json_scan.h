/* json_scan.h: is this text one JSON object, in the strictest reading?
 *
 * Looked at before cJSON sees the text, because cJSON takes much that is not
 * JSON: bytes behind the end, control characters, bad UTF-8, "\u0000", which
 * cuts a string short, and 1000 levels. Builds nothing, allocates nothing.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include "candidate.h"

enum {
    JSON_DEPTH_MAX = 32,          /* objects and arrays within each other */
    JSON_VALUES_MAX = 128 * 1024, /* in one text; cJSON needs 80 bytes each */
    JSON_NUMBER_CHARACTERS_MAX = 40, /* no double has more to say */
};

/* RFC 8259, and besides: the text is an object; valid UTF-8 without byte
 * order mark, no NUL, no lone surrogates; the limits above. Does not look for
 * names that stand twice in one object. data may be cut off anywhere; nothing
 * behind `bytes` is read.
 * Returns 0 or CANDIDATE_EPROTO, with what was expected and where. */
int json_scan(const char *data, size_t bytes, struct candidate_error *err);

#endif
