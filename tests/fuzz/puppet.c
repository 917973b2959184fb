/* puppet.c: see puppet.h. */
#include "fuzz/puppet.h"

#include <stdarg.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "sys/clock.h"

enum {
    TTL_S_MAX = 300,
    REVISION = 90,
    SUCCEEDED = 0x40, /* of an answer's number */
};

/* ---- its life ---- */

void puppet_open(struct puppet *p, struct script *script)
{
    p->script = script;
    p->revision = REVISION;
    gateway_open(&p->gateway);
    p->gateway.hangs_up = true;
}

void puppet_close(struct puppet *p)
{
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++)
        if (p->gateway.connections[i].fd >= 0)
            script_forget_connection(p->gateway.connections[i].fd);
    gateway_close(&p->gateway);
}

/* ---- what it is asked ---- */

/* A string or number of the body, behind this. */
static void copy_value(const char *body, const char *behind, char *ret_value)
{
    const char *at = strstr(body, behind);
    at = at ? at + strlen(behind) : "";
    at += strspn(at, "\":");
    (void)snprintf(ret_value, PUPPET_KEY_BYTES_MAX, "%.*s",
                   (int)strcspn(at, "\",}"), at);
}

static enum puppet_call call_of(const struct gateway_request *request)
{
    static const struct {
        const char *path;
        enum puppet_call call;
    } calls[] = {
        { "POST /v3/lease/grant ", PUPPET_GRANT },
        { "POST /v3/lease/keepalive ", PUPPET_KEEPALIVE },
        { "POST /v3/kv/txn ", PUPPET_TXN },
        { "POST /v3/watch ", PUPPET_WATCH },
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strncmp(request->head, calls[i].path, strlen(calls[i].path)) == 0)
            return calls[i].call == PUPPET_TXN &&
                    strstr(request->body, "request_put")
                ? PUPPET_CLAIM
                : calls[i].call;
    return PUPPET_OTHER;
}

static void say(struct puppet *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct puppet *p, const char *format, ...)
{
    va_list args;
    size_t room = sizeof p->reply - p->reply_bytes;
    va_start(args, format);
    int n = vsnprintf(p->reply + p->reply_bytes, room, format, args);
    va_end(args);
    CHECK(n >= 0 && (size_t)n < room);
    p->reply_bytes += (size_t)n;
}

static void send_reply(struct puppet *p, unsigned connection)
{
    if (p->reply_bytes > 0)
        (void)gateway_send_some(&p->gateway, connection, p->reply,
                                p->reply_bytes);
    p->reply_bytes = 0;
}

static void take(struct puppet *p, const struct gateway_request *came)
{
    unsigned slot = came->connection % GATEWAY_CONNECTIONS_MAX;
    struct puppet_request *r = &p->requests[slot];
    *r = (struct puppet_request){
        .call = call_of(came),
        .connection = came->connection,
        .received_at_ms = clock_now_ms(),
    };
    (void)snprintf(r->body, sizeof r->body, "%s", came->body);
    p->last = slot;
    if (r->call == PUPPET_GRANT) {
        p->candidacy++;
        p->won = false;
        p->renewed_ms = 0;
        copy_value(r->body, "\"ID\"", p->lease);
    }
    r->candidacy = p->candidacy;
    if (r->call == PUPPET_CLAIM &&
        !strstr(r->body, "\"request_put\":{\"key\":\"bGV"))
        copy_value(strstr(r->body, "request_put"), "\"key\"", p->lock_key);
    if (r->call != PUPPET_WATCH)
        return;
    p->stream = r->connection;
    r->call = PUPPET_NONE;
    say(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    send_reply(p, p->stream);
}

void puppet_serve(struct puppet *p, const struct pollfd *fds)
{
    struct gateway_request request;
    gateway_serve(&p->gateway, fds);
    while (gateway_next(&p->gateway, &request))
        take(p, &request);
}

/* ---- what it answers ---- */

/* What an answer to this request may mean, as far as it can be told.
 * yes  it may say that a transaction has succeeded. */
static void note_answer(struct puppet *p, struct puppet_request *r,
                        int64_t ttl_s, bool yes)
{
    int64_t gives_ms = r->received_at_ms + ttl_s * 900 - 250;
    switch (r->call) {
    case PUPPET_GRANT:
    case PUPPET_KEEPALIVE:
        if (gives_ms > p->renewed_ms)
            p->renewed_ms = gives_ms;
        break;
    case PUPPET_CLAIM:
        p->won = p->won || (yes && r->candidacy == p->candidacy);
        /* Fall through: it is a transaction as well. */
        __attribute__((fallthrough));
    case PUPPET_TXN:
        if (yes && p->renewed_ms > p->until_max_ms)
            p->until_max_ms = p->renewed_ms;
        break;
    case PUPPET_NONE:
    case PUPPET_WATCH:
    case PUPPET_OTHER:
        break;
    }
}

static void say_header(struct puppet *p, uint8_t number)
{
    p->revision += number % 4;
    say(p,
        "\"header\":{\"cluster_id\":\"7\",\"member_id\":\"8\",\"revision\":"
        "\"%lld\",\"raft_term\":\"%d\"}",
        (long long)p->revision, number & 0x80 ? 3 : 2);
}

static void say_kv(struct puppet *p)
{
    static const char leader[] = "bGVhZGVy"; /* "leader" */
    static const char other[] = "ZWxlY3Rpb25fbGVhZGVyL2E=";
    const char *const keys[] = { p->lock_key, other, leader };
    uint8_t number = script_byte(p->script);
    int64_t created = p->revision - script_byte(p->script) % 16;
    say(p,
        "{\"key\":\"%s\",\"create_revision\":\"%lld\",\"mod_revision\":"
        "\"%lld\",\"version\":\"1\",\"value\":\"%s\",\"lease\":\"%s\"}",
        keys[number % 3], (long long)created,
        (long long)(number & 0x40 ? p->revision : created),
        number & 4 ? "QQ==" : "Qg==",
        number & 8        ? p->lease
            : number & 16 ? "0"
                          : "10");
}

/* One response for each operation of the branch that is taken. */
static void say_txn(struct puppet *p, const struct puppet_request *r,
                    uint8_t number)
{
    const char *branch = strstr(r->body, "\"success\":");
    const char *other = strstr(r->body, "\"failure\":");
    bool succeeded = number & SUCCEEDED;
    const char *at = succeeded ? branch : other;
    const char *end = succeeded && other ? other : r->body + strlen(r->body);
    const char *between = "";
    say(p, ",\"succeeded\":%s,\"responses\":[", succeeded ? "true" : "false");
    while (at && (at = strstr(at, "\"request_")) != NULL && at < end) {
        at += strlen("\"request_");
        int bytes = (int)strcspn(at, "\"");
        say(p, "%s{\"response_%.*s\":{", between, bytes, at);
        if (strncmp(at, "range", 5) == 0 && script_byte(p->script) & 1) {
            say(p, "\"kvs\":[");
            say_kv(p);
            say(p, "],\"count\":\"1\"");
        }
        say(p, "}}");
        between = ",";
    }
    say(p, "]");
}

static void say_answer(struct puppet *p, struct puppet_request *r,
                       uint8_t number)
{
    int ttl_s = number & 0x20 ? 1 + number % 16 : PUPPET_TTL_S;
    bool streams = r->call == PUPPET_KEEPALIVE;
    say(p, streams ? "{\"result\":{" : "{");
    say_header(p, number);
    if (r->call == PUPPET_GRANT || r->call == PUPPET_KEEPALIVE)
        say(p, ",\"ID\":\"%s\",\"TTL\":\"%d\"", p->lease, ttl_s);
    else if (r->call == PUPPET_TXN || r->call == PUPPET_CLAIM)
        say_txn(p, r, number);
    say(p, streams ? "}}" : "}");
    note_answer(p, r, ttl_s, number & SUCCEEDED);
}

/* Put what has been said so far behind a head. */
static void answer(struct puppet *p, struct puppet_request *r, int status)
{
    char body[PUPPET_REPLY_BYTES_MAX];
    size_t bytes = p->reply_bytes;
    memcpy(body, p->reply, bytes);
    p->reply_bytes = 0;
    say(p, "HTTP/1.1 %d Status\r\nContent-Length: %zu\r\n\r\n", status, bytes);
    say(p, "%.*s", (int)bytes, body);
    send_reply(p, r->connection);
    r->call = PUPPET_NONE;
}

static void tell(struct puppet *p, uint8_t number)
{
    char size[PUPPET_KEY_BYTES_MAX];
    (void)snprintf(size, sizeof size, "%zx\r\n", p->reply_bytes + 2);
    memmove(p->reply + strlen(size), p->reply, p->reply_bytes);
    memcpy(p->reply, size, strlen(size));
    p->reply_bytes += strlen(size);
    say(p, number & 1 ? "\r\n\r\n" : "\n\n\r\n");
    send_reply(p, p->stream);
}

/* ---- its steps ---- */

static struct puppet_request *any_request(struct puppet *p, uint8_t number)
{
    return &p->requests[number % GATEWAY_CONNECTIONS_MAX];
}

void puppet_answer(struct puppet *p, uint8_t number)
{
    struct puppet_request *r = &p->requests[p->last];
    if (r->call == PUPPET_NONE)
        return;
    say_answer(p, r, number);
    answer(p, r, 200);
}

void puppet_answer_text(struct puppet *p, uint8_t number)
{
    static const int statuses[] = { 200, 400, 401, 404, 500, 503, 204, 301 };
    struct puppet_request *r = &p->requests[p->last];
    char text[SCRIPT_TEXT_BYTES_MAX];
    (void)script_text(p->script, text);
    note_answer(p, r, TTL_S_MAX, strstr(text, "true"));
    say(p, "%s", text);
    answer(p, r, statuses[number % 8]);
}

void puppet_send_bytes(struct puppet *p, uint8_t number)
{
    struct puppet_request *r = any_request(p, number);
    note_answer(p, r, TTL_S_MAX, true);
    p->reply_bytes = script_text(p->script, p->reply);
    send_reply(p, r->connection);
}

void puppet_hang_up(struct puppet *p, uint8_t number)
{
    gateway_hang_up(&p->gateway, any_request(p, number)->connection);
}

void puppet_tell_event(struct puppet *p, uint8_t number)
{
    say(p, "{\"result\":{");
    say_header(p, number);
    say(p, ",\"watch_id\":\"%d\",\"events\":[{%s\"kv\":", number >> 2 & 7,
        number & 0x40 ? "\"type\":\"DELETE\"," : "");
    say_kv(p);
    say(p, "}]}}");
    tell(p, 0);
}

void puppet_tell_text(struct puppet *p, uint8_t number)
{
    p->reply_bytes = script_text(p->script, p->reply);
    tell(p, number);
}
