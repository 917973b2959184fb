/* driver.c: see driver.h. */
#include "lib/driver.h"

#include <stdio.h>
#include <string.h>

#include "lib/trace.h"
#include "sys/clock.h"

/* ---- what the core wants done ---- */

static void send_request(struct driver *d, int64_t now_ms,
                         const struct election_request *request)
{
    struct etcd *e = d->etcd;
    uint64_t op = request->op;
    int64_t timeout_ms = request->timeout_ms;
    int64_t revision = request->lock_revision;
    priority_forget(&d->priority, now_ms);
    d->request = *request;
    d->request_at_ms = now_ms;
    switch (request->type) {
    case ELECTION_GRANT:
        lock_set_lease(&d->lock, request->lease);
        d->requests.refused = false; /* it may have been permitted since */
        etcd_grant(e, op, timeout_ms, request->lease, request->ttl_ms / 1000);
        break;
    case ELECTION_ATTEMPT:
        lock_attempt(&d->lock, e, op, timeout_ms);
        break;
    case ELECTION_CLAIM:
        lock_claim(&d->lock, e, op, timeout_ms, revision);
        break;
    case ELECTION_CHECK:
        lock_check(&d->lock, e, op, timeout_ms, revision);
        break;
    case ELECTION_KEEPALIVE:
        etcd_keepalive(e, op, timeout_ms, request->lease);
        break;
    case ELECTION_BARRIER:
        lock_barrier(&d->lock, e, op, timeout_ms, revision);
        break;
    case ELECTION_RESIGN:
        lock_resign(&d->lock, e, op, timeout_ms, revision);
        break;
    case ELECTION_REVOKE:
        etcd_revoke(e, op, timeout_ms, request->lease);
        break;
    }
}

/* The key that a role means; size 0: none that can be watched. */
static struct etcd_bytes key_of(const struct driver *d, enum election_role role)
{
    switch (role) {
    case ELECTION_OWN:
        return (struct etcd_bytes){ d->lock.key, strlen(d->lock.key) };
    case ELECTION_LEADER:
        return (struct etcd_bytes){ d->lock.leader_key,
                                    strlen(d->lock.leader_key) };
    case ELECTION_PREDECESSOR:
        return (struct etcd_bytes){ d->predecessor.data, d->predecessor.bytes };
    case ELECTION_HOLDER:
        return (struct etcd_bytes){ d->holder.data, d->holder.bytes };
    case ELECTION_REQUEST:
        return (struct etcd_bytes){ d->requests.keys.request,
                                    d->requests.refused
                                        ? 0
                                        : strlen(d->requests.keys.request) };
    }
    return (struct etcd_bytes){ 0 };
}

static void open_watch(struct driver *d, int64_t now_ms,
                       const struct election_watch *watch)
{
    static const enum election_role roles[DRIVER_WATCHES_MAX] = {
        ELECTION_LEADER, ELECTION_PREDECESSOR, ELECTION_OWN, ELECTION_HOLDER,
        ELECTION_REQUEST
    };
    struct etcd_watch_key keys[DRIVER_WATCHES_MAX];
    d->watch_op = watch->op;
    d->watch_at_ms = now_ms;
    d->watches_n = 0;
    for (size_t i = 0; i < DRIVER_WATCHES_MAX; i++) {
        struct etcd_bytes key = key_of(d, roles[i]);
        if (!(watch->roles & roles[i]) || key.size == 0)
            continue;
        keys[d->watches_n] = (struct etcd_watch_key){
            .key = key,
            .no_delete = roles[i] == ELECTION_LEADER && watch->leader_puts,
        };
        d->watch_roles[d->watches_n++] = roles[i];
    }
    etcd_watch(d->etcd, watch->op, keys, d->watches_n, watch->from_revision);
}

static void step(struct driver *d, const struct election_event *event)
{
    struct election_actions actions;
    int64_t renewal_due_at_ms = d->election.renew_at_ms;
    election_step(&d->election, event, &actions);
    for (unsigned i = 0; i < actions.notices_n; i++)
        announce(&d->announcer, event->now_ms, &actions.notices[i]);
    if (actions.open_watch)
        open_watch(d, event->now_ms, &actions.watch);
    else if (actions.close_watch)
        etcd_watch_close(d->etcd);
    if (actions.send_request && actions.request.type == ELECTION_KEEPALIVE)
        stats_renewal_sent(&d->stats, renewal_due_at_ms, event->now_ms);
    if (actions.send_request)
        send_request(d, event->now_ms, &actions.request);
    else if (actions.cancel_request)
        etcd_cancel(d->etcd);
}

/* ---- what etcd says ---- */

static struct election_key seen(const struct etcd_kv *kv)
{
    return (struct election_key){
        .create_revision = kv->create_revision,
        .mod_revision = kv->mod_revision,
        .lease = kv->lease,
    };
}

static void keep_key(struct driver_key *kept, const struct etcd_kv *kv)
{
    kept->bytes = 0;
    if (!kv->create_revision || kv->key.size > sizeof kept->data)
        return;
    memcpy(kept->data, kv->key.data, kv->key.size);
    kept->bytes = kv->key.size;
}

static void take_view(struct driver *d, const struct lock_view *view,
                      struct election_reply *to)
{
    to->succeeded = view->succeeded;
    to->same_id = view->same_id;
    to->own = seen(&view->own);
    to->predecessor = seen(&view->predecessor);
    to->leader = seen(&view->leader);
    to->holder = seen(&view->holder);
    to->queue_n = view->queue_n;
    place_see(&d->place, to);
    keep_key(&d->predecessor, &view->predecessor);
    keep_key(&d->holder, &view->holder);
    d->announcer.leader = words_name(view->leader.value);
    d->announcer.holder = words_name(view->holder.value);
    d->announcer.holder_key = words_name(view->holder.key);
}

static int read_txn(const struct driver *d, const struct etcd_txn_result *txn,
                    struct lock_view *ret_view)
{
    *ret_view = (struct lock_view){ 0 };
    if (d->request.type == ELECTION_ATTEMPT)
        return lock_parse_attempt(&d->lock, txn, ret_view);
    return d->request.type == ELECTION_RESIGN ? 0 : lock_parse(txn, ret_view);
}

/* What the reply says of the request. */
static enum election_outcome read_reply(struct driver *d,
                                        const struct etcd_reply *reply,
                                        struct election_reply *to)
{
    to->header = (struct election_header){
        .cluster_id = reply->header.cluster_id,
        .raft_term = reply->header.raft_term,
        .revision = reply->header.revision,
    };
    switch (reply->type) {
    case ETCD_REPLY_LEASE: {
        int64_t ttl_s = reply->lease.ttl_s;
        int64_t most_s = ELECTION_TTL_MS_MAX / 1000;
        to->ttl_ms = (ttl_s > most_s ? most_s : ttl_s) * 1000;
        return ELECTION_ANSWERED;
    }
    case ETCD_REPLY_TXN: {
        struct lock_view view;
        if (read_txn(d, &reply->txn, &view) < 0)
            return ELECTION_NO_ANSWER;
        take_view(d, &view, to);
        return ELECTION_ANSWERED;
    }
    case ETCD_REPLY_HEADER:
        return ELECTION_ANSWERED;
    case ETCD_REPLY_FAILED:
        if (reply->status == CANDIDATE_ENOTFOUND)
            return ELECTION_NO_LEASE;
        return reply->status == CANDIDATE_EDENIED ? ELECTION_DENIED
                                                  : ELECTION_NO_ANSWER;
    case ETCD_REPLY_RESULT:
    case ETCD_REPLY_STATUS:
    case ETCD_REPLY_MEMBERS:
    case ETCD_REPLY_WATCH:
        break;
    }
    return ELECTION_NO_ANSWER;
}

static void on_request_reply(struct driver *d, int64_t now_ms,
                             const struct etcd_reply *reply)
{
    struct election_event event = {
        .type = ELECTION_REPLY,
        .now_ms = now_ms,
        .reply.op = reply->tag,
    };
    event.reply.outcome = read_reply(d, reply, &event.reply);
    if (event.reply.outcome == ELECTION_DENIED)
        words_refusal(d->announcer.refusal, &d->lock, reply->message);
    step(d, &event);
}

static void on_watch_event(struct driver *d, int64_t now_ms,
                           enum election_role role,
                           const struct etcd_watch_event *seen_event)
{
    const struct etcd_kv *kv = &seen_event->kv;
    struct election_event event = {
        .type = ELECTION_CHANGED,
        .now_ms = now_ms,
        .watch_op = d->watch_op,
        .role = role,
    };
    if (seen_event->deleted)
        event.deleted_at_revision = kv->mod_revision;
    else
        event.key = seen(kv);
    if (role == ELECTION_LEADER && !seen_event->deleted)
        d->announcer.leader = words_name(kv->value);
    if (role == ELECTION_REQUEST &&
        !requests_read(&d->requests, &d->announcer, now_ms, seen_event,
                       &event.asked))
        return;
    step(d, &event);
}

/* Stops when the core has opened another stream because of an event: the new
 * one begins behind what was read meanwhile. */
static void on_watch_reply(struct driver *d, int64_t now_ms,
                           const struct etcd_reply *reply)
{
    const struct etcd_watch_result *watch = &reply->watch;
    if (watch->watch_id < 0 || watch->watch_id >= d->watches_n)
        return;
    enum election_role role = d->watch_roles[watch->watch_id];
    for (size_t i = 0; i < watch->events_n && reply->tag == d->watch_op; i++)
        on_watch_event(d, now_ms, role, &watch->events[i]);
}

static bool watches(const struct driver *d, enum election_role role)
{
    for (unsigned i = 0; i < d->watches_n; i++)
        if (d->watch_roles[i] == role)
            return true;
    return false;
}

static void on_stream_reply(struct driver *d, int64_t now_ms,
                            const struct etcd_reply *reply)
{
    int64_t began_ms = d->watch_at_ms;
    if (reply->type == ETCD_REPLY_WATCH)
        on_watch_reply(d, now_ms, reply);
    else
        step(d,
             &(struct election_event){ .type = ELECTION_WATCH_LOST,
                                       .now_ms = now_ms,
                                       .watch_op = reply->tag });
    if (d->trace)
        trace_answer(&d->announcer, now_ms, "watch", began_ms, reply,
                     d->election.state);
}

static void on_call_reply(struct driver *d, int64_t now_ms,
                          const struct etcd_reply *reply)
{
    const char *call = trace_call(d->request.type);
    int64_t began_ms = d->request_at_ms;
    on_request_reply(d, now_ms, reply);
    stats_reply(&d->stats, &d->election, now_ms);
    if (d->trace)
        trace_answer(&d->announcer, now_ms, call, began_ms, reply,
                     d->election.state);
}

/* A transaction's reply of a wrong shape is a failure of its endpoint, which
 * only we can see who know what was asked.
 * ret_reply  as it is, or that failure; its words are in message. */
static void judge(struct driver *d, const struct etcd_reply *reply,
                  char message[EVENTS_TEXT_BYTES_MAX],
                  struct etcd_reply *ret_reply)
{
    struct lock_view view;
    *ret_reply = *reply;
    if (reply->tag != d->request.op || reply->type != ETCD_REPLY_TXN ||
        read_txn(d, &reply->txn, &view) == 0)
        return;
    (void)snprintf(message, EVENTS_TEXT_BYTES_MAX,
                   "%s: the reply to \"%s\" lacks what was asked for",
                   reply->endpoint, trace_call(d->request.type));
    ret_reply->type = ETCD_REPLY_FAILED;
    ret_reply->status = CANDIDATE_EPROTO;
    ret_reply->message = message;
    etcd_distrust(d->etcd);
}

static void note_endpoint(struct driver *d, int64_t now_ms,
                          const struct etcd_reply *reply)
{
    bool listened = reply->tag == d->watch_op &&
        reply->type == ETCD_REPLY_FAILED && watches(d, ELECTION_REQUEST);
    if (listened && requests_ended(&d->requests, &d->announcer, now_ms, reply))
        return;
    bool failed = members_note(&d->members, &d->announcer, now_ms, reply);
    stats_answer(&d->stats, reply->endpoint_i, failed);
}

static void on_reply(struct driver *d, int64_t now_ms,
                     const struct etcd_reply *said)
{
    char message[EVENTS_TEXT_BYTES_MAX];
    struct etcd_reply reply;
    if (members_take(&d->members, &d->announcer, now_ms, said) ||
        priority_take(&d->priority, &d->announcer, etcd_endpoints_n(d->etcd),
                      now_ms, said))
        return;
    judge(d, said, message, &reply);
    note_endpoint(d, now_ms, &reply);
    if (reply.tag == d->watch_op)
        on_stream_reply(d, now_ms, &reply);
    else if (reply.tag == d->request.op)
        on_call_reply(d, now_ms, &reply);
}

/* The clock is read anew for each reply: the deadline comes before it. */
void driver_work(struct driver *d)
{
    struct etcd_reply reply;
    while (etcd_next(d->etcd, &reply))
        on_reply(d, clock_now_ms(), &reply);
    int64_t now_ms = clock_now_ms();
    if (!d->started || now_ms >= election_deadline(&d->election))
        step(d,
             &(struct election_event){ .type = d->started ? ELECTION_TICK
                                                          : ELECTION_START,
                                       .now_ms = now_ms });
    d->started = true;
    if (!etcd_busy(d->etcd))
        priority_work(&d->priority, d->etcd, &d->announcer, &d->election,
                      now_ms);
    if (d->announcer.settled)
        members_ask(&d->members, d->etcd);
}

void driver_resign(struct driver *d)
{
    step(d,
         &(struct election_event){ .type = ELECTION_LEAVE,
                                   .now_ms = clock_now_ms() });
}

void driver_yield(struct driver *d)
{
    step(d,
         &(struct election_event){ .type = ELECTION_YIELD,
                                   .now_ms = clock_now_ms() });
}
