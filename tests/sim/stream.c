/* stream.c: see stream.h. */
#include "sim/stream.h"

#include "sim/world.h"

enum {
    CONNECT_US_MAX = 1500000,
    STARVE_US_MIN = 4000000, /* "etcdserver: no leader" comes so late */
    STARVE_US_MAX = 7000000,
};

static const enum election_role roles[STREAM_ROLES] = {
    ELECTION_OWN,
    ELECTION_PREDECESSOR,
    ELECTION_LEADER,
    ELECTION_HOLDER,
};

static struct parcel *event_for(struct world *w, const struct peer *p,
                                enum election_event_type type, uint64_t op)
{
    struct parcel *parcel = network_take(w);
    parcel->who = p->who;
    parcel->incarnation = p->incarnation;
    parcel->event.type = type;
    parcel->event.watch_op = op;
    return parcel;
}

static void tell_lost(struct world *w, const struct peer *p, uint64_t op,
                      int64_t delay_us)
{
    struct parcel *parcel = event_for(w, p, ELECTION_WATCH_LOST, op);
    world_at(w, w->now_us + delay_us, WORLD_DELIVER, p->who,
             (uint64_t)parcel->slot);
}

void stream_request(struct world *w, struct peer *p,
                    const struct election_watch *watch)
{
    p->stream = (struct stream){
        .op = watch->op,
        .member = p->watch_member,
        .roles = watch->roles,
        .leader_puts = watch->leader_puts,
        .own = p->e.lease.id,
        .predecessor = p->names.predecessor,
        .holder = p->names.holder,
        .from_revision = watch->from_revision,
    };
    if (network_loses(w, p->who, p->watch_member, true))
        tell_lost(w, p, watch->op, CONNECT_US_MAX);
    else
        world_at(w, w->now_us + network_delay_us(w), WORLD_STREAM_OPEN, p->who,
                 watch->op);
}

void stream_close(struct peer *p)
{
    p->stream = (struct stream){ 0 };
}

void stream_open(struct world *w, struct peer *p, uint64_t op)
{
    struct stream *s = &p->stream;
    if (!p->alive || s->op != op)
        return;
    if (!w->cluster.members[s->member].up ||
        s->from_revision <= w->etcd.compacted_revision) {
        tell_lost(w, p, op, network_delay_us(w));
        return;
    }
    s->open = true;
    s->next_change = w->etcd.changes_n;
    while (s->next_change > 0 &&
           w->etcd.changes[s->next_change - 1].revision >= s->from_revision)
        s->next_change--;
    if (cluster_hears(w, s->member))
        stream_pump(w, p);
    else
        stream_starve(w, p);
}

void stream_end(struct world *w, struct peer *p, uint64_t op)
{
    if (!p->alive || p->stream.op != op || !p->stream.open)
        return;
    p->stream.open = false;
    if (!p->stream.silent)
        tell_lost(w, p, op, network_delay_us(w));
}

static int64_t name_of(const struct stream *s, enum election_role role)
{
    switch (role) {
    case ELECTION_OWN:
        return s->own;
    case ELECTION_PREDECESSOR:
        return s->predecessor;
    case ELECTION_LEADER:
        return FAKE_ETCD_LEADER;
    case ELECTION_HOLDER:
        return s->holder;
    case ELECTION_REQUEST:
        break; /* see peer_ask() */
    }
    return -1;
}

static bool wants(const struct stream *s, enum election_role role,
                  const struct fake_change *change)
{
    bool put = change->after.at.create_revision != 0;
    return s->roles & role && change->after.name == name_of(s, role) &&
        (put || role != ELECTION_LEADER || !s->leader_puts);
}

static void tell_change(struct world *w, struct peer *p, int index,
                        const struct fake_change *change)
{
    struct stream *s = &p->stream;
    struct parcel *parcel;
    parcel = event_for(w, p, ELECTION_CHANGED, s->op);
    parcel->event.role = roles[index];
    parcel->event.key = change->after.at;
    parcel->event.deleted_at_revision = change->after.at.create_revision
        ? 0
        : change->revision;
    parcel->names.leader_owner = change->after.owner;
    int64_t at_us = w->now_us + network_delay_us(w) +
        w->cluster.members[s->member].lag_us;
    if (at_us < s->busy_until_us[index])
        at_us = s->busy_until_us[index];
    s->busy_until_us[index] = at_us;
    world_at(w, at_us, WORLD_DELIVER, p->who, (uint64_t)parcel->slot);
}

void stream_pump(struct world *w, struct peer *p)
{
    struct stream *s = &p->stream;
    if (!p->alive || !s->open || s->silent || !cluster_hears(w, s->member) ||
        p->no_replies >> s->member & 1)
        return;
    for (; s->next_change < w->etcd.changes_n; s->next_change++) {
        const struct fake_change *change;
        change = &w->etcd.changes[s->next_change];
        for (int i = 0; i < STREAM_ROLES; i++)
            if (wants(s, roles[i], change))
                tell_change(w, p, i, change);
    }
}

void stream_starve(struct world *w, struct peer *p)
{
    world_at(w, w->now_us + world_between(w, STARVE_US_MIN, STARVE_US_MAX),
             WORLD_STREAM_END, p->who, p->stream.op);
}
