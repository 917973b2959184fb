/* etcd_auth.c: see etcd_auth.h. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/etcd_private.h"
#include "etcd/refusal.h"
#include "sys/clock.h"
#include "sys/error.h"

static const char scheme[] = "Authorization: ";

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

int etcd_auth_init(struct etcd_auth *auth, const char *user,
                   const char *password)
{
    *auth = (struct etcd_auth){ .user = NULL };
    if (!user)
        return 0;
    auth->user = strdup(user);
    auth->password = strdup(password ? password : "");
    return auth->user && auth->password ? 0 : CANDIDATE_ENOMEM;
}

void etcd_auth_done(struct etcd_auth *auth)
{
    free((char *)auth->user);
    wipe(auth->password);
    wipe(auth->header);
    *auth = (struct etcd_auth){ .user = NULL };
}

bool etcd_auth_is_due(const struct etcd_auth *auth)
{
    return auth->user && !auth->has_token;
}

void etcd_auth_forget(struct etcd_auth *auth)
{
    wipe(auth->header);
    auth->header = NULL;
    auth->has_token = false;
}

/* ---- who waits for it ---- */

static void fail_held(struct etcd *e, struct etcd_lane *lane,
                      const struct candidate_error *err)
{
    if (!lane->held)
        return;
    lane->held = false;
    lane->endpoint = e->auth.endpoint;
    lane->failure = *err;
}

static void fail(struct etcd *e, struct candidate_error *err)
{
    error_wrap(err, err->code, "authentication of \"%s\"", e->auth.user);
    fail_held(e, &e->call, err);
    fail_held(e, &e->stream, err);
}

/* ---- the transfer ---- */

/* Whether a fetch that is under way may go on, though this may be at another
 * endpoint than the one in use. */
static bool may_go_on(const struct etcd *e, int64_t now_ms)
{
    return e->auth.endpoint == e->endpoint ||
        now_ms < e->auth.sent_at_ms + ETCD_AUTH_PATIENCE_MS;
}

void etcd_auth_fetch(struct etcd *e)
{
    struct etcd_auth *auth = &e->auth;
    int64_t now_ms = clock_now_ms();
    assert(auth->user);
    if (auth->transfer) {
        if (may_go_on(e, now_ms))
            return;
        http_cancel(e->http, auth->transfer);
        auth->transfer = 0;
    }
    auth->endpoint = e->endpoint;
    auth->sent_at_ms = now_ms;
    struct buf body;
    buf_init(&body, CODEC_BODY_BYTES_MAX);
    struct candidate_error err;
    int r = codec_build_authenticate(&body, auth->user, auth->password);
    if (r < 0)
        error_set(&err, r, "%s", candidate_strerror(r));
    else
        r = etcd_lane_transfer(e, auth->endpoint, "/v3/auth/authenticate",
                               &body, e->config.command_timeout_ms, false,
                               &auth->transfer, &err);
    if (body.size > 0)
        explicit_bzero(body.data, body.size);
    buf_done(&body);
    if (r < 0)
        fail(e, &err);
}

static int set_token(struct etcd_auth *auth, struct etcd_bytes token,
                     struct candidate_error *err)
{
    if (token.size > ETCD_AUTH_TOKEN_BYTES_MAX)
        return error_set(err, CANDIDATE_EPROTO, "the token is too long");
    size_t size = sizeof scheme + token.size;
    char *header = malloc(size);
    if (!header)
        return error_set(err, CANDIDATE_ENOMEM, "out of memory");
    (void)snprintf(header, size, "%s%s", scheme, token.data);
    etcd_auth_forget(auth);
    auth->header = header;
    auth->has_token = true;
    return 0;
}

/* A cluster without authentication takes everybody; a user given is no fault
 * then, as for etcdctl. */
static int read_answer(struct etcd *e, const struct http_event *event,
                       struct candidate_error *err)
{
    struct etcd_bytes token;
    int r = answer_read_token(&e->arena, event, &token, err);
    if (r == 0)
        return set_token(&e->auth, token, err);
    if (!refusal_means_no_auth(err->message))
        return r;
    etcd_auth_forget(&e->auth);
    e->auth.has_token = true;
    return 0;
}

void etcd_auth_take(struct etcd *e, const struct http_event *event)
{
    e->auth.transfer = 0;
    struct candidate_error err;
    if (read_answer(e, event, &err) < 0) {
        fail(e, &err);
        return;
    }
    etcd_lane_release(e, &e->call);
    etcd_lane_release(e, &e->stream);
}
