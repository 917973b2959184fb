/* http_transfer.h: one transfer and how libcurl is set up for it.
 * Private to http.c. */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include <curl/curl.h>

#include "sys/buf.h"
#include "sys/http.h"
#include "sys/http_idle.h"

enum http_transfer_state {
    HTTP_TRANSFER_FREE = 0,
    HTTP_TRANSFER_RUNNING,
    HTTP_TRANSFER_FINISHED, /* its HTTP_DONE was not given out yet */
};

struct http_transfer {
    enum http_transfer_state state;
    uint64_t tag;
    bool stream;
    bool paused; /* told libcurl to keep a stream's bytes back */
    const struct http_config *config; /* borrowed from struct http */
    struct http_idle *idle;           /* the same, set once */
    bool nobody_answered; /* before this, since the program's start */
    int64_t connect_timeout_ms;
    int64_t timeout_ms;
    int64_t began_at_ms;
    CURL *easy; /* kept while the slot is free */
    struct curl_slist *headers;
    struct buf body;
    size_t header_bytes;
    int error;
    int http_status;
    int64_t date_s; /* of the reply's header; 0: none */
    char message[CURL_ERROR_SIZE];
    char curl_message[CURL_ERROR_SIZE];
};

/* Prepare a free slot for this request; takes no memory. */
void http_transfer_init(struct http_transfer *t,
                        const struct http_config *config,
                        const struct http_request *request);

/* Configure t->easy, which is made if need be and was reset otherwise. */
CURLcode http_transfer_setup(struct http_transfer *t,
                             const struct http_request *request);

/* The transfer has ended well: its connection owes nothing any more. */
void http_transfer_release(const struct http_transfer *t);

/* Whether the body is to be given out as it comes; known once a status is. */
bool http_transfer_flows(const struct http_transfer *t);

/* What libcurl has been told so far; 0: no status yet. */
int http_transfer_status(const struct http_transfer *t);

#endif
