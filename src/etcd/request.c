/* request.c: see request.h. */
#include "etcd/request.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "etcd/json.h"
#include "sys/error.h"

/* ---- keys ---- */

static void name_key(char out[REQUEST_KEY_BYTES_MAX], const char *election,
                     const char *what, const char *end)
{
    const char *slash = strrchr(election, '/');
    const char *last = slash ? slash + 1 : election;
    int n = snprintf(out, REQUEST_KEY_BYTES_MAX, "%.*selection-%s_%s%s",
                     (int)(last - election), election, what, last, end);
    assert(n > 0);
    assert(n < REQUEST_KEY_BYTES_MAX);
}

void request_keys_init(struct request_keys *k, const char *election)
{
    static_assert('/' + 1 == '0', "the byte behind the slash");
    name_key(k->request, election, "request", "");
    name_key(k->priorities, election, "priority", "/");
    name_key(k->priorities_end, election, "priority", "0");
}

void request_priority_key(const struct request_keys *k, int64_t lease,
                          char ret_key[REQUEST_PRIORITY_BYTES_MAX])
{
    int n = snprintf(ret_key, REQUEST_PRIORITY_BYTES_MAX, "%s%llx",
                     k->priorities, (unsigned long long)lease);
    assert(n > 0);
    assert(n < REQUEST_PRIORITY_BYTES_MAX);
}

/* ---- the value ---- */

static const char *const words[] = {
    [REQUEST_DEPOSE] = "depose",
    [REQUEST_TRANSFER] = "transfer",
};

/* JSON wants no other character escaped where there are no control ones. */
static void quote(char *out, const char *text)
{
    *out++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            *out++ = '\\';
        *out++ = *text;
    }
    *out++ = '"';
    *out = '\0';
}

size_t request_build(const struct request *request,
                     char ret_value[REQUEST_VALUE_BYTES_MAX])
{
    char to[2 * sizeof request->to + 2];
    char more[REQUEST_VALUE_BYTES_MAX] = "";
    quote(to, request->to);
    if (request->to_token)
        (void)snprintf(more, sizeof more, ",\"to\":%s,\"to_token\":\"%lld\"",
                       to, (long long)request->to_token);
    int n = snprintf(ret_value, REQUEST_VALUE_BYTES_MAX,
                     "{\"v\":1,\"type\":\"%s\",\"token\":\"%lld\"%s}",
                     words[request->type], (long long)request->token, more);
    assert(n > 0);
    assert(n < REQUEST_VALUE_BYTES_MAX);
    return (size_t)n;
}

static int read_type(struct json *j, enum request_type *ret_type)
{
    const char *type = json_string(j, j->root, "type");
    for (size_t i = 0; j->status == 0 && i < sizeof words / sizeof *words; i++)
        if (strcmp(type, words[i]) == 0) {
            *ret_type = (enum request_type)i;
            return 0;
        }
    const cJSON *member = json_member(j, j->root, "type");
    if (member)
        json_complain(j, member, "\"depose\" or \"transfer\"");
    else
        json_complain_missing(j, j->root, "type");
    return j->status;
}

static int read_request(struct json *j, struct request *ret_request)
{
    struct request request = { .type = REQUEST_DEPOSE };
    int version = json_int32(j, j->root, "v");
    if (j->status == 0 && version != 1)
        return error_set(j->err, CANDIDATE_EPROTO, "v: not 1: %d", version);
    int r = read_type(j, &request.type);
    if (r < 0)
        return r;
    bool names = request.type == REQUEST_TRANSFER ||
        json_member(j, j->root, "to_token");
    const char *to = json_string(j, j->root, "to");
    request.token = json_int64(j, j->root, "token", 1);
    if (names)
        request.to_token = json_int64(j, j->root, "to_token", 1);
    if (j->status < 0)
        return j->status;
    if (strlen(to) >= sizeof request.to)
        return error_set(j->err, CANDIDATE_EPROTO, "to: longer than an ID");
    memcpy(request.to, to, strlen(to));
    *ret_request = request;
    return 0;
}

int request_parse(const char *value, size_t bytes, struct request *ret_request,
                  struct candidate_error *err)
{
    struct json j;
    struct arena arena;
    arena_init(&arena);
    int r = json_init(&j, &arena, value, bytes, err);
    if (r == 0)
        r = read_request(&j, ret_request);
    json_done(&j);
    arena_done(&arena);
    return r;
}
