/* http.h: HTTP transfers side by side, without threads and without callbacks.
 *
 * The only user of libcurl. Knows nothing of etcd: it takes a URL, headers
 * and a body, and gives back status and bytes. HTTP/1.1, over TLS HTTP/2 as
 * well; no redirects, no proxy, no cookies, no compression; bounded in time
 * and memory.
 */
#ifndef HTTP_H
#define HTTP_H

#include "candidate.h"

enum {
    HTTP_TRANSFERS_MAX = 4,            /* under way at once */
    HTTP_CONNECTIONS_MAX = 2,          /* a call's and a stream's; what finds
                                          both in use waits for one */
    HTTP_FDS_MAX = 16,                 /* the caller's, in http_poll() */
    HTTP_REPLY_BYTES_MAX = 64 * 1024,  /* a whole unary reply */
    HTTP_HEADER_BYTES_MAX = 32 * 1024, /* all header lines of one reply */
    HTTP_STREAM_PENDING_BYTES_MAX = 1024 * 1024, /* taken by nobody yet */
};

struct http;

/* What holds for every transfer. */
struct http_config {
    const char *cacert; /* PEM file; NULL: the CAs of the system */
    const char *cert;   /* the client's certificate, PEM file; NULL: none */
    const char *key;    /* its key, PEM file; NULL: it is in cert */
    bool insecure_skip_verify; /* believe any server */
    int keepalive_time_s;      /* TCP: idle until the first probe, > 0 */
    int keepalive_timeout_s;   /* TCP: unanswered until it is cut, > 0 */
};

struct http_request {
    uint64_t tag;     /* names the transfer; unique among those under way */
    const char *url;  /* http:// or https:// */
    const char *body; /* POST of these bytes as JSON; NULL: GET */
    size_t body_bytes;
    const char *const *headers; /* "Name: value", NULL at the end; or NULL */
    int64_t connect_timeout_ms; /* > 0 */
    int64_t timeout_ms;         /* of the whole transfer; 0: none, a stream */
    bool stream;                /* give the body out as it comes (HTTP_DATA) */
    bool fresh; /* on a new connection: those that are there are suspect */
};

enum http_event_type {
    HTTP_DATA, /* a stream's bytes, after status 200 */
    HTTP_DONE, /* the transfer is over, whatever became of it */
};

/* Borrowed memory, good until the next call of http_next(), http_poll(),
 * http_send() or http_cancel(). */
struct http_event {
    enum http_event_type type;
    uint64_t tag;
    const char *data; /* DATA: the bytes; DONE: the body of a unary, or of a
                         stream that was answered by a status other than 200 */
    size_t bytes;
    int error;       /* DONE: 0 when a whole reply came, else a negative code:
                        ERETRY (no connection, cut, timed out), ETOOBIG,
                        ENOMEM */
    int http_status; /* DONE: 0 when none came */
    int64_t date_s;  /* DONE: the server's clock, in seconds since 1970; 0: not
                       known */
    const char *message; /* DONE with error: cause, without the URL, e.g.
                            "connection refused", "no reply within 1500 ms" */
};

/* config  NULL: no files, 15 s and 30 s; its strings are borrowed until
 *         http_free().
 * Returns 0, CANDIDATE_ENOMEM, ESYSTEM. */
int http_new(struct http **ret_http, const struct http_config *config,
             struct candidate_error *err);
void http_free(struct http *h);

/* Begin a transfer; everything in request is copied. Never blocks.
 * Returns 0, CANDIDATE_EINVAL (tag in use, too many), ENOMEM, ESYSTEM. */
int http_send(struct http *h, const struct http_request *request,
              struct candidate_error *err);

/* Forget a transfer: no event of it comes any more, and its connection is
 * closed if a reply is owed on it. An unknown tag is fine. */
void http_cancel(struct http *h, uint64_t tag);

/* Wait until a transfer has news, one of fds is ready or timeout_ms (< 0: no
 * limit) has passed. May return sooner without any of these: a signal came,
 * or a transfer went a step on. Waits not at all while http_next() has
 * something to give; a stream whose bytes nobody takes is not read on.
 * Returns how many of fds are ready, or CANDIDATE_EINVAL, ENOMEM, ESYSTEM. */
int http_poll(struct http *h, struct pollfd *fds, unsigned nfds,
              int timeout_ms);

/* What http_poll() would wait for, for somebody else's loop; what is due is
 * done by http_poll() with a time-out of 0, which must have been called since
 * the last http_send().
 * fds_max        entries of fds; what does not fit makes the time shorter.
 * *timeout_ms    is made shorter if need be; < 0: no limit.
 * Returns how many entries were filled. */
unsigned http_pollfds(struct http *h, struct pollfd *fds, unsigned fds_max,
                      int *timeout_ms);

/* The next piece of news; false: none without waiting. */
bool http_next(struct http *h, struct http_event *ret_event);

#endif
