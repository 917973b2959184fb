/* answer.c: see answer.h. */
#include "etcd/answer.h"

#include <assert.h>
#include <string.h>

#include "etcd/refusal.h"
#include "sys/error.h"
#include "sys/text.h"

enum { SHOWN_BYTES_MAX = 256 };

static const struct {
    const char *path;
    enum etcd_reply_type reply;
} calls[] = {
#define ANSWER_CALL_ROW(name, path, reply)                                     \
    [ANSWER_##name] = { path, ETCD_REPLY_##reply },
    ANSWER_CALLS(ANSWER_CALL_ROW)
#undef ANSWER_CALL_ROW
};

const char *answer_path(enum answer_call call)
{
    assert(call < sizeof calls / sizeof *calls);
    return calls[call].path;
}

/* A transfer ended without a whole reply. */
static int explain_transfer(const struct http_event *event,
                            struct candidate_error *err)
{
    assert(event->error < 0);
    int status = event->error == CANDIDATE_ETOOBIG ? CANDIDATE_EPROTO
                                                   : event->error;
    return error_set(err, status, "%s", event->message);
}

/* A whole reply came, but not a 2xx. */
static int explain_status(struct arena *arena, const struct http_event *event,
                          struct candidate_error *err)
{
    struct etcd_refusal refusal;
    int r = codec_parse_refusal(arena, event->data, event->bytes, &refusal,
                                err);
    if (r == CANDIDATE_ENOMEM)
        return error_set(err, r, "out of memory");
    if (r < 0) /* the number must do */
        refusal = (struct etcd_refusal){ .grpc_code = -1 };
    return refusal_explain(&refusal, event->http_status, err);
}

/* What is wrong with a transfer that has ended, going by all but its body. */
static int check_transfer(struct arena *arena, const struct http_event *event,
                          struct candidate_error *err)
{
    assert(event->type == HTTP_DONE);
    if (event->error < 0)
        return explain_transfer(event, err);
    if (event->http_status / 100 != 2)
        return explain_status(arena, event, err);
    return 0;
}

static enum etcd_op_type op_type_of(enum answer_call call)
{
    if (call == ANSWER_PUT)
        return ETCD_OP_PUT;
    return call == ANSWER_RANGE ? ETCD_OP_RANGE : ETCD_OP_DELETE;
}

static int parse_body(struct arena *arena, enum answer_call call,
                      const struct http_event *event, struct etcd_reply *reply,
                      struct candidate_error *err)
{
    const char *body = event->data;
    size_t bytes = event->bytes;
    struct etcd_header *header = &reply->header;
    switch (call) {
    case ANSWER_GRANT:
    case ANSWER_TIME_TO_LIVE:
        return codec_parse_lease(arena, body, bytes, header, &reply->lease,
                                 err);
    case ANSWER_KEEPALIVE:
        return codec_parse_keepalive(arena, body, bytes, header, &reply->lease,
                                     err);
    case ANSWER_REVOKE:
        return codec_parse_header(arena, body, bytes, header, err);
    case ANSWER_RANGE:
    case ANSWER_PUT:
    case ANSWER_DELETE:
        return codec_parse_result(arena, body, bytes, op_type_of(call), header,
                                  &reply->result, err);
    case ANSWER_TXN:
        return codec_parse_txn(arena, body, bytes, header, &reply->txn, err);
    case ANSWER_MEMBERS:
        return codec_parse_members(arena, body, bytes, header, &reply->members,
                                   err);
    case ANSWER_STATUS:
        return codec_parse_status(arena, body, bytes, header, &reply->member,
                                  err);
    }
    return error_set(err, CANDIDATE_EPROTO, "reply to an unknown call");
}

/* A 2xx whose body is not the reply: a keepalive is a stream to etcd, so its
 * error may come inside a 200. Else err says already what is wrong. */
static int explain_body(struct arena *arena, const struct http_event *event,
                        struct candidate_error *err)
{
    struct etcd_refusal refusal;
    int r = codec_parse_refusal(arena, event->data, event->bytes, &refusal,
                                NULL);
    if (r < 0 || refusal.grpc_code < 0)
        return CANDIDATE_EPROTO;
    return refusal_explain(&refusal, event->http_status, err);
}

/* Safety rule R2: a reply counts for the lease that was asked about only. */
static int check_lease(enum answer_call call, int64_t lease,
                       const struct etcd_lease_result *reply,
                       struct candidate_error *err)
{
    if (reply->id != lease)
        return error_set(
            err, CANDIDATE_EPROTO, "a reply about lease %llx instead of %llx",
            (unsigned long long)reply->id, (unsigned long long)lease);
    if (call == ANSWER_GRANT && reply->ttl_s <= 0)
        return error_set(err, CANDIDATE_EPROTO,
                         "a lease without a time to live");
    return 0;
}

int answer_read(struct arena *arena, enum answer_call call, int64_t lease,
                const struct http_event *event, struct etcd_reply *ret_reply,
                struct candidate_error *err)
{
    int r = check_transfer(arena, event, err);
    if (r < 0)
        return r;
    struct etcd_reply reply = *ret_reply;
    reply.type = calls[call].reply;
    r = parse_body(arena, call, event, &reply, err);
    if (r == CANDIDATE_EPROTO)
        return explain_body(arena, event, err);
    if (r < 0)
        return error_set(err, r, "%s", candidate_strerror(r));
    if (reply.type == ETCD_REPLY_LEASE) {
        r = check_lease(call, lease, &reply.lease, err);
        if (r < 0)
            return r;
    }
    *ret_reply = reply;
    return 0;
}

int answer_read_token(struct arena *arena, const struct http_event *event,
                      struct etcd_bytes *ret_token, struct candidate_error *err)
{
    int r = check_transfer(arena, event, err);
    if (r < 0)
        return r;
    return codec_parse_token(arena, event->data, event->bytes, ret_token, err);
}

static int explain_canceled(const struct etcd_watch_result *watch,
                            struct candidate_error *err)
{
    if (watch->compact_revision > 0)
        return error_set(err, CANDIDATE_ERETRY,
                         "watch canceled: revisions before %lld are compacted",
                         (long long)watch->compact_revision);
    char reason[SHOWN_BYTES_MAX];
    const struct etcd_bytes *given = &watch->cancel_reason;
    text_escape(reason, sizeof reason, given->data, given->size);
    bool denied = strstr(reason, "permission denied") != NULL;
    return error_set(err, denied ? CANDIDATE_EDENIED : CANDIDATE_ERETRY,
                     "watch canceled: %s",
                     given->size > 0 ? reason : "no reason is given");
}

int answer_read_message(struct arena *arena, size_t keys_n, const char *data,
                        size_t bytes, struct etcd_reply *ret_reply,
                        struct candidate_error *err)
{
    bool is_refusal = false;
    struct etcd_refusal refusal;
    struct etcd_reply reply = *ret_reply;
    reply.type = ETCD_REPLY_WATCH;
    int r = codec_parse_watch(arena, data, bytes, &reply.header, &reply.watch,
                              &refusal, &is_refusal, err);
    if (r == CANDIDATE_EPROTO)
        return r;
    if (r < 0)
        return error_set(err, r, "%s", candidate_strerror(r));
    if (is_refusal)
        return refusal_explain(&refusal, 200, err);
    if (reply.watch.canceled)
        return explain_canceled(&reply.watch, err);
    if (reply.watch.watch_id < 0 || (size_t)reply.watch.watch_id >= keys_n)
        return error_set(err, CANDIDATE_EPROTO,
                         "a message for watch %lld, which is none of ours",
                         (long long)reply.watch.watch_id);
    *ret_reply = reply;
    return 0;
}

int answer_read_end(struct arena *arena, const struct http_event *event,
                    struct candidate_error *err)
{
    int r = check_transfer(arena, event, err);
    if (r < 0)
        return r;
    return error_set(err, CANDIDATE_ERETRY, "the watch's stream ended");
}
