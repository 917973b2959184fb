/* etcd_origin.c: whether an answer comes from the cluster that is meant. */
#include <assert.h>

#include "etcd/etcd_private.h"
#include "sys/clock.h"
#include "sys/error.h"

static_assert(CANDIDATE_ENDPOINTS_MAX <= 32, "members is a set of them");

bool etcd_origin_is_ours(struct etcd *e, const struct etcd_lane *lane,
                         const struct etcd_header *header)
{
    uint32_t bit = UINT32_C(1) << lane->endpoint;
    if (!e->cluster_id) {
        e->cluster_id = header->cluster_id;
        e->cluster_endpoint = lane->endpoint;
    }
    if (header->cluster_id == e->cluster_id) {
        e->members |= bit;
        e->strangers &= ~bit;
        return true;
    }
    e->strangers |= bit;
    if (e->members & bit)
        error_set(&e->error, CANDIDATE_EPROTO,
                  "answers for another etcd cluster, %llx, than before, %llx",
                  (unsigned long long)header->cluster_id,
                  (unsigned long long)e->cluster_id);
    else
        error_set(&e->error, CANDIDATE_EPROTO,
                  "belongs to another etcd cluster, %llx, than %s, %llx; take"
                  " one of them out of --endpoints",
                  (unsigned long long)header->cluster_id,
                  e->endpoints.urls[e->cluster_endpoint],
                  (unsigned long long)e->cluster_id);
    return false;
}

bool etcd_origin_was_ours(const struct etcd *e, const struct etcd_lane *lane)
{
    return e->members & UINT32_C(1) << lane->endpoint;
}

int etcd_origin_status(const struct etcd *e, const struct etcd_lane *lane,
                       int status)
{
    bool refusal = status == CANDIDATE_EDENIED ||
        status == CANDIDATE_ENOTFOUND || status == CANDIDATE_EEXISTS;
    bool stranger = e->strangers & UINT32_C(1) << lane->endpoint;
    return refusal && stranger ? CANDIDATE_EPROTO : status;
}

void etcd_origin_note_term(struct etcd *e, const struct etcd_lane *lane,
                           uint64_t raft_term)
{
    if (raft_term < e->raft_term)
        etcd_lane_distrust(e, lane);
    else
        health_answered(&e->health, lane->endpoint);
    e->raft_term = raft_term;
}
