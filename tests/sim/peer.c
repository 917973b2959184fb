/* peer.c: see peer.h. */
#include "sim/peer.h"

#include <assert.h>

#include "sim/world.h"

enum {
    OP_BITS = 40, /* of a time-out's number; the rest is the incarnation */
    WAKE_LATE_US_MAX = 1000,
    SABOTAGE_LEAD_MS = 3600000,
};

/* ---- its clock ---- */

static int64_t clock_us(const struct peer *p, int64_t true_us)
{
    return p->clock_us + (true_us - p->true_us) * p->rate_ppm / PEER_RATE_PPM;
}

int64_t peer_clock_ms(const struct peer *p, int64_t true_us)
{
    return clock_us(p, true_us) / WORLD_US_PER_MS;
}

/* The first instant at which the clock shows this. */
static int64_t true_us_of(const struct peer *p, int64_t clock_ms)
{
    int64_t ahead_us = clock_ms * WORLD_US_PER_MS - p->clock_us;
    return p->true_us +
        (ahead_us * PEER_RATE_PPM + p->rate_ppm - 1) / p->rate_ppm;
}

bool peer_believes(const struct peer *p, int64_t true_us)
{
    return p->alive && election_leading(&p->e, peer_clock_ms(p, true_us));
}

void peer_set_rate(struct world *w, int who, int64_t rate_ppm)
{
    struct peer *p = &w->peers[who];
    p->clock_us = clock_us(p, w->now_us);
    p->true_us = w->now_us;
    p->rate_ppm = rate_ppm;
    p->wake_at_ms = INT64_MIN; /* the one on the timeline is wrong now */
}

/* ---- its driver ---- */

static void send(struct world *w, struct peer *p,
                 const struct election_request *request)
{
    assert(request->op < UINT64_C(1) << OP_BITS);
    int64_t timeout_us = request->timeout_ms * WORLD_US_PER_MS * PEER_RATE_PPM /
        p->rate_ppm;
    world_at(w, w->now_us + timeout_us, WORLD_TIMEOUT, p->who,
             (uint64_t)p->incarnation << OP_BITS | request->op);
    if (request->type == ELECTION_CLAIM && w->plan.sabotage.claims_dropped)
        return;
    network_send(w, p, request);
}

static void sleep_until_due(struct world *w, struct peer *p)
{
    int64_t due_at_ms = election_deadline(&p->e);
    if (due_at_ms == p->wake_at_ms)
        return;
    p->wakes_n++;
    p->wake_at_ms = due_at_ms;
    if (due_at_ms != INT64_MAX)
        world_at(
            w, true_us_of(p, due_at_ms) + world_between(w, 0, WAKE_LATE_US_MAX),
            WORLD_WAKE, p->who, p->wakes_n);
}

static void sabotage(struct world *w, struct peer *p, int64_t now_ms)
{
    const struct sabotage *s = &w->plan.sabotage;
    if (s->no_deadline && p->e.state == ELECTION_LEADING)
        p->e.lease.lead_until_ms = now_ms + SABOTAGE_LEAD_MS;
    if (s->no_backoff)
        p->e.retry_at_ms = now_ms;
}

static void step(struct world *w, struct peer *p, struct election_event *event)
{
    struct election_actions out;
    event->now_ms = peer_clock_ms(p, w->now_us);
    election_step(&p->e, event, &out);
    sabotage(w, p, event->now_ms);
    if (w->plan.narrate)
        story_narrate(w, p, event, &out);
    bool asked = false;
    for (unsigned i = 0; i < out.notices_n; i++) {
        asked = asked || out.notices[i].type == ELECTION_SAY_ASKED;
        story_say(w, p, &out.notices[i]);
        checks_noticed(w, p, &out.notices[i]);
    }
    if (out.close_watch)
        stream_close(p);
    if (out.open_watch)
        stream_request(w, p, &out.watch);
    if (out.send_request)
        send(w, p, &out.request);
    checks_stepped(w, p, event, &out);
    if (p->e.state == ELECTION_ENDED) {
        peer_crash(w, p->who); /* with nothing left to lose */
        return;
    }
    sleep_until_due(w, p);
    if (asked)
        step(w, p, &(struct election_event){ .type = ELECTION_YIELD });
}

static void tick(struct world *w, struct peer *p)
{
    step(w, p, &(struct election_event){ .type = ELECTION_TICK });
}

/* Is this the answer that the core waits for? */
static bool is_current(const struct peer *p, uint64_t op)
{
    return p->e.request_pending && p->e.request.op == op;
}

static void move_on(const struct world *w, int *member)
{
    *member = (*member + 1) % w->plan.members_n;
}

/* What the driver learns by itself from an event, before the core does. */
static void take_notes(struct world *w, struct peer *p,
                       const struct parcel *parcel)
{
    const struct election_event *event = &parcel->event;
    bool of_stream = p->stream.op && event->watch_op == p->stream.op;
    if (event->type == ELECTION_REPLY && is_current(p, event->reply.op)) {
        enum election_request_type type = parcel->request.type;
        if (event->reply.outcome == ELECTION_NO_ANSWER ||
            event->reply.outcome == ELECTION_DENIED)
            move_on(w, &p->call_member);
        else if (type != ELECTION_GRANT && type != ELECTION_KEEPALIVE)
            p->names = parcel->names;
        if (w->plan.sabotage.counts_from_receipt)
            p->e.request_sent_at_ms = peer_clock_ms(p, w->now_us);
    } else if (event->type == ELECTION_WATCH_LOST && of_stream) {
        move_on(w, &p->watch_member);
        stream_close(p);
    } else if (event->type == ELECTION_CHANGED && of_stream &&
               event->role == ELECTION_LEADER) {
        p->names.leader_owner = parcel->names.leader_owner;
    }
}

static void take(struct world *w, struct peer *p, struct parcel *parcel)
{
    take_notes(w, p, parcel);
    struct election_event event = parcel->event;
    network_drop(w, parcel);
    step(w, p, &event);
}

static void give_up_request(struct world *w, struct peer *p, uint64_t op)
{
    if (!is_current(p, op))
        return;
    move_on(w, &p->call_member);
    step(w, p,
         &(struct election_event){
             .type = ELECTION_REPLY,
             .reply = { .op = op, .outcome = ELECTION_NO_ANSWER },
         });
}

void peer_deliver(struct world *w, struct parcel *parcel)
{
    struct peer *p = &w->peers[parcel->who];
    if (!p->alive || parcel->incarnation != p->incarnation) {
        network_drop(w, parcel);
        return;
    }
    if (!p->paused) {
        take(w, p, parcel);
        return;
    }
    parcel->next = NETWORK_NONE;
    if (p->inbox_first == NETWORK_NONE)
        p->inbox_first = parcel->slot;
    else
        w->network.parcels[p->inbox_last].next = parcel->slot;
    p->inbox_last = parcel->slot;
}

void peer_timeout(struct world *w, struct peer *p, uint64_t number)
{
    uint64_t op = number & ((UINT64_C(1) << OP_BITS) - 1);
    if (!p->alive || number >> OP_BITS != p->incarnation)
        return;
    if (!p->paused)
        give_up_request(w, p, op);
    else if (is_current(p, op))
        p->timed_out_op = op;
}

void peer_wake(struct world *w, struct peer *p, uint64_t number)
{
    if (!p->alive || p->paused || number != p->wakes_n)
        return;
    p->wake_at_ms = INT64_MIN;
    tick(w, p);
}

/* ---- what can happen to it ---- */

void peer_init(struct world *w, int who)
{
    struct peer *p = &w->peers[who];
    *p = (struct peer){
        .who = who,
        .rate_ppm = world_rate_ppm(w),
        .clock_us = world_between(w, WORLD_US_PER_S,
                                  (int64_t)1000 * WORLD_US_PER_S),
        .inbox_first = NETWORK_NONE,
    };
}

void peer_start(struct world *w, int who)
{
    struct peer *p = &w->peers[who];
    assert(!p->alive);
    p->alive = true;
    p->incarnation++;
    p->wake_at_ms = INT64_MIN;
    p->timed_out_op = 0;
    p->call_member = (int)world_between(w, 0, w->plan.members_n - 1);
    p->watch_member = p->call_member;
    p->names = (struct fake_lock_names){ 0, 0, -1, -1 };
    struct election_config config;
    election_config_init(&config);
    config.ttl_ms = w->plan.ttl_ms;
    config.endpoints_n = (unsigned)w->plan.members_n;
    config.random_state = (uint64_t)world_between(w, 0, INT64_MAX - 1);
    if (w->plan.crowd)
        config.crowd = w->plan.crowd;
    if (w->plan.sabotage.no_margin) {
        config.margin_permille = 0;
        config.margin_ms = 0;
    }
    election_init(&p->e, &config);
    story_start(w, p);
    checks_started(w, p);
    step(w, p, &(struct election_event){ .type = ELECTION_START });
}

static void empty_inbox(struct world *w, struct peer *p, bool read)
{
    while (p->inbox_first != NETWORK_NONE) {
        struct parcel *parcel = &w->network.parcels[p->inbox_first];
        p->inbox_first = parcel->next;
        if (read && p->alive)
            take(w, p, parcel);
        else
            network_drop(w, parcel);
    }
}

void peer_crash(struct world *w, int who)
{
    struct peer *p = &w->peers[who];
    p->alive = false;
    p->paused = false;
    stream_close(p);
    empty_inbox(w, p, false);
}

void peer_pause(struct world *w, int who)
{
    struct peer *p = &w->peers[who];
    p->paused = p->alive;
}

void peer_resume(struct world *w, int who)
{
    struct peer *p = &w->peers[who];
    if (!p->paused)
        return;
    p->paused = false;
    p->wake_at_ms = INT64_MIN;
    tick(w, p);
    bool in_time = world_chance(w, 500); /* what poll() reports first */
    if (in_time)
        empty_inbox(w, p, true);
    if (p->alive && p->timed_out_op)
        give_up_request(w, p, p->timed_out_op);
    p->timed_out_op = 0;
    empty_inbox(w, p, true);
}

void peer_leave(struct world *w, int who)
{
    struct peer *p = &w->peers[who];
    if (p->alive && !p->paused)
        step(w, p, &(struct election_event){ .type = ELECTION_LEAVE });
}

/* Sabotage: etcd is told, but the candidate itself leads on. */
static void yield_in_secret(struct world *w, struct peer *p)
{
    struct election_request request = {
        .type = ELECTION_RESIGN,
        .op = p->e.ops, /* its reply is dropped */
        .lease = p->e.lease.id,
        .lock_revision = p->e.lock_revision,
    };
    if (p->e.state == ELECTION_LEADING && !p->e.request_pending)
        network_send(w, p, &request);
}

void peer_yield(struct world *w, int who)
{
    struct peer *p = &w->peers[who];
    if (!p->alive || p->paused)
        return;
    if (w->plan.sabotage.yields_in_secret)
        yield_in_secret(w, p);
    else
        step(w, p, &(struct election_event){ .type = ELECTION_YIELD });
}

void peer_ask(struct world *w, int who, int64_t key_revision,
              const struct election_asked *asked)
{
    struct peer *p = &w->peers[who];
    if (!p->alive || p->paused || !p->stream.open || p->stream.silent)
        return;
    step(w, p,
         &(struct election_event){
             .type = ELECTION_CHANGED,
             .watch_op = p->stream.op,
             .role = ELECTION_REQUEST,
             .key = { key_revision, key_revision, 1 },
             .asked = *asked,
         });
}
