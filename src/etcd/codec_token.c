/* codec_token.c: the reply to authenticate. */
#include "etcd/codec.h"

#include <string.h>

#include "etcd/json.h"
#include "sys/error.h"

/* It goes into a header of every request, where a line end would begin another
 * header. etcd's simple tokens and JWTs are visible ASCII. */
static bool is_token(const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c < '!' || *c > '~')
            return false;
    return *text != '\0';
}

/* The token is a secret, so no message shows what was found. */
static int read_token(struct json *j, struct etcd_bytes *ret_token)
{
    const char *token = json_string(j, j->root, "token");
    if (j->status < 0)
        return j->status;
    if (!is_token(token))
        return error_set(j->err, CANDIDATE_EPROTO,
                         "token: missing, or not of visible ASCII characters");
    size_t size = strlen(token);
    const char *copy = arena_copy(j->arena, token, size);
    if (!copy)
        return error_set(j->err, CANDIDATE_ENOMEM, "out of memory");
    *ret_token = (struct etcd_bytes){ copy, size };
    return 0;
}

int codec_parse_token(struct arena *arena, const char *body, size_t bytes,
                      struct etcd_bytes *ret_token, struct candidate_error *err)
{
    struct json j;
    int r = json_init(&j, arena, body, bytes, err);
    if (r == 0)
        r = read_token(&j, ret_token);
    json_done(&j);
    return r;
}
