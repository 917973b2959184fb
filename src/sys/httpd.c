/* httpd.c: see httpd.h. */
#include "sys/httpd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/buf.h"
#include "sys/clock.h"
#include "sys/error.h"

struct client {
    struct MHD_Connection *connection; /* NULL: the place is free */
    int fd;
    int64_t begun_at_ms;
    bool shut; /* shown the door: it is still to be told of by MHD */
    bool streams;
};

/* A client that is sent more and more. While there is nothing for it, MHD
 * does not look at its connection. */
struct stream {
    struct httpd *httpd;
    struct client *client; /* NULL: the place is free */
    struct buf pending;
    bool suspended;
};

struct httpd {
    struct MHD_Daemon *daemon;
    httpd_handler *handler;
    void *context;
    int64_t now_ms; /* of this call of httpd_work() */
    unsigned clients_n;
    struct client clients[HTTPD_CLIENTS_MAX];
    struct stream streams[HTTPD_STREAMS_MAX];
};

/* ---- who comes and goes ---- */

/* MHD sees the end of the connection when it looks the next time. */
static void show_the_door(struct client *client)
{
    (void)shutdown(client->fd, SHUT_RDWR);
    client->shut = true;
}

/* The number of the one that has been here longest, of those whose time is
 * limited; -1: there is none. */
static int oldest(const struct httpd *h)
{
    int found = -1;
    for (int i = 0; i < HTTPD_CLIENTS_MAX; i++) {
        const struct client *client = &h->clients[i];
        if (!client->connection || client->shut || client->streams)
            continue;
        if (found < 0 || client->begun_at_ms < h->clients[found].begun_at_ms)
            found = i;
    }
    return found;
}

/* Who is idle here must not keep out a probe. */
static void keep_room(struct httpd *h)
{
    unsigned shut_n = 0;
    for (size_t i = 0; i < HTTPD_CLIENTS_MAX; i++)
        shut_n += h->clients[i].connection && h->clients[i].shut;
    while (h->clients_n - shut_n > HTTPD_CLIENTS_MAX - HTTPD_CLIENTS_SPARE) {
        int victim = oldest(h);
        if (victim < 0)
            return;
        show_the_door(&h->clients[victim]);
        shut_n++;
    }
}

static struct client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void begin_client(struct httpd *h, struct MHD_Connection *connection,
                         void **context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    size_t i = 0;
    while (i < HTTPD_CLIENTS_MAX && h->clients[i].connection)
        i++;
    assert(info && i < HTTPD_CLIENTS_MAX); /* MHD's own limit is the same */
    struct client *client = &h->clients[i];
    *client = (struct client){ .connection = connection,
                               .fd = info->connect_fd,
                               .begun_at_ms = h->now_ms };
    *context = client;
    h->clients_n++;
    keep_room(h);
}

static void on_connection(void *cls, struct MHD_Connection *connection,
                          void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct httpd *h = cls;
    struct client *client = *context;
    switch (code) {
    case MHD_CONNECTION_NOTIFY_STARTED:
        begin_client(h, connection, context);
        return;
    case MHD_CONNECTION_NOTIFY_CLOSED:
        assert(client && client->connection);
        client->connection = NULL;
        h->clients_n--;
        return;
    }
}

/* ---- streams ---- */

static ssize_t read_stream(void *cls, uint64_t pos, char *out, size_t max)
{
    struct stream *s = cls;
    (void)pos;
    size_t bytes = s->pending.size < max ? s->pending.size : max;
    if (bytes == 0) {
        MHD_suspend_connection(s->client->connection);
        s->suspended = true;
        return 0;
    }
    memcpy(out, s->pending.data, bytes);
    buf_consume(&s->pending, bytes);
    return (ssize_t)bytes;
}

static void end_stream(void *cls)
{
    struct stream *s = cls;
    buf_done(&s->pending);
    s->client = NULL;
}

static struct stream *free_stream(struct httpd *h)
{
    for (size_t i = 0; i < HTTPD_STREAMS_MAX; i++)
        if (!h->streams[i].client)
            return &h->streams[i];
    return NULL;
}

static void resume(struct stream *s)
{
    if (!s->suspended)
        return;
    s->suspended = false;
    MHD_resume_connection(s->client->connection);
}

void httpd_publish(struct httpd *h, const char *data, size_t bytes)
{
    for (size_t i = 0; i < HTTPD_STREAMS_MAX; i++) {
        struct stream *s = &h->streams[i];
        if (!s->client || s->client->shut)
            continue;
        if (buf_add(&s->pending, data, bytes) < 0)
            show_the_door(s->client);
        resume(s);
    }
}

unsigned httpd_streams_n(const struct httpd *h)
{
    unsigned n = 0;
    for (size_t i = 0; i < HTTPD_STREAMS_MAX; i++)
        n += h->streams[i].client != NULL;
    return n;
}

/* ---- answers ---- */

/* Returns NULL when it cannot be had: too many, or no memory. */
static struct MHD_Response *begin_stream(struct httpd *h, struct client *client,
                                         const struct httpd_answer *answer)
{
    struct stream *s = free_stream(h);
    if (!s)
        return NULL;
    *s = (struct stream){ .httpd = h, .client = client };
    buf_init(&s->pending, HTTPD_PENDING_BYTES_MAX);
    struct MHD_Response *response = NULL;
    if (buf_add(&s->pending, answer->body, answer->bytes) == 0)
        response = MHD_create_response_from_callback(
            MHD_SIZE_UNKNOWN, HTTPD_REQUEST_BYTES_MAX / 4, read_stream, s,
            end_stream);
    if (!response)
        end_stream(s);
    client->streams = response != NULL;
    return response;
}

static struct MHD_Response *response_of(struct httpd *h, struct client *client,
                                        struct httpd_answer *answer)
{
    char busy[] = "too many follow this already\n";
    struct MHD_Response *response = NULL;
    if (answer->stream)
        response = begin_stream(h, client, answer);
    if (answer->stream && !response)
        *answer = (struct httpd_answer){ .status = MHD_HTTP_SERVICE_UNAVAILABLE,
                                         .body = busy,
                                         .bytes = strlen(busy) };
    if (!response)
        response = MHD_create_response_from_buffer(answer->bytes, answer->body,
                                                   MHD_RESPMEM_MUST_COPY);
    return response;
}

static void add_header(struct MHD_Response *response, const char *name,
                       const char *value)
{
    if (value)
        (void)MHD_add_response_header(response, name, value);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_bytes, void **context)
{
    struct httpd *h = cls;
    struct httpd_request request = { .method = method, .path = url };
    struct httpd_answer answer = { 0 };
    (void)version, (void)upload, (void)upload_bytes, (void)context;
    h->handler(h->context, &request, &answer);
    assert(answer.status >= 200 && (answer.body || answer.bytes == 0));
    struct client *client = client_of(connection);
    /* A stream that begins without its client would never end. */
    answer.stream = answer.stream && client && strcmp(method, "GET") == 0;
    struct MHD_Response *response = response_of(h, client, &answer);
    if (!response)
        return MHD_NO;
    (void)MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
                                   MHD_RO_END);
    add_header(response, "Content-Type",
               answer.type ? answer.type : "text/plain; charset=utf-8");
    add_header(response, "Allow", answer.allow);
    add_header(response, "Content-Security-Policy", answer.policy);
    add_header(response, "Cache-Control", "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    enum MHD_Result r = MHD_queue_response(connection, (unsigned)answer.status,
                                           response);
    MHD_destroy_response(response);
    return r;
}

/* ---- life ---- */

static struct MHD_Daemon *start(struct httpd *h, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, h,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTPD_CLIENTS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTPD_REQUEST_BYTES_MAX, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, h, MHD_OPTION_END);
}

int httpd_new(struct httpd **ret_h, int listen_fd, httpd_handler *handler,
              void *context, struct candidate_error *err)
{
    struct httpd *h = calloc(1, sizeof *h);
    int fd = fcntl(listen_fd, F_DUPFD_CLOEXEC, 0);
    if (!h || fd < 0) {
        free(h);
        return error_set(err, h ? CANDIDATE_ESYSTEM : CANDIDATE_ENOMEM, "%s",
                         strerror(errno));
    }
    h->handler = handler;
    h->context = context;
    h->daemon = start(h, fd);
    if (!h->daemon) { /* which has closed the copy, or not: see its source */
        free(h);
        return error_set(err, CANDIDATE_ESYSTEM,
                         "libmicrohttpd does not start");
    }
    *ret_h = h;
    return 0;
}

void httpd_free(struct httpd *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < HTTPD_STREAMS_MAX; i++)
        if (h->streams[i].client)
            resume(&h->streams[i]); /* MHD wants that before its end */
    MHD_stop_daemon(h->daemon);
    free(h);
}

/* ---- the loop ---- */

struct pollfd httpd_pollfd(const struct httpd *h, int64_t now_ms,
                           int *timeout_ms)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(
        h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    MHD_UNSIGNED_LONG_LONG asked_ms;
    int64_t wait_ms = INT_MAX;
    int first = oldest(h);
    if (first >= 0)
        wait_ms = h->clients[first].begun_at_ms + HTTPD_CLIENT_MS_MAX - now_ms;
    if (MHD_get_timeout(h->daemon, &asked_ms) == MHD_YES && asked_ms == 0)
        wait_ms = 0; /* it has read more than it has looked at */
    if (wait_ms < 0)
        wait_ms = 0;
    if (wait_ms < INT_MAX && (*timeout_ms < 0 || wait_ms < *timeout_ms))
        *timeout_ms = (int)wait_ms;
    return (struct pollfd){ .fd = info->epoll_fd, .events = POLLIN };
}

void httpd_work(struct httpd *h, int64_t now_ms)
{
    h->now_ms = now_ms;
    for (int i = oldest(h);
         i >= 0 && now_ms - h->clients[i].begun_at_ms >= HTTPD_CLIENT_MS_MAX;
         i = oldest(h))
        show_the_door(&h->clients[i]);
    (void)MHD_run(h->daemon);
}
