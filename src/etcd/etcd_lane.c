/* etcd_lane.c: see etcd_lane.h. */
#include <assert.h>
#include <stdio.h>

#include "etcd/etcd_private.h"
#include "sys/clock.h"
#include "sys/error.h"

enum { PATH_BYTES_MAX = 32 };

const char *etcd_lane_url(const struct etcd *e, const struct etcd_lane *lane)
{
    assert(lane->endpoint < e->endpoints.n);
    return e->endpoints.urls[lane->endpoint];
}

static void leave_endpoint(struct etcd *e, unsigned endpoint)
{
    if (e->endpoint == endpoint)
        e->endpoint = (endpoint + 1) % e->endpoints.n;
}

void etcd_lane_distrust(struct etcd *e, const struct etcd_lane *lane)
{
    health_failed(&e->health, lane->endpoint, clock_now_ms());
    leave_endpoint(e, lane->endpoint);
}

void etcd_lane_close(struct etcd *e, struct etcd_lane *lane)
{
    if (lane->transfer)
        http_cancel(e->http, lane->transfer);
    lane->transfer = 0;
    lane->open = false;
    lane->held = false;
    buf_done(&lane->body);
}

int etcd_lane_transfer(struct etcd *e, unsigned endpoint, const char *path,
                       const struct buf *body, int64_t timeout_ms, bool stream,
                       uint64_t *ret_transfer, struct candidate_error *err)
{
    char url[ENDPOINTS_URL_BYTES_MAX + PATH_BYTES_MAX];
    int n = snprintf(url, sizeof url, "%s%s", e->endpoints.urls[endpoint],
                     path);
    assert(n > 0);
    assert((size_t)n < sizeof url);
    /* Without the first, a member that lost its quorum keeps a stream open
     * and silent. */
    const char *const headers[] = { "Grpc-Metadata-hasleader: true",
                                    e->auth.header, NULL };
    int64_t connect_timeout_ms = e->config.dial_timeout_ms;
    if (timeout_ms > 0 && timeout_ms < connect_timeout_ms)
        connect_timeout_ms = timeout_ms;
    struct http_request request = {
        .tag = ++e->transfers_n,
        .url = url,
        .body = body->data,
        .body_bytes = body->size,
        .headers = headers,
        .connect_timeout_ms = connect_timeout_ms,
        .timeout_ms = timeout_ms,
        .stream = stream,
        .fresh = e->health.endpoints[endpoint].failures_n > 0,
    };
    int r = http_send(e->http, &request, err);
    if (r == 0)
        *ret_transfer = request.tag;
    return r;
}

void etcd_lane_send(struct etcd *e, struct etcd_lane *lane)
{
    lane->transfer = 0;
    lane->held = etcd_auth_is_due(&e->auth);
    if (lane->held) {
        etcd_auth_fetch(e);
        return;
    }
    int64_t timeout_ms = 0;
    if (lane->ends_at_ms) {
        timeout_ms = lane->ends_at_ms - clock_now_ms();
        if (timeout_ms < 1)
            timeout_ms = 1;
    }
    (void)etcd_lane_transfer(e, lane->endpoint, lane->path, &lane->body,
                             timeout_ms, !lane->ends_at_ms, &lane->transfer,
                             &lane->failure);
}

void etcd_lane_open(struct etcd *e, struct etcd_lane *lane, uint64_t tag,
                    const char *path, struct buf *body, int built,
                    int64_t timeout_ms)
{
    e->endpoint = health_pick(&e->health, e->endpoint, clock_now_ms());
    etcd_lane_open_at(e, lane, tag, path, body, built, timeout_ms, e->endpoint);
}

void etcd_lane_open_at(struct etcd *e, struct etcd_lane *lane, uint64_t tag,
                       const char *path, struct buf *body, int built,
                       int64_t timeout_ms, unsigned endpoint)
{
    int64_t now_ms = clock_now_ms();
    etcd_lane_close(e, lane);
    lane->open = true;
    lane->retried = false;
    lane->tag = tag;
    lane->path = path;
    lane->body = *body;
    lane->timeout_ms = timeout_ms;
    lane->ends_at_ms = timeout_ms > 0 ? now_ms + timeout_ms : 0;
    lane->endpoint = endpoint;
    if (built < 0)
        error_set(&lane->failure, built, "request: %s",
                  candidate_strerror(built));
    else
        etcd_lane_send(e, lane);
}

/* A token may take as long as the call's whole time, on a machine that is slow
 * to hash a password; with what is left of it the call would be sent in vain.
 */
void etcd_lane_release(struct etcd *e, struct etcd_lane *lane)
{
    if (!lane->held)
        return;
    lane->held = false;
    int64_t least_at_ms = clock_now_ms() + lane->timeout_ms / 2;
    if (lane->ends_at_ms && lane->ends_at_ms < least_at_ms)
        lane->ends_at_ms = least_at_ms;
    etcd_lane_send(e, lane);
}

void etcd_lane_expire(struct etcd *e, struct etcd_lane *lane, int64_t now_ms)
{
    if (!lane->held || !lane->ends_at_ms || now_ms < lane->ends_at_ms)
        return;
    lane->held = false;
    lane->endpoint = e->auth.endpoint;
    error_set(&lane->failure, CANDIDATE_ERETRY,
              "authentication of \"%s\": no reply in time", e->auth.user);
}

bool etcd_lane_has_failure(const struct etcd_lane *lane)
{
    return lane->open && !lane->transfer && !lane->held;
}

/* A member that fails a call keeps its stream open and silent, perhaps. */
static void drop_stream_of(struct etcd *e, unsigned endpoint)
{
    struct etcd_lane *stream = &e->stream;
    if (!stream->transfer || stream->endpoint != endpoint)
        return;
    etcd_lane_close(e, stream);
    stream->open = true;
    error_set(&stream->failure, CANDIDATE_ERETRY,
              "the watch is given up with its member");
}

void etcd_lane_fail(struct etcd *e, struct etcd_lane *lane, int status,
                    struct etcd_reply *ret_reply)
{
    assert(status < 0);
    assert(lane->open);
    const char *endpoint = etcd_lane_url(e, lane);
    status = etcd_origin_status(e, lane, status);
    error_wrap(&e->error, status, "%s", endpoint);
    *ret_reply = (struct etcd_reply){
        .type = ETCD_REPLY_FAILED,
        .tag = lane->tag,
        .endpoint = endpoint,
        .endpoint_i = lane->endpoint,
        .status = status,
        .message = e->error.message,
    };
    etcd_lane_close(e, lane);
    bool suspect = status == CANDIDATE_ERETRY || status == CANDIDATE_EPROTO;
    if (suspect && lane->endpoint == e->endpoint) /* else it is known */
        etcd_lane_distrust(e, lane);
    else if (status == CANDIDATE_EDENIED)
        leave_endpoint(e, lane->endpoint);
    if (suspect && lane == &e->call)
        drop_stream_of(e, lane->endpoint);
}

/* In the words of etcd.h, which knows no request that cannot be sent. */
static int status_of_failure(int code)
{
    if (code == CANDIDATE_ENOMEM || code == CANDIDATE_EDENIED ||
        code == CANDIDATE_EPROTO)
        return code;
    return code == CANDIDATE_ETOOBIG ? CANDIDATE_EDENIED : CANDIDATE_ERETRY;
}

bool etcd_lane_next_failure(struct etcd *e, struct etcd_lane *lane,
                            struct etcd_reply *ret_reply)
{
    if (!etcd_lane_has_failure(lane))
        return false;
    e->error = lane->failure;
    etcd_lane_fail(e, lane, status_of_failure(lane->failure.code), ret_reply);
    return true;
}
