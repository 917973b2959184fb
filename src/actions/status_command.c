/* status_command.c: see status_command.h. */
#include "actions/status_command.h"

#include "actions/picture.h"
#include "cli/json_lines.h"
#include "sys/clock.h"

static void print(struct reading *r, const struct candidate_view *view)
{
    if (r->options->json) {
        struct json_text j = reading_json(r);
        json_lines_view(&j, "status", view);
        reading_put_json(r, &j);
        return;
    }
    struct picture picture = { .text = r->text, .now_ms = clock_now_ms() };
    picture_view(&picture, view);
    reading_put(r, picture.text, picture.bytes);
}

void status_command(struct reading *r)
{
    if (!reading_open(r)) {
        reading_close(r);
        return;
    }
    int64_t end_at_ms = clock_now_ms() + r->options->config.command_timeout_ms;
    bool answered = reading_await(r, CANDIDATE_VIEW_FRESH, end_at_ms);
    if (r->signal != 0) {
        signals_obey(r->signals, r->signal);
    } else if (!r->failed) {
        reading_details(r);
        const struct candidate_view *view = candidate_observer_view(
            r->observer);
        print(r, view);
        if (!answered && !view->known)
            reading_unavailable(r);
        else if (!view->led && r->exits->code == 0)
            r->exits->code = OPTIONS_EXIT_NOBODY;
    }
    reading_close(r);
}
