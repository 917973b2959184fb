/* json.c: strict reading of JSON, on cJSON. See json.h. */
#include "etcd/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/base64.h"
#include "etcd/json_path.h"
#include "etcd/json_scan.h"
#include "sys/error.h"
#include "sys/text.h"

enum { MEMBERS_FEW = 16 };

/* ---- saying what is wrong ---- */

void json_complain(struct json *j, const cJSON *value, const char *wanted)
{
    if (j->status < 0)
        return;
    char path[JSON_PATH_BYTES_MAX];
    char sample[JSON_PATH_SAMPLE_BYTES_MAX];
    json_path(j->root, value, path);
    json_path_sample(value, sample);
    j->status = error_set(j->err, CANDIDATE_EPROTO, "%s: not %s: %s", path,
                          wanted, sample);
}

void json_complain_missing(struct json *j, const cJSON *object,
                           const char *name)
{
    if (j->status < 0)
        return;
    char path[JSON_PATH_BYTES_MAX];
    json_path(j->root, object, path);
    bool top = object == j->root;
    j->status = error_set(j->err, CANDIDATE_EPROTO, "%s%s%s: missing",
                          top ? "" : path, top ? "" : ".", name);
}

static void complain_twice(struct json *j, const cJSON *value)
{
    char path[JSON_PATH_BYTES_MAX];
    json_path(j->root, value, path);
    j->status = error_set(j->err, CANDIDATE_EPROTO, "%s: stands twice", path);
}

static void complain_no_memory(struct json *j)
{
    if (j->status == 0)
        j->status = error_set(j->err, CANDIDATE_ENOMEM, "out of memory");
}

/* ---- the text ---- */

struct member {
    const char *name;
    const cJSON *value;
};

static int compare_names(const void *a, const void *b)
{
    const struct member *left = a;
    const struct member *right = b;
    return strcmp(left->name, right->name);
}

/* Sorts, because pairs of 100 000 names would keep us busy for seconds. */
static void check_names(struct json *j, const cJSON *object)
{
    struct member few[MEMBERS_FEW];
    struct member *members = few;
    size_t n = (size_t)cJSON_GetArraySize(object);
    if (n > MEMBERS_FEW)
        members = malloc(n * sizeof *members);
    if (!members) {
        complain_no_memory(j);
        return;
    }
    size_t i = 0;
    const cJSON *value;
    cJSON_ArrayForEach(value, object)
        members[i++] = (struct member){ value->string, value };
    assert(i == n);
    if (n > 1)
        qsort(members, n, sizeof *members, compare_names);
    for (i = 1; i < n && j->status == 0; i++)
        if (compare_names(&members[i - 1], &members[i]) == 0)
            complain_twice(j, members[i].value);
    if (members != few)
        free(members);
}

static void check_value(struct json *j, const cJSON *value)
{
    if (cJSON_IsNumber(value) && !isfinite(value->valuedouble))
        json_complain(j, value, "a number in range");
    if (cJSON_IsObject(value))
        check_names(j, value);
    const cJSON *child;
    cJSON_ArrayForEach(child, value)
    {
        if (j->status < 0)
            return;
        check_value(j, child);
    }
}

int json_init(struct json *j, struct arena *arena, const char *text,
              size_t bytes, struct candidate_error *err)
{
    *j = (struct json){ .arena = arena, .err = err };
    j->status = json_scan(text, bytes, err);
    if (j->status < 0)
        return j->status;
    /* cJSON looks behind the length it is told (CVE-2023-53154): a NUL byte
     * must stand there. */
    char *copy = malloc(bytes + 1);
    if (copy) {
        memcpy(copy, text, bytes);
        copy[bytes] = '\0';
        j->root = cJSON_ParseWithLength(copy, bytes + 1);
        free(copy);
    }
    /* What json_scan() lets pass, cJSON reads; only memory can be short. */
    if (!j->root)
        complain_no_memory(j);
    else
        check_value(j, j->root);
    return j->status;
}

void json_done(struct json *j)
{
    cJSON_Delete(j->root);
    j->root = NULL;
}

void *json_alloc(struct json *j, size_t n, size_t item_bytes)
{
    if (j->status < 0 || n == 0)
        return NULL;
    assert(item_bytes <= SIZE_MAX / n);
    void *items = arena_alloc(j->arena, n * item_bytes);
    if (!items)
        complain_no_memory(j);
    return items;
}

/* ---- fields ---- */

const cJSON *json_member(const struct json *j, const cJSON *object,
                         const char *name)
{
    if (j->status < 0)
        return NULL;
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(value) ? NULL : value;
}

const cJSON *json_object(struct json *j, const cJSON *object, const char *name)
{
    const cJSON *value = json_member(j, object, name);
    if (!value || cJSON_IsObject(value))
        return value;
    json_complain(j, value, "an object");
    return NULL;
}

const cJSON *json_array(struct json *j, const cJSON *object, const char *name,
                        size_t *ret_n)
{
    *ret_n = 0;
    const cJSON *value = json_member(j, object, name);
    if (!value)
        return NULL;
    if (!cJSON_IsArray(value)) {
        json_complain(j, value, "an array");
        return NULL;
    }
    *ret_n = (size_t)cJSON_GetArraySize(value);
    return value;
}

const char *json_string(struct json *j, const cJSON *object, const char *name)
{
    const cJSON *value = json_member(j, object, name);
    if (!value)
        return "";
    if (cJSON_IsString(value))
        return value->valuestring;
    json_complain(j, value, "a string");
    return "";
}

static void keep_text(struct json *j, const char *string, const char **ret_data,
                      size_t *ret_size)
{
    *ret_data = "";
    *ret_size = 0;
    char text[JSON_TEXT_BYTES_MAX + 1];
    text_escape(text, sizeof text, string, strlen(string));
    if (j->status < 0)
        return;
    const char *copy = arena_copy(j->arena, text, strlen(text));
    if (!copy) {
        complain_no_memory(j);
        return;
    }
    *ret_data = copy;
    *ret_size = strlen(copy);
}

void json_text(struct json *j, const cJSON *object, const char *name,
               const char **ret_data, size_t *ret_size)
{
    keep_text(j, json_string(j, object, name), ret_data, ret_size);
}

void json_text_of(struct json *j, const cJSON *value, const char **ret_data,
                  size_t *ret_size)
{
    if (!cJSON_IsString(value))
        json_complain(j, value, "a string");
    const char *string = cJSON_GetStringValue(value);
    keep_text(j, string ? string : "", ret_data, ret_size);
}

/* Nothing but digits, and no zero before others. text may be NULL. */
static bool read_digits(const char *text, uint64_t max, uint64_t *ret_number)
{
    if (!text || text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
        return false;
    uint64_t number = 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return true;
}

static bool read_int64(const char *text, int64_t *ret_number)
{
    bool negative = text && text[0] == '-';
    uint64_t number;
    if (!read_digits(negative ? text + 1 : text, (uint64_t)INT64_MAX + negative,
                     &number))
        return false;
    if (negative && number == 0)
        return false;
    *ret_number = negative ? -(int64_t)(number - 1) - 1 : (int64_t)number;
    return true;
}

static void complain_below(struct json *j, const cJSON *object,
                           const char *name, int64_t min)
{
    const cJSON *value = json_member(j, object, name);
    char wanted[48];
    (void)snprintf(wanted, sizeof wanted, "%" PRId64 " or more", min);
    if (value)
        json_complain(j, value, wanted);
    else
        json_complain_missing(j, object, name);
}

int64_t json_int64(struct json *j, const cJSON *object, const char *name,
                   int64_t min)
{
    const cJSON *value = json_member(j, object, name);
    int64_t number = 0;
    if (value && !read_int64(cJSON_GetStringValue(value), &number))
        json_complain(j, value, "a string of digits");
    else if (number < min)
        complain_below(j, object, name, min);
    return j->status < 0 ? 0 : number;
}

uint64_t json_uint64(struct json *j, const cJSON *object, const char *name,
                     int64_t min)
{
    assert(min >= 0);
    const cJSON *value = json_member(j, object, name);
    uint64_t number = 0;
    if (value && !read_digits(cJSON_GetStringValue(value), UINT64_MAX, &number))
        json_complain(j, value, "a string of digits");
    else if (number < (uint64_t)min)
        complain_below(j, object, name, min);
    return j->status < 0 ? 0 : number;
}

int json_int32(struct json *j, const cJSON *object, const char *name)
{
    const cJSON *value = json_member(j, object, name);
    if (!value)
        return 0;
    double number = value->valuedouble;
    if (cJSON_IsNumber(value) && number >= INT32_MIN && number <= INT32_MAX &&
        number == (int)number)
        return (int)number;
    json_complain(j, value, "a small integer");
    return 0;
}

bool json_bool(struct json *j, const cJSON *object, const char *name)
{
    const cJSON *value = json_member(j, object, name);
    if (value && !cJSON_IsBool(value))
        json_complain(j, value, "true or false");
    return cJSON_IsTrue(value);
}

void json_bytes_of(struct json *j, const cJSON *value, const char **ret_data,
                   size_t *ret_size)
{
    *ret_data = "";
    *ret_size = 0;
    if (j->status < 0)
        return;
    if (!cJSON_IsString(value)) {
        json_complain(j, value, "base64");
        return;
    }
    size_t text_bytes = strlen(value->valuestring);
    char *data = json_alloc(j, text_bytes / 4 * 3 + 1, 1);
    if (!data)
        return;
    if (base64_decode(data, value->valuestring, text_bytes, ret_size))
        *ret_data = data;
    else
        json_complain(j, value, "base64");
}

void json_bytes(struct json *j, const cJSON *object, const char *name,
                const char **ret_data, size_t *ret_size)
{
    *ret_data = "";
    *ret_size = 0;
    const cJSON *value = json_member(j, object, name);
    if (value)
        json_bytes_of(j, value, ret_data, ret_size);
}
