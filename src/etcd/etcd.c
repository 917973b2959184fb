/* etcd.c: the client; see etcd.h.
 *
 * The loop over what has come; the lanes, calls, stream and token have files of
 * their own, see etcd_private.h.
 */
#include "etcd/etcd_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/error.h"
#include "sys/http.h"

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
    c->dial_timeout_ms = or_default(c->dial_timeout_ms,
                                    CANDIDATE_DIAL_TIMEOUT_MS_DEFAULT);
    c->command_timeout_ms = or_default(c->command_timeout_ms,
                                       CANDIDATE_COMMAND_TIMEOUT_MS_DEFAULT);
    c->keepalive_time_ms = or_default(c->keepalive_time_ms,
                                      CANDIDATE_KEEPALIVE_TIME_MS_DEFAULT);
    c->keepalive_timeout_ms = or_default(
        c->keepalive_timeout_ms, CANDIDATE_KEEPALIVE_TIMEOUT_MS_DEFAULT);
    const char **texts[] = { &c->cacert, &c->cert, &c->key };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i] && copy_text(&e->config_arena, texts[i]) < 0)
            return CANDIDATE_ENOMEM;
    c->user = c->password = NULL; /* auth has them */
    return etcd_auth_init(&e->auth, config->user, config->password);
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
    buf_init(&e->call.body, CODEC_BODY_BYTES_MAX);
    buf_init(&e->stream.body, CODEC_BODY_BYTES_MAX);
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
    etcd_lane_close(e, &e->call);
    etcd_lane_close(e, &e->stream);
    http_free(e->http);
    etcd_auth_done(&e->auth);
    frames_done(&e->frames);
    arena_done(&e->arena);
    arena_done(&e->config_arena);
    free(e);
}

const char *etcd_endpoint(const struct etcd *e, unsigned endpoint_i)
{
    assert(endpoint_i < e->endpoints.n);
    return e->endpoints.urls[endpoint_i];
}

unsigned etcd_endpoints_n(const struct etcd *e)
{
    return e->endpoints.n;
}

/* ---- the loop ---- */

/* A call that is held has nobody else who watches its time. */
static int wait_for_token(const struct etcd *e, int timeout_ms)
{
    int64_t rest_ms = e->call.ends_at_ms - clock_now_ms();
    if (rest_ms < 0)
        rest_ms = 0;
    return timeout_ms >= 0 && timeout_ms < rest_ms ? timeout_ms : (int)rest_ms;
}

static int limit_wait(const struct etcd *e, int timeout_ms)
{
    if (e->frames_waiting || etcd_lane_has_failure(&e->call) ||
        etcd_lane_has_failure(&e->stream))
        return 0;
    return e->call.held ? wait_for_token(e, timeout_ms) : timeout_ms;
}

int etcd_poll(struct etcd *e, struct pollfd *fds, unsigned nfds, int timeout_ms)
{
    return http_poll(e->http, fds, nfds, limit_wait(e, timeout_ms));
}

unsigned etcd_pollfds(struct etcd *e, struct pollfd *fds, unsigned fds_max,
                      int *timeout_ms)
{
    *timeout_ms = limit_wait(e, *timeout_ms);
    return http_pollfds(e->http, fds, fds_max, timeout_ms);
}

/* Returns whether it made a reply. */
static bool take(struct etcd *e, const struct http_event *event,
                 struct etcd_reply *ret_reply)
{
    if (event->tag == e->auth.transfer) {
        etcd_auth_take(e, event);
        return etcd_lane_next_failure(e, &e->call, ret_reply) ||
            etcd_lane_next_failure(e, &e->stream, ret_reply);
    }
    if (event->tag == e->call.transfer)
        return etcd_calls_take(e, event, ret_reply);
    assert(event->tag == e->stream.transfer);
    return etcd_stream_take(e, event, ret_reply);
}

bool etcd_next(struct etcd *e, struct etcd_reply *ret_reply)
{
    arena_done(&e->arena);
    etcd_lane_expire(e, &e->call, clock_now_ms());
    if (etcd_lane_next_failure(e, &e->call, ret_reply) ||
        etcd_lane_next_failure(e, &e->stream, ret_reply) ||
        etcd_stream_next(e, ret_reply))
        return true;
    struct http_event event;
    while (http_next(e->http, &event))
        if (take(e, &event, ret_reply))
            return true;
    return false;
}
