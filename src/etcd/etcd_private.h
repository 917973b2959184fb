/* etcd_private.h: what the files of the client share; for them alone.
 *
 *   etcd.c         the interface, and the two lanes
 *   etcd_calls.c   one function per call of the API
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
#include "etcd/frames.h"
#include "etcd/health.h"

struct etcd_lane {
    bool open; /* replies are owed to the caller */
    uint64_t tag;
    uint64_t transfer; /* its name in http.h; 0: it could not be begun */
    unsigned endpoint; /* number of the one that its transfer went to */
    struct candidate_error failure; /* why, when it could not be begun */
};

struct etcd {
    struct http *http;
    struct endpoints endpoints;
    struct health health;
    unsigned endpoint; /* to which the next transfer goes, unless it rests */
    struct etcd_config config; /* its strings are in config_arena */
    struct arena config_arena;
    uint64_t transfers_n; /* begun so far: every one has its own name */
    uint64_t cluster_id;  /* of the first answer; 0: none yet */
    uint64_t raft_term;   /* of the last answer */

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

/* ---- etcd.c ---- */

/* The URL of the endpoint that serves the lane. */
const char *etcd_lane_url(const struct etcd *e, const struct etcd_lane *lane);

/* Leave the lane's endpoint alone for a while: it answers, but not for the
 * etcd that it should. */
void etcd_lane_distrust(struct etcd *e, const struct etcd_lane *lane);

/* Begin a transfer in the lane, instead of the one under way.
 * built       what became of building the body
 * timeout_ms  0: none, a stream */
void etcd_lane_open(struct etcd *e, struct etcd_lane *lane, uint64_t tag,
                    const char *path, const struct buf *body, int built,
                    int64_t timeout_ms);

/* Forget the lane's transfer; nothing is owed any more. */
void etcd_lane_close(struct etcd *e, struct etcd_lane *lane);

/* Make e->error, which says what went wrong, the lane's last reply. */
void etcd_lane_fail(struct etcd *e, struct etcd_lane *lane, int status,
                    struct etcd_reply *ret_reply);

/* ---- etcd_calls.c ---- */

/* Make the end of the call's transfer a reply. */
void etcd_calls_take(struct etcd *e, const struct http_event *event,
                     struct etcd_reply *ret_reply);

/* ---- etcd_stream.c ---- */

/* The next message of those that have come whole, or the stream's failure. */
bool etcd_stream_next(struct etcd *e, struct etcd_reply *ret_reply);

/* Take news of the stream's transfer. Returns whether it made a reply. */
bool etcd_stream_take(struct etcd *e, const struct http_event *event,
                      struct etcd_reply *ret_reply);

#endif
