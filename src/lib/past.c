/* past.c: candidate_read_history(): who has led, as far as etcd's revisions
 * know it.
 *
 * Two watches from the oldest revision that etcd still has: the leader key,
 * and the lock keys for the tokens. What stood at that revision is read. They
 * have told all when nothing more has come for a moment, or what came is newer
 * than the beginning of this.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/survey.h"
#include "lib/config.h"
#include "lib/oneshot.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/text.h"

enum {
    QUIET_MS = 500,   /* then all has been told */
    LOCKS_MAX = 1024, /* lock keys that are remembered, the latest */
};

/* Names the stream; oneshot.c counts its calls from 1. */
static const uint64_t watch_tag = UINT64_MAX;

struct past_lock {
    int64_t lease, token;
};

struct past {
    struct oneshot oneshot;
    struct lock names;
    struct candidate_history *history;
    bool done;
    struct past_lock locks[LOCKS_MAX]; /* a ring */
    size_t locks_n;
};

/* ---- what is told ---- */

static struct candidate_leadership *last(struct candidate_history *h)
{
    return h->n > 0 ? &h->leaders[h->n - 1] : NULL;
}

static void end_last(struct candidate_history *h, int64_t revision)
{
    struct candidate_leadership *leadership = last(h);
    if (leadership && leadership->to_revision == 0)
        leadership->to_revision = revision;
}

static int64_t token_of(const struct past *p, int64_t lease)
{
    size_t n = p->locks_n < LOCKS_MAX ? p->locks_n : LOCKS_MAX;
    for (size_t i = 0; i < n; i++)
        if (p->locks[i].lease == lease)
            return p->locks[i].token;
    return 0;
}

static void add_leader(struct past *p, const struct etcd_kv *kv,
                       int64_t from_revision)
{
    struct candidate_history *h = p->history;
    struct candidate_leadership next = {
        .lease = kv->lease,
        .token = kv->lease ? token_of(p, kv->lease) : 0,
        .from_revision = from_revision,
    };
    text_escape(next.leader, sizeof next.leader, kv->value.data,
                kv->value.size);
    const struct candidate_leadership *before = last(h);
    if (before && before->to_revision == 0 && before->lease == next.lease &&
        strcmp(before->leader, next.leader) == 0)
        return; /* written once more */
    end_last(h, from_revision);
    if (h->n == CANDIDATE_HISTORY_MAX) {
        memmove(h->leaders, h->leaders + 1, (h->n - 1) * sizeof *h->leaders);
        h->n--;
        h->more++;
    }
    h->leaders[h->n++] = next;
}

static void on_leader(struct past *p, const struct etcd_watch_event *event)
{
    int64_t revision = event->kv.mod_revision;
    if (event->deleted)
        end_last(p->history, revision);
    else
        add_leader(p, &event->kv, revision);
}

/* Of those that are told of after their leader, too. */
static void on_lock(struct past *p, const struct etcd_watch_event *event)
{
    const struct etcd_kv *kv = &event->kv;
    if (event->deleted || kv->lease == 0 || kv->create_revision == 0)
        return;
    p->locks[p->locks_n++ % LOCKS_MAX] = (struct past_lock){
        .lease = kv->lease, .token = kv->create_revision
    };
    for (size_t i = 0; i < p->history->n; i++) {
        struct candidate_leadership *leadership = &p->history->leaders[i];
        if (leadership->lease == kv->lease && leadership->token == 0)
            leadership->token = kv->create_revision;
    }
}

/* Returns whether it told of the past. */
static bool on_message(struct past *p, const struct etcd_watch_result *watch)
{
    bool past = watch->created;
    for (size_t i = 0; i < watch->events_n; i++) {
        const struct etcd_watch_event *event = &watch->events[i];
        bool of_leader = watch->watch_id == SURVEY_LEADER;
        if (event->kv.mod_revision > p->history->revision) {
            p->done = p->done || of_leader; /* all before has been told */
            continue;
        }
        past = true;
        if (of_leader)
            on_leader(p, event);
        else
            on_lock(p, event);
    }
    return past;
}

/* ---- asking ---- */

static void begin_range(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                        const void *what)
{
    etcd_range(e, tag, timeout_ms, what);
}

/* The leader key as it is, or was at a revision. */
static int read_leader(struct past *p, int64_t at_revision,
                       struct etcd_reply *ret_reply,
                       struct candidate_error *err)
{
    struct etcd_range range = {
        .key = { p->names.leader_key, strlen(p->names.leader_key) },
        .revision = at_revision,
    };
    return oneshot_call(&p->oneshot, begin_range, &range, ret_reply, err);
}

/* "revisions before 17 are compacted": 17; else 0. */
static int64_t compacted_before(const char *message)
{
    static const char words[] = "revisions before ";
    const char *found = strstr(message, words);
    return found ? strtoll(found + sizeof words - 1, NULL, 10) : 0;
}

/* The oldest revision is readable, as it is the one that was compacted to.
 * Source: etcd, mvcc/kvstore_txn.go, rangeKeys. */
static int begin_at(struct past *p, int64_t oldest, struct candidate_error *err)
{
    struct candidate_history *h = p->history;
    h->n = h->more = 0;
    p->locks_n = 0;
    h->oldest_revision = oldest;
    if (oldest > 1) {
        struct etcd_reply reply;
        int r = read_leader(p, oldest, &reply, err);
        if (r < 0)
            return r;
        if (reply.result.range.n > 0)
            add_leader(p, &reply.result.range.items[0],
                       reply.result.range.items[0].mod_revision);
    }
    survey_watch(&p->names, p->oneshot.etcd, watch_tag,
                 oldest > 1 ? oldest + 1 : 1);
    return 0;
}

static int on_end(struct past *p, const struct etcd_reply *reply,
                  struct candidate_error *err)
{
    int64_t oldest = compacted_before(reply->message);
    if (oldest > p->history->oldest_revision)
        return begin_at(p, oldest, err);
    if (reply->status != CANDIDATE_ERETRY)
        return error_set(err, reply->status, "%s", reply->message);
    return begin_at(p, p->history->oldest_revision, err);
}

/* Take what comes until all has been told. */
static int follow(struct past *p, struct candidate_error *err)
{
    struct etcd *e = p->oneshot.etcd;
    int64_t quiet_at_ms = clock_now_ms() + QUIET_MS;
    bool opened = false;
    while (!p->done) {
        struct etcd_reply reply;
        int64_t now_ms = clock_now_ms();
        int r = 0;
        if (now_ms >= p->oneshot.ends_at_ms)
            return error_set(err, CANDIDATE_ERETRY,
                             "the history did not come in time");
        if (etcd_next(e, &reply)) {
            opened = opened || reply.type == ETCD_REPLY_WATCH;
            if (reply.type == ETCD_REPLY_FAILED)
                r = on_end(p, &reply, err);
            else if (reply.tag == watch_tag && on_message(p, &reply.watch))
                quiet_at_ms = now_ms + QUIET_MS;
        } else if (opened && now_ms >= quiet_at_ms) {
            p->done = true;
        } else {
            r = etcd_poll(e, NULL, 0, QUIET_MS / 4);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_all(struct past *p, struct candidate_error *err)
{
    struct etcd_reply reply;
    int r = read_leader(p, 0, &reply, err);
    if (r < 0)
        return r;
    p->history->revision = reply.header.revision;
    r = begin_at(p, 1, err);
    return r < 0 ? r : follow(p, err);
}

int candidate_read_history(const struct candidate_config *config,
                           int64_t timeout_ms,
                           struct candidate_history *ret_history,
                           struct candidate_error *err)
{
    int r = config_check_reader(config, err);
    if (r < 0)
        return r;
    struct past *p = calloc(1, sizeof *p);
    struct candidate_history *history = calloc(1, sizeof *history);
    if (!p || !history) {
        r = error_set(err, CANDIDATE_ENOMEM, "out of memory");
        goto free_both;
    }
    lock_init(&p->names, config->election, "");
    p->history = history;
    r = oneshot_open(&p->oneshot, config, timeout_ms, err);
    if (r < 0)
        goto free_both;
    r = read_all(p, err);
    if (r == 0)
        *ret_history = *history;
    oneshot_close(&p->oneshot);

free_both:
    free(history);
    free(p);
    return r;
}
