/* etcd_stream.c: the client's stream of watches. */
#include "etcd/etcd_private.h"

#include <assert.h>

#include "etcd/refusal.h"
#include "sys/error.h"

static void forget_frames(struct etcd *e)
{
    frames_done(&e->frames);
    frames_init(&e->frames);
    e->frames_waiting = false;
}

void etcd_watch(struct etcd *e, uint64_t tag, const struct etcd_watch_key *keys,
                size_t keys_n, int64_t from_revision)
{
    struct buf body;
    buf_init(&body, CODEC_BODY_BYTES_MAX);
    int built = codec_build_watch(&body, keys, keys_n, from_revision);
    forget_frames(e);
    e->stream_keys_n = keys_n;
    etcd_lane_open(e, &e->stream, tag, "/v3/watch", &body, built, 0);
}

void etcd_watch_close(struct etcd *e)
{
    etcd_lane_close(e, &e->stream);
    forget_frames(e);
}

static void fail_stream(struct etcd *e, int status,
                        struct etcd_reply *ret_reply)
{
    if (e->auth.user && refusal_wants_token(e->error.message)) {
        etcd_auth_forget(&e->auth);
        status = CANDIDATE_ERETRY;
    }
    etcd_lane_fail(e, &e->stream, status, ret_reply);
    forget_frames(e);
}

bool etcd_stream_next(struct etcd *e, struct etcd_reply *ret_reply)
{
    const char *data;
    size_t bytes;
    if (!e->stream.transfer) /* it may have been given up with its member */
        forget_frames(e);
    if (!e->frames_waiting || !frames_next(&e->frames, &data, &bytes)) {
        e->frames_waiting = false;
        return false;
    }
    struct etcd_reply reply = {
        .tag = e->stream.tag,
        .endpoint = etcd_lane_url(e, &e->stream),
        .endpoint_i = e->stream.endpoint,
        .message = "",
    };
    int r = answer_read_message(&e->arena, e->stream_keys_n, data, bytes,
                                &reply, &e->error);
    if (r == 0 && !etcd_origin_is_ours(e, &e->stream, &reply.header))
        r = CANDIDATE_EPROTO;
    if (r < 0) {
        fail_stream(e, r, ret_reply);
        return true;
    }
    health_answered(&e->health, e->stream.endpoint);
    *ret_reply = reply;
    return true;
}

/* The gateway puts no line end behind an error that ends a stream. */
static int explain_end(struct etcd *e, const struct http_event *event)
{
    const char *data;
    size_t bytes;
    struct etcd_reply reply = { 0 };
    if (event->error == 0 && frames_feed(&e->frames, "\n", 1) == 0 &&
        frames_next(&e->frames, &data, &bytes)) {
        int r = answer_read_message(&e->arena, e->stream_keys_n, data, bytes,
                                    &reply, &e->error);
        if (r < 0)
            return r;
    }
    return answer_read_end(&e->arena, event, &e->error);
}

static bool on_data(struct etcd *e, const struct http_event *event,
                    struct etcd_reply *ret_reply)
{
    int r = frames_feed(&e->frames, event->data, event->bytes);
    if (r == CANDIDATE_ETOOBIG)
        r = error_set(&e->error, CANDIDATE_EPROTO,
                      "a message of the watch is larger than %d bytes",
                      FRAMES_MESSAGE_BYTES_MAX);
    else if (r < 0)
        error_set(&e->error, r, "%s", candidate_strerror(r));
    if (r < 0) {
        fail_stream(e, r, ret_reply);
        return true;
    }
    e->frames_waiting = true;
    return etcd_stream_next(e, ret_reply);
}

bool etcd_stream_take(struct etcd *e, const struct http_event *event,
                      struct etcd_reply *ret_reply)
{
    if (event->type == HTTP_DATA)
        return on_data(e, event, ret_reply);
    fail_stream(e, explain_end(e, event), ret_reply);
    return true;
}
