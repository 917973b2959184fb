/* observer.c: the reader's public interface; see observer.h. */
#include "lib/observer.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "lib/config.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/seed.h"

int candidate_observer_new(struct candidate_observer **ret_o,
                           const struct candidate_config *config,
                           struct candidate_error *err)
{
    int r = config_check_reader(config, err);
    if (r < 0)
        return r;
    struct candidate_observer *o = calloc(1, sizeof *o);
    if (!o)
        return error_set(err, CANDIDATE_ENOMEM, "out of memory");
    lock_init(&o->names, config->election, "");
    backoff_init(&o->backoff, OBSERVER_RETRY_MS_MIN, OBSERVER_RETRY_MS_MAX);
    o->began_at_ms = clock_now_ms();
    struct etcd_config etcd = config_etcd(config);
    r = etcd_new(&o->etcd, &etcd, err);
    if (r == 0)
        r = seed_draw(&o->random_state, err);
    if (r < 0) {
        candidate_observer_free(o);
        return r;
    }
    *ret_o = o;
    return 0;
}

void candidate_observer_free(struct candidate_observer *o)
{
    if (!o)
        return;
    etcd_free(o->etcd);
    free(o);
}

void candidate_observer_ask(struct candidate_observer *o)
{
    o->round.wanted = true;
}

void candidate_observer_ask_writes(struct candidate_observer *o)
{
    o->round.wanted = true;
    o->round.writes = true;
}

/* ---- the view ---- */

/* Refusals of all endpoints make it so at once: nothing will come. */
static bool is_denied(const struct candidate_observer *o)
{
    return o->denied_n >= etcd_endpoints_n(o->etcd);
}

static int64_t stale_at_ms(const struct candidate_observer *o)
{
    int64_t since_ms = o->shown.known ? o->shown.confirmed_at_ms
                                      : o->began_at_ms;
    return is_denied(o) ? 0 : since_ms + CANDIDATE_VIEW_STALE_MS;
}

/* As candidates name it: etcdctl lock leaves the value empty. */
static const char *holder_name(const struct candidate_observer *o)
{
    const struct view_lock *holder = view_holder(&o->view);
    if (!o->told_holder || !holder)
        return "";
    return holder->id[0] ? holder->id : holder->key;
}

const struct candidate_view *candidate_observer_view(
    struct candidate_observer *o)
{
    struct candidate_view *shown = &o->shown;
    view_show(&o->view, &o->names, shown);
    shown->stale = !shown->known || clock_now_ms() >= stale_at_ms(o);
    shown->denied = is_denied(o);
    shown->trouble = o->trouble.message;
    shown->trouble_code = o->trouble.code;
    shown->since_ms = o->since_ms;
    shown->holder = holder_name(o);
    shown->writes_denied = o->writes_trouble.code == CANDIDATE_EDENIED;
    shown->writes_trouble = o->writes_trouble.message;
    shown->members = o->members;
    shown->members_n = o->members_n;
    return shown;
}

/* ---- changes ---- */

void observer_note(struct candidate_observer *o, enum candidate_change change,
                   int64_t revision)
{
    o->pending.changes |= 1U << change;
    if (revision > o->pending.revision)
        o->pending.revision = revision;
}

static bool has(const struct candidate_observer *o,
                enum candidate_change change)
{
    return o->pending.changes & 1U << change;
}

/* A leader whose lock key has not been told of: its token is not known yet. */
static bool is_unsettled(const struct candidate_observer *o, int64_t now_ms)
{
    return has(o, CANDIDATE_VIEW_LEADER) && o->view.leader.lease != 0 &&
        view_token(&o->view) == 0 && now_ms < o->settle_at_ms;
}

static bool give(struct candidate_observer *o, bool leader_too,
                 enum candidate_change *ret_change)
{
    for (enum candidate_change change = CANDIDATE_VIEW_FRESH;
         change <= CANDIDATE_VIEW_HOLDER; change++) {
        if (!has(o, change) || (change == CANDIDATE_VIEW_LEADER && !leader_too))
            continue;
        o->pending.changes &= ~(1U << change);
        *ret_change = change;
        if (change == CANDIDATE_VIEW_LEADER && !o->view.leader.created)
            *ret_change = CANDIDATE_VIEW_NOBODY;
        return true;
    }
    return false;
}

static int64_t holder_due_ms(const struct candidate_observer *o)
{
    return o->holder && !o->told_holder ? o->holder_at_ms + OBSERVER_HOLDER_MS
                                        : INT64_MAX;
}

static void judge(struct candidate_observer *o, int64_t now_ms)
{
    bool stale = now_ms >= stale_at_ms(o);
    if (stale && !o->told_stale) {
        o->told_stale = true;
        o->told_fresh = false;
        observer_note(o, CANDIDATE_VIEW_STALE, 0);
    } else if (!stale && o->shown.known && !o->told_fresh) {
        o->told_fresh = true;
        o->told_stale = false;
        observer_note(o, CANDIDATE_VIEW_FRESH, 0);
    }
    if (!stale && now_ms >= holder_due_ms(o)) {
        o->told_holder = true;
        observer_note(o, CANDIDATE_VIEW_HOLDER, 0);
    }
}

/* Changes are told before what happened later, if they are settled. */
static bool give_before(struct candidate_observer *o, int64_t now_ms,
                        enum survey_watch watch, int64_t revision,
                        enum candidate_change *ret_change)
{
    if (o->pending.changes == 0 || revision <= o->pending.revision)
        return false;
    bool unsettled = is_unsettled(o, now_ms);
    if (unsettled && watch == SURVEY_QUEUE)
        return false;
    judge(o, now_ms);
    return give(o, true, ret_change);
}

/* Take the events of a message; true when a change must be told first. */
static bool take_events(struct candidate_observer *o, int64_t now_ms,
                        enum candidate_change *ret_change)
{
    const struct etcd_watch_result *watch = &o->message.watch;
    while (o->event_i < watch->events_n) {
        const struct etcd_watch_event *event = &watch->events[o->event_i];
        enum survey_watch id = (enum survey_watch)watch->watch_id;
        int64_t revision = event->kv.mod_revision;
        if (give_before(o, now_ms, id, revision, ret_change))
            return true;
        o->event_i++;
        observer_changed(o, now_ms, view_event(&o->view, id, event), revision);
    }
    return false;
}

/* Take all that has come; true when a change must be told first. */
static bool take(struct candidate_observer *o, int64_t now_ms,
                 enum candidate_change *ret_change)
{
    for (;;) {
        if (take_events(o, now_ms, ret_change))
            return true;
        struct etcd_reply reply;
        if (!etcd_next(o->etcd, &reply))
            return false;
        bool message = reply.type == ETCD_REPLY_WATCH && o->watching &&
            reply.tag == o->watch_tag;
        o->event_i = 0;
        o->message = (struct etcd_reply){ 0 };
        if (message)
            o->message = reply;
        else
            observer_reply(o, now_ms, &reply);
    }
}

bool candidate_observer_next(struct candidate_observer *o,
                             enum candidate_change *ret_change)
{
    int64_t now_ms = clock_now_ms();
    if (take(o, now_ms, ret_change))
        return true;
    judge(o, now_ms);
    if (give(o, !is_unsettled(o, now_ms), ret_change))
        return true;
    observer_begin(o, now_ms);
    return false;
}

/* ---- waiting ---- */

static int wait_ms(const struct candidate_observer *o, int timeout_ms)
{
    int64_t due_ms = observer_due_ms(o);
    int64_t now_ms = clock_now_ms();
    if (!o->told_stale && stale_at_ms(o) < due_ms)
        due_ms = stale_at_ms(o);
    if (!o->told_stale && holder_due_ms(o) < due_ms)
        due_ms = holder_due_ms(o);
    if (is_unsettled(o, now_ms) && o->settle_at_ms < due_ms)
        due_ms = o->settle_at_ms;
    if (o->pending.changes & ~(1U << CANDIDATE_VIEW_LEADER) ||
        o->event_i < o->message.watch.events_n)
        return 0;
    int64_t left_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    if (timeout_ms >= 0 && timeout_ms < left_ms)
        return timeout_ms;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

int candidate_observer_poll(struct candidate_observer *o, struct pollfd *fds,
                            unsigned nfds, int timeout_ms)
{
    observer_begin(o, clock_now_ms());
    return etcd_poll(o->etcd, fds, nfds, wait_ms(o, timeout_ms));
}

unsigned candidate_observer_pollfds(struct candidate_observer *o,
                                    struct pollfd *fds, int *ret_timeout_ms)
{
    *ret_timeout_ms = wait_ms(o, *ret_timeout_ms);
    return etcd_pollfds(o->etcd, fds, CANDIDATE_OBSERVER_FDS_MAX,
                        ret_timeout_ms);
}
