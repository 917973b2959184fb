/* json_path.h: where a value stands, and what it is, in words.
 *
 * For messages only. The whole tree is searched, so that reading need not
 * carry a path along for the rare case that something is wrong.
 */
#ifndef JSON_PATH_H
#define JSON_PATH_H

#include "etcd/json.h"

enum {
    JSON_PATH_BYTES_MAX = 256,
    JSON_PATH_SAMPLE_BYTES_MAX = 48,
};

/* Write the way from the root down to a value within, "kvs[0].key", or "body"
 * for the root itself: clean text, cut when it is too long. */
void json_path(const cJSON *root, const cJSON *value,
               char out[JSON_PATH_BYTES_MAX]);

/* Write what a value is: the type, or the start of a string in quotes. */
void json_path_sample(const cJSON *value, char out[JSON_PATH_SAMPLE_BYTES_MAX]);

#endif
