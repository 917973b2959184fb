/* http.c: HTTP transfers side by side; the only user of libcurl.
 *
 * Every transfer has a slot with an easy handle that is kept for the next
 * one. libcurl's callbacks only store bytes; http_next() gives them out.
 * Alt-Svc, HSTS, cookies and compression are off because libcurl has them off
 * until they are asked for.
 */
#include "sys/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "sys/buf.h"
#include "sys/error.h"

enum {
    CONNECTIONS_KEPT_MAX = 2, /* one for unary requests, one for a stream */
    READ_BYTES = 16 * 1024,   /* as much as libcurl hands over at a time */
    KEEPALIVE_IDLE_S = 15,
    KEEPALIVE_INTERVAL_S = 5,
    WAIT_MS_MAX = 3600 * 1000, /* libcurl cannot wait without limit */
};

static_assert((int)HTTP_STREAM_PENDING_BYTES_MAX >= (int)READ_BYTES,
              "a stream whose bytes were all taken must be able to go on");

#if CURL_AT_LEAST_VERSION(7, 85, 0)
#define SCHEMES "http,https"
#define OPTION_SCHEMES CURLOPT_PROTOCOLS_STR
#define OPTION_REDIRECT_SCHEMES CURLOPT_REDIR_PROTOCOLS_STR
#else
#define SCHEMES ((long)(CURLPROTO_HTTP | CURLPROTO_HTTPS))
#define OPTION_SCHEMES CURLOPT_PROTOCOLS
#define OPTION_REDIRECT_SCHEMES CURLOPT_REDIR_PROTOCOLS
#endif

enum transfer_state {
    TRANSFER_FREE = 0,
    TRANSFER_RUNNING,
    TRANSFER_FINISHED, /* its HTTP_DONE was not given out yet */
};

struct transfer {
    enum transfer_state state;
    uint64_t tag;
    bool stream;
    bool paused; /* told libcurl to keep a stream's bytes back */
    int64_t connect_timeout_ms;
    int64_t timeout_ms;
    CURL *easy; /* kept while the slot is free */
    struct curl_slist *headers;
    struct buf body;
    size_t header_bytes;
    int error;
    int http_status;
    char message[CURL_ERROR_SIZE];
    char curl_message[CURL_ERROR_SIZE];
};

struct http {
    CURLM *multi;
    struct transfer transfers[HTTP_TRANSFERS_MAX];
    unsigned turn;          /* the slot to look at first: nobody starves */
    struct transfer *given; /* whose memory the caller borrows */
    enum http_event_type given_type;
};

int http_new(struct http **ret_http, struct candidate_error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, CANDIDATE_ESYSTEM, "libcurl does not start");
    struct http *h = calloc(1, sizeof *h);
    if (!h)
        goto cleanup_curl;
    h->multi = curl_multi_init();
    if (!h->multi)
        goto free_http;
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS,
                      (long)CONNECTIONS_KEPT_MAX);
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++)
        buf_init(&h->transfers[i].body, HTTP_REPLY_BYTES_MAX);
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
static void transfer_done(struct http *h, struct transfer *t)
{
    if (t->state == TRANSFER_RUNNING)
        curl_multi_remove_handle(h->multi, t->easy);
    if (t->easy)
        curl_easy_reset(t->easy);
    curl_slist_free_all(t->headers);
    t->headers = NULL;
    buf_done(&t->body);
    t->state = TRANSFER_FREE;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        transfer_done(h, &h->transfers[i]);
        curl_easy_cleanup(h->transfers[i].easy);
    }
    curl_multi_cleanup(h->multi);
    free(h);
    curl_global_cleanup();
}

/* Take back what the caller borrowed with the last event. */
static void take_back(struct http *h)
{
    struct transfer *t = h->given;
    h->given = NULL;
    if (!t)
        return;
    assert(t->state != TRANSFER_FREE);
    if (h->given_type == HTTP_DONE)
        transfer_done(h, t);
    else
        buf_consume(&t->body, t->body.size);
}

static struct transfer *find(struct http *h, uint64_t tag)
{
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        struct transfer *t = &h->transfers[i];
        if (t->state != TRANSFER_FREE && t->tag == tag)
            return t;
    }
    return NULL;
}

static struct transfer *find_free(struct http *h)
{
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++)
        if (h->transfers[i].state == TRANSFER_FREE)
            return &h->transfers[i];
    return NULL;
}

static void fail_too_big(struct transfer *t, const char *what, size_t limit)
{
    t->error = CANDIDATE_ETOOBIG;
    (void)snprintf(t->message, sizeof t->message, "%s larger than %zu bytes",
                   what, limit);
}

/* Whether the body is to be given out as it comes; known once a status is. */
static bool flows(const struct transfer *t)
{
    return t->stream && t->http_status == 200;
}

static size_t on_header(char *data, size_t one, size_t size, void *context)
{
    (void)data;
    (void)one;
    struct transfer *t = context;
    assert(t->header_bytes <= HTTP_HEADER_BYTES_MAX);
    if (size > HTTP_HEADER_BYTES_MAX - t->header_bytes) {
        fail_too_big(t, "reply header", HTTP_HEADER_BYTES_MAX);
        return 0;
    }
    t->header_bytes += size;
    return size;
}

static int status_of(CURL *easy)
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
    (void)one;
    struct transfer *t = context;
    assert(t->state == TRANSFER_RUNNING);
    if (t->http_status == 0)
        t->http_status = status_of(t->easy);
    size_t limit = flows(t) ? (size_t)HTTP_STREAM_PENDING_BYTES_MAX
                            : (size_t)HTTP_REPLY_BYTES_MAX;
    if (size > limit - t->body.size) {
        /* A stream may burst between two polls: the network waits then. */
        t->paused = flows(t);
        if (t->paused)
            return CURL_WRITEFUNC_PAUSE;
        fail_too_big(t, "reply", limit);
        return 0;
    }
    if (buf_add(&t->body, data, size) < 0) {
        t->error = CANDIDATE_ENOMEM;
        (void)snprintf(t->message, sizeof t->message, "out of memory");
        return 0;
    }
    return size;
}

/* The children that a program starts must not hold our connections open. */
static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    (void)context;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

#define SET(option, value)                                                     \
    do {                                                                       \
        CURLcode code_ = curl_easy_setopt(t->easy, option, value);             \
        if (code_ != CURLE_OK)                                                 \
            return code_;                                                      \
    } while (0)

static CURLcode set_protocol(struct transfer *t)
{
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROXY, ""); /* and none from the environment */
    SET(OPTION_SCHEMES, SCHEMES);
    SET(OPTION_REDIRECT_SCHEMES, SCHEMES);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    SET(CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
    SET(CURLOPT_BUFFERSIZE, (long)READ_BYTES);
#if CURL_AT_LEAST_VERSION(7, 87, 0)
    /* Cancelling must not wait for a name server. */
    SET(CURLOPT_QUICK_EXIT, 1L);
#endif
    return CURLE_OK;
}

static CURLcode set_callbacks(struct transfer *t)
{
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_ERRORBUFFER, t->curl_message);
    SET(CURLOPT_PRIVATE, t);
    return CURLE_OK;
}

static long limited_ms(int64_t ms)
{
    return ms > INT_MAX ? INT_MAX : (long)ms;
}

static CURLcode set_request(struct transfer *t,
                            const struct http_request *request)
{
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_HTTPHEADER, t->headers);
    SET(CURLOPT_CONNECTTIMEOUT_MS, limited_ms(request->connect_timeout_ms));
    SET(CURLOPT_TIMEOUT_MS, limited_ms(request->timeout_ms));
    if (request->body) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
        SET(CURLOPT_COPYPOSTFIELDS, request->body);
    }
    return CURLE_OK;
}

static int add_header(struct transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);
    if (!longer)
        return CANDIDATE_ENOMEM;
    t->headers = longer;
    return 0;
}

static int add_headers(struct transfer *t, const struct http_request *request)
{
    int r = add_header(t, "Expect:"); /* else a long POST waits for a 100 */
    if (r == 0 && request->body)
        r = add_header(t, "Content-Type: application/json");
    for (size_t i = 0; r == 0 && request->headers && request->headers[i]; i++)
        r = add_header(t, request->headers[i]);
    return r;
}

static bool is_printable(unsigned char c)
{
    return c >= ' ' && c <= '~';
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

static void transfer_init(struct transfer *t,
                          const struct http_request *request)
{
    assert(t->state == TRANSFER_FREE);
    assert(!t->headers);
    t->tag = request->tag;
    t->stream = request->stream;
    t->paused = false;
    t->connect_timeout_ms = request->connect_timeout_ms;
    t->timeout_ms = request->timeout_ms;
    t->header_bytes = 0;
    t->error = 0;
    t->http_status = 0;
    t->message[0] = '\0';
    t->curl_message[0] = '\0';
    buf_init(&t->body,
             request->stream ? HTTP_STREAM_PENDING_BYTES_MAX
                             : HTTP_REPLY_BYTES_MAX);
}

/* Configure the easy handle, which was reset, and let libcurl have it. */
static CURLcode start(struct http *h, struct transfer *t,
                      const struct http_request *request)
{
    if (!t->easy)
        t->easy = curl_easy_init();
    if (!t->easy || add_headers(t, request) < 0)
        return CURLE_OUT_OF_MEMORY;
    CURLcode code = set_protocol(t);
    if (code == CURLE_OK)
        code = set_callbacks(t);
    if (code == CURLE_OK)
        code = set_request(t, request);
    if (code == CURLE_OK &&
        curl_multi_add_handle(h->multi, t->easy) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    return code;
}

int http_send(struct http *h, const struct http_request *request,
              struct candidate_error *err)
{
    take_back(h);
    int r = check(h, request, err);
    if (r < 0)
        return r;
    struct transfer *t = find_free(h);
    if (!t)
        return error_set(err, CANDIDATE_EINVAL,
                         "%d transfers are under way already",
                         HTTP_TRANSFERS_MAX);
    transfer_init(t, request);
    CURLcode code = start(h, t, request);
    if (code == CURLE_OK) {
        t->state = TRANSFER_RUNNING;
        return 0;
    }
    transfer_done(h, t);
    if (code == CURLE_OUT_OF_MEMORY)
        return error_set(err, CANDIDATE_ENOMEM, "out of memory");
    return error_set(err, CANDIDATE_ESYSTEM, "libcurl: %s",
                     curl_easy_strerror(code));
}

void http_cancel(struct http *h, uint64_t tag)
{
    take_back(h);
    struct transfer *t = find(h, tag);
    if (t)
        transfer_done(h, t);
}

/* Which of the two limits was it? Nothing is sent before a connection. */
static void explain_timeout(struct transfer *t)
{
    long sent_bytes = 0;
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
    bool connecting = sent_bytes == 0 &&
        (t->timeout_ms == 0 || t->connect_timeout_ms < t->timeout_ms);
    (void)snprintf(
        t->message, sizeof t->message, "no %s within %lld ms",
        connecting ? "connection" : "reply",
        (long long)(connecting ? t->connect_timeout_ms : t->timeout_ms));
}

/* libcurl's sentence names host and port, which the caller knows, but not the
 * cause. */
static const char *connect_failure(struct transfer *t)
{
    long number = 0;
    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
    if (number == ECONNREFUSED)
        return "connection refused";
    return number > 0 ? strerror((int)number) : NULL;
}

static void explain(struct transfer *t, CURLcode code)
{
    if (code == CURLE_OPERATION_TIMEDOUT) {
        explain_timeout(t);
        return;
    }
    const char *cause = NULL;
    if (code == CURLE_COULDNT_CONNECT)
        cause = connect_failure(t);
    if (!cause && t->curl_message[0])
        cause = t->curl_message;
    if (!cause)
        cause = curl_easy_strerror(code);
    (void)snprintf(t->message, sizeof t->message, "%s", cause);
    for (char *p = t->message; *p; p++)
        if (!is_printable((unsigned char)*p))
            *p = '?';
}

static void finish(struct http *h, struct transfer *t, CURLcode code)
{
    assert(t->state == TRANSFER_RUNNING);
    if (t->http_status == 0)
        t->http_status = status_of(t->easy);
    if (code != CURLE_OK && t->error == 0) {
        t->error = code == CURLE_OUT_OF_MEMORY ? CANDIDATE_ENOMEM
                                               : CANDIDATE_ERETRY;
        explain(t, code);
    }
    curl_multi_remove_handle(h->multi, t->easy);
    t->state = TRANSFER_FINISHED;
    if (t->error < 0 && !flows(t))
        buf_consume(&t->body, t->body.size); /* a torso is of no use */
}

static void resume_paused(struct http *h)
{
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        struct transfer *t = &h->transfers[i];
        if (t->state != TRANSFER_RUNNING || !t->paused || t->body.size > 0)
            continue;
        t->paused = false; /* libcurl may fill the buffer within the call */
        curl_easy_pause(t->easy, CURLPAUSE_CONT);
    }
}

static int multi_error(CURLMcode code)
{
    if (code == CURLM_OK)
        return 0;
    return code == CURLM_OUT_OF_MEMORY ? CANDIDATE_ENOMEM : CANDIDATE_ESYSTEM;
}

/* Let libcurl do all it can without waiting. */
static int perform(struct http *h)
{
    resume_paused(h);
    int running;
    int r = multi_error(curl_multi_perform(h->multi, &running));
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
        finish(h, (struct transfer *)(void *)private, code);
    }
    return 0;
}

static bool has_news(const struct transfer *t)
{
    return t->state == TRANSFER_FINISHED ||
        (t->state == TRANSFER_RUNNING && flows(t) && t->body.size > 0);
}

static bool any_news(const struct http *h)
{
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++)
        if (has_news(&h->transfers[i]))
            return true;
    return false;
}

static int wait_for_any(struct http *h, const struct pollfd *fds, unsigned nfds,
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
    if (timeout_ms < 0 || timeout_ms > WAIT_MS_MAX)
        timeout_ms = WAIT_MS_MAX;
    return multi_error(
        curl_multi_poll(h->multi, waits, nwaits, timeout_ms, NULL));
}

/* libcurl says nothing of POLLHUP and POLLERR, so poll(2) is asked again. */
static int ready_fds(struct pollfd *fds, unsigned nfds)
{
    if (nfds == 0)
        return 0;
    int n = poll(fds, nfds, 0);
    if (n < 0 && errno != EINTR)
        return CANDIDATE_ESYSTEM;
    return n < 0 ? 0 : n;
}

int http_poll(struct http *h, struct pollfd *fds, unsigned nfds, int timeout_ms)
{
    take_back(h);
    if (nfds > HTTP_FDS_MAX || (nfds > 0 && !fds))
        return CANDIDATE_EINVAL;
    for (unsigned i = 0; i < nfds; i++)
        fds[i].revents = 0;
    int r = perform(h);
    if (r == 0 && !any_news(h)) {
        r = wait_for_any(h, fds, nfds, timeout_ms);
        if (r == 0)
            r = perform(h);
    }
    return r < 0 ? r : ready_fds(fds, nfds);
}

static void give(struct http *h, struct transfer *t,
                 struct http_event *ret_event)
{
    bool is_data = flows(t) && t->body.size > 0;
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
        ret_event->message = t->message;
    }
    h->given = t;
    h->given_type = ret_event->type;
}

bool http_next(struct http *h, struct http_event *ret_event)
{
    take_back(h);
    for (unsigned i = 0; i < HTTP_TRANSFERS_MAX; i++) {
        unsigned slot = (h->turn + i) % HTTP_TRANSFERS_MAX;
        if (!has_news(&h->transfers[slot]))
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
