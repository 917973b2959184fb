/* timeline.c: see timeline.h. */
#include "serve/timeline.h"

#include <stdio.h>
#include <string.h>

static const struct timeline_bar *bar_at(const struct timeline *t, unsigned i)
{
    return &t->bars[(t->first + i) % TIMELINE_BARS_MAX];
}

bool timeline_see(struct timeline *t, enum timeline_kind kind,
                  const char *leader, int64_t now_ms)
{
    struct timeline_bar bar = { .kind = kind, .from_ms = now_ms };
    if (kind == TIMELINE_LED)
        (void)snprintf(bar.leader, sizeof bar.leader, "%s", leader);
    if (t->n == 0 && kind == TIMELINE_UNKNOWN)
        return false;
    if (t->n > 0) {
        const struct timeline_bar *last = bar_at(t, t->n - 1);
        if (last->kind == kind && strcmp(last->leader, bar.leader) == 0)
            return false;
    }
    if (t->n == TIMELINE_BARS_MAX) {
        t->first = (t->first + 1) % TIMELINE_BARS_MAX;
        t->n--;
    }
    t->bars[(t->first + t->n) % TIMELINE_BARS_MAX] = bar;
    t->n++;
    return true;
}

static const char *word(enum timeline_kind kind)
{
    switch (kind) {
    case TIMELINE_UNKNOWN:
        return "unknown";
    case TIMELINE_NOBODY:
        return "nobody";
    case TIMELINE_LED:
        return "led";
    }
    return "unknown";
}

void timeline_json(const struct timeline *t, const char *name, int64_t now_ms,
                   int64_t wall_ms, struct json_text *j)
{
    int64_t offset_ms = wall_ms - now_ms;
    json_text_array(j, name);
    for (unsigned i = 0; i < t->n; i++) {
        const struct timeline_bar *bar = bar_at(t, i);
        json_text_object(j, NULL);
        json_text_string(j, "kind", word(bar->kind));
        json_text_string(j, "leader", bar->leader);
        json_text_time(j, "from", bar->from_ms + offset_ms);
        if (i + 1 < t->n)
            json_text_time(j, "until", bar_at(t, i + 1)->from_ms + offset_ms);
        json_text_object_end(j);
    }
    json_text_array_end(j);
}
