/* status_server.h: the HTTP server of --listen: who asks gets the state at
 * that moment.
 *
 * On the loop of the program: it never waits, and clients can cost it only so
 * much. Answers rest on candidate_leading() at the time of the question; when
 * it is not sure, the answer is no.
 */
#ifndef STATUS_SERVER_H
#define STATUS_SERVER_H

#include "candidate.h"
#include "serve/live.h"
#include "serve/metrics.h"
#include "serve/status.h"
#include "sys/httpd.h"
#include "sys/listen.h"

enum {
    STATUS_SERVER_TEXT_BYTES_MAX = 131072, /* of an answer */
    STATUS_SERVER_FDS_MAX = 1 + LIVE_FDS_MAX,
};

/* All zero: there is none, and everything below does nothing. */
struct status_server {
    const struct candidate *candidate; /* borrowed */
    struct httpd *httpd;               /* NULL: there is none */
    struct listen listen;
    struct status status;
    struct metrics metrics;
    struct live live;
    char text[STATUS_SERVER_TEXT_BYTES_MAX]; /* of the last answer */
};

/* Listen, and serve from now on; s stays where it is.
 * where   see listen_open(); NULL: do nothing.
 * c       borrowed until status_server_close(), and so are config's ID and
 *         election.
 * Returns 0, or as listen_open(); the message names --listen. */
int status_server_open(struct status_server *s, const char *where,
                       const struct candidate *c,
                       const struct candidate_config *config,
                       struct candidate_error *err);
void status_server_close(struct status_server *s);

/* To be told of every event, and when a resignation begins. */
void status_server_event(struct status_server *s,
                         const struct candidate_event *event);
void status_server_leaving(struct status_server *s);

/* What to wait for, and for how long at most: timeout_ms (< 0: no limit) or
 * less.
 * fds  STATUS_SERVER_FDS_MAX of them. Returns how many were filled. */
unsigned status_server_pollfds(struct status_server *s, struct pollfd *fds,
                               int *timeout_ms);

/* Answer who has asked; call it in each turn. */
void status_server_work(struct status_server *s);

#endif
