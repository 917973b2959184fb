/* etcd.c: the client; see etcd.h.
 *
 * Two lanes, one for calls and one for the stream. Each has at most one
 * transfer and its own choice of endpoint. What a lane owes its caller is
 * either a transfer's outcome or a failure to begin, which waits in the lane.
 */
#include "etcd/etcd_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/error.h"
#include "sys/http.h"

enum { PATH_BYTES_MAX = 32 };

/* Else a member that lost its quorum keeps a stream open and silent. */
static const char *const headers[] = { "Grpc-Metadata-hasleader: true", NULL };

int etcd_new(struct etcd **ret_etcd, const struct etcd_config *config,
             struct candidate_error *err)
{
    struct etcd *e = calloc(1, sizeof *e);
    if (!e)
        return error_set(err, CANDIDATE_ENOMEM, "out of memory");
    frames_init(&e->frames);
    arena_init(&e->arena);
    int r = endpoints_parse(&e->endpoints, config->endpoints, err);
    if (r == 0)
        r = http_new(&e->http, NULL, err);
    if (r < 0) {
        etcd_free(e);
        return r;
    }
    *ret_etcd = e;
    return 0;
}

void etcd_free(struct etcd *e)
{
    if (!e)
        return;
    http_free(e->http);
    frames_done(&e->frames);
    arena_done(&e->arena);
    free(e);
}

unsigned etcd_endpoints_n(const struct etcd *e)
{
    return e->endpoints.n;
}

/* ---- lanes ---- */

const char *etcd_lane_url(const struct etcd *e, const struct etcd_lane *lane)
{
    assert(lane->endpoint < e->endpoints.n);
    return e->endpoints.urls[lane->endpoint];
}

void etcd_lane_move_on(const struct etcd *e, struct etcd_lane *lane)
{
    lane->endpoint = (lane->endpoint + 1) % e->endpoints.n;
}

void etcd_lane_close(struct etcd *e, struct etcd_lane *lane)
{
    if (lane->transfer)
        http_cancel(e->http, lane->transfer);
    lane->transfer = 0;
    lane->open = false;
}

static int lane_send(struct etcd *e, struct etcd_lane *lane, const char *path,
                     const struct buf *body, int64_t timeout_ms)
{
    char url[ENDPOINTS_URL_BYTES_MAX + PATH_BYTES_MAX];
    int n = snprintf(url, sizeof url, "%s%s", etcd_lane_url(e, lane), path);
    assert(n > 0);
    assert((size_t)n < sizeof url);
    int64_t connect_timeout_ms = ETCD_CONNECT_TIMEOUT_MS;
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
        .stream = timeout_ms == 0,
    };
    int r = http_send(e->http, &request, &lane->failure);
    if (r == 0)
        lane->transfer = request.tag;
    return r;
}

void etcd_lane_open(struct etcd *e, struct etcd_lane *lane, uint64_t tag,
                    const char *path, const struct buf *body, int built,
                    int64_t timeout_ms)
{
    etcd_lane_close(e, lane);
    lane->open = true;
    lane->tag = tag;
    if (built < 0)
        error_set(&lane->failure, built, "request: %s",
                  candidate_strerror(built));
    else
        (void)lane_send(e, lane, path, body, timeout_ms);
}

static bool lane_has_failure(const struct etcd_lane *lane)
{
    return lane->open && !lane->transfer;
}

/* ---- failures ---- */

void etcd_lane_fail(struct etcd *e, struct etcd_lane *lane, int status,
                    struct etcd_reply *ret_reply)
{
    assert(status < 0);
    assert(lane->open);
    const char *endpoint = etcd_lane_url(e, lane);
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
    bool their_fault = status != CANDIDATE_ENOTFOUND &&
        status != CANDIDATE_EEXISTS && status != CANDIDATE_ENOMEM;
    if (their_fault)
        etcd_lane_move_on(e, lane);
}

/* In the words of etcd.h, which knows no request that cannot be sent. */
static int status_of_failure(int code)
{
    if (code == CANDIDATE_ENOMEM)
        return code;
    return code == CANDIDATE_ETOOBIG ? CANDIDATE_EDENIED : CANDIDATE_ERETRY;
}

static bool next_failure(struct etcd *e, struct etcd_lane *lane,
                         struct etcd_reply *ret_reply)
{
    if (!lane_has_failure(lane))
        return false;
    e->error = lane->failure;
    etcd_lane_fail(e, lane, status_of_failure(lane->failure.code), ret_reply);
    return true;
}

/* ---- the loop ---- */

int etcd_poll(struct etcd *e, struct pollfd *fds, unsigned nfds, int timeout_ms)
{
    bool waiting = e->frames_waiting || lane_has_failure(&e->call) ||
        lane_has_failure(&e->stream);
    return http_poll(e->http, fds, nfds, waiting ? 0 : timeout_ms);
}

bool etcd_next(struct etcd *e, struct etcd_reply *ret_reply)
{
    arena_done(&e->arena);
    if (next_failure(e, &e->call, ret_reply) ||
        next_failure(e, &e->stream, ret_reply) ||
        etcd_stream_next(e, ret_reply))
        return true;
    struct http_event event;
    while (http_next(e->http, &event)) {
        if (event.tag == e->call.transfer) {
            etcd_calls_take(e, &event, ret_reply);
            return true;
        }
        assert(event.tag == e->stream.transfer);
        if (etcd_stream_take(e, &event, ret_reply))
            return true;
    }
    return false;
}
