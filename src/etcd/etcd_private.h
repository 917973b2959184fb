/* etcd_private.h: what the files of the client share; for them alone.
 *
 *   etcd.c         the interface and the loop
 *   etcd_lane.c    what is owed to the caller, and the endpoint in use
 *   etcd_auth.c    the token
 *   etcd_calls.c   one function per call of the API
 *   etcd_origin.c  is it the cluster that is meant?
 *   etcd_stream.c  the stream of watches
 *   answer.c       what the bytes that come mean
 *   refusal.c      what an error that comes means
 *   endpoints.c    the list of servers
 */
#ifndef ETCD_PRIVATE_H
#define ETCD_PRIVATE_H

#include "etcd/answer.h"
#include "etcd/endpoints.h"
#include "etcd/etcd.h"
#include "etcd/etcd_auth.h"
#include "etcd/etcd_lane.h"
#include "etcd/frames.h"
#include "etcd/health.h"

struct etcd {
    struct http *http;
    struct endpoints endpoints;
    struct health health;
    unsigned endpoint; /* to which the next transfer goes, unless it rests */
    struct etcd_config config; /* its strings are in config_arena */
    struct arena config_arena;
    uint64_t transfers_n;      /* begun so far: every one has its own name */
    uint64_t cluster_id;       /* of the first answer; 0: none yet */
    unsigned cluster_endpoint; /* that gave it */
    uint32_t members;          /* a set of endpoints that answered for it */
    uint32_t strangers;        /* of those that answered last for another */
    uint64_t raft_term;        /* of the last answer */

    struct etcd_auth auth;

    struct etcd_lane call;
    enum answer_call call_type;
    int64_t call_lease; /* that the reply must name; 0: it names none */

    struct etcd_lane stream;
    struct frames frames;
    bool frames_waiting; /* frames_next() may have something */
    size_t stream_keys_n;

    /* What the caller borrows with a reply. */
    struct arena arena;
    struct candidate_error error;
};

/* ---- etcd_calls.c ---- */

/* Take the end of the call's transfer. Returns whether it made a reply: one
 * that was refused for its token is sent again. */
bool etcd_calls_take(struct etcd *e, const struct http_event *event,
                     struct etcd_reply *ret_reply);

/* ---- etcd_origin.c ---- */

/* Does the lane's answer come from the cluster that answered first? If not,
 * e->error says so, without the endpoint. */
bool etcd_origin_is_ours(struct etcd *e, const struct etcd_lane *lane,
                         const struct etcd_header *header);

/* Has the lane's endpoint ever answered for that cluster? */
bool etcd_origin_was_ours(const struct etcd *e, const struct etcd_lane *lane);

/* What a failure of the lane's endpoint means: a stranger's refusals say nothing
 * of what we asked for, and bear no header that would tell. */
int etcd_origin_status(const struct etcd *e, const struct etcd_lane *lane,
                       int status);

/* It is ours: whoever counts only what comes from no term that has passed must
 * not meet the same member again at the next call. */
void etcd_origin_note_term(struct etcd *e, const struct etcd_lane *lane,
                           uint64_t raft_term);

/* ---- etcd_stream.c ---- */

/* The next message of those that have come whole, or the stream's failure. */
bool etcd_stream_next(struct etcd *e, struct etcd_reply *ret_reply);

/* Take news of the stream's transfer. Returns whether it made a reply. */
bool etcd_stream_take(struct etcd *e, const struct http_event *event,
                      struct etcd_reply *ret_reply);

#endif
