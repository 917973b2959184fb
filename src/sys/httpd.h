/* httpd.h: a small HTTP server that shares a loop with others.
 *
 * The only user of libmicrohttpd. Knows nothing of elections: it hands each
 * request to one handler, and gives the answer back. No threads; it never
 * waits; what clients may cost is bounded, in number, bytes and time. Each
 * connection serves one request.
 */
#ifndef HTTPD_H
#define HTTPD_H

#include "candidate.h"

enum {
    HTTPD_CLIENTS_MAX = 128,          /* connections at once */
    HTTPD_CLIENTS_SPARE = 16,         /* of them free for who comes next */
    HTTPD_STREAMS_MAX = 16,           /* of them streams */
    HTTPD_REQUEST_BYTES_MAX = 16384,  /* all that is kept of a request */
    HTTPD_CLIENT_MS_MAX = 10000,      /* from accepting to closing */
    HTTPD_PENDING_BYTES_MAX = 131072, /* not yet taken by a stream's client */
};

struct httpd;

/* The strings are good until the handler returns. */
struct httpd_request {
    const char *method;
    const char *path; /* without the query */
};

/* What the handler fills; all else than status may stay as it is. The strings
 * must live until the handler is called again, or for ever. */
struct httpd_answer {
    int status;         /* 200, ... */
    const char *type;   /* of the body; NULL: text/plain */
    char *body;         /* copied; to HEAD it is not sent */
    size_t bytes;       /* of the body */
    const char *allow;  /* the header of that name; NULL: none */
    const char *policy; /* Content-Security-Policy; NULL: none */
    bool stream;        /* goes on: httpd_publish() adds to it */
};

typedef void httpd_handler(void *context, const struct httpd_request *request,
                           struct httpd_answer *answer);

/* Serve what comes in on a listening socket, of which a copy is made. The
 * handler is called within httpd_work(), and must not call back.
 * Returns 0, CANDIDATE_ENOMEM, CANDIDATE_ESYSTEM. */
int httpd_new(struct httpd **ret_h, int listen_fd, httpd_handler *handler,
              void *context, struct candidate_error *err);

/* Cut all connections. h may be NULL. */
void httpd_free(struct httpd *h);

/* What to wait for, and for how long at most: timeout_ms (< 0: no limit) or
 * less. */
struct pollfd httpd_pollfd(const struct httpd *h, int64_t now_ms,
                           int *timeout_ms);

/* Do what can be done now. Who has been here for too long, or longest when
 * the house is full, is shown the door. */
void httpd_work(struct httpd *h, int64_t now_ms);

/* Send to all streams; one that takes too little of it ends. */
void httpd_publish(struct httpd *h, const char *data, size_t bytes);

unsigned httpd_streams_n(const struct httpd *h);

#endif
