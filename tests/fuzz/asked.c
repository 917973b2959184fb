/* asked.c: see asked.h. */
#include "fuzz/asked.h"

#include <stdlib.h>
#include <string.h>

#include "etcd/base64.h"
#include "fuzz/fuzz.h"

/* What stands behind a value. */
static const char *behind(const char *at)
{
    int depth = 0;
    bool quoted = false;
    do {
        CHECK(*at);
        if (*at == '"')
            quoted = !quoted;
        else if (!quoted && (*at == '{' || *at == '['))
            depth++;
        else if (!quoted && (*at == '}' || *at == ']'))
            depth--;
        at++;
    } while (depth > 0 || quoted || !strchr(",}]\n", *at));
    return at;
}

const char *asked_member(const char *object, const char *name)
{
    size_t bytes = strlen(name);
    const char *at = object && *object == '{' ? object + 1 : "";
    while (*at == '"') {
        bool is_it = strncmp(at + 1, name, bytes) == 0 && at[1 + bytes] == '"';
        const char *value = strchr(at + 1, '"') + 2;
        if (is_it)
            return value;
        at = behind(value);
        at += *at == ',';
    }
    return NULL;
}

const char *asked_first(const char *array)
{
    return array && array[0] == '[' && array[1] != ']' ? array + 1 : NULL;
}

const char *asked_next(const char *item)
{
    item = behind(item);
    return *item == ',' ? item + 1 : NULL;
}

int64_t asked_number(const char *object, const char *name)
{
    const char *value = asked_member(object, name);
    return value ? strtoll(value + (*value == '"'), NULL, 10) : 0;
}

bool asked_is(const char *object, const char *name, const char *word)
{
    const char *value = asked_member(object, name);
    return value && strncmp(value + (*value == '"'), word, strlen(word)) == 0;
}

struct asked_key asked_bytes(const char *object, const char *name)
{
    struct asked_key key = { .size = 0 };
    const char *value = asked_member(object, name);
    size_t bytes = value ? strcspn(value + 1, "\"") : 0;
    CHECK(bytes / 4 * 3 <= sizeof key.data);
    CHECK(!value || base64_decode(key.data, value + 1, bytes, &key.size));
    return key;
}

int asked_order(const struct asked_key *a, const struct asked_key *b)
{
    size_t bytes = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->data, b->data, bytes);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}
