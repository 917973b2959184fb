/* live.c: see live.h. */
#include "serve/live.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cli/lock_name.h"

int live_init(struct live *l, const struct candidate_config *config,
              struct candidate_error *err)
{
    return candidate_observer_new(&l->observer, config, err);
}

void live_done(struct live *l)
{
    candidate_observer_free(l->observer);
    l->observer = NULL;
}

/* ---- what is due ---- */

/* timeout_ms, or less so that at_ms is not missed. */
static void wake_at(int64_t at_ms, int64_t now_ms, int *timeout_ms)
{
    int64_t left_ms = at_ms > now_ms ? at_ms - now_ms : 0;
    assert(left_ms <= LIVE_DETAILS_MS);
    if (*timeout_ms < 0 || left_ms < *timeout_ms)
        *timeout_ms = (int)left_ms;
}

static int64_t due_at_ms(const struct live *l)
{
    return l->told_at_ms + (l->changed ? LIVE_PACE_MS : LIVE_BEAT_MS);
}

unsigned live_pollfds(struct live *l, int64_t now_ms, bool watched,
                      struct pollfd *fds, int *timeout_ms)
{
    if (watched)
        wake_at(due_at_ms(l), now_ms, timeout_ms);
    if (!l->watched || !l->observer)
        return 0;
    return candidate_observer_pollfds(l->observer, fds, timeout_ms);
}

static void ask_details(struct live *l, int64_t now_ms)
{
    const struct candidate_view *view = candidate_observer_view(l->observer);
    int64_t pause_ms = l->asking ? LIVE_PATIENCE_MS : LIVE_DETAILS_MS;
    if (view->stale || (l->asked_at_ms && now_ms - l->asked_at_ms < pause_ms))
        return;
    l->asking = true;
    l->asked_at_ms = now_ms;
    candidate_observer_ask(l->observer);
}

static void observe(struct live *l, int64_t now_ms, bool watched)
{
    enum candidate_change change;
    if (!l->observer)
        return;
    if (candidate_observer_poll(l->observer, NULL, 0, 0) < 0) {
        live_done(l);
        return;
    }
    while (candidate_observer_next(l->observer, &change)) {
        l->changed = true;
        if (change == CANDIDATE_VIEW_DETAILS || change == CANDIDATE_VIEW_STALE)
            l->asking = false;
    }
    if (watched)
        ask_details(l, now_ms);
}

static bool note_leader(struct live *l, const struct status *s,
                        const struct status_now *now)
{
    const char *leader = status_leader(s, now);
    enum timeline_kind kind = TIMELINE_UNKNOWN;
    if (leader)
        kind = TIMELINE_LED;
    else if (status_in_touch(s, now))
        kind = TIMELINE_NOBODY;
    return timeline_see(&l->timeline, kind, leader, now->now_ms);
}

bool live_work(struct live *l, const struct status *s,
               const struct status_now *now, bool watched)
{
    l->watched = l->watched || watched;
    if (note_leader(l, s, now))
        l->changed = true;
    if (l->watched)
        observe(l, now->now_ms, watched);
    if (!watched || now->now_ms < due_at_ms(l))
        return false;
    l->changed = false;
    l->told_at_ms = now->now_ms;
    return true;
}

/* ---- the message ---- */

static const char data[] = "data: ";

static void lock_json(const struct candidate_lock *lock, int64_t now_ms,
                      struct json_text *j)
{
    json_text_object(j, NULL);
    json_text_string(j, "id", lock_name(lock));
    json_text_int64(j, "token", lock->token);
    json_text_lease(j, "lease", lock->lease);
    json_text_bool(j, "foreign", lock->foreign);
    if (lock->lease_ends_at_ms > 0)
        json_text_number(j, "left_ms", lock->lease_ends_at_ms - now_ms);
    else
        json_text_string(j, "left_ms", NULL);
    json_text_number(j, "ttl_ms", lock->lease_ttl_ms);
    json_text_object_end(j);
}

static void member_json(const struct candidate_member *member,
                        struct json_text *j)
{
    json_text_object(j, NULL);
    json_text_string(j, "endpoint", member->endpoint);
    json_text_string(j, "name", member->name);
    json_text_bool(j, "leads", member->id && member->id == member->leader);
    json_text_string(j, "version", member->version);
    json_text_string(j, "trouble", member->trouble);
    json_text_number(j, "duration_ms", member->duration_ms);
    json_text_object_end(j);
}

static void view_json(const struct candidate_view *view, int64_t now_ms,
                      struct json_text *j)
{
    size_t shown_n = view->queue_n < LIVE_QUEUE_MAX ? view->queue_n
                                                    : LIVE_QUEUE_MAX;
    json_text_object(j, "view");
    json_text_bool(j, "known", view->known);
    json_text_bool(j, "stale", view->stale);
    json_text_string(j, "trouble", view->trouble);
    json_text_int64(j, "revision", view->revision);
    json_text_bool(j, "led", view->led);
    json_text_string(j, "leader", view->leader);
    json_text_int64(j, "token", view->token);
    json_text_lease(j, "lease", view->lease);
    json_text_string(j, "holder", view->holder);
    json_text_array(j, "queue");
    for (size_t i = 0; i < shown_n; i++)
        lock_json(&view->queue[i], now_ms, j);
    json_text_array_end(j);
    json_text_number(j, "queue_more",
                     (int64_t)(view->queue_n - shown_n) + view->queue_more);
    json_text_array(j, "members");
    for (size_t i = 0; i < view->members_n && i < LIVE_MEMBERS_MAX; i++)
        member_json(&view->members[i], j);
    json_text_array_end(j);
    json_text_object_end(j);
}

static struct json_text render(struct live *l, const struct status *s,
                               const struct status_now *now, bool whole)
{
    struct json_text j;
    (void)snprintf(l->message, sizeof l->message, "%s", data);
    json_text_init(&j, l->message + strlen(data),
                   sizeof l->message - strlen(data));
    json_text_object(&j, NULL);
    status_members(s, now, &j);
    json_text_bool(&j, "whole", whole);
    if (whole)
        timeline_json(&l->timeline, "timeline", now->now_ms, now->wall_ms, &j);
    if (whole && l->observer)
        view_json(candidate_observer_view(l->observer), now->now_ms, &j);
    json_text_object_end(&j);
    json_text_line_end(&j);
    json_text_line_end(&j);
    return j;
}

/* Others choose how long the names are that stand in it. */
char *live_message(struct live *l, const struct status *s,
                   const struct status_now *now, size_t *ret_bytes)
{
    struct json_text j = render(l, s, now, true);
    if (j.too_long)
        j = render(l, s, now, false);
    assert(!j.too_long);
    *ret_bytes = strlen(data) + j.bytes;
    return l->message;
}
