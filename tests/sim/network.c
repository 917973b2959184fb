/* network.c: see network.h. */
#include "sim/network.h"

#include <assert.h>

#include "sim/world.h"

enum {
    DELAY_US_MIN = 50,
    DELAY_US_MAX = 1500,
    DUPLICATE_LATE_US_MAX = 4000000,
};

void network_begin(struct world *w)
{
    struct network *n = &w->network;
    n->unused = NETWORK_NONE;
    n->used_n = 0;
    n->weather = (struct weather){ 0 };
}

struct parcel *network_take(struct world *w)
{
    struct network *n = &w->network;
    int slot = n->unused;
    if (slot != NETWORK_NONE) {
        n->unused = n->parcels[slot].next;
    } else {
        slot = n->used_n++;
        assert(slot < NETWORK_PARCELS_MAX);
    }
    struct parcel *parcel = &n->parcels[slot];
    parcel->slot = slot;
    parcel->next = NETWORK_NONE;
    parcel->member = NETWORK_NONE;
    parcel->proposed = false;
    parcel->names = (struct fake_lock_names){ 0, 0, -1, -1 };
    return parcel;
}

void network_drop(struct world *w, struct parcel *parcel)
{
    parcel->proposed = false;
    parcel->next = w->network.unused;
    w->network.unused = parcel->slot;
}

int64_t network_delay_us(struct world *w)
{
    const struct weather *weather = &w->network.weather;
    int64_t delay_us = world_between(w, DELAY_US_MIN, DELAY_US_MAX);
    if (world_chance(w, weather->slow_permille))
        delay_us += world_between(w, 0, weather->slow_us_max);
    return delay_us;
}

bool network_loses(struct world *w, int who, int member, bool request)
{
    const struct peer *p = &w->peers[who];
    unsigned unreachable = request ? p->no_requests : p->no_replies;
    return unreachable >> member & 1 ||
        world_chance(w, w->network.weather.loss_permille);
}

static void post(struct world *w, const struct peer *p,
                 const struct election_request *request, int64_t delay_us)
{
    struct parcel *parcel = network_take(w);
    parcel->who = p->who;
    parcel->incarnation = p->incarnation;
    parcel->member = p->call_member;
    parcel->request = *request;
    world_at(w, w->now_us + delay_us, WORLD_ARRIVE, p->who,
             (uint64_t)parcel->slot);
}

void network_send(struct world *w, struct peer *p,
                  const struct election_request *request)
{
    if (!network_loses(w, p->who, p->call_member, true))
        post(w, p, request, network_delay_us(w));
    if (world_chance(w, w->network.weather.duplicate_permille))
        post(w, p, request, world_between(w, 0, DUPLICATE_LATE_US_MAX));
}

void network_answer(struct world *w, struct parcel *parcel)
{
    int who = parcel->who;
    parcel->event.type = ELECTION_REPLY;
    parcel->event.reply.op = parcel->request.op;
    bool doubled = world_chance(w, w->network.weather.duplicate_permille);
    if (network_loses(w, who, parcel->member, false)) {
        network_drop(w, parcel);
        return;
    }
    if (doubled) {
        struct parcel *copy = network_take(w);
        int slot = copy->slot;
        *copy = *parcel;
        copy->slot = slot;
        world_at(w, w->now_us + world_between(w, 0, DUPLICATE_LATE_US_MAX),
                 WORLD_DELIVER, who, (uint64_t)slot);
    }
    world_at(w, w->now_us + network_delay_us(w), WORLD_DELIVER, who,
             (uint64_t)parcel->slot);
}
