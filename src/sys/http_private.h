/* http_private.h: what http.c and http_wait.c share; for them alone. */
#ifndef HTTP_PRIVATE_H
#define HTTP_PRIVATE_H

#include "sys/http_transfer.h"

struct http {
    CURLM *multi;
    struct http_config config;
    struct http_transfer transfers[HTTP_TRANSFERS_MAX];
    struct http_idle idle;
    bool answered;               /* somebody, once */
    unsigned turn;               /* the slot to look at first: nobody starves */
    struct http_transfer *given; /* whose memory the caller borrows */
    enum http_event_type given_type;
};

/* Take back what the caller borrowed with the last event. */
void http_take_back(struct http *h);

/* ---- http_wait.c ---- */

/* When a transfer has had all its time. */
int64_t http_overdue_at_ms(const struct http_transfer *t);

/* Has http_next() something to give? */
bool http_has_news(const struct http_transfer *t);
bool http_any_news(const struct http *h);

/* Wait as http_poll() does. Returns 0 or an error. */
int http_wait(struct http *h, const struct pollfd *fds, unsigned nfds,
              int timeout_ms);

/* Which of the caller's are ready; as poll(2) without waiting. */
int http_ready_fds(struct pollfd *fds, unsigned nfds);

int http_multi_error(CURLMcode code);

#endif
