/* proxy.h: a thread between the candidates and etcd, which passes bytes on: at
 * once, late, few at a time or with an error in them. It knows nothing of HTTP.
 *
 * Each candidate has a host address of its own, on which there is a port for
 * each member of etcd, the same as the member's.
 */
#ifndef PROXY_H
#define PROXY_H

#include <stdint.h>

enum { PROXY_HOSTS_MAX = 8, PROXY_PORTS_MAX = 8 };

struct proxy;

/* What happens to what passes; all zero: nothing does. */
struct proxy_mood {
    unsigned request_delay_ms, reply_delay_ms;
    unsigned trickle_bytes;    /* that pass in each 10 ms; 0: all */
    unsigned corrupt_permille; /* of what is read: one byte is another */
};

/* hosts: "127.0.1.1"...; ports: of 127.0.0.1, to which is passed on. Aborts
 * when it cannot listen. */
struct proxy *proxy_start(const char (*hosts)[16], unsigned hosts_n,
                          const uint16_t *ports, unsigned ports_n);
void proxy_stop(struct proxy *p);

void proxy_set(struct proxy *p, unsigned host, const struct proxy_mood *mood);
/* Reset all connections of that host. */
void proxy_reset(struct proxy *p, unsigned host);

#endif
