/* json_lines.c: see json_lines.h. */
#include "cli/json_lines.h"

#include <inttypes.h>
#include <stdio.h>

#include "sys/clock.h"
#include "sys/log.h"

int64_t json_lines_wall_ms(int64_t at_ms)
{
    return clock_wall_ms() - (clock_now_ms() - at_ms);
}

void json_lines_head(struct json_text *j, const char *type, int64_t at_ms,
                     const char *election)
{
    json_text_object(j, NULL);
    json_text_number(j, "schema", JSON_LINES_SCHEMA);
    json_text_string(j, "type", type);
    json_text_time(j, "at", json_lines_wall_ms(at_ms));
    json_text_string(j, "election", election);
}

/* ---- events ---- */

static const char *event_word(enum candidate_event_type type)
{
    switch (type) {
    case CANDIDATE_ATTEMPTING:
        return "attempting";
    case CANDIDATE_ELECTED:
        return "elected";
    case CANDIDATE_FOLLOWING:
        return "following";
    case CANDIDATE_LOST:
        return "lost";
    case CANDIDATE_ENDED:
        return "ended";
    case CANDIDATE_NOTICE:
        return "notice";
    case CANDIDATE_ASKED:
        return "asked";
    }
    return "unknown";
}

static void notice(struct json_text *j, const struct candidate_event *event)
{
    json_text_string(j, "severity", log_words[event->severity]);
    json_text_string(j, "message", event->text);
    if (!event->endpoint)
        return;
    json_text_string(j, "endpoint", event->endpoint);
    json_text_string(j, "call", event->call);
    if (event->revision > 0)
        json_text_number(j, "revision", event->revision);
    json_text_number(j, "duration_ms", event->duration_ms);
}

void json_lines_event(struct json_text *j, const struct candidate_event *event,
                      const char *id, const char *election)
{
    json_lines_head(j, event_word(event->type), event->at_ms, election);
    json_text_string(j, "id", id);
    switch (event->type) {
    case CANDIDATE_ATTEMPTING:
        break;
    case CANDIDATE_ELECTED:
        json_text_int64(j, "token", event->token);
        json_text_lease(j, "lease", event->lease);
        json_text_string(j, "lock_key", event->lock_key);
        json_text_string(j, "leader_key", event->leader_key);
        break;
    case CANDIDATE_FOLLOWING:
        json_text_string(j, "leader", event->leader);
        break;
    case CANDIDATE_ENDED:
        json_text_number(j, "status", event->status);
        json_text_string(j, "reason", event->text);
        break;
    case CANDIDATE_LOST:
    case CANDIDATE_ASKED:
        json_text_string(j, "reason", event->text);
        break;
    case CANDIDATE_NOTICE:
        notice(j, event);
        break;
    }
    json_text_object_end(j);
}

void json_lines_begin(struct json_text *j, const char *id, const char *election)
{
    json_lines_head(j, "begin", clock_now_ms(), election);
    json_text_string(j, "id", id);
    json_text_string(j, "version", CANDIDATE_VERSION);
    json_text_object_end(j);
}

/* ---- views ---- */

const char *json_lines_word(enum candidate_change change)
{
    switch (change) {
    case CANDIDATE_VIEW_FRESH:
        return "fresh";
    case CANDIDATE_VIEW_STALE:
        return "stale";
    case CANDIDATE_VIEW_LEADER:
        return "leader";
    case CANDIDATE_VIEW_NOBODY:
        return "nobody";
    case CANDIDATE_VIEW_QUEUE:
        return "queue";
    case CANDIDATE_VIEW_DETAILS:
        return "details";
    case CANDIDATE_VIEW_HOLDER:
        return "holder";
    }
    return "unknown";
}

/* What etcd numbers without a sign, as it writes it. */
static void unsigned_id(struct json_text *j, const char *name, uint64_t id)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, id);
    json_text_string(j, name, id ? digits : NULL);
}

void json_lines_lease(struct json_text *j, const char *name, int64_t lease)
{
    if (lease)
        json_text_lease(j, name, lease);
    else
        json_text_string(j, name, NULL);
}

void json_lines_token(struct json_text *j, const char *name, int64_t token)
{
    if (token)
        json_text_int64(j, name, token);
    else
        json_text_string(j, name, NULL);
}

static void lock(struct json_text *j, const struct candidate_lock *lock,
                 int64_t now_ms)
{
    json_text_object(j, NULL);
    json_text_string(j, "id", lock->id);
    json_text_int64(j, "token", lock->token);
    json_lines_lease(j, "lease", lock->lease);
    json_text_string(j, "key", lock->key);
    json_text_bool(j, "foreign", lock->foreign);
    if (lock->lease_ends_at_ms != 0) {
        int64_t left_ms = lock->lease_ends_at_ms - now_ms;
        bool lives = lock->lease_ends_at_ms > 0 && left_ms > 0;
        json_text_number(j, "lease_left_ms", lives ? left_ms : 0);
        json_text_number(j, "lease_ttl_ms", lock->lease_ttl_ms);
    }
    json_text_object_end(j);
}

static void member(struct json_text *j, const struct candidate_member *member)
{
    json_text_object(j, NULL);
    json_text_string(j, "endpoint", member->endpoint);
    json_text_string(j, "name", member->name);
    unsigned_id(j, "member", member->id);
    unsigned_id(j, "leader", member->leader);
    json_text_bool(j, "healthy", member->trouble[0] == '\0');
    json_text_string(j, "trouble", member->trouble[0] ? member->trouble : NULL);
    json_text_string(j, "version", member->version[0] ? member->version : NULL);
    json_text_number(j, "duration_ms", member->duration_ms);
    if (member->clock_known)
        json_text_number(j, "clock_ahead_ms", member->clock_ahead_ms);
    json_text_object_end(j);
}

static void state(struct json_text *j, const struct candidate_view *view)
{
    json_text_bool(j, "known", view->known);
    json_text_bool(j, "stale", view->stale);
    json_text_string(j, "trouble", view->trouble_code ? view->trouble : NULL);
    unsigned_id(j, "cluster", view->cluster);
    json_text_number(j, "revision", view->revision);
    bool led = view->led && !view->stale;
    json_text_string(j, "leader", led ? view->leader : NULL);
    json_lines_token(j, "token", led ? view->token : 0);
    json_lines_lease(j, "lease", led ? view->lease : 0);
    json_text_number(j, "since_revision", led ? view->leader_created : 0);
    if (view->since_ms && !view->stale)
        json_text_time(j, "since", json_lines_wall_ms(view->since_ms));
    else
        json_text_string(j, "since", NULL);
    bool held = view->holder[0] && !view->stale;
    json_text_string(j, "holder", held ? view->holder : NULL);
}

void json_lines_open(struct json_text *j, const char *type,
                     const struct candidate_view *view)
{
    json_lines_head(j, type, clock_now_ms(), view->election);
    state(j, view);
}

void json_lines_view(struct json_text *j, const char *type,
                     const struct candidate_view *view)
{
    int64_t now_ms = clock_now_ms();
    json_lines_head(j, type, now_ms, view->election);
    state(j, view);
    json_text_array(j, "queue");
    for (size_t i = 0; i < view->queue_n; i++)
        lock(j, &view->queue[i], now_ms);
    json_text_array_end(j);
    json_text_number(j, "queue_more", view->queue_more);
    if (view->members_n > 0) {
        json_text_array(j, "members");
        for (size_t i = 0; i < view->members_n; i++)
            member(j, &view->members[i]);
        json_text_array_end(j);
    }
    json_text_object_end(j);
}
