/* requests.h: the request key, as a candidate listens to it.
 *
 * Between the stream of watches and the core, for driver.c alone. A user who
 * may not read the key takes part all the same, and cannot be asked.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "core/election.h"
#include "etcd/etcd.h"
#include "etcd/request.h"
#include "lib/announce.h"

struct requests {
    struct request_keys keys;
    bool refused; /* in this candidacy */
    bool said_refused;
};

/* What the request key holds now becomes the core's event. Returns false, and
 * says so, when it is not a request. */
bool requests_read(const struct requests *r, struct announcer *a,
                   int64_t now_ms, const struct etcd_watch_event *seen,
                   struct election_asked *ret_asked);

/* The stream ended with this reply, and the request key was watched. Returns
 * whether that is why: then it is not watched again before the next candidacy.
 */
bool requests_ended(struct requests *r, struct announcer *a, int64_t now_ms,
                    const struct etcd_reply *reply);

#endif
