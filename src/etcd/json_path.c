/* json_path.c: where a value stands, and what it is, in words. */
#include "etcd/json_path.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "etcd/json_scan.h"
#include "sys/text.h"

/* The way from the root down to a value. */
struct chain {
    struct {
        const char *name; /* NULL: an item of an array */
        size_t index;
    } steps[JSON_DEPTH_MAX];
    size_t n;
};

static bool find(struct chain *chain, const cJSON *at, const cJSON *wanted)
{
    if (at == wanted)
        return true;
    size_t index = 0;
    const cJSON *child;
    cJSON_ArrayForEach(child, at)
    {
        assert(chain->n < JSON_DEPTH_MAX);
        chain->steps[chain->n].name = child->string;
        chain->steps[chain->n].index = index++;
        chain->n++;
        if (find(chain, child, wanted))
            return true;
        chain->n--;
    }
    return false;
}

void json_path(const cJSON *root, const cJSON *value,
               char out[JSON_PATH_BYTES_MAX])
{
    struct chain chain = { .n = 0 };
    bool found = find(&chain, root, value);
    assert(found);
    (void)found;
    char path[JSON_PATH_BYTES_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < chain.n && used < sizeof path - 1; i++) {
        const char *name = chain.steps[i].name;
        size_t room = sizeof path - used;
        int n = name
            ? snprintf(path + used, room, "%s%s", i > 0 ? "." : "", name)
            : snprintf(path + used, room, "[%zu]", chain.steps[i].index);
        if (n > 0)
            used += (size_t)n < room ? (size_t)n : room - 1;
    }
    text_escape(out, JSON_PATH_BYTES_MAX, chain.n > 0 ? path : "body",
                chain.n > 0 ? used : 4);
}

void json_path_sample(const cJSON *value, char out[JSON_PATH_SAMPLE_BYTES_MAX])
{
    if (cJSON_IsString(value)) {
        char text[JSON_PATH_SAMPLE_BYTES_MAX - 2];
        text_escape(text, sizeof text, value->valuestring,
                    strlen(value->valuestring));
        (void)snprintf(out, JSON_PATH_SAMPLE_BYTES_MAX, "\"%s\"", text);
        return;
    }
    const char *kind = cJSON_IsObject(value) ? "an object"
        : cJSON_IsArray(value)               ? "an array"
        : cJSON_IsNumber(value)              ? "a number"
        : cJSON_IsTrue(value)                ? "true"
        : cJSON_IsFalse(value)               ? "false"
                                             : "null";
    (void)snprintf(out, JSON_PATH_SAMPLE_BYTES_MAX, "%s", kind);
}
