/* json.h: strict reading of JSON, on cJSON.
 *
 * A text is read once and then asked for its fields. The first thing that is
 * wrong is kept as status and error, which name the field and what was found
 * ("kvs[0].create_revision: not a string of digits: true"); after it every
 * answer is 0 or NULL. So ask for everything, then look at the status, and use
 * nothing unless it is 0.
 *
 * The JSON is protobuf's: int64 as strings of digits, bytes in base64, and a
 * field that is zero, empty or false may be absent. null counts as absent.
 * Names are compared with their case. Fields nobody asks for are ignored.
 */
#ifndef JSON_H
#define JSON_H

#include <cjson/cJSON.h>

#include "candidate.h"
#include "sys/arena.h"

enum { JSON_TEXT_BYTES_MAX = 200 };

struct json {
    cJSON *root; /* an object; NULL when the text is not one */
    int status;  /* 0, CANDIDATE_EPROTO, CANDIDATE_ENOMEM */
    struct arena *arena;
    struct candidate_error *err;
};

/* Read a text, as json_scan() has it, without names that stand twice in one
 * object. What is taken out of it later lives in the arena.
 * err  filled when something is wrong, here or later; may be NULL.
 * Returns the status; json_done() is due in any case. */
int json_init(struct json *j, struct arena *arena, const char *text,
              size_t bytes, struct candidate_error *err);
void json_done(struct json *j);

/* Zeroed memory for n items; NULL when n is 0 or something is wrong. */
void *json_alloc(struct json *j, size_t n, size_t item_bytes);

/* Say what is wrong with a value, unless something was before: PATH: not
 * WANTED: what it is. */
void json_complain(struct json *j, const cJSON *value, const char *wanted);
/* The same of a member that is missing. */
void json_complain_missing(struct json *j, const cJSON *object,
                           const char *name);

/* A member of whatever type; NULL: absent. */
const cJSON *json_member(const struct json *j, const cJSON *object,
                         const char *name);

/* A member that must be of that type; NULL: absent. */
const cJSON *json_object(struct json *j, const cJSON *object, const char *name);
const cJSON *json_array(struct json *j, const cJSON *object, const char *name,
                        size_t *ret_n);

/* An integer not below min, from a string of digits in the one usual form;
 * absent: 0, and wrong when min is more. */
int64_t json_int64(struct json *j, const cJSON *object, const char *name,
                   int64_t min);
uint64_t json_uint64(struct json *j, const cJSON *object, const char *name,
                     int64_t min);

/* An integer as a JSON number: protobuf's int32. Absent: 0. */
int json_int32(struct json *j, const cJSON *object, const char *name);

bool json_bool(struct json *j, const cJSON *object, const char *name);

/* Bytes from base64, with a NUL byte behind them; absent: "". */
void json_bytes(struct json *j, const cJSON *object, const char *name,
                const char **ret_data, size_t *ret_size);
/* The same, of an item of an array. */
void json_bytes_of(struct json *j, const cJSON *value, const char **ret_data,
                   size_t *ret_size);

/* A string, exactly; absent: "". Good until json_done(). */
const char *json_string(struct json *j, const cJSON *object, const char *name);

/* A string for people: clean, cut to JSON_TEXT_BYTES_MAX, with a NUL byte
 * behind; absent: "". */
void json_text(struct json *j, const cJSON *object, const char *name,
               const char **ret_data, size_t *ret_size);
/* The same, of an item of an array. */
void json_text_of(struct json *j, const cJSON *value, const char **ret_data,
                  size_t *ret_size);

#endif
