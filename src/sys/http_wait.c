/* http_wait.c: waiting for transfers, in our own loop or in another's. */
#include "sys/http_private.h"

#include <errno.h>
#include <limits.h>

#include "sys/clock.h"

enum {
    WAIT_MS_MAX = 3600 * 1000, /* libcurl cannot wait without limit */
    OVERDUE_MS = 50,    /* libcurl ends a transfer in time, or we do then */
    BLIND_WAIT_MS = 50, /* while there is something that cannot be waited for:
                           a name being looked up, or too many sockets */
};

/* libcurl has no limit for a transfer that waits for a connection, as for one
 * that another transfer is just making. */
int64_t http_overdue_at_ms(const struct http_transfer *t)
{
    long sent_bytes = 0;
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
    int64_t limit_ms = t->timeout_ms > 0 ? t->timeout_ms : INT64_MAX;
    if (sent_bytes == 0 && t->connect_timeout_ms < limit_ms)
        limit_ms = t->connect_timeout_ms;
    if (limit_ms > INT64_MAX - OVERDUE_MS - t->began_at_ms)
        return INT64_MAX;
    return t->began_at_ms + limit_ms + OVERDUE_MS;
}

/* The caller's limit, or until a transfer is overdue. */
static int limit_wait(const struct http *h, int timeout_ms)
{
    int64_t now_ms = clock_now_ms();
    int64_t wait_ms = timeout_ms < 0 || timeout_ms > WAIT_MS_MAX ? WAIT_MS_MAX
                                                                 : timeout_ms;
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        const struct http_transfer *t = &h->transfers[i];
        if (t->state != HTTP_TRANSFER_RUNNING)
            continue;
        int64_t rest_ms = http_overdue_at_ms(t) - now_ms;
        if (rest_ms < wait_ms)
            wait_ms = rest_ms > 0 ? rest_ms : 0;
    }
    return (int)wait_ms;
}

int http_multi_error(CURLMcode code)
{
    if (code == CURLM_OK)
        return 0;
    return code == CURLM_OUT_OF_MEMORY ? CANDIDATE_ENOMEM : CANDIDATE_ESYSTEM;
}

bool http_has_news(const struct http_transfer *t)
{
    return t->state == HTTP_TRANSFER_FINISHED ||
        (t->state == HTTP_TRANSFER_RUNNING && http_transfer_flows(t) &&
         t->body.size > 0);
}

bool http_any_news(const struct http *h)
{
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++)
        if (http_has_news(&h->transfers[i]))
            return true;
    return false;
}

int http_wait(struct http *h, const struct pollfd *fds, unsigned nfds,
              int timeout_ms)
{
    struct curl_waitfd waits[HTTP_FDS_MAX];
    unsigned nwaits = 0;
    for (unsigned i = 0; i < nfds; i++) {
        if (fds[i].fd < 0) /* poll(2) skips these */
            continue;
        short events = 0;
        if (fds[i].events & POLLIN)
            events |= CURL_WAIT_POLLIN;
        if (fds[i].events & POLLPRI)
            events |= CURL_WAIT_POLLPRI;
        if (fds[i].events & POLLOUT)
            events |= CURL_WAIT_POLLOUT;
        waits[nwaits++] = (struct curl_waitfd){ .fd = fds[i].fd,
                                                .events = events };
    }
    return http_multi_error(curl_multi_poll(h->multi, waits, nwaits,
                                            limit_wait(h, timeout_ms), NULL));
}

/* libcurl says nothing of POLLHUP and POLLERR, so poll(2) is asked again. It
 * refuses more entries than there may be descriptors, unused ones as well. */
int http_ready_fds(struct pollfd *fds, unsigned nfds)
{
    struct pollfd used[HTTP_FDS_MAX];
    unsigned used_n = 0;
    for (unsigned i = 0; i < nfds; i++)
        if (fds[i].fd >= 0)
            used[used_n++] = fds[i];
    if (used_n == 0)
        return 0;
    int n = poll(used, used_n, 0);
    if (n < 0)
        return errno == EINTR ? 0 : CANDIDATE_ESYSTEM;
    for (unsigned i = nfds; i-- > 0;)
        if (fds[i].fd >= 0)
            fds[i].revents = used[--used_n].revents;
    return n;
}

static unsigned running_n(const struct http *h)
{
    unsigned n = 0;
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++)
        n += h->transfers[i].state == HTTP_TRANSFER_RUNNING;
    return n;
}

static void shorten(int *timeout_ms, long limit_ms)
{
    if (limit_ms >= 0 && (*timeout_ms < 0 || limit_ms < *timeout_ms))
        *timeout_ms = (int)limit_ms;
}

unsigned http_pollfds(struct http *h, struct pollfd *fds, unsigned fds_max,
                      int *timeout_ms)
{
    http_take_back(h);
    if (http_any_news(h)) {
        *timeout_ms = 0;
        return 0;
    }
    if (running_n(h) == 0)
        return 0;
    fd_set reads, writes, errors;
    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_ZERO(&errors);
    int last = -1;
    long limit_ms = -1;
    (void)curl_multi_fdset(h->multi, &reads, &writes, &errors, &last);
    (void)curl_multi_timeout(h->multi, &limit_ms);
    shorten(timeout_ms, limit_ms);
    *timeout_ms = limit_wait(h, *timeout_ms);
    unsigned n = 0;
    for (int fd = 0; fd <= last; fd++) {
        short events = (short)((FD_ISSET(fd, &reads) ? POLLIN : 0) |
                               (FD_ISSET(fd, &writes) ? POLLOUT : 0));
        if (events != 0 && n < fds_max)
            fds[n++] = (struct pollfd){ .fd = fd, .events = events };
        else if (events != 0)
            shorten(timeout_ms, BLIND_WAIT_MS);
    }
    if (n == 0)
        shorten(timeout_ms, BLIND_WAIT_MS);
    return n;
}
