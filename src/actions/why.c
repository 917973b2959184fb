/* why.c: see why.h. Here: keys and leases; why_members.c: etcd itself. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "actions/why_private.h"
#include "cli/lock_name.h"
#include "sys/text.h"

struct why_finding *why_add(struct why *w, enum why_weight weight,
                            const char *kind, const char *key, int64_t revision)
{
    struct why_finding *f = &w->findings[WHY_FINDINGS_MAX - 1];
    if (w->n < WHY_FINDINGS_MAX)
        f = &w->findings[w->n++];
    else
        w->more++;
    *f = (struct why_finding){
        .weight = weight,
        .kind = kind,
        .revision = revision,
    };
    (void)snprintf(f->key, sizeof f->key, "%s", key);
    return f;
}

void why_text(struct why_finding *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
}

void why_command(struct why_finding *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(f->command, sizeof f->command, format, args);
    va_end(args);
}

static void command_delete(struct why_finding *f, const char *key)
{
    char word[WHY_COMMAND_BYTES_MAX - sizeof "etcdctl del -- "];
    text_shell_word(word, sizeof word, key);
    why_command(f, "etcdctl del -- %s", word);
}

static void command_revoke(struct why_finding *f, int64_t lease)
{
    why_command(f, "etcdctl lease revoke %" PRIx64, (uint64_t)lease);
}

/* ---- the leader key ---- */

static void leader_key(struct why *w, const struct candidate_view *view)
{
    if (!view->led || view->token)
        return;
    struct why_finding *f = why_add(w, WHY_HOLDS_UP,
                                    view->lease ? "leader-key-foreign"
                                                : "leader-key-without-lease",
                                    view->election, view->leader_modified);
    if (view->lease) {
        why_text(f,
                 "the leader key has the value \"%.255s\" and is on the lease "
                 "%" PRIx64 ", on which no lock key is: another program holds "
                 "it",
                 view->leader, (uint64_t)view->lease);
        command_revoke(f, view->lease);
    } else {
        why_text(f,
                 "the leader key has the value \"%.255s\" and no lease: it "
                 "stays until somebody removes it",
                 view->leader);
        command_delete(f, view->election);
    }
}

/* ---- lock keys ---- */

/* The oldest is in the way of all, the others only of those behind them. */
static enum why_weight weight_of(const struct candidate_view *view, size_t i)
{
    return i == 0 ? WHY_HOLDS_UP : view->led ? WHY_THREATENS : WHY_HOLDS_UP;
}

/* An election or lock of that name has its own keys below our prefix. */
static bool nested(struct why *w, const struct candidate_view *view, size_t i)
{
    const struct candidate_lock *lock = &view->queue[i];
    size_t prefix = strlen(view->prefix);
    const char *slash = strlen(lock->key) > prefix
        ? strrchr(lock->key + prefix, '/')
        : NULL;
    if (!slash)
        return false;
    struct why_finding *f = why_add(w, weight_of(view, i), "nested-election",
                                    lock->key, lock->revision);
    why_text(f,
             "this key of \"%.255s\" lies below the lock prefix %.300s: the "
             "election or lock %.*s is nested in this one, and its holders "
             "queue here as well; give it another name",
             lock_name(lock), view->prefix,
             (int)(slash - lock->key < 300 ? slash - lock->key : 300),
             lock->key);
    if (lock->lease)
        command_revoke(f, lock->lease);
    else
        command_delete(f, lock->key);
    return true;
}

static void foreign(struct why *w, const struct candidate_view *view, size_t i)
{
    const struct candidate_lock *lock = &view->queue[i];
    if (!lock->foreign || nested(w, view, i))
        return;
    struct why_finding *f = why_add(
        w, weight_of(view, i), lock->lease ? "foreign-lease" : "foreign-key",
        lock->key, lock->revision);
    if (lock->lease) {
        why_text(f,
                 "the lock key of \"%.255s\" is on the lease %" PRIx64
                 ", after which it is not named: another program's",
                 lock_name(lock), (uint64_t)lock->lease);
        command_revoke(f, lock->lease);
    } else {
        why_text(f,
                 "the lock key of \"%.255s\" has no lease: it stays in the "
                 "queue until somebody removes it",
                 lock_name(lock));
        command_delete(f, lock->key);
    }
}

/* A candidate of ours would have put its leader key by now. */
static void held_without_leader(struct why *w,
                                const struct candidate_view *view)
{
    if (view->led || view->queue_n == 0 || view->queue[0].foreign)
        return;
    const struct candidate_lock *lock = &view->queue[0];
    struct why_finding *f = why_add(w, WHY_HOLDS_UP, "foreign-holder",
                                    lock->key, lock->revision);
    why_text(f,
             "\"%.255s\" holds the lock and puts no leader key: another "
             "program, such as etcdctl lock, or a candidate that is stuck; "
             "the others wait for it",
             lock_name(lock));
    command_revoke(f, lock->lease);
}

static void same_id(struct why *w, const struct candidate_view *view, size_t i)
{
    const struct candidate_lock *lock = &view->queue[i];
    if (lock->foreign || lock->id[0] == '\0')
        return;
    for (size_t j = 0; j < i; j++) {
        const struct candidate_lock *other = &view->queue[j];
        if (other->foreign || strcmp(lock->id, other->id) != 0)
            continue;
        struct why_finding *f = why_add(w, WHY_THREATENS, "same-id", lock->key,
                                        lock->revision);
        why_text(f,
                 "two candidates have the ID \"%.255s\", this one and that of "
                 "%.300s (revision %" PRId64 "): nobody can tell them apart; "
                 "start one of them with another ID",
                 lock->id, other->key, other->revision);
        command_revoke(f, lock->lease);
        return;
    }
}

/* Renewed each third of the TTL, it never falls below two thirds by much. */
static void overdue(struct why *w, const struct candidate_view *view, size_t i,
                    const struct why_question *question)
{
    enum { ROUNDED_MS = 1000, TTL_MS_MIN = 5000 };
    const struct candidate_lock *lock = &view->queue[i];
    int64_t left_ms = lock->lease_ends_at_ms - question->now_ms;
    if (lock->foreign || lock->lease_ends_at_ms <= 0 ||
        lock->lease_ttl_ms < TTL_MS_MIN ||
        left_ms + ROUNDED_MS >= lock->lease_ttl_ms / 2)
        return;
    if (left_ms < 0)
        left_ms = 0;
    struct why_finding *f = why_add(w, i == 0 ? WHY_THREATENS : WHY_NOTE,
                                    "renewal-overdue", lock->key,
                                    lock->revision);
    why_text(f,
             "the lease of \"%.255s\" is not renewed as it should be, it ends "
             "in %" PRId64 " of its %" PRId64 " s: dead, or cut off from etcd",
             lock_name(lock), left_ms / 1000, lock->lease_ttl_ms / 1000);
    command_revoke(f, lock->lease);
}

static void raised_ttl(struct why *w, const struct candidate_view *view,
                       const struct why_question *question)
{
    int64_t asked_ms = (int64_t)question->ttl_s * 1000;
    for (size_t i = 0; i < view->queue_n; i++) {
        const struct candidate_lock *lock = &view->queue[i];
        if (lock->foreign || lock->lease_ttl_ms <= asked_ms)
            continue;
        struct why_finding *f = why_add(
            w, question->ttl_given ? WHY_THREATENS : WHY_NOTE, "ttl-raised",
            lock->key, lock->revision);
        why_text(f,
                 "the lease of \"%.255s\" lives for %" PRId64 " s, not for %u: "
                 "%setcd grants no less than one and a half of its election "
                 "time-out; a dead leader blocks the others so long",
                 lock_name(lock), lock->lease_ttl_ms / 1000, question->ttl_s,
                 question->ttl_given ? "" : "its --ttl is more, or ");
        why_command(f, "etcd --election-timeout %u",
                    question->ttl_s * 1000 * 2 / 3);
        return; /* once is enough */
    }
}

void why_explain(struct why *w, const struct candidate_view *view,
                 const struct why_question *question)
{
    w->n = w->more = 0;
    why_etcd(w, view, question);
    if (!view->known)
        return;
    leader_key(w, view);
    held_without_leader(w, view);
    for (size_t i = 0; i < view->queue_n; i++) {
        foreign(w, view, i);
        same_id(w, view, i);
        overdue(w, view, i, question);
    }
    raised_ttl(w, view, question);
}
