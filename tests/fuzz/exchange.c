/* exchange.c: see exchange.h. */
#include "fuzz/exchange.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "sys/clock.h"

static enum exchange_call call_of(const struct exchange_request *r)
{
    static const struct {
        const char *path;
        enum exchange_call call;
    } calls[] = {
        { "/v3/lease/grant ", GRANT },
        { "/v3/lease/keepalive ", KEEPALIVE },
        { "/v3/kv/txn ", TXN },
        { "/v3/watch ", WATCH },
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strncmp(r->path, calls[i].path, strlen(calls[i].path)) == 0)
            return calls[i].call == TXN && strstr(r->body, "request_put")
                ? CLAIM
                : calls[i].call;
    return OTHER;
}

void exchange_send(struct exchange *x, unsigned connection,
                   const struct said *bytes)
{
    if (bytes->bytes > 0)
        (void)gateway_send_some(&x->gateway, connection, bytes->text,
                                bytes->bytes);
}

static void send_out(struct exchange *x, unsigned connection)
{
    exchange_send(x, connection, &x->out);
    x->out.bytes = 0;
}

/* One object for each watch, one a line. */
static void take_watches(struct exchange *x, struct exchange_request *r)
{
    x->stream = r->connection;
    x->told_n = 0;
    x->watches_n = 0;
    for (const char *line = r->body; *line; line = strchr(line, '\n') + 1) {
        const char *asked = asked_member(line, "create_request");
        const char *filter = asked_first(asked_member(asked, "filters"));
        CHECK(asked && x->watches_n < EXCHANGE_WATCHES_MAX);
        x->watched_from = asked_number(asked, "start_revision");
        x->watches[x->watches_n++] = (struct exchange_watch){
            .key = asked_bytes(asked, "key"),
            .no_deletes = filter && strncmp(filter, "\"NODELETE", 9) == 0,
        };
    }
    said_add(&x->out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    send_out(x, x->stream);
    r->call = NONE;
}

struct exchange_request *exchange_take(struct exchange *x)
{
    struct gateway_request came;
    if (!gateway_next(&x->gateway, &came))
        return NULL;
    struct exchange_request *r = exchange_at(x, (uint8_t)came.connection);
    r->connection = came.connection;
    r->number = ++x->requests_n;
    r->received_at_ms = clock_now_ms();
    r->reply.bytes = 0;
    CHECK(strlen(came.body) < sizeof r->body);
    (void)snprintf(r->path, sizeof r->path, "%s", came.head + strlen("POST "));
    (void)snprintf(r->body, sizeof r->body, "%s", came.body);
    r->call = call_of(r);
    if (r->call == WATCH)
        take_watches(x, r);
    return r;
}

struct exchange_request *exchange_last(struct exchange *x)
{
    struct exchange_request *last = NULL;
    for (size_t i = 0; i < GATEWAY_CONNECTIONS_MAX; i++) {
        struct exchange_request *r = &x->requests[i];
        if (r->call != NONE && (!last || r->number > last->number))
            last = r;
    }
    return last;
}

struct exchange_request *exchange_at(struct exchange *x, uint8_t number)
{
    return &x->requests[number % GATEWAY_CONNECTIONS_MAX];
}

void exchange_answer(struct exchange *x, struct exchange_request *r, int status,
                     const struct said *body)
{
    said_add(&x->out, "HTTP/1.1 %d Status\r\nContent-Length: %zu\r\n\r\n%.*s",
             status, body->bytes, (int)body->bytes, body->text);
    send_out(x, r->connection);
    r->call = NONE;
}

void exchange_tell(struct exchange *x, const struct said *message,
                   const char *line_end)
{
    said_add(&x->out, "%zx\r\n%.*s%s\r\n", message->bytes + strlen(line_end),
             (int)message->bytes, message->text, line_end);
    send_out(x, x->stream);
}

bool exchange_watches(const struct exchange *x, size_t watch,
                      const struct store_kv *kv)
{
    const struct exchange_watch *w = &x->watches[watch];
    return watch < x->watches_n && kv->mod_revision >= x->watched_from &&
        asked_order(&kv->key, &w->key) == 0 &&
        (kv->create_revision || !w->no_deletes);
}

void exchange_tell_of(struct exchange *x, const struct store *s, size_t watch,
                      const struct store_kv *kv)
{
    static struct said message;
    message.bytes = 0;
    replies_tell(s, kv, (int64_t)watch, &message);
    exchange_tell(x, &message, "\n");
}
