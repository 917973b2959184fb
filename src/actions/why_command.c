/* why_command.c: see why_command.h. */
#include "actions/why_command.h"

#include <inttypes.h>

#include "actions/picture.h"
#include "actions/why.h"
#include "cli/json_lines.h"
#include "sys/clock.h"

enum {
    CLAIM_MS = 2000, /* until a candidate that holds the lock leads */
};

static const char *weight_word(enum why_weight weight)
{
    switch (weight) {
    case WHY_HOLDS_UP:
        return "holds-up";
    case WHY_THREATENS:
        return "threatens";
    case WHY_NOTE:
        return "note";
    }
    return "note";
}

static void print_json(struct reading *r, const struct why *w,
                       const struct candidate_view *view)
{
    struct json_text j = reading_json(r);
    json_lines_open(&j, "why", view);
    json_text_array(&j, "findings");
    for (size_t i = 0; i < w->n; i++) {
        const struct why_finding *f = &w->findings[i];
        json_text_object(&j, NULL);
        json_text_string(&j, "kind", f->kind);
        json_text_string(&j, "weight", weight_word(f->weight));
        json_text_string(&j, "text", f->text);
        json_text_string(&j, "key", f->key[0] ? f->key : NULL);
        json_text_number(&j, "revision", f->revision);
        json_text_string(&j, "command", f->command);
        json_text_object_end(&j);
    }
    json_text_array_end(&j);
    json_text_number(&j, "findings_more", (int64_t)w->more);
    json_text_object_end(&j);
    reading_put_json(r, &j);
}

static const char *headline(enum why_weight weight)
{
    switch (weight) {
    case WHY_HOLDS_UP:
        return "It is held up";
    case WHY_THREATENS:
        return "It is threatened";
    case WHY_NOTE:
        return "Worth to know";
    }
    return "";
}

static void print(struct reading *r, const struct why *w,
                  const struct candidate_view *view)
{
    struct picture p = { .text = r->text, .now_ms = clock_now_ms() };
    picture_headline(&p, view);
    if (w->n == 0)
        picture_line(&p, "Nothing holds it up or threatens it");
    for (size_t i = 0; i < w->n; i++) {
        const struct why_finding *f = &w->findings[i];
        picture_line(&p, "%s: %s", headline(f->weight), f->text);
        if (f->key[0])
            picture_line(&p, "  key %s, revision %" PRId64, f->key,
                         f->revision);
        else if (f->revision)
            picture_line(&p, "  revision %" PRId64, f->revision);
        picture_line(&p, "  mend it with: %s", f->command);
    }
    if (w->more > 0)
        picture_line(&p, "and %zu more", w->more);
    reading_put(r, p.text, p.bytes);
}

static bool is_serious(const struct why *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->findings[i].weight != WHY_NOTE)
            return true;
    return false;
}

static void explain(struct reading *r)
{
    struct why why; /* large, and only here */
    const struct candidate_config *config = &r->options->config;
    const struct candidate_view *view = candidate_observer_view(r->observer);
    struct why_question question = {
        .now_ms = clock_now_ms(),
        .ttl_s = config->ttl_s,
        .ttl_given = r->options->ttl_given,
        .endpoints = config->endpoints,
        .user = config->user,
    };
    why_explain(&why, view, &question);
    if (r->options->json)
        print_json(r, &why, view);
    else
        print(r, &why, view);
    if (!view->known)
        reading_unavailable(r);
    else if (is_serious(&why) && r->exits->code == 0)
        r->exits->code = OPTIONS_EXIT_NOBODY;
}

/* A candidate that holds the lock puts its leader key in a moment. */
static void await_claim(struct reading *r)
{
    const struct candidate_view *view = candidate_observer_view(r->observer);
    if (!view->led && view->queue_n > 0 && !view->queue[0].foreign)
        (void)reading_await(r, CANDIDATE_VIEW_LEADER,
                            clock_now_ms() + CLAIM_MS);
}

void why_command_run(struct reading *r)
{
    if (!reading_open(r)) {
        reading_close(r);
        return;
    }
    int64_t end_at_ms = clock_now_ms() + r->options->config.command_timeout_ms;
    if (reading_await(r, CANDIDATE_VIEW_FRESH, end_at_ms))
        await_claim(r);
    if (r->signal == 0 && !r->failed) {
        candidate_observer_ask_writes(r->observer);
        reading_details(r);
        explain(r);
    } else if (r->signal != 0) {
        signals_obey(r->signals, r->signal);
    }
    reading_close(r);
}
