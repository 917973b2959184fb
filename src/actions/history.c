/* history.c: see history.h. */
#include "actions/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "actions/picture.h"
#include "cli/json_lines.h"
#include "sys/clock.h"

static void print_json(struct reading *r, const struct candidate_history *h)
{
    struct json_text j = reading_json(r);
    json_lines_head(&j, "history", clock_now_ms(), r->options->config.election);
    json_text_number(&j, "oldest_revision", h->oldest_revision);
    json_text_number(&j, "revision", h->revision);
    json_text_array(&j, "leaders");
    for (size_t i = 0; i < h->n; i++) {
        const struct candidate_leadership *l = &h->leaders[i];
        json_text_object(&j, NULL);
        json_text_string(&j, "leader", l->leader);
        json_lines_token(&j, "token", l->token);
        json_lines_lease(&j, "lease", l->lease);
        json_text_number(&j, "from_revision", l->from_revision);
        json_text_number(&j, "to_revision", l->to_revision);
        json_text_object_end(&j);
    }
    json_text_array_end(&j);
    json_text_number(&j, "leaders_more", (int64_t)h->more);
    json_text_object_end(&j);
    reading_put_json(r, &j);
}

static void print(struct reading *r, const struct candidate_history *h)
{
    struct picture p = { .text = r->text };
    picture_line(&p,
                 "Election %s: %zu leaderships since revision %" PRId64
                 ", the oldest that etcd remembers",
                 r->options->config.election, h->n + h->more,
                 h->oldest_revision);
    if (h->more > 0)
        picture_line(&p, "  %zu older ones are left out", h->more);
    for (size_t i = 0; i < h->n; i++) {
        const struct candidate_leadership *l = &h->leaders[i];
        char token[32] = "not known";
        char end[32] = "now";
        if (l->token)
            (void)snprintf(token, sizeof token, "%" PRId64, l->token);
        if (l->to_revision)
            (void)snprintf(end, sizeof end, "%" PRId64, l->to_revision);
        picture_line(&p, "  %s  token %s  from revision %" PRId64 " to %s",
                     l->leader, token, l->from_revision, end);
    }
    reading_put(r, p.text, p.bytes);
}

void history_command(struct reading *r)
{
    struct candidate_error err = { 0 };
    struct candidate_history *history = NULL;
    if (reading_begin(r)) {
        history = calloc(1, sizeof *history);
        int status = CANDIDATE_ENOMEM;
        if (history)
            status = candidate_read_history(
                &r->options->config, r->options->config.command_timeout_ms,
                history, &err);
        if (status < 0)
            exits_refuse(r->exits, status, &err);
        else if (r->options->json)
            print_json(r, history);
        else
            print(r, history);
    }
    options_forget(r->options);
    reading_close(r);
    free(history);
}
