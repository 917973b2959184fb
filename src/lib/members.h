/* members.h: what the operator is told of etcd's members.
 *
 * Who does not answer, and answers again; whose etcd is too old for its leases
 * to be trusted; who belongs to another cluster. Says it through the announcer
 * and decides nothing of the election.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include "etcd/etcd.h"
#include "lib/announce.h"
#include "lib/outages.h"

/* All zero at first. */
struct members {
    struct outages outages;
    unsigned answered;       /* the endpoint that answered last */
    uint32_t versions_asked; /* a set of endpoints */
    unsigned looked_at;      /* so many endpoints, one after the other */
};

/* Take note of a reply to anything but members_ask()'s question. Returns
 * whether it is a failure of its endpoint. */
bool members_note(struct members *m, struct announcer *a, int64_t now_ms,
                  const struct etcd_reply *reply);

/* Ask an endpoint for its version, when the client has nothing else to do:
 * each is asked once, and one that did not answer when it does. A call that
 * replaces the question ends it. */
void members_ask(struct members *m, struct etcd *e);

/* Take the reply if it is to that question. Returns whether it was. */
bool members_take(struct members *m, struct announcer *a, int64_t now_ms,
                  const struct etcd_reply *reply);

#endif
