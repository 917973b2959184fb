/* etcd_lane.h: a lane is one transfer at a time and what is owed for it; for
 * the client's files alone.
 *
 * There are two, one for calls and one for the stream. What a lane owes its
 * caller is a transfer's outcome or a failure to begin, which waits in the
 * lane. A lane that is held waits for a token.
 */
#ifndef ETCD_LANE_H
#define ETCD_LANE_H

#include "etcd/etcd.h"

struct etcd_lane {
    bool open;    /* replies are owed to the caller */
    bool held;    /* until a token has come */
    bool retried; /* with a fresh token, once */
    uint64_t tag;
    uint64_t transfer; /* its name in http.h; 0: not begun */
    unsigned endpoint; /* number of the one that its transfer went to */
    const char *path;
    struct buf body;    /* kept, in case that it must be sent again */
    int64_t timeout_ms; /* as it was given; 0: a stream */
    int64_t ends_at_ms; /* 0: a stream */
    struct candidate_error failure; /* why, when it could not be begun */
};

/* The URL of the endpoint that serves the lane. */
const char *etcd_lane_url(const struct etcd *e, const struct etcd_lane *lane);

/* Leave the lane's endpoint alone for a while: it answers, but not for the
 * etcd that it should. */
void etcd_lane_distrust(struct etcd *e, const struct etcd_lane *lane);

/* Begin a transfer in the lane, instead of the one under way.
 * path        borrowed for good
 * body        taken
 * built       what became of building the body
 * timeout_ms  0: none, a stream */
void etcd_lane_open(struct etcd *e, struct etcd_lane *lane, uint64_t tag,
                    const char *path, struct buf *body, int built,
                    int64_t timeout_ms);

/* The same at this endpoint, whatever is known of it; the others' stays. */
void etcd_lane_open_at(struct etcd *e, struct etcd_lane *lane, uint64_t tag,
                       const char *path, struct buf *body, int built,
                       int64_t timeout_ms, unsigned endpoint);

/* Send what the lane has, or hold it until there is a token. */
void etcd_lane_send(struct etcd *e, struct etcd_lane *lane);

/* Begin a transfer to an endpoint, outside of any lane's care.
 * ret_transfer  its name, set on success only.
 * Returns as http_send(). */
int etcd_lane_transfer(struct etcd *e, unsigned endpoint, const char *path,
                       const struct buf *body, int64_t timeout_ms, bool stream,
                       uint64_t *ret_transfer, struct candidate_error *err);

/* Send what was held. */
void etcd_lane_release(struct etcd *e, struct etcd_lane *lane);

/* A lane that is held beyond its time fails. */
void etcd_lane_expire(struct etcd *e, struct etcd_lane *lane, int64_t now_ms);

/* Forget the lane's transfer; nothing is owed any more. */
void etcd_lane_close(struct etcd *e, struct etcd_lane *lane);

/* Does a failure to begin wait in the lane? */
bool etcd_lane_has_failure(const struct etcd_lane *lane);

/* Make it a reply, if there is one. */
bool etcd_lane_next_failure(struct etcd *e, struct etcd_lane *lane,
                            struct etcd_reply *ret_reply);

/* Make e->error, which says what went wrong, the lane's last reply. */
void etcd_lane_fail(struct etcd *e, struct etcd_lane *lane, int status,
                    struct etcd_reply *ret_reply);

#endif
