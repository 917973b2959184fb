/* waiting.c: see waiting.h. */
#include "run/waiting.h"

#include <limits.h>
#include <stdio.h>

void waiting_begin(struct waiting *w, const struct options *o, int64_t now_ms)
{
    *w = (struct waiting){ .give_up_at_ms = INT64_MAX };
    if (o->wait_ms < 0)
        return;
    w->once = o->wait_ms == 0;
    w->limit_ms = w->once ? o->config.command_timeout_ms : o->wait_ms;
    w->give_up_at_ms = now_ms + w->limit_ms;
}

static void follow(struct waiting *w, const char *leader, int64_t at_ms)
{
    (void)snprintf(w->leader, sizeof w->leader, "%s", leader);
    if (w->once && w->give_up_at_ms != INT64_MAX)
        w->give_up_at_ms = at_ms;
}

void waiting_event(struct waiting *w, const struct candidate_event *event)
{
    switch (event->type) {
    case CANDIDATE_ATTEMPTING:
        w->leader[0] = '\0';
        break;
    case CANDIDATE_FOLLOWING:
        follow(w, event->leader, event->at_ms);
        break;
    case CANDIDATE_ELECTED:
    case CANDIDATE_ENDED:
        w->give_up_at_ms = INT64_MAX;
        break;
    case CANDIDATE_LOST:
    case CANDIDATE_NOTICE:
    case CANDIDATE_ASKED:
        break;
    }
}

int waiting_timeout_ms(const struct waiting *w, int64_t now_ms, int timeout_ms)
{
    if (w->give_up_at_ms == INT64_MAX)
        return timeout_ms;
    int64_t left_ms = w->give_up_at_ms - now_ms;
    if (left_ms < 0)
        left_ms = 0;
    if (timeout_ms >= 0 && left_ms > timeout_ms)
        return timeout_ms;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

bool waiting_over(struct waiting *w, int64_t now_ms, char *ret_text)
{
    if (now_ms < w->give_up_at_ms)
        return false;
    w->give_up_at_ms = INT64_MAX;
    char leads[WAITING_NAME_BYTES_MAX + sizeof "\"\" leads"];
    (void)snprintf(leads, sizeof leads, "\"%s\" leads", w->leader);
    if (!w->leader[0])
        (void)snprintf(leads, sizeof leads, "it is not known who leads");
    if (w->once && w->leader[0])
        (void)snprintf(ret_text, WAITING_TEXT_BYTES_MAX, "--nowait: %s", leads);
    else
        (void)snprintf(
            ret_text, WAITING_TEXT_BYTES_MAX, "%s: not leading after %g s; %s",
            w->once ? "--nowait" : "--wait", (double)w->limit_ms / 1000, leads);
    return true;
}
