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

#include "sys/clock.h"
#include "sys/error.h"
#include "sys/http.h"

enum { PATH_BYTES_MAX = 32 };

/* Else a member that lost its quorum keeps a stream open and silent. */
static const char *const headers[] = { "Grpc-Metadata-hasleader: true", NULL };

static int64_t or_default(int64_t given_ms, int64_t default_ms)
{
    return given_ms > 0 ? given_ms : default_ms;
}

static int copy_text(struct arena *arena, const char **text)
{
    if (*text)
        *text = arena_copy(arena, *text, strlen(*text));
    return *text ? 0 : CANDIDATE_ENOMEM;
}

static int copy_config(struct etcd *e, const struct etcd_config *config)
{
    e->config = *config;
    struct etcd_config *c = &e->config;
    c->endpoints = NULL; /* they are parsed */
    c->dial_timeout_ms = or_default(c->dial_timeout_ms, 2000);
    c->command_timeout_ms = or_default(c->command_timeout_ms, 5000);
    c->keepalive_time_ms = or_default(c->keepalive_time_ms, 2000);
    c->keepalive_timeout_ms = or_default(c->keepalive_timeout_ms, 6000);
    const char **texts[] = { &c->cacert, &c->cert, &c->key };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i] && copy_text(&e->config_arena, texts[i]) < 0)
            return CANDIDATE_ENOMEM;
    return 0;
}

static int whole_seconds(int64_t ms)
{
    return (int)((ms + 999) / 1000);
}

static int new_http(struct etcd *e, struct candidate_error *err)
{
    const struct etcd_config *c = &e->config;
    struct http_config http = {
        .cacert = c->cacert,
        .cert = c->cert,
        .key = c->key,
        .insecure_skip_verify = c->insecure_skip_tls_verify,
        .keepalive_time_s = whole_seconds(c->keepalive_time_ms),
        .keepalive_timeout_s = whole_seconds(c->keepalive_timeout_ms),
    };
    return http_new(&e->http, &http, err);
}

int etcd_new(struct etcd **ret_etcd, const struct etcd_config *config,
             struct candidate_error *err)
{
    struct etcd *e = calloc(1, sizeof *e);
    if (!e)
        return error_set(err, CANDIDATE_ENOMEM, "out of memory");
    frames_init(&e->frames);
    arena_init(&e->arena);
    arena_init(&e->config_arena);
    int r = endpoints_parse(&e->endpoints, config->endpoints, config->tls, err);
    if (r == 0 && copy_config(e, config) < 0)
        r = error_set(err, CANDIDATE_ENOMEM, "out of memory");
    if (r == 0)
        r = new_http(e, err);
    if (r < 0) {
        etcd_free(e);
        return r;
    }
    health_init(&e->health, e->endpoints.n);
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
    arena_done(&e->config_arena);
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
}

static int lane_send(struct etcd *e, struct etcd_lane *lane, const char *path,
                     const struct buf *body, int64_t timeout_ms)
{
    char url[ENDPOINTS_URL_BYTES_MAX + PATH_BYTES_MAX];
    int n = snprintf(url, sizeof url, "%s%s", etcd_lane_url(e, lane), path);
    assert(n > 0);
    assert((size_t)n < sizeof url);
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
        .stream = timeout_ms == 0,
        .fresh = e->health.endpoints[lane->endpoint].failures_n > 0,
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
    e->endpoint = health_pick(&e->health, e->endpoint, clock_now_ms());
    lane->endpoint = e->endpoint;
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
