/* picture.c: see picture.h. */
#include "actions/picture.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/lock_name.h"

enum { QUEUE_SHOWN = 8 }; /* in a sentence */

static const char green[] = "32";
static const char red[] = "31";
static const char yellow[] = "33";
static const char bold[] = "1";
static const char faint[] = "2";

static void add(struct picture *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_list(struct picture *p, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* What does not fit is left out. */
static void add_list(struct picture *p, const char *format, va_list args)
{
    size_t room = PICTURE_BYTES_MAX - p->bytes;
    int bytes = vsnprintf(p->text + p->bytes, room, format, args);
    if (bytes < 0 || (size_t)bytes >= room)
        p->text[p->bytes] = '\0';
    else
        p->bytes += (size_t)bytes;
}

static void add(struct picture *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_list(p, format, args);
    va_end(args);
}

void picture_line(struct picture *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_list(p, format, args);
    va_end(args);
    add(p, "\n");
}

static void paint(struct picture *p, const char *colour)
{
    if (p->colours)
        add(p, "\x1b[%sm", colour);
}

static void unpaint(struct picture *p)
{
    if (p->colours)
        add(p, "\x1b[0m");
}

static void painted(struct picture *p, const char *colour, const char *text)
{
    paint(p, colour);
    add(p, "%s", text);
    unpaint(p);
}

/* ---- parts ---- */

static void duration(struct picture *p, int64_t ms)
{
    int64_t s = ms > 0 ? ms / 1000 : 0;
    if (s < 60)
        add(p, "%" PRId64 " s", s);
    else if (s < 3600)
        add(p, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
    else
        add(p, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
}

static void bar(struct picture *p, int64_t left_ms, int64_t ttl_ms)
{
    int64_t filled = ttl_ms > 0 ? left_ms * PICTURE_BAR / ttl_ms : 0;
    if (filled > PICTURE_BAR)
        filled = PICTURE_BAR;
    add(p, "[");
    paint(p, filled * 3 > PICTURE_BAR ? green : red);
    for (int64_t i = 0; i < PICTURE_BAR; i++)
        add(p, "%s", i < filled ? "#" : "-");
    unpaint(p);
    add(p, "] ");
}

static void lease(struct picture *p, const struct candidate_lock *lock)
{
    if (lock->lease == 0) {
        painted(p, yellow, "no lease");
        return;
    }
    add(p, "lease %" PRIx64, (uint64_t)lock->lease);
    if (lock->lease_ends_at_ms == 0)
        return;
    int64_t left_ms = lock->lease_ends_at_ms - p->now_ms;
    if (left_ms < 0 || lock->lease_ends_at_ms < 0)
        left_ms = 0;
    add(p, "  ");
    if (p->live)
        bar(p, left_ms, lock->lease_ttl_ms);
    duration(p, left_ms);
    add(p, " of ");
    duration(p, lock->lease_ttl_ms);
    add(p, " left");
}

void picture_headline(struct picture *p, const struct candidate_view *view)
{
    add(p, "Election ");
    painted(p, bold, view->election);
    add(p, ": ");
    if (!view->known) {
        painted(p, yellow, "not known, etcd does not answer");
    } else if (view->stale) {
        paint(p, yellow);
        add(p, "not known, etcd does not answer for ");
        duration(p, p->now_ms - view->confirmed_at_ms);
        unpaint(p);
    } else if (view->led) {
        paint(p, green);
        add(p, "%s leads", view->leader);
        unpaint(p);
    } else {
        painted(p, red, "nobody leads");
    }
    add(p, "\n");
}

static void since(struct picture *p, const struct candidate_view *view)
{
    if (view->since_ms) {
        add(p, "for ");
        duration(p, p->now_ms - view->since_ms);
    } else if (view->led) {
        add(p, "since revision %" PRId64, view->leader_created);
    } else {
        add(p, "since before revision %" PRId64, view->revision);
    }
}

static void leadership(struct picture *p, const struct candidate_view *view)
{
    add(p, "  ");
    since(p, view);
    if (view->led && view->token)
        add(p, ", fencing token %" PRId64, view->token);
    else if (view->led)
        add(p, ", without a lock key: another program's leader key");
    else if (view->queue_n > 0)
        add(p, ", %s holds the lock", lock_name(&view->queue[0]));
    add(p, "\n");
}

static void queue(struct picture *p, const struct candidate_view *view)
{
    painted(p, bold, "Queue");
    add(p, "\n");
    if (view->queue_n == 0)
        add(p, "  empty\n");
    for (size_t i = 0; i < view->queue_n; i++) {
        const struct candidate_lock *lock = &view->queue[i];
        bool leads = view->led && !view->stale && view->lease &&
            lock->lease == view->lease;
        add(p, "  %2zu. ", i + 1);
        painted(p, leads ? green : bold, lock_name(lock));
        add(p, "  token %" PRId64 "  ", lock->token);
        lease(p, lock);
        if (leads)
            add(p, "  leads");
        if (lock->foreign)
            add(p, "  foreign key %s", lock->key);
        add(p, "\n");
    }
    if (view->queue_more > 0)
        add(p, "  and %" PRId64 " more\n", view->queue_more);
}

static void member(struct picture *p, const struct candidate_member *m)
{
    bool healthy = m->trouble[0] == '\0';
    add(p, "  %s%s", m->name, m->name[0] ? " " : "");
    if (m->id)
        add(p, "%" PRIx64 " ", m->id);
    add(p, " %s  ", m->endpoint);
    if (m->version[0])
        add(p, "etcd %s  ", m->version);
    painted(p, healthy ? green : red, healthy ? "healthy" : m->trouble);
    if (healthy)
        add(p, ", %" PRId64 " ms", m->duration_ms);
    if (m->id && m->leader == m->id)
        add(p, ", etcd's leader");
    if (m->clock_ahead_ms)
        add(p, ", clock %+" PRId64 " s", m->clock_ahead_ms / 1000);
    add(p, "\n");
}

void picture_view(struct picture *p, const struct candidate_view *view)
{
    picture_headline(p, view);
    if (view->known && !view->stale)
        leadership(p, view);
    if (view->trouble_code && view->stale) {
        add(p, "  ");
        painted(p, yellow, view->trouble);
        add(p, "\n");
    }
    if (view->known) {
        if (view->stale)
            painted(p, faint, "As it was then:\n");
        queue(p, view);
    }
    if (view->members_n > 0) {
        painted(p, bold, "Members");
        add(p, "\n");
    }
    for (size_t i = 0; i < view->members_n; i++)
        member(p, &view->members[i]);
}

/* ---- sentences ---- */

static void say_queue(char *out, const struct candidate_view *view)
{
    size_t room = PICTURE_SENTENCE_BYTES_MAX;
    size_t used = (size_t)snprintf(out, room, "Queue:");
    size_t n = view->queue_n < QUEUE_SHOWN ? view->queue_n : QUEUE_SHOWN;
    if (view->queue_n == 0)
        (void)snprintf(out + used, room - used, " empty");
    for (size_t i = 0; i < n && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s %.128s",
                                 i > 0 ? "," : "", lock_name(&view->queue[i]));
    int64_t more = (int64_t)(view->queue_n - n) + view->queue_more;
    if (more > 0 && used < room)
        (void)snprintf(out + used, room - used, " and %" PRId64 " more", more);
}

void picture_change(char *out, enum candidate_change change,
                    const struct candidate_view *view)
{
    size_t room = PICTURE_SENTENCE_BYTES_MAX;
    out[0] = '\0';
    switch (change) {
    case CANDIDATE_VIEW_STALE:
        (void)snprintf(out, room, "Nobody knows who leads: %s",
                       view->trouble_code ? view->trouble
                                          : "etcd does not answer");
        break;
    case CANDIDATE_VIEW_LEADER:
        if (view->token)
            (void)snprintf(out, room, "%s leads, token %" PRId64, view->leader,
                           view->token);
        else
            (void)snprintf(out, room, "%s leads, without a lock key",
                           view->leader);
        break;
    case CANDIDATE_VIEW_NOBODY:
        (void)snprintf(out, room, "Nobody leads now");
        break;
    case CANDIDATE_VIEW_HOLDER:
        (void)snprintf(out, room, "%s holds the lock, without a leader key",
                       view->holder);
        break;
    case CANDIDATE_VIEW_QUEUE:
        say_queue(out, view);
        break;
    case CANDIDATE_VIEW_FRESH:
    case CANDIDATE_VIEW_DETAILS:
        break;
    }
}
