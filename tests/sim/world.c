/* world.c: see world.h. */
#include "sim/world.h"

#include <assert.h>
#include <stdlib.h>

struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);
    assert(w);
    timeline_init(&w->timeline);
    fake_etcd_init(&w->etcd);
    return w;
}

void world_free(struct world *w)
{
    timeline_done(&w->timeline);
    fake_etcd_done(&w->etcd);
    free(w);
}

int64_t world_between(struct world *w, int64_t least, int64_t most)
{
    assert(least <= most);
    uint64_t spread = (uint64_t)(most - least) + 1;
    return least + (int64_t)(backoff_random(&w->random_state) % spread);
}

bool world_chance(struct world *w, int permille)
{
    return permille > 0 && world_between(w, 0, 999) < permille;
}

int64_t world_rate_ppm(struct world *w)
{
    switch (world_between(w, 0, 2)) {
    case 0:
        return w->plan.rate_ppm_min;
    case 1:
        return w->plan.rate_ppm_max;
    default:
        return world_between(w, w->plan.rate_ppm_min, w->plan.rate_ppm_max);
    }
}

void world_begin(struct world *w, const struct world_plan *plan)
{
    assert(plan->peers_n <= WORLD_PEERS_MAX);
    w->plan = *plan;
    w->random_state = ~plan->seed; /* the plan was drawn from the seed */
    w->now_us = 0;
    timeline_clear(&w->timeline);
    fake_etcd_clear(&w->etcd);
    w->changes_seen = 0;
    w->story.lines_n = 0;
    cluster_begin(w);
    network_begin(w);
    faults_begin(w);
    checks_begin(w);
    for (int i = 0; i < plan->peers_n; i++)
        peer_init(w, i);
}

void world_at(struct world *w, int64_t at_us, enum world_event type, int who,
              uint64_t number)
{
    timeline_push(&w->timeline,
                  (struct timeline_event){
                      .at_us = at_us < w->now_us ? w->now_us : at_us,
                      .type = type,
                      .who = who,
                      .number = number,
                  });
}

void world_etcd_changed(struct world *w)
{
    if (w->changes_seen == w->etcd.changes_n)
        return;
    while (w->changes_seen < w->etcd.changes_n)
        checks_changed(w, &w->etcd.changes[w->changes_seen++]);
    for (int i = 0; i < w->plan.peers_n; i++)
        stream_pump(w, &w->peers[i]);
}

static void dispatch(struct world *w, const struct timeline_event *event)
{
    struct peer *p = &w->peers[event->who];
    switch ((enum world_event)event->type) {
    case WORLD_ARRIVE:
        cluster_arrive(w, &w->network.parcels[event->number]);
        break;
    case WORLD_COMMIT:
        cluster_commit(w, &w->network.parcels[event->number]);
        break;
    case WORLD_DELIVER:
        peer_deliver(w, &w->network.parcels[event->number]);
        break;
    case WORLD_TIMEOUT:
        peer_timeout(w, p, event->number);
        break;
    case WORLD_WAKE:
        peer_wake(w, p, event->number);
        break;
    case WORLD_STREAM_OPEN:
        stream_open(w, p, event->number);
        break;
    case WORLD_STREAM_END:
        stream_end(w, p, event->number);
        break;
    case WORLD_SCAN:
        cluster_scan(w, (int64_t)event->number);
        break;
    case WORLD_EXPIRE:
        cluster_expire(w, (int64_t)event->number);
        break;
    case WORLD_ELECT:
        cluster_elect(w, event->number);
        break;
    case WORLD_FAULT:
        faults_start(w, event->number);
        break;
    case WORLD_MEND:
        faults_mend(w, event->number);
        break;
    case WORLD_CHECK:
        checks_due(w, event->who, (int64_t)event->number);
        break;
    case WORLD_STOP:
        break;
    }
}

void world_run_until(struct world *w, int64_t at_us)
{
    world_at(w, at_us, WORLD_STOP, 0, 0);
    struct timeline_event event;
    while (timeline_pop(&w->timeline, &event)) {
        assert(event.at_us >= w->now_us);
        w->now_us = event.at_us;
        if (event.type == WORLD_STOP)
            return;
        dispatch(w, &event);
    }
}
