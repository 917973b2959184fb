/* codec_refusal.c: errors as etcd words them, in all its dialects. */
#include "etcd/codec_refusal.h"

#include <string.h>

#include "sys/error.h"
#include "sys/text.h"

enum { GRPC_CODE_MAX = 16 }; /* unauthenticated */

/* 3.4:         {"error":"text","message":"text","code":5}
 * 3.5, 3.6:    {"code":5,"message":"text","details":[]}
 * 3.4 stream:  {"error":{"grpc_code":14,"http_code":503,"message":"text"}}
 * 3.5 stream:  {"error":{"code":14,"message":"text"}} */
struct etcd_refusal codec_refusal_read(struct json *j)
{
    const cJSON *error = json_member(j, j->root, "error");
    bool nested = cJSON_IsObject(error);
    const cJSON *o = nested ? error : j->root;
    bool has_message = json_member(j, o, "message");
    if (!error && !has_message && !json_member(j, o, "code"))
        json_complain(j, j->root, "a reply or an error of etcd");
    struct etcd_refusal refusal = { .message.data = "" };
    struct etcd_bytes *message = &refusal.message;
    if (!nested)
        json_text(j, o, "error", &message->data, &message->size);
    if (has_message)
        json_text(j, o, "message", &message->data, &message->size);
    int code = json_int32(j, o, "code");
    if (code == 0)
        code = json_int32(j, o, "grpc_code");
    bool known = code >= 1 && code <= GRPC_CODE_MAX;
    refusal.grpc_code = known ? code : -1;
    return refusal;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int read_plain(struct arena *arena, const char *body, size_t bytes,
                      struct etcd_refusal *ret_refusal,
                      struct candidate_error *err)
{
    char text[JSON_TEXT_BYTES_MAX + 1];
    text_escape(text, sizeof text, body, bytes);
    const char *message = arena_copy(arena, text, strlen(text));
    if (!message)
        return error_set(err, CANDIDATE_ENOMEM, "out of memory");
    *ret_refusal = (struct etcd_refusal){
        .grpc_code = -1,
        .message = { .data = message, .size = strlen(message) },
    };
    return 0;
}

int codec_parse_refusal(struct arena *arena, const char *body, size_t bytes,
                        struct etcd_refusal *ret_refusal,
                        struct candidate_error *err)
{
    while (bytes > 0 && is_blank(body[0])) {
        body++;
        bytes--;
    }
    while (bytes > 0 && is_blank(body[bytes - 1]))
        bytes--;
    if (bytes == 0)
        return error_set(err, CANDIDATE_EPROTO, "an empty body");
    if (body[0] != '{')
        return read_plain(arena, body, bytes, ret_refusal, err);
    struct json j;
    json_init(&j, arena, body, bytes, err);
    struct etcd_refusal refusal = codec_refusal_read(&j);
    if (j.status == 0)
        *ret_refusal = refusal;
    json_done(&j);
    return j.status;
}
