/* network.h: a network of the test program's own, in which packets vanish.
 *
 * It is a loopback device and nothing else, and goes with the last process in
 * it. Functions fail the running cmocka test when something does not work.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include "process.h"

/* From here on this process, and those that it starts, are in it. Takes root
 * or unprivileged user namespaces, and nftables. Returns false, and says so,
 * when it cannot be had. Call it once, before anything else. */
bool network_own(void);

/* Whether programs can be in groups of their own: takes root. */
bool network_has_groups(void);

enum network_ways { NETWORK_TO = 1, NETWORK_FROM = 2, NETWORK_BOTH = 3 };

/* Drop what goes to or from this port of this address; port 0: any port. */
void network_cut(struct process_set *set, const char *host, unsigned port);
/* Drop so many of a hundred packets to this address, from it, or both. */
void network_lose(struct process_set *set, const char *host,
                  enum network_ways ways, unsigned percent);
/* Drop what the processes of a group send, but from that port. */
void network_isolate(struct process_set *set, unsigned group, unsigned port);
/* Drop nothing any more. */
void network_heal(struct process_set *set);

/* Programs that talk to each other, each in a group of its own, from this one
 * on, and each listening on one of these ports of the loopback device: from now
 * on it is known which one a packet is from, and to which. Once, and before
 * network_part(). Takes root. Returns false when it cannot be. */
bool network_know(struct process_set *set, unsigned group,
                  const uint16_t *ports, unsigned ports_n);
/* Drop what one of them, counted from 0, sends to another. */
void network_part(struct process_set *set, unsigned group, unsigned from,
                  unsigned to);
/* Drop nothing of theirs any more. */
void network_join(struct process_set *set);

#endif
