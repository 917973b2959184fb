/* steer.c: see steer.h. */
#include "core/steer.h"

#include <assert.h>

void steer_init(struct steer *s, const struct steer_config *config,
                int64_t now_ms)
{
    assert(config->endpoints_n > 0);
    assert(config->kind == STEER_DEPOSE || config->to_token > 0);
    *s = (struct steer){
        .config = *config,
        .began_at_ms = now_ms,
        .answered_at_ms = now_ms,
        .look_at_ms = now_ms,
    };
}

enum steer_kind steer_asks(const struct steer *s)
{
    bool between = s->config.kind == STEER_TRANSFER &&
        s->view.next != s->config.to_token;
    return between ? STEER_TRANSFER : STEER_DEPOSE;
}

static void enter(struct steer *s, enum steer_state state, int64_t now_ms)
{
    s->state = state;
    s->since_ms = now_ms;
    s->look_at_ms = now_ms;
}

/* The first outcome stands. */
static void end(struct steer *s, enum steer_outcome outcome, int64_t now_ms)
{
    if (s->state == STEER_CLEANING || s->state == STEER_ENDED)
        return;
    s->outcome = outcome;
    enter(s, s->granted ? STEER_CLEANING : STEER_ENDED, now_ms);
}

/* ---- what was seen ---- */

/* A hand-over that is going on looks like one of these for a moment. */
static enum steer_outcome look_for_leader(const struct steer_view *view)
{
    if (!view->holder && !view->leader_key)
        return STEER_NOBODY;
    return view->led ? STEER_GOING_ON : STEER_FOREIGN;
}

static void find(struct steer *s, int64_t now_ms)
{
    const struct steer_view *view = &s->view;
    enum steer_outcome unsure = look_for_leader(view);
    if (unsure != s->unsure)
        s->since_ms = now_ms;
    s->unsure = unsure;
    if (unsure != STEER_GOING_ON) {
        if (now_ms - s->since_ms >= STEER_UNSURE_MS)
            end(s, unsure, now_ms);
        return;
    }
    if (s->config.token && view->holder != s->config.token)
        end(s, STEER_STALE, now_ms);
    else if (s->config.kind == STEER_TRANSFER &&
             view->holder == s->config.to_token)
        end(s, STEER_DONE, now_ms);
    else if (s->config.kind == STEER_TRANSFER && !view->target)
        end(s, STEER_GONE, now_ms);
    else
        enter(s, STEER_ASKING, now_ms);
    s->token = view->holder;
    s->put_at_ms = now_ms;
}

/* Before it was asked it went by itself; that may suit us as well. */
static void leader_is_gone(struct steer *s, int64_t now_ms)
{
    if (s->stepping_down || s->view.holder == s->config.to_token)
        enter(s, STEER_SETTLING, now_ms);
    else
        end(s, STEER_STALE, now_ms);
}

static void ask(struct steer *s, const struct steer_view *before,
                int64_t now_ms)
{
    const struct steer_view *view = &s->view;
    if (view->holder != s->token) {
        leader_is_gone(s, now_ms);
        return;
    }
    if (view->others)
        end(s, STEER_BUSY, now_ms);
    else if (s->config.kind == STEER_TRANSFER && !view->target)
        end(s, STEER_GONE, now_ms);
    if (view->next != before->next) {
        s->since_ms = now_ms;
        s->put_at_ms = now_ms; /* it may ask for something else now */
    }
    if (steer_asks(s) == STEER_TRANSFER &&
        now_ms - s->since_ms >= STEER_ASIDE_MS)
        end(s, STEER_BETWEEN, now_ms);
}

static void settle(struct steer *s, int64_t now_ms)
{
    const struct steer_view *view = &s->view;
    bool transfer = s->config.kind == STEER_TRANSFER;
    bool right = !transfer || view->holder == s->config.to_token;
    bool over = now_ms - s->since_ms >= STEER_SETTLE_MS;
    if (view->led || over)
        end(s, right && (view->led || !transfer) ? STEER_DONE : STEER_ELSE,
            now_ms);
}

static void see(struct steer *s, const struct steer_event *event)
{
    struct steer_view before = s->view;
    s->view = event->view;
    switch (s->state) {
    case STEER_FINDING:
        find(s, event->now_ms);
        break;
    case STEER_ASKING:
        ask(s, &before, event->now_ms);
        break;
    case STEER_SETTLING:
        settle(s, event->now_ms);
        break;
    case STEER_CLEANING:
    case STEER_ENDED:
        break;
    }
}

/* ---- what a call's end means ---- */

static void answered(struct steer *s, enum steer_call call,
                     const struct steer_event *event)
{
    int64_t now_ms = event->now_ms;
    s->answered_at_ms = now_ms;
    s->refusals_n = 0;
    switch (call) {
    case STEER_PUT:
        if (event->succeeded) {
            s->put_at_ms = now_ms + STEER_PUT_MS;
            s->stepping_down = s->stepping_down ||
                steer_asks(s) == STEER_DEPOSE;
        }
        s->look_at_ms = now_ms + STEER_LOOK_MS;
        see(s, event);
        break;
    case STEER_LOOK:
        s->look_at_ms = now_ms + STEER_LOOK_MS;
        see(s, event);
        break;
    case STEER_GRANT:
    case STEER_KEEP:
        s->keep_at_ms = now_ms + STEER_KEEP_MS;
        break;
    case STEER_REVOKE:
        s->state = STEER_ENDED;
        break;
    case STEER_NOTHING:
        break;
    }
}

static void refused(struct steer *s, enum steer_call call, int64_t now_ms)
{
    s->answered_at_ms = now_ms;
    s->look_at_ms = now_ms + STEER_LOOK_MS;
    if (call == STEER_REVOKE)
        s->state = STEER_ENDED;
    else if (++s->refusals_n >= s->config.endpoints_n)
        end(s, STEER_DENIED, now_ms);
}

static void take(struct steer *s, const struct steer_event *event)
{
    int64_t now_ms = event->now_ms;
    enum steer_call call = s->pending;
    if (event->type != STEER_STOP)
        s->pending = STEER_NOTHING;
    switch (event->type) {
    case STEER_ANSWERED:
        answered(s, call, event);
        break;
    case STEER_UNANSWERED: /* so it may have been told */
        s->look_at_ms = now_ms + STEER_LOOK_MS;
        s->stepping_down = s->stepping_down ||
            (call == STEER_PUT && steer_asks(s) == STEER_DEPOSE);
        break;
    case STEER_NO_LEASE:
        s->answered_at_ms = now_ms;
        s->granted = false;
        if (s->state == STEER_CLEANING)
            s->state = STEER_ENDED;
        break;
    case STEER_REFUSED:
        refused(s, call, now_ms);
        break;
    case STEER_STOP:
        end(s, STEER_STALE, now_ms);
        break;
    }
}

static void pass_time(struct steer *s, int64_t now_ms)
{
    if (s->state == STEER_CLEANING) {
        if (now_ms - s->since_ms >= STEER_CLEAN_MS)
            s->state = STEER_ENDED;
    } else if (now_ms - s->answered_at_ms >= STEER_SILENCE_MS) {
        end(s, STEER_UNREACHABLE, now_ms);
    } else if (now_ms - s->began_at_ms >= STEER_LIMIT_MS &&
               s->state != STEER_SETTLING) {
        end(s, s->state == STEER_ASKING ? STEER_NOT_HEARD : STEER_FOREIGN,
            now_ms);
    }
}

/* ---- what is due ---- */

static enum steer_call due(const struct steer *s, int64_t now_ms)
{
    switch (s->state) {
    case STEER_FINDING:
    case STEER_SETTLING:
        return STEER_LOOK;
    case STEER_ASKING:
        if (!s->granted)
            return STEER_GRANT;
        if (now_ms >= s->keep_at_ms)
            return STEER_KEEP;
        return now_ms >= s->put_at_ms ? STEER_PUT : STEER_LOOK;
    case STEER_CLEANING:
        return STEER_REVOKE;
    case STEER_ENDED:
        break;
    }
    return STEER_NOTHING;
}

void steer_step(struct steer *s, const struct steer_event *event)
{
    take(s, event);
    pass_time(s, event->now_ms);
}

enum steer_call steer_next(struct steer *s, int64_t now_ms)
{
    pass_time(s, now_ms);
    if (s->pending != STEER_NOTHING || now_ms < s->look_at_ms)
        return STEER_NOTHING;
    s->pending = due(s, now_ms);
    s->granted = s->granted || s->pending == STEER_GRANT;
    return s->pending;
}

/* ---- what can be asked ---- */

int64_t steer_deadline(const struct steer *s)
{
    if (s->state == STEER_ENDED)
        return INT64_MAX;
    int64_t at_ms = s->answered_at_ms + STEER_SILENCE_MS;
    if (s->state == STEER_CLEANING)
        at_ms = s->since_ms + STEER_CLEAN_MS;
    if (s->pending == STEER_NOTHING && s->look_at_ms < at_ms)
        at_ms = s->look_at_ms;
    return at_ms;
}

enum steer_outcome steer_outcome(const struct steer *s)
{
    return s->outcome;
}

bool steer_ended(const struct steer *s)
{
    return s->state == STEER_ENDED;
}
