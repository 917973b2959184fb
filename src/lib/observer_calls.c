/* observer_calls.c: what the reader asks of etcd; see observer.h. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/observer.h"
#include "sys/error.h"

/* ---- asking ---- */

static int64_t begin_call(struct candidate_observer *o, int64_t now_ms,
                          enum observer_call call)
{
    o->call = call;
    o->call_tag = ++o->tags_n;
    o->call_at_ms = now_ms;
    return OBSERVER_CALL_MS;
}

static void begin_survey(struct candidate_observer *o, int64_t now_ms)
{
    int64_t timeout_ms = begin_call(o, now_ms, OBSERVER_SURVEY);
    o->survey_at_ms = INT64_MAX;
    survey_begin(&o->names, o->etcd, o->call_tag, timeout_ms, o->keys_only);
}

static bool is_due(int64_t at_ms, int64_t now_ms)
{
    return now_ms >= at_ms;
}

/* They come when there is nothing else to ask, one at a time. */
static bool is_detail(enum observer_call call)
{
    return call == OBSERVER_LEASE || call == OBSERVER_MEMBERS ||
        call == OBSERVER_STATUS || call == OBSERVER_WRITES;
}

/* There is a view, and it can be continued. */
static bool is_surveyed(const struct candidate_observer *o)
{
    return o->shown.known && o->survey_at_ms == INT64_MAX &&
        o->call != OBSERVER_SURVEY && o->call != OBSERVER_PAGE;
}

static void begin_calls(struct candidate_observer *o, int64_t now_ms)
{
    if (o->call != OBSERVER_NONE)
        return;
    if (is_due(o->survey_at_ms, now_ms)) {
        begin_survey(o, now_ms);
    } else if (is_surveyed(o) && is_due(o->check_at_ms, now_ms)) {
        int64_t timeout_ms = begin_call(o, now_ms, OBSERVER_CHECK);
        survey_check(&o->names, o->etcd, o->call_tag, timeout_ms);
    } else if (o->round.wanted) {
        (void)begin_call(o, now_ms, OBSERVER_NONE);
        if (!observer_ask(o, o->call_tag))
            observer_note(o, CANDIDATE_VIEW_DETAILS, 0);
    }
}

void observer_begin(struct candidate_observer *o, int64_t now_ms)
{
    begin_calls(o, now_ms);
    if (o->watching || !is_surveyed(o) || !is_due(o->watch_at_ms, now_ms))
        return;
    o->watching = true;
    o->watch_tag = ++o->tags_n;
    survey_watch(&o->names, o->etcd, o->watch_tag, view_watch_from(&o->view));
}

int64_t observer_due_ms(const struct candidate_observer *o)
{
    int64_t due_ms = INT64_MAX;
    if (o->call == OBSERVER_NONE)
        due_ms = o->round.wanted ? 0 : o->survey_at_ms;
    if (is_surveyed(o) && o->call == OBSERVER_NONE && o->check_at_ms < due_ms)
        due_ms = o->check_at_ms;
    if (is_surveyed(o) && !o->watching && o->watch_at_ms < due_ms)
        due_ms = o->watch_at_ms;
    return due_ms;
}

/* ---- what comes of it ---- */

/* From here on nothing is continued. */
static void want_survey(struct candidate_observer *o, int64_t at_ms)
{
    o->survey_at_ms = at_ms;
    if (o->watching)
        etcd_watch_close(o->etcd);
    o->watching = false;
}

static void see_holder(struct candidate_observer *o, int64_t now_ms)
{
    const struct view_lock *holder = view_holder(&o->view);
    int64_t created = holder ? holder->created : 0;
    if (created == o->holder)
        return;
    o->holder = created;
    o->holder_at_ms = now_ms;
    o->told_holder = false;
    o->pending.changes &= ~(1U << CANDIDATE_VIEW_HOLDER);
}

void observer_changed(struct candidate_observer *o, int64_t now_ms,
                      unsigned changes, int64_t revision)
{
    see_holder(o, now_ms);
    if (changes & VIEW_LEADER) {
        observer_note(o, CANDIDATE_VIEW_LEADER, revision);
        o->settle_at_ms = now_ms + OBSERVER_SETTLE_MS;
        o->since_ms = now_ms;
    }
    if (changes & VIEW_QUEUE)
        observer_note(o, CANDIDATE_VIEW_QUEUE, revision);
    if (o->view.incomplete && is_surveyed(o))
        want_survey(o, now_ms);
}

static void answered(struct candidate_observer *o,
                     const struct etcd_reply *reply)
{
    backoff_reset(&o->backoff);
    o->trouble = (struct candidate_error){ 0 };
    o->denied_n = 0;
    o->strangers_n = 0;
    o->shown.confirmed_at_ms = o->call_at_ms;
    o->shown.raft_term = (int64_t)reply->header.raft_term;
}

static void failed(struct candidate_observer *o, int64_t now_ms, int code,
                   const char *message)
{
    (void)error_set(&o->trouble, code, "%s", message);
    o->denied_n = code == CANDIDATE_EDENIED ? o->denied_n + 1 : 0;
    int64_t pause_ms = backoff_next(&o->backoff, &o->random_state);
    if (o->call == OBSERVER_CHECK)
        o->check_at_ms = now_ms + pause_ms;
    else
        want_survey(o, now_ms + pause_ms);
}

/* A restored cluster has another number; a mistaken list of endpoints has
 * members of two. Believed when nobody else answers. */
static bool is_stranger(struct candidate_observer *o, int64_t now_ms,
                        const struct etcd_reply *reply)
{
    if (!o->shown.known || reply->header.cluster_id == o->shown.cluster)
        return false;
    o->strangers_n++;
    if (o->strangers_n > OBSERVER_STRANGERS_MAX * etcd_endpoints_n(o->etcd)) {
        o->shown.cluster = reply->header.cluster_id;
        want_survey(o, now_ms);
        return true;
    }
    char message[CANDIDATE_ERROR_BYTES_MAX];
    (void)snprintf(message, sizeof message, "%s: another etcd cluster answers",
                   reply->endpoint);
    failed(o, now_ms, CANDIDATE_ERETRY, message);
    return true;
}

static void end_survey(struct candidate_observer *o, int64_t now_ms,
                       const struct etcd_reply *reply)
{
    bool first = !o->shown.known;
    answered(o, reply);
    o->shown.known = true;
    o->shown.cluster = reply->header.cluster_id;
    o->doubts_n = 0;
    o->keys_only = false; /* the next one tries again */
    o->check_at_ms = now_ms + OBSERVER_CHECK_MS;
    unsigned changes = view_survey_end(&o->view, &o->survey_leader,
                                       o->survey_count, o->survey_revision);
    if (first)
        changes |= VIEW_LEADER | VIEW_QUEUE;
    observer_changed(o, now_ms, changes, o->survey_revision);
    if (first)
        o->since_ms = 0; /* it was so before */
}

static void next_page(struct candidate_observer *o, int64_t now_ms,
                      const struct etcd_reply *reply,
                      const struct etcd_kvs *page)
{
    for (size_t i = 0; i < page->n; i++) {
        view_survey_lock(&o->view, &page->items[i]);
        o->survey_last = page->items[i].create_revision;
    }
    if (page->n < SURVEY_PAGE_KEYS ||
        o->view.incoming.n == CANDIDATE_VIEW_QUEUE_MAX) {
        end_survey(o, now_ms, reply);
        return;
    }
    int64_t timeout_ms = begin_call(o, o->call_at_ms, OBSERVER_PAGE);
    survey_more(&o->names, o->etcd, o->call_tag, timeout_ms, o->keys_only,
                o->survey_last, o->survey_revision);
}

static void on_survey(struct candidate_observer *o, int64_t now_ms,
                      const struct etcd_reply *reply)
{
    struct survey_page page;
    if (survey_parse(&reply->txn, &page) < 0) {
        failed(o, now_ms, CANDIDATE_EPROTO,
               "the reply lacks what was asked for");
        return;
    }
    o->survey_leader = view_leader(&page.leader);
    o->survey_count = page.queue.count;
    o->survey_revision = reply->header.revision;
    view_survey_begin(&o->view);
    next_page(o, now_ms, reply, &page.queue);
}

/* The stream may be late by a moment; then the next check agrees. */
static void on_check(struct candidate_observer *o, int64_t now_ms,
                     const struct etcd_reply *reply)
{
    struct survey_page page;
    if (survey_parse(&reply->txn, &page) < 0) {
        failed(o, now_ms, CANDIDATE_EPROTO,
               "the reply lacks what was asked for");
    } else if (view_confirm(&o->view, &page, reply->header.revision)) {
        o->doubts_n = 0;
        answered(o, reply);
        o->check_at_ms = o->call_at_ms + OBSERVER_CHECK_MS;
    } else if (++o->doubts_n >= OBSERVER_DOUBTS_MAX ||
               reply->header.revision < o->view.revision) {
        o->doubts_n = 0;
        want_survey(o, now_ms);
    } else {
        o->check_at_ms = now_ms + OBSERVER_DOUBT_MS;
    }
}

static void on_answer(struct candidate_observer *o, int64_t now_ms,
                      enum observer_call call, const struct etcd_reply *reply)
{
    switch (call) {
    case OBSERVER_SURVEY:
        on_survey(o, now_ms, reply);
        break;
    case OBSERVER_PAGE:
        next_page(o, now_ms, reply, &reply->result.range);
        break;
    case OBSERVER_CHECK:
        on_check(o, now_ms, reply);
        break;
    case OBSERVER_NONE:
    case OBSERVER_LEASE:
    case OBSERVER_MEMBERS:
    case OBSERVER_STATUS:
    case OBSERVER_WRITES:
        break;
    }
}

/* A reply that is too large is so because of values, which can be left out. */
static bool is_too_large(const struct etcd_reply *reply)
{
    return reply->status == CANDIDATE_EPROTO &&
        strstr(reply->message, "larger than");
}

static void on_call(struct candidate_observer *o, int64_t now_ms,
                    const struct etcd_reply *reply)
{
    enum observer_call call = o->call;
    o->call = OBSERVER_NONE;
    if (is_detail(call)) {
        observer_told(o, now_ms, reply);
        return;
    }
    if (reply->type == ETCD_REPLY_FAILED) {
        if (call != OBSERVER_CHECK && is_too_large(reply))
            o->keys_only = true;
        o->call = call; /* failed() treats a check otherwise */
        failed(o, now_ms, reply->status, reply->message);
        o->call = OBSERVER_NONE;
    } else if (!is_stranger(o, now_ms, reply)) {
        on_answer(o, now_ms, call, reply);
    }
}

/* Continue from where the stream has come to; etcd says if it cannot. */
static void on_stream_end(struct candidate_observer *o, int64_t now_ms,
                          const struct etcd_reply *reply)
{
    o->watching = false;
    o->watch_at_ms = now_ms + backoff_next(&o->backoff, &o->random_state);
    if (reply->status == CANDIDATE_EDENIED || reply->status == CANDIDATE_EPROTO)
        failed(o, now_ms, reply->status, reply->message);
    else if (strstr(reply->message, "compacted"))
        want_survey(o, now_ms);
}

void observer_reply(struct candidate_observer *o, int64_t now_ms,
                    const struct etcd_reply *reply)
{
    if (o->watching && reply->tag == o->watch_tag) {
        if (reply->type == ETCD_REPLY_FAILED)
            on_stream_end(o, now_ms, reply);
        return;
    }
    if (reply->tag == o->call_tag && o->call != OBSERVER_NONE)
        on_call(o, now_ms, reply);
}
