/* rank.c: see rank.h. */
#include "core/rank.h"

#include <assert.h>

void rank_init(struct rank *r, unsigned priority)
{
    assert(priority <= RANK_PRIORITY_MAX);
    *r = (struct rank){ .priority = priority };
}

static void note(struct rank *r, int64_t now_ms, const struct rank_facts *facts)
{
    bool same = facts->lease == r->facts.lease &&
        facts->waits == r->facts.waits &&
        facts->leader_revision == r->facts.leader_revision;
    if (same)
        return;
    r->facts = *facts;
    r->since_ms = now_ms;
    r->look_at_ms = now_ms + RANK_HOLD_DOWN_MS;
}

static bool shows(const struct rank *r)
{
    return r->facts.lease && r->shown != r->facts.lease;
}

/* Not before others can see by what right. */
static bool looks(const struct rank *r)
{
    return r->facts.waits && r->facts.leader_revision &&
        r->shown == r->facts.lease;
}

static void show(struct rank *r)
{
    r->pending = RANK_SHOW;
    r->showing = r->facts.lease;
}

enum rank_call rank_next(struct rank *r, int64_t now_ms,
                         const struct rank_facts *facts)
{
    if (!r->priority)
        return RANK_NOTHING;
    note(r, now_ms, facts);
    if (r->pending != RANK_NOTHING)
        return RANK_NOTHING;
    if (shows(r) && now_ms >= r->show_at_ms)
        show(r);
    else if (looks(r) && now_ms >= r->look_at_ms)
        r->pending = RANK_LOOK;
    return r->pending;
}

int64_t rank_deadline(const struct rank *r)
{
    if (!r->priority || r->pending != RANK_NOTHING)
        return INT64_MAX;
    if (shows(r))
        return r->show_at_ms;
    return looks(r) ? r->look_at_ms : INT64_MAX;
}

void rank_shown(struct rank *r, int64_t now_ms, bool done)
{
    assert(r->pending == RANK_SHOW);
    r->pending = RANK_NOTHING;
    if (done)
        r->shown = r->showing;
    else
        r->show_at_ms = now_ms + RANK_RETRY_MS;
}

bool rank_looked(struct rank *r, int64_t now_ms, const struct rank_seen *seen)
{
    assert(r->pending == RANK_LOOK);
    r->pending = RANK_NOTHING;
    r->look_at_ms = now_ms + (seen ? RANK_HOLD_DOWN_MS : RANK_RETRY_MS);
    return seen && looks(r) && r->priority > seen->leader && !seen->better &&
        now_ms - r->since_ms >= RANK_HOLD_DOWN_MS;
}

void rank_failed(struct rank *r, int64_t now_ms)
{
    r->look_at_ms = now_ms + RANK_AGAIN_MS;
}
