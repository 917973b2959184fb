/* refusal.c: see refusal.h. */
#include "etcd/refusal.h"

#include <string.h>

#include "sys/error.h"
#include "sys/text.h"

enum { SHOWN_BYTES_MAX = 256 };

/* gRPC's codes, as far as they matter here. */
enum {
    GRPC_NONE = -1,
    GRPC_INVALID_ARGUMENT = 3,
    GRPC_NOT_FOUND = 5,
    GRPC_PERMISSION_DENIED = 7,
    GRPC_FAILED_PRECONDITION = 9,
    GRPC_OUT_OF_RANGE = 11,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_UNAUTHENTICATED = 16,
};

/* The first row that fits decides; what fits none may succeed later, with
 * this member or another: no leader, time-outs, too many requests, no space,
 * not a primary lessor, a corrupt or a learning member. */
static const struct {
    const char *words; /* somewhere in the message; "" fits all */
    int grpc_code;
    int code;
} meanings[] = {
    { "auth store is old", GRPC_INVALID_ARGUMENT, CANDIDATE_ERETRY },
    { "", GRPC_INVALID_ARGUMENT, CANDIDATE_EDENIED },
    { "", GRPC_NOT_FOUND, CANDIDATE_ENOTFOUND },
    { "", GRPC_PERMISSION_DENIED, CANDIDATE_EDENIED },
    { "lease already exists", GRPC_FAILED_PRECONDITION, CANDIDATE_EEXISTS },
    { "TTL", GRPC_OUT_OF_RANGE, CANDIDATE_EDENIED },
    { "", GRPC_UNIMPLEMENTED, CANDIDATE_EDENIED },
    { "", GRPC_UNAUTHENTICATED, CANDIDATE_EDENIED },
};

static bool has_words(struct etcd_bytes text, const char *words)
{
    return words[0] == '\0' ||
        (text.size > 0 && memmem(text.data, text.size, words, strlen(words)));
}

static int code_of_grpc(const struct etcd_refusal *refusal)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].grpc_code == refusal->grpc_code &&
            has_words(refusal->message, meanings[i].words))
            return meanings[i].code;
    return CANDIDATE_ERETRY;
}

/* Without gRPC's code it is not etcd's API that answers: its HTTP server, or
 * a proxy. */
static int code_of_http(int http_status)
{
    switch (http_status) {
    case 400: /* as for a certificate with a CN, or http:// to a TLS port */
    case 401:
    case 403:
    case 404:
    case 405:
        return CANDIDATE_EDENIED;
    default: /* any number may come */
        return http_status / 100 == 3 ? CANDIDATE_EPROTO : CANDIDATE_ERETRY;
    }
}

/* The gateway's own words for a path that it does not serve, which from etcd
 * 3.5 on carry the code of a missing lease; its absence has no code. */
static bool has_no_gateway(const struct etcd_refusal *refusal, int http_status)
{
    static const char words[] = "Not Found";
    bool theirs = refusal->message.size == sizeof words - 1 &&
        memcmp(refusal->message.data, words, sizeof words - 1) == 0;
    return http_status == 404 && (refusal->grpc_code == GRPC_NONE || theirs);
}

/* What an operator can do about it. */
static const struct {
    const char *words; /* somewhere in the message */
    const char *advice;
} advices[] = {
    { "CommonName of client sending",
      "; use a client certificate without a CN, and --user" },
    { "user name is empty", "; etcd wants to know who asks, see --user" },
};

static const char *advice_for(const char *text)
{
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (strstr(text, advices[i].words))
            return advices[i].advice;
    return "";
}

bool refusal_wants_token(const char *message)
{
    static const char *const words[] = { "invalid auth token",
                                         "auth store is old",
                                         "user name is empty", "HTTP 401" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(message, words[i]))
            return true;
    return false;
}

bool refusal_means_no_auth(const char *message)
{
    return strstr(message, "authentication is not enabled") != NULL;
}

int refusal_explain(const struct etcd_refusal *refusal, int http_status,
                    struct candidate_error *err)
{
    char text[SHOWN_BYTES_MAX];
    struct etcd_bytes message = refusal->message;
    while (message.size > 0 && message.data[message.size - 1] == '\n')
        message.size--;
    text_escape(text, sizeof text, message.data, message.size);
    if (has_no_gateway(refusal, http_status))
        return error_set(err, CANDIDATE_EDENIED,
                         "HTTP 404, so no JSON gateway: this needs etcd 3.4 "
                         "or newer with --enable-grpc-gateway");
    if (refusal->grpc_code != GRPC_NONE) {
        int code = code_of_grpc(refusal);
        if (text[0] == '\0')
            return error_set(err, code, "refused with gRPC code %d",
                             refusal->grpc_code);
        return error_set(err, code, "%s%s", text, advice_for(text));
    }
    int code = code_of_http(http_status);
    if (code == CANDIDATE_EPROTO)
        return error_set(err, code,
                         "HTTP %d, a redirect, which is not followed",
                         http_status);
    return error_set(err, code, "HTTP %d%s%s%s", http_status,
                     text[0] ? ": " : "", text, advice_for(text));
}
