/* story.c: see story.h. */
#include "sim/story.h"

#include <assert.h>
#include <inttypes.h>

#include "sim/world.h"

static void add(struct world *w, enum story_line_type type, int who, int other,
                const char *what)
{
    struct story *t = &w->story;
    if (t->lines_n == STORY_LINES_MAX)
        return;
    t->lines[t->lines_n++] = (struct story_line){
        .at_us = w->now_us,
        .type = type,
        .who = who,
        .other = other,
        .what = what,
    };
}

void story_start(struct world *w, const struct peer *p)
{
    add(w, STORY_CANDIDATE, p->who, 0, NULL);
}

void story_fault(struct world *w, const char *what, int where)
{
    add(w, STORY_FAULT, -1, where, what);
}

static const char *reason_name(enum election_reason reason)
{
    switch (reason) {
    case ELECTION_REASON_NONE:
        return "none";
    case ELECTION_LEASE_LOST:
        return "lease lost";
    case ELECTION_OWN_DELETED:
        return "own key deleted";
    case ELECTION_OWN_CHANGED:
        return "own key changed";
    case ELECTION_LEADER_DELETED:
        return "leader key deleted";
    case ELECTION_LEADER_CHANGED:
        return "leader key changed";
    case ELECTION_SILENCE:
        return "silence";
    case ELECTION_STALLED:
        return "stalled";
    case ELECTION_OTHER_CLUSTER:
        return "other cluster";
    case ELECTION_REVISION_BACK:
        return "revision went back";
    case ELECTION_REFUSED:
        return "refused";
    case ELECTION_NOT_TOLD:
        return "not told";
    case ELECTION_YIELDED:
        return "yielded";
    }
    return "?";
}

void story_say(struct world *w, const struct peer *p,
               const struct election_notice *notice)
{
    switch (notice->type) {
    case ELECTION_SAY_ATTEMPTING:
        add(w, STORY_ATTEMPTING, p->who, 0, NULL);
        break;
    case ELECTION_SAY_ELECTED:
        add(w, STORY_LEADER, p->who, 0, NULL);
        add(w, STORY_PRESS_ENTER, p->who, 0, NULL);
        break;
    case ELECTION_SAY_FOLLOWING:
        add(w, STORY_FOLLOWING, p->who, p->names.leader_owner, NULL);
        break;
    case ELECTION_SAY_FOREIGN:
        add(w, STORY_FOLLOWING, p->who, p->names.holder_owner, NULL);
        break;
    case ELECTION_SAY_LOST:
        add(w, STORY_LOST, p->who, 0, reason_name(notice->reason));
        break;
    case ELECTION_SAY_ENDED:
        add(w, STORY_END, p->who, 0, NULL);
        break;
    case ELECTION_SAY_ASKED:
    case ELECTION_SAY_KEY_FOR_EVER:
    case ELECTION_SAY_SAME_ID:
    case ELECTION_SAY_TTL_CHANGED:
        break; /* on standard error */
    }
}

static int letter(int who)
{
    return who >= 0 && who < 26 ? 'A' + who : '?';
}

static void print_line(const struct story_line *line, FILE *file)
{
    switch (line->type) {
    case STORY_CANDIDATE:
        (void)fprintf(file, "Candidate %c\n", letter(line->who));
        break;
    case STORY_ATTEMPTING:
        (void)fputs("Attempting leadership...\n", file);
        break;
    case STORY_LEADER:
        (void)fputs("I am the LEADER!\n", file);
        break;
    case STORY_PRESS_ENTER:
        (void)fputs("Press ENTER to finish...\n", file);
        break;
    case STORY_FOLLOWING:
        (void)fprintf(file, "%c is the leader...\n", letter(line->other));
        break;
    case STORY_LOST:
        (void)fprintf(file, "Lost leadership: %s\n", line->what);
        break;
    case STORY_END:
        (void)fputs("End\n", file);
        break;
    case STORY_FAULT:
        (void)fprintf(file, "%s (%d)\n", line->what, line->other);
        break;
    }
}

void story_print(const struct story *t, FILE *file)
{
    for (size_t i = 0; i < t->lines_n; i++) {
        const struct story_line *line = &t->lines[i];
        (void)fprintf(file, "%12.6f %c ",
                      (double)line->at_us / (double)WORLD_US_PER_S,
                      line->who < 0 ? '!' : letter(line->who));
        print_line(line, file);
    }
}

void story_print_one(const struct story *t, int who, FILE *file)
{
    for (size_t i = 0; i < t->lines_n; i++)
        if (t->lines[i].who == who)
            print_line(&t->lines[i], file);
}

static void narrate_event(const struct election_event *event)
{
    static const char *const names[] = {
        [ELECTION_START] = "start",         [ELECTION_TICK] = "tick",
        [ELECTION_REPLY] = "reply",         [ELECTION_CHANGED] = "changed",
        [ELECTION_WATCH_LOST] = "no watch", [ELECTION_LEAVE] = "leave",
        [ELECTION_YIELD] = "yield",
    };
    const struct election_reply *r = &event->reply;
    (void)fprintf(stderr, "%s", names[event->type]);
    if (event->type == ELECTION_REPLY)
        (void)fprintf(stderr,
                      " op %" PRIu64 " outcome %d ok %d term %" PRIu64
                      " rev %" PRId64 " ttl %" PRId64 " own %" PRId64
                      " pred %" PRId64 " leader %" PRId64 " holder %" PRId64,
                      r->op, (int)r->outcome, r->succeeded, r->header.raft_term,
                      r->header.revision, r->ttl_ms, r->own.create_revision,
                      r->predecessor.create_revision, r->leader.mod_revision,
                      r->holder.create_revision);
    else if (event->type == ELECTION_CHANGED)
        (void)fprintf(stderr,
                      " op %" PRIu64 " role %d at %" PRId64 " deleted %" PRId64,
                      event->watch_op, (int)event->role,
                      event->key.mod_revision, event->deleted_at_revision);
}

void story_narrate(const struct world *w, const struct peer *p,
                   const struct election_event *event,
                   const struct election_actions *out)
{
    static const char *const names[] = {
        [ELECTION_GRANT] = "grant",         [ELECTION_ATTEMPT] = "attempt",
        [ELECTION_CLAIM] = "claim",         [ELECTION_CHECK] = "check",
        [ELECTION_KEEPALIVE] = "keepalive", [ELECTION_BARRIER] = "barrier",
        [ELECTION_RESIGN] = "resign",       [ELECTION_REVOKE] = "revoke",
    };
    (void)fprintf(stderr, "%12.6f %c %" PRId64 " ",
                  (double)w->now_us / (double)WORLD_US_PER_S, letter(p->who),
                  event->now_ms);
    narrate_event(event);
    (void)fprintf(stderr, " -> %s", election_state_name(p->e.state));
    if (out->close_watch)
        (void)fputs(", close", stderr);
    if (out->open_watch)
        (void)fprintf(stderr, ", watch %" PRIu64 " of %u from %" PRId64,
                      out->watch.op, out->watch.roles,
                      out->watch.from_revision);
    if (out->send_request)
        (void)fprintf(stderr, ", %s %" PRIu64 " to %d",
                      names[out->request.type], out->request.op,
                      p->call_member);
    (void)fputc('\n', stderr);
}
