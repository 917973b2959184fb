/* service.h: what a service manager (systemd) is told: that we take part, as
 * what, that all is well, that we end.
 *
 * A standby is as ready as a leader: ready is who is in the queue, which only
 * etcd can confirm. "All is well" is said only upon etcd's confirmation, never
 * because our own loop turns.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "candidate.h"
#include "sys/notify.h"

enum {
    SERVICE_STATUS_BYTES_MAX = 700,
    SERVICE_RETRY_MS = 500, /* after a message that could not be sent */
};

enum service_role { SERVICE_ATTEMPTING, SERVICE_LEADING, SERVICE_FOLLOWING };

struct service {
    struct notify notify;
    enum service_role role;
    int64_t token;
    char leader[SERVICE_STATUS_BYTES_MAX / 2];
    bool ready; /* that was said; so below */
    bool stopping;
    char status[SERVICE_STATUS_BYTES_MAX];
    int64_t alive_at_ms; /* the watchdog was last calmed; 0: never */
    int64_t retry_at_ms; /* nothing is sent before it */
};

/* How a candidate is: what candidate.h's functions say. */
struct service_health {
    int64_t now_ms;
    int64_t confirmed_at_ms;
    int place;
};

/* See notify_init(). */
void service_init(struct service *s);
void service_done(struct service *s);

/* To be told of every event. */
void service_event(struct service *s, const struct candidate_event *event);

/* Say what there is to say; call it in each turn. Never blocks. */
void service_turn(struct service *s, const struct service_health *health);

/* How long to wait for something else before the next turn: timeout_ms (< 0:
 * no limit) or less. */
int service_timeout_ms(const struct service *s, int64_t now_ms, int timeout_ms);

/* We are about to end. Says so once. */
void service_stopping(struct service *s);

#endif
