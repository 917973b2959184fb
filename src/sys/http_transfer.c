/* http_transfer.c: see http_transfer.h.
 *
 * libcurl's callbacks only store bytes. Alt-Svc, HSTS, cookies and
 * compression are off because libcurl has them off until they are asked for.
 */
#include "sys/http_transfer.h"

#include <assert.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"

/* As much as libcurl hands over at a time. That is its default; to set it
 * fails (libcurl 7.88) on a handle that has shared its last connection. */
enum { READ_BYTES = CURL_MAX_WRITE_SIZE };

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

static void fail_too_big(struct http_transfer *t, const char *what,
                         size_t limit)
{
    t->error = CANDIDATE_ETOOBIG;
    (void)snprintf(t->message, sizeof t->message, "%s larger than %zu bytes",
                   what, limit);
}

bool http_transfer_flows(const struct http_transfer *t)
{
    return t->stream && t->http_status == 200;
}

/* RFC 9110, section 6.6.1: the server's clock, to a second. */
static void note_date(struct http_transfer *t, const char *line, size_t size)
{
    static const char name[] = "date:";
    char value[64];
    size_t bytes = sizeof name - 1;
    if (size <= bytes || size - bytes >= sizeof value ||
        strncasecmp(line, name, bytes) != 0)
        return;
    memcpy(value, line + bytes, size - bytes);
    value[size - bytes] = '\0';
    int64_t date_s = curl_getdate(value, NULL);
    t->date_s = date_s > 0 ? date_s : 0;
}

static size_t on_header(char *data, size_t one, size_t size, void *context)
{
    (void)one;
    struct http_transfer *t = context;
    assert(t->header_bytes <= HTTP_HEADER_BYTES_MAX);
    if (size > HTTP_HEADER_BYTES_MAX - t->header_bytes) {
        fail_too_big(t, "reply header", HTTP_HEADER_BYTES_MAX);
        return 0;
    }
    t->header_bytes += size;
    note_date(t, data, size);
    return size;
}

int http_transfer_status(const struct http_transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
    (void)one;
    struct http_transfer *t = context;
    assert(t->state == HTTP_TRANSFER_RUNNING);
    if (t->http_status == 0)
        t->http_status = http_transfer_status(t);
    size_t limit = http_transfer_flows(t)
        ? (size_t)HTTP_STREAM_PENDING_BYTES_MAX
        : (size_t)HTTP_REPLY_BYTES_MAX;
    if (size > limit - t->body.size) {
        /* A stream may burst between two polls: the network waits then. */
        t->paused = http_transfer_flows(t);
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

/* The children that a program starts must not hold our connections open, and
 * bytes that nobody acknowledges must not hold a transfer for a quarter of an
 * hour (TCP_USER_TIMEOUT; tcp(7)). */
static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    (void)purpose;
    const struct http_transfer *t = context;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                    address->protocol);
    unsigned limit_ms = (unsigned)t->config->keepalive_timeout_s * 1000;
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms,
                         sizeof limit_ms);
    return fd;
}

static int close_socket(void *context, curl_socket_t fd)
{
    http_idle_forget(context, fd);
    return close(fd);
}

/* HTTP/2 names the request that each byte belongs to. */
void http_transfer_release(const struct http_transfer *t)
{
    long version = 0;
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd);
    if (fd != CURL_SOCKET_BAD && version != CURL_HTTP_VERSION_2_0)
        http_idle_add(t->idle, fd);
}

#define SET(option, value)                                                     \
    do {                                                                       \
        CURLcode code_ = curl_easy_setopt(t->easy, option, value);             \
        if (code_ != CURLE_OK)                                                 \
            return code_;                                                      \
    } while (0)

static CURLcode set_protocol(struct http_transfer *t)
{
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROXY, ""); /* and none from the environment */
    SET(OPTION_SCHEMES, SCHEMES);
    SET(OPTION_REDIRECT_SCHEMES, SCHEMES);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, (long)t->config->keepalive_time_s);
    SET(CURLOPT_TCP_KEEPINTVL, (long)t->config->keepalive_time_s);
#if CURL_AT_LEAST_VERSION(7, 87, 0)
    /* Cancelling must not wait for a name server. */
    SET(CURLOPT_QUICK_EXIT, 1L);
#endif
    return CURLE_OK;
}

/* Files are read again and the server is verified anew at each connection, so
 * that a rotated certificate needs no restart and a revoked one no luck. */
static CURLcode set_tls(struct http_transfer *t)
{
    const struct http_config *config = t->config;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, config->insecure_skip_verify ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, config->insecure_skip_verify ? 0L : 2L);
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
#if CURL_AT_LEAST_VERSION(7, 87, 0)
    SET(CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
    if (config->cacert)
        SET(CURLOPT_CAINFO, config->cacert);
    if (config->cert)
        SET(CURLOPT_SSLCERT, config->cert);
    if (config->key)
        SET(CURLOPT_SSLKEY, config->key);
    /* Else OpenSSL itself would ask on the terminal, and wait. */
    SET(CURLOPT_KEYPASSWD, "");
    return CURLE_OK;
}

static CURLcode set_callbacks(struct http_transfer *t)
{
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, t->idle);
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

static CURLcode set_request(struct http_transfer *t,
                            const struct http_request *request)
{
    SET(CURLOPT_URL, request->url);
    if (strncasecmp(request->url, "https:", 6) == 0) {
        /* HTTP/2 when the server offers it, so that one connection carries
         * every transfer: those that come later wait for the first one's
         * handshake, which tells. */
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        SET(CURLOPT_PIPEWAIT, 1L);
    } else {
        /* Not "2TLS", which means the same over plain TCP, but lets others
         * wait until the first reply says so. */
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    }
    SET(CURLOPT_HTTPHEADER, t->headers);
    SET(CURLOPT_CONNECTTIMEOUT_MS, limited_ms(request->connect_timeout_ms));
    SET(CURLOPT_TIMEOUT_MS, limited_ms(request->timeout_ms));
    bool fresh = request->fresh || http_idle_speaks(t->idle);
    SET(CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
    if (request->body) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
        SET(CURLOPT_COPYPOSTFIELDS, request->body);
    }
    return CURLE_OK;
}

static int add_header(struct http_transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);
    if (!longer)
        return CANDIDATE_ENOMEM;
    t->headers = longer;
    return 0;
}

static int add_headers(struct http_transfer *t,
                       const struct http_request *request)
{
    int r = add_header(t, "Expect:"); /* else a long POST waits for a 100 */
    if (r == 0 && request->body)
        r = add_header(t, "Content-Type: application/json");
    for (size_t i = 0; r == 0 && request->headers && request->headers[i]; i++)
        r = add_header(t, request->headers[i]);
    return r;
}

void http_transfer_init(struct http_transfer *t,
                        const struct http_config *config,
                        const struct http_request *request)
{
    assert(t->state == HTTP_TRANSFER_FREE);
    assert(!t->headers);
    t->tag = request->tag;
    t->config = config;
    t->stream = request->stream;
    t->paused = false;
    t->connect_timeout_ms = request->connect_timeout_ms;
    t->timeout_ms = request->timeout_ms;
    t->began_at_ms = clock_now_ms();
    t->header_bytes = 0;
    t->error = 0;
    t->http_status = 0;
    t->message[0] = '\0';
    t->curl_message[0] = '\0';
    buf_init(&t->body,
             request->stream ? HTTP_STREAM_PENDING_BYTES_MAX
                             : HTTP_REPLY_BYTES_MAX);
}

CURLcode http_transfer_setup(struct http_transfer *t,
                             const struct http_request *request)
{
    if (!t->easy)
        t->easy = curl_easy_init();
    if (!t->easy || add_headers(t, request) < 0)
        return CURLE_OUT_OF_MEMORY;
    CURLcode code = set_protocol(t);
    if (code == CURLE_OK)
        code = set_tls(t);
    if (code == CURLE_OK)
        code = set_callbacks(t);
    if (code == CURLE_OK)
        code = set_request(t, request);
    return code;
}
