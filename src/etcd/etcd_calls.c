/* etcd_calls.c: the calls of the client, one under way at a time. */
#include "etcd/etcd_private.h"
#include "etcd/refusal.h"
#include "sys/error.h"

static void begin(struct etcd *e, enum answer_call type, int64_t lease)
{
    e->call_type = type;
    e->call_lease = lease;
}

static int64_t limit_time(const struct etcd *e, int64_t timeout_ms)
{
    if (timeout_ms > e->config.command_timeout_ms)
        return e->config.command_timeout_ms;
    return timeout_ms > 0 ? timeout_ms : 1;
}

/* Begin a call with a body that is taken. */
static void call(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                 enum answer_call type, int64_t lease, struct buf *body,
                 int built)
{
    begin(e, type, lease);
    etcd_lane_open(e, &e->call, tag, answer_path(type), body, built,
                   limit_time(e, timeout_ms));
}

static struct buf new_body(void)
{
    struct buf body;
    buf_init(&body, CODEC_BODY_BYTES_MAX);
    return body;
}

void etcd_grant(struct etcd *e, uint64_t tag, int64_t timeout_ms, int64_t lease,
                int64_t ttl_s)
{
    struct buf body = new_body();
    call(e, tag, timeout_ms, ANSWER_GRANT, lease, &body,
         codec_build_grant(&body, lease, ttl_s));
}

void etcd_keepalive(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                    int64_t lease)
{
    struct buf body = new_body();
    call(e, tag, timeout_ms, ANSWER_KEEPALIVE, lease, &body,
         codec_build_lease(&body, lease));
}

void etcd_revoke(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                 int64_t lease)
{
    struct buf body = new_body();
    call(e, tag, timeout_ms, ANSWER_REVOKE, 0, &body,
         codec_build_lease(&body, lease));
}

void etcd_time_to_live(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                       int64_t lease, bool keys)
{
    struct buf body = new_body();
    call(e, tag, timeout_ms, ANSWER_TIME_TO_LIVE, lease, &body,
         codec_build_time_to_live(&body, lease, keys));
}

void etcd_range(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                const struct etcd_range *range)
{
    struct buf body = new_body();
    call(e, tag, timeout_ms, ANSWER_RANGE, 0, &body,
         codec_build_range(&body, range));
}

void etcd_put(struct etcd *e, uint64_t tag, int64_t timeout_ms,
              const struct etcd_put *put)
{
    struct buf body = new_body();
    call(e, tag, timeout_ms, ANSWER_PUT, 0, &body, codec_build_put(&body, put));
}

void etcd_delete(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                 const struct etcd_delete *del)
{
    struct buf body = new_body();
    call(e, tag, timeout_ms, ANSWER_DELETE, 0, &body,
         codec_build_delete(&body, del));
}

void etcd_txn(struct etcd *e, uint64_t tag, int64_t timeout_ms,
              const struct etcd_txn *txn)
{
    struct buf body = new_body();
    call(e, tag, timeout_ms, ANSWER_TXN, 0, &body, codec_build_txn(&body, txn));
}

void etcd_status(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                 unsigned endpoint_i)
{
    struct buf body = new_body();
    begin(e, ANSWER_STATUS, 0);
    etcd_lane_open_at(e, &e->call, tag, answer_path(ANSWER_STATUS), &body,
                      buf_add(&body, "{}", 2), limit_time(e, timeout_ms),
                      endpoint_i);
}

void etcd_members(struct etcd *e, uint64_t tag, int64_t timeout_ms)
{
    struct buf body = new_body();
    call(e, tag, timeout_ms, ANSWER_MEMBERS, 0, &body, buf_add(&body, "{}", 2));
}

void etcd_distrust(struct etcd *e)
{
    etcd_lane_distrust(e, &e->call);
}

void etcd_cancel(struct etcd *e)
{
    etcd_lane_close(e, &e->call);
}

bool etcd_busy(const struct etcd *e)
{
    return e->call.open;
}

/* An endpoint that never was of our cluster has no part in this; one that is
 * not any more is news for the caller, who may hold something there. */
static void take_stranger(struct etcd *e, const struct etcd_reply *reply,
                          struct etcd_reply *ret_reply)
{
    if (!etcd_origin_was_ours(e, &e->call)) {
        if (e->call.endpoint != e->endpoint)
            etcd_lane_distrust(e, &e->call);
        etcd_lane_fail(e, &e->call, CANDIDATE_EPROTO, ret_reply);
        return;
    }
    error_wrap(&e->error, CANDIDATE_EPROTO, "%s", reply->endpoint);
    etcd_lane_close(e, &e->call);
    etcd_lane_distrust(e, &e->call);
    *ret_reply = *reply;
    ret_reply->message = e->error.message;
}

/* Send the call once more, with a fresh token. Returns whether it may go. */
static bool try_again(struct etcd *e)
{
    etcd_auth_forget(&e->auth);
    if (e->call.retried)
        return false;
    e->call.retried = true;
    etcd_lane_send(e, &e->call);
    return true;
}

bool etcd_calls_take(struct etcd *e, const struct http_event *event,
                     struct etcd_reply *ret_reply)
{
    struct etcd_reply reply = {
        .tag = e->call.tag,
        .endpoint = etcd_lane_url(e, &e->call),
        .endpoint_i = e->call.endpoint,
        .message = "",
        .date_s = event->date_s,
    };
    int r = answer_read(&e->arena, e->call_type, e->call_lease, event, &reply,
                        &e->error);
    if (r < 0 && e->auth.user && refusal_wants_token(e->error.message)) {
        if (try_again(e))
            return false;
        r = CANDIDATE_ERETRY; /* the password is right: it may be cured */
    }
    if (r < 0) {
        etcd_lane_fail(e, &e->call, r, ret_reply);
        return true;
    }
    if (!etcd_origin_is_ours(e, &e->call, &reply.header)) {
        take_stranger(e, &reply, ret_reply);
        return true;
    }
    etcd_lane_close(e, &e->call);
    etcd_origin_note_term(e, &e->call, reply.header.raft_term);
    *ret_reply = reply;
    return true;
}
