/* http.c: HTTP transfers side by side; the only user of libcurl with
 * the other http_*.c.
 *
 * Every transfer has a slot with an easy handle that is kept for the next
 * one. libcurl's callbacks only store bytes; http_next() gives them out.
 */
#include "sys/http.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sys/clock.h"
#include "sys/error.h"
#include "sys/http_error.h"
#include "sys/http_private.h"

static const struct http_config default_config = {
    .keepalive_time_s = 15,
    .keepalive_timeout_s = 30,
};

int http_new(struct http **ret_http, const struct http_config *config,
             struct candidate_error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, CANDIDATE_ESYSTEM, "libcurl does not start");
    struct http *h = calloc(1, sizeof *h);
    if (!h)
        goto cleanup_curl;
    h->config = config ? *config : default_config;
    h->multi = curl_multi_init();
    if (!h->multi)
        goto free_http;
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS,
                      (long)HTTP_CONNECTIONS_MAX);
    /* Of those that are kept, the oldest makes room before a new one. */
    curl_multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      (long)HTTP_CONNECTIONS_MAX);
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        buf_init(&h->transfers[i].body, HTTP_REPLY_BYTES_MAX);
        h->transfers[i].idle = &h->idle;
    }
    *ret_http = h;
    return 0;

free_http:
    free(h);
cleanup_curl:
    curl_global_cleanup();
    return error_set(err, CANDIDATE_ENOMEM, "out of memory");
}

/* Empty the slot; the easy handle stays for the next transfer. Removing a
 * handle whose reply is still owed makes libcurl close the connection. */
static void http_transfer_done(struct http *h, struct http_transfer *t)
{
    if (t->state == HTTP_TRANSFER_RUNNING)
        curl_multi_remove_handle(h->multi, t->easy);
    if (t->easy)
        curl_easy_reset(t->easy);
    curl_slist_free_all(t->headers);
    t->headers = NULL;
    buf_done(&t->body);
    t->state = HTTP_TRANSFER_FREE;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        http_transfer_done(h, &h->transfers[i]);
        curl_easy_cleanup(h->transfers[i].easy);
    }
    curl_multi_cleanup(h->multi);
    free(h);
    curl_global_cleanup();
}

void http_take_back(struct http *h)
{
    struct http_transfer *t = h->given;
    h->given = NULL;
    if (!t)
        return;
    assert(t->state != HTTP_TRANSFER_FREE);
    if (h->given_type == HTTP_DONE)
        http_transfer_done(h, t);
    else
        buf_consume(&t->body, t->body.size);
}

static struct http_transfer *find(struct http *h, uint64_t tag)
{
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        struct http_transfer *t = &h->transfers[i];
        if (t->state != HTTP_TRANSFER_FREE && t->tag == tag)
            return t;
    }
    return NULL;
}

static struct http_transfer *find_free(struct http *h)
{
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++)
        if (h->transfers[i].state == HTTP_TRANSFER_FREE)
            return &h->transfers[i];
    return NULL;
}

/* A line break in a header would let its value add headers of its own. */
static bool headers_are_valid(const char *const *headers)
{
    for (size_t i = 0; headers && headers[i]; i++)
        for (const char *p = headers[i]; *p; p++)
            if ((unsigned char)*p < ' ' || *p == 0x7f)
                return false;
    return true;
}

static int check(struct http *h, const struct http_request *request,
                 struct candidate_error *err)
{
    assert(request->url);
    if (strncasecmp(request->url, "http://", 7) != 0 &&
        strncasecmp(request->url, "https://", 8) != 0)
        return error_set(err, CANDIDATE_EINVAL,
                         "URL starts with neither http:// nor https://");
    if (request->connect_timeout_ms <= 0 || request->timeout_ms < 0)
        return error_set(err, CANDIDATE_EINVAL, "negative time-out");
    if (!headers_are_valid(request->headers))
        return error_set(err, CANDIDATE_EINVAL,
                         "control character in a header");
    if (find(h, request->tag))
        return error_set(err, CANDIDATE_EINVAL,
                         "transfer %llu is still under way",
                         (unsigned long long)request->tag);
    return 0;
}

int http_send(struct http *h, const struct http_request *request,
              struct candidate_error *err)
{
    http_take_back(h);
    int r = check(h, request, err);
    if (r < 0)
        return r;
    struct http_transfer *t = find_free(h);
    if (!t)
        return error_set(err, CANDIDATE_EINVAL,
                         "%d transfers are under way already",
                         HTTP_TRANSFERS_MAX);
    http_transfer_init(t, &h->config, request);
    t->nobody_answered = !h->answered;
    CURLcode code = http_transfer_setup(t, request);
    if (code == CURLE_OK &&
        curl_multi_add_handle(h->multi, t->easy) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK) {
        t->state = HTTP_TRANSFER_RUNNING;
        return 0;
    }
    http_transfer_done(h, t);
    if (code == CURLE_OUT_OF_MEMORY)
        return error_set(err, CANDIDATE_ENOMEM, "out of memory");
    return error_set(err, CANDIDATE_ESYSTEM, "libcurl: %s",
                     curl_easy_strerror(code));
}

void http_cancel(struct http *h, uint64_t tag)
{
    http_take_back(h);
    struct http_transfer *t = find(h, tag);
    if (t)
        http_transfer_done(h, t);
}

static void finish(struct http *h, struct http_transfer *t, CURLcode code)
{
    assert(t->state == HTTP_TRANSFER_RUNNING);
    if (t->http_status == 0)
        t->http_status = http_transfer_status(t);
    h->answered = h->answered || t->header_bytes > 0;
    if (code != CURLE_OK && t->error == 0) {
        t->error = code == CURLE_OUT_OF_MEMORY ? CANDIDATE_ENOMEM
                                               : CANDIDATE_ERETRY;
        http_error_explain(t, code);
    }
    if (code == CURLE_OK)
        http_transfer_release(t);
    curl_multi_remove_handle(h->multi, t->easy);
    t->state = HTTP_TRANSFER_FINISHED;
    if (t->error < 0 && !http_transfer_flows(t))
        buf_consume(&t->body, t->body.size); /* a torso is of no use */
}

static void finish_overdue(struct http *h)
{
    int64_t now_ms = clock_now_ms();
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        struct http_transfer *t = &h->transfers[i];
        if (t->state == HTTP_TRANSFER_RUNNING &&
            now_ms >= http_overdue_at_ms(t))
            finish(h, t, CURLE_OPERATION_TIMEDOUT);
    }
}

static void resume_paused(struct http *h)
{
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        struct http_transfer *t = &h->transfers[i];
        if (t->state != HTTP_TRANSFER_RUNNING || !t->paused || t->body.size > 0)
            continue;
        t->paused = false; /* libcurl may fill the buffer within the call */
        curl_easy_pause(t->easy, CURLPAUSE_CONT);
    }
}

/* Let libcurl do all it can without waiting. */
static int perform(struct http *h)
{
    resume_paused(h);
    int running;
    int r = http_multi_error(curl_multi_perform(h->multi, &running));
    if (r < 0)
        return r;
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(h->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result; /* gone after the removal */
        char *private = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        finish(h, (struct http_transfer *)(void *)private, code);
    }
    finish_overdue(h);
    return 0;
}

int http_poll(struct http *h, struct pollfd *fds, unsigned nfds, int timeout_ms)
{
    http_take_back(h);
    if (nfds > HTTP_FDS_MAX || (nfds > 0 && !fds))
        return CANDIDATE_EINVAL;
    for (unsigned i = 0; i < nfds; i++)
        fds[i].revents = 0;
    int r = perform(h);
    if (r == 0 && !http_any_news(h)) {
        r = http_wait(h, fds, nfds, timeout_ms);
        if (r == 0)
            r = perform(h);
    }
    return r < 0 ? r : http_ready_fds(fds, nfds);
}

static void give(struct http *h, struct http_transfer *t,
                 struct http_event *ret_event)
{
    bool is_data = http_transfer_flows(t) && t->body.size > 0;
    *ret_event = (struct http_event){
        .type = is_data ? HTTP_DATA : HTTP_DONE,
        .tag = t->tag,
        .data = t->body.data ? t->body.data : "",
        .bytes = t->body.size,
        .message = "",
    };
    if (!is_data) {
        ret_event->error = t->error;
        ret_event->http_status = t->http_status;
        ret_event->date_s = t->date_s;
        ret_event->message = t->message;
    }
    h->given = t;
    h->given_type = ret_event->type;
}

bool http_next(struct http *h, struct http_event *ret_event)
{
    http_take_back(h);
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        unsigned slot = (h->turn + i) % HTTP_TRANSFERS_MAX;
        if (!http_has_news(&h->transfers[slot]))
            continue;
        /* The same slot again while it has more: its data, then its end. */
        h->turn = slot;
        give(h, &h->transfers[slot], ret_event);
        if (ret_event->type == HTTP_DONE)
            h->turn = (slot + 1) % HTTP_TRANSFERS_MAX;
        return true;
    }
    return false;
}
