/* service.c: see service.h. */
#include "run/service.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { SERVICE_PLACE_BYTES_MAX = 64 };

void service_init(struct service *s)
{
    *s = (struct service){ .role = SERVICE_ATTEMPTING };
    notify_init(&s->notify);
}

void service_done(struct service *s)
{
    notify_done(&s->notify);
}

void service_event(struct service *s, const struct candidate_event *event)
{
    switch (event->type) {
    case CANDIDATE_ATTEMPTING:
    case CANDIDATE_LOST:
        s->role = SERVICE_ATTEMPTING;
        break;
    case CANDIDATE_ELECTED:
        s->role = SERVICE_LEADING;
        s->token = event->token;
        break;
    case CANDIDATE_FOLLOWING:
        s->role = SERVICE_FOLLOWING;
        (void)snprintf(s->leader, sizeof s->leader, "%s", event->leader);
        break;
    case CANDIDATE_ENDED:
    case CANDIDATE_NOTICE:
    case CANDIDATE_ASKED:
        break;
    }
}

/* The place is said as far as it is known. */
static void describe(const struct service *s, int place, char *ret_status)
{
    char queued[SERVICE_PLACE_BYTES_MAX] = "";
    if (place == 2)
        (void)snprintf(queued, sizeof queued, "; next in the queue");
    else if (place > 2)
        (void)snprintf(queued, sizeof queued,
                       "; place %d in the queue, or better", place);
    switch (s->role) {
    case SERVICE_ATTEMPTING:
        (void)snprintf(ret_status, SERVICE_STATUS_BYTES_MAX,
                       "attempting leadership%s", queued);
        return;
    case SERVICE_LEADING:
        (void)snprintf(ret_status, SERVICE_STATUS_BYTES_MAX,
                       "leading; token %lld", (long long)s->token);
        return;
    case SERVICE_FOLLOWING:
        (void)snprintf(ret_status, SERVICE_STATUS_BYTES_MAX,
                       "waiting; %s leads%s", s->leader, queued);
        return;
    }
}

/* Returns whether it is out; else nothing is tried for a moment. */
static bool say(struct service *s, int64_t now_ms, const char *text)
{
    if (notify_send(&s->notify, text))
        return true;
    s->retry_at_ms = now_ms + SERVICE_RETRY_MS;
    return false;
}

static bool say_ready(struct service *s, const struct service_health *health)
{
    if (s->ready || health->confirmed_at_ms == 0)
        return true;
    s->ready = say(s, health->now_ms, "READY=1");
    return s->ready;
}

static bool say_status(struct service *s, const struct service_health *health)
{
    char status[SERVICE_STATUS_BYTES_MAX];
    char text[SERVICE_STATUS_BYTES_MAX + sizeof "STATUS="];
    describe(s, health->place, status);
    if (strcmp(status, s->status) == 0)
        return true;
    (void)snprintf(text, sizeof text, "STATUS=%s", status);
    if (!say(s, health->now_ms, text))
        return false;
    memcpy(s->status, status, sizeof status);
    return true;
}

static int64_t calm_at_ms(const struct service *s)
{
    return s->alive_at_ms + s->notify.watchdog_ms / 2;
}

/* Twice in the time of the watchdog, and only upon news from etcd. */
static void calm_watchdog(struct service *s,
                          const struct service_health *health)
{
    if (s->notify.watchdog_ms == 0 || health->now_ms < calm_at_ms(s) ||
        health->confirmed_at_ms <= s->alive_at_ms)
        return;
    if (say(s, health->now_ms, "WATCHDOG=1"))
        s->alive_at_ms = health->now_ms;
}

void service_turn(struct service *s, const struct service_health *health)
{
    if (s->notify.fd < 0 || s->stopping || health->now_ms < s->retry_at_ms)
        return;
    if (say_ready(s, health) && say_status(s, health))
        calm_watchdog(s, health);
}

int service_timeout_ms(const struct service *s, int64_t now_ms, int timeout_ms)
{
    if (s->notify.fd < 0 || s->stopping)
        return timeout_ms;
    int64_t at_ms = INT64_MAX;
    if (s->retry_at_ms > now_ms)
        at_ms = s->retry_at_ms;
    else if (s->notify.watchdog_ms > 0 && calm_at_ms(s) > now_ms)
        at_ms = calm_at_ms(s);
    if (at_ms == INT64_MAX)
        return timeout_ms;
    int64_t left_ms = at_ms - now_ms;
    if (timeout_ms >= 0 && left_ms > timeout_ms)
        return timeout_ms;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

void service_stopping(struct service *s)
{
    if (!s->stopping)
        (void)notify_send(&s->notify, "STOPPING=1\nSTATUS=resigning");
    s->stopping = true;
}
