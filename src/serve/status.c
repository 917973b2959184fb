/* status.c: see status.h. */
#include "serve/status.h"

#include <stdio.h>

void status_init(struct status *s, const struct candidate_config *config,
                 int64_t now_ms)
{
    *s = (struct status){
        .id = config->id,
        .election = config->election,
        .ttl_ms = (int64_t)config->ttl_s * 1000,
        .role = STATUS_ATTEMPTING,
        .since_ms = now_ms,
    };
}

static void change(struct status *s, enum status_role role, int64_t at_ms)
{
    s->role = role;
    s->since_ms = at_ms;
    s->token = s->lease = 0;
    s->leader[0] = '\0';
}

void status_event(struct status *s, const struct candidate_event *event)
{
    switch (event->type) {
    case CANDIDATE_ATTEMPTING:
    case CANDIDATE_LOST:
    case CANDIDATE_ENDED:
        change(s, STATUS_ATTEMPTING, event->at_ms);
        return;
    case CANDIDATE_ELECTED:
        change(s, STATUS_LEADS, event->at_ms);
        s->token = event->token;
        s->lease = event->lease;
        return;
    case CANDIDATE_FOLLOWING:
        change(s, STATUS_FOLLOWS, event->at_ms);
        (void)snprintf(s->leader, sizeof s->leader, "%s", event->leader);
        return;
    case CANDIDATE_ASKED:
    case CANDIDATE_NOTICE:
        return;
    }
}

void status_leaving(struct status *s)
{
    s->leaving = true;
}

/* ---- answers ---- */

bool status_in_touch(const struct status *s, const struct status_now *now)
{
    return now->confirmed_at_ms > 0 &&
        now->now_ms - now->confirmed_at_ms <= s->ttl_ms / 2;
}

int64_t status_lead_ms(const struct status *s, const struct status_now *now)
{
    int64_t left_ms = now->lead_until_ms - now->now_ms;
    bool leads = !s->leaving && s->role == STATUS_LEADS && left_ms > 0;
    return leads ? left_ms : 0;
}

static bool leads(const struct status *s, const struct status_now *now)
{
    return status_lead_ms(s, now) > 0;
}

const char *status_leader(const struct status *s, const struct status_now *now)
{
    if (leads(s, now))
        return s->id;
    bool sure = s->role == STATUS_FOLLOWS && status_in_touch(s, now);
    return sure ? s->leader : NULL;
}

/* It leads, but perhaps not for long enough. */
static bool answer_leader(const struct status_now *now, char *ret_text)
{
    int64_t left_ms = now->lead_until_ms - now->now_ms;
    if (left_ms >= STATUS_MARGIN_MS)
        (void)snprintf(ret_text, STATUS_TEXT_BYTES_MAX,
                       "it leads, for %lld ms at least", (long long)left_ms);
    else
        (void)snprintf(ret_text, STATUS_TEXT_BYTES_MAX,
                       "it leads for %lld ms, less than %d", (long long)left_ms,
                       STATUS_MARGIN_MS);
    return left_ms >= STATUS_MARGIN_MS;
}

static bool say(char *ret_text, bool answer, const char *text)
{
    (void)snprintf(ret_text, STATUS_TEXT_BYTES_MAX, "%s", text);
    return answer;
}

static void say_standby(const struct status *s, const struct status_now *now,
                        char *ret_text)
{
    const char *leader = status_leader(s, now);
    const char *place = now->place == 2 ? "it is the next one" : "it waits";
    if (leader)
        (void)snprintf(ret_text, STATUS_TEXT_BYTES_MAX, "%s; %s leads", place,
                       leader);
    else
        (void)snprintf(ret_text, STATUS_TEXT_BYTES_MAX, "%s; nobody leads yet",
                       place);
}

bool status_answer(const struct status *s, const struct status_now *now,
                   enum status_question question, char *ret_text)
{
    if (question == STATUS_LIVE)
        return say(ret_text, true, "it runs");
    if (s->leaving)
        return say(ret_text, question == STATUS_HEALTHY, "it is leaving");
    if (leads(s, now)) {
        bool enough = answer_leader(now, ret_text);
        return question != STATUS_STANDBY && enough;
    }
    if (s->role == STATUS_LEADS) /* it is not said yet why */
        return say(ret_text, false, "its time to lead is over");
    if (!status_in_touch(s, now))
        return say(ret_text, false, "it is not in touch with etcd");
    say_standby(s, now, ret_text);
    return question != STATUS_LEADER;
}

/* ---- JSON ---- */

static const char *role_word(const struct status *s,
                             const struct status_now *now)
{
    if (s->leaving)
        return "leaving";
    if (leads(s, now))
        return "leader";
    return s->role == STATUS_FOLLOWS ? "standby" : "attempting";
}

void status_members(const struct status *s, const struct status_now *now,
                    struct json_text *j)
{
    bool leading = leads(s, now);
    json_text_number(j, "schema", STATUS_SCHEMA);
    json_text_time(j, "at", now->wall_ms);
    json_text_string(j, "version", CANDIDATE_VERSION);
    json_text_string(j, "election", s->election);
    json_text_string(j, "id", s->id);
    json_text_string(j, "role", role_word(s, now));
    json_text_time(j, "since", now->wall_ms - (now->now_ms - s->since_ms));
    json_text_bool(j, "leading", leading);
    json_text_bool(j, "in_touch", leading || status_in_touch(s, now));
    json_text_string(j, "leader", status_leader(s, now));
    json_text_number(j, "ttl_ms", s->ttl_ms);
    json_text_number(j, "place", now->place);
    if (!leading)
        return;
    json_text_int64(j, "token", s->token);
    json_text_lease(j, "lease", s->lease);
    json_text_number(j, "lead_ms", status_lead_ms(s, now));
}
