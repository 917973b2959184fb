/* fuzz_client.c: a whole candidate and a server that the input plays.
 *
 * The input is a script: answers as etcd gives them, any status with any body,
 * any bytes; events on the stream of watches; connections cut; time that
 * passes; resignation. Whatever comes, the candidate believes to lead only
 * after a claim of this candidacy was answered, and not beyond what an answered
 * and confirmed renewal gives: reckoned from when it was received, which is
 * later than it was sent.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "candidate.h"
#include "fake/gateway.h"
#include "fuzz/fuzz.h"
#include "fuzz/script.h"
#include "sys/clock.h"
#include "sys/text.h"

enum {
    STEPS_MAX = 80,
    TURNS = 4,
    TTL_S = 5,
    TTL_S_MAX = 300,
    REPLY_BYTES_MAX = 3 * SCRIPT_TEXT_BYTES_MAX,
    KEY_BYTES_MAX = 64,
    REVISION = 90,
    SUCCEEDED = 0x40, /* of an answer's number */
};

enum step {
    ANSWER,
    ANSWER_TEXT,
    SEND_BYTES,
    TELL_EVENT,
    TELL_TEXT,
    HANG_UP,
    TIME,
    ASK,
    STEPS_N
};

enum call { NONE, GRANT, KEEPALIVE, CLAIM, TXN, WATCH, OTHER };

struct request {
    enum call call; /* NONE: there is none, or it has been answered */
    unsigned connection;
    unsigned candidacy;
    int64_t received_at_ms;
    char body[SCRIPT_TEXT_BYTES_MAX];
};

struct play {
    struct script script;
    struct gateway gateway;
    struct candidate *candidate;
    struct request requests[GATEWAY_CONNECTIONS_MAX];
    unsigned last;   /* which of them came last */
    unsigned stream; /* connection of the watches; 0: none */
    char lease[KEY_BYTES_MAX];
    char lock_key[KEY_BYTES_MAX]; /* in base64 */
    int64_t revision;
    unsigned candidacy;   /* counts what leases were asked for */
    bool won;             /* a claim of this candidacy was answered */
    bool elected, ended;  /* as its events say */
    int64_t renewed_ms;   /* until then the last answered renewal would give */
    int64_t until_max_ms; /* and those that were confirmed as well */
    char reply[REPLY_BYTES_MAX];
    size_t reply_bytes;
};

/* ---- what must never be ---- */

static void check_state(const struct play *p)
{
    bool leading = candidate_leading(p->candidate);
    int64_t until_ms = candidate_lead_until_ms(p->candidate);
    CHECK(leading == (until_ms != 0));
    CHECK(!leading || p->won);
    CHECK(!leading || until_ms <= p->until_max_ms);
    CHECK(!leading || clock_now_ms() < until_ms);
    CHECK(!leading || !p->ended);
    CHECK(candidate_confirmed_at_ms(p->candidate) <= clock_now_ms());
}

static void check_event(struct play *p, const struct candidate_event *event)
{
    CHECK(!p->ended);
    CHECK(text_is_clean(event->text, strlen(event->text)));
    CHECK(!event->leader ||
          text_is_clean(event->leader, strlen(event->leader)));
    switch (event->type) {
    case CANDIDATE_ELECTED:
        CHECK(p->won && !p->elected && event->token > 0 && event->lease > 0);
        p->elected = true;
        break;
    case CANDIDATE_LOST:
        CHECK(p->elected);
        p->elected = false;
        break;
    case CANDIDATE_ASKED:
        CHECK(p->elected);
        break;
    case CANDIDATE_ENDED:
        p->ended = true;
        break;
    case CANDIDATE_ATTEMPTING:
    case CANDIDATE_FOLLOWING:
    case CANDIDATE_NOTICE:
        break;
    }
}

/* ---- what it asks ---- */

/* A string or number of the body, behind this. */
static void copy_value(const char *body, const char *behind, char *ret_value)
{
    const char *at = strstr(body, behind);
    at = at ? at + strlen(behind) : "";
    at += strspn(at, "\":");
    (void)snprintf(ret_value, KEY_BYTES_MAX, "%.*s", (int)strcspn(at, "\",}"),
                   at);
}

static enum call call_of(const struct gateway_request *request)
{
    static const struct {
        const char *path;
        enum call call;
    } calls[] = {
        { "POST /v3/lease/grant ", GRANT },
        { "POST /v3/lease/keepalive ", KEEPALIVE },
        { "POST /v3/kv/txn ", TXN },
        { "POST /v3/watch ", WATCH },
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strncmp(request->head, calls[i].path, strlen(calls[i].path)) == 0)
            return calls[i].call == TXN && strstr(request->body, "request_put")
                ? CLAIM
                : calls[i].call;
    return OTHER;
}

static void say(struct play *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct play *p, const char *format, ...)
{
    va_list args;
    size_t room = sizeof p->reply - p->reply_bytes;
    va_start(args, format);
    int n = vsnprintf(p->reply + p->reply_bytes, room, format, args);
    va_end(args);
    CHECK(n >= 0 && (size_t)n < room);
    p->reply_bytes += (size_t)n;
}

static void send_reply(struct play *p, unsigned connection)
{
    if (p->reply_bytes > 0)
        (void)gateway_send_some(&p->gateway, connection, p->reply,
                                p->reply_bytes);
    p->reply_bytes = 0;
}

static void take(struct play *p, const struct gateway_request *came)
{
    unsigned slot = came->connection % GATEWAY_CONNECTIONS_MAX;
    struct request *r = &p->requests[slot];
    *r = (struct request){
        .call = call_of(came),
        .connection = came->connection,
        .received_at_ms = clock_now_ms(),
    };
    (void)snprintf(r->body, sizeof r->body, "%s", came->body);
    p->last = slot;
    if (r->call == GRANT) {
        p->candidacy++;
        p->won = false;
        p->renewed_ms = 0;
        copy_value(r->body, "\"ID\"", p->lease);
    }
    r->candidacy = p->candidacy;
    if (r->call == CLAIM && !strstr(r->body, "\"request_put\":{\"key\":\"bGV"))
        copy_value(strstr(r->body, "request_put"), "\"key\"", p->lock_key);
    if (r->call != WATCH)
        return;
    p->stream = r->connection;
    r->call = NONE;
    say(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    send_reply(p, p->stream);
}

/* Returns false when there was no memory to go on. */
static bool turn(struct play *p)
{
    struct pollfd fds[GATEWAY_FDS];
    struct gateway_request request;
    struct candidate_event event;
    gateway_fds(&p->gateway, fds);
    int r = candidate_poll(p->candidate, fds, GATEWAY_FDS, 0);
    if (r == CANDIDATE_ENOMEM && script_lost_memory())
        return false;
    CHECK(r >= 0);
    gateway_serve(&p->gateway, fds);
    while (gateway_next(&p->gateway, &request))
        take(p, &request);
    while (candidate_next(p->candidate, &event))
        check_event(p, &event);
    check_state(p);
    return true;
}

/* ---- what it is answered ---- */

/* What an answer to this request may mean, as far as it can be told.
 * yes  it may say that a transaction has succeeded. */
static void note_answer(struct play *p, struct request *r, int64_t ttl_s,
                        bool yes)
{
    int64_t gives_ms = r->received_at_ms + ttl_s * 900 - 250;
    switch (r->call) {
    case GRANT:
    case KEEPALIVE:
        if (gives_ms > p->renewed_ms)
            p->renewed_ms = gives_ms;
        break;
    case CLAIM:
        p->won = p->won || (yes && r->candidacy == p->candidacy);
        /* Fall through: it is a transaction as well. */
        __attribute__((fallthrough));
    case TXN:
        if (yes && p->renewed_ms > p->until_max_ms)
            p->until_max_ms = p->renewed_ms;
        break;
    case NONE:
    case WATCH:
    case OTHER:
        break;
    }
}

static void say_header(struct play *p, uint8_t number)
{
    p->revision += number % 4;
    say(p,
        "\"header\":{\"cluster_id\":\"7\",\"member_id\":\"8\",\"revision\":"
        "\"%lld\",\"raft_term\":\"%d\"}",
        (long long)p->revision, number & 0x80 ? 3 : 2);
}

static void say_kv(struct play *p)
{
    static const char leader[] = "bGVhZGVy"; /* "leader" */
    static const char other[] = "ZWxlY3Rpb25fbGVhZGVyL2E=";
    const char *const keys[] = { p->lock_key, other, leader };
    uint8_t number = script_byte(&p->script);
    int64_t created = p->revision - script_byte(&p->script) % 16;
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
static void say_txn(struct play *p, const struct request *r, uint8_t number)
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
        if (strncmp(at, "range", 5) == 0 && script_byte(&p->script) & 1) {
            say(p, "\"kvs\":[");
            say_kv(p);
            say(p, "],\"count\":\"1\"");
        }
        say(p, "}}");
        between = ",";
    }
    say(p, "]");
}

static void say_answer(struct play *p, struct request *r, uint8_t number)
{
    int ttl_s = number & 0x20 ? 1 + number % 16 : TTL_S;
    bool streams = r->call == KEEPALIVE;
    say(p, streams ? "{\"result\":{" : "{");
    say_header(p, number);
    if (r->call == GRANT || r->call == KEEPALIVE)
        say(p, ",\"ID\":\"%s\",\"TTL\":\"%d\"", p->lease, ttl_s);
    else if (r->call == TXN || r->call == CLAIM)
        say_txn(p, r, number);
    say(p, streams ? "}}" : "}");
    note_answer(p, r, ttl_s, number & SUCCEEDED);
}

/* Put what has been said so far behind a head. */
static void answer(struct play *p, struct request *r, int status)
{
    char body[REPLY_BYTES_MAX];
    size_t bytes = p->reply_bytes;
    memcpy(body, p->reply, bytes);
    p->reply_bytes = 0;
    say(p, "HTTP/1.1 %d Status\r\nContent-Length: %zu\r\n\r\n", status, bytes);
    say(p, "%.*s", (int)bytes, body);
    send_reply(p, r->connection);
    r->call = NONE;
}

static void tell(struct play *p, uint8_t number)
{
    char size[KEY_BYTES_MAX];
    (void)snprintf(size, sizeof size, "%zx\r\n", p->reply_bytes + 2);
    memmove(p->reply + strlen(size), p->reply, p->reply_bytes);
    memcpy(p->reply, size, strlen(size));
    p->reply_bytes += strlen(size);
    say(p, number & 1 ? "\r\n\r\n" : "\n\n\r\n");
    send_reply(p, p->stream);
}

static void tell_event(struct play *p, uint8_t number)
{
    say(p, "{\"result\":{");
    say_header(p, number);
    say(p, ",\"watch_id\":\"%d\",\"events\":[{%s\"kv\":", number >> 2 & 7,
        number & 0x40 ? "\"type\":\"DELETE\"," : "");
    say_kv(p);
    say(p, "}]}}");
    tell(p, 0);
}

static void ask(struct play *p, uint8_t number)
{
    switch (number % 4) {
    case 0:
        candidate_resign(p->candidate);
        CHECK(!candidate_leading(p->candidate));
        break;
    case 1:
        candidate_yield(p->candidate);
        CHECK(!candidate_leading(p->candidate));
        break;
    default:
        candidate_hold(p->candidate, number % 4 == 2);
        break;
    }
}

static void play_step(struct play *p, enum step step)
{
    static const int statuses[] = { 200, 400, 401, 404, 500, 503, 204, 301 };
    char text[SCRIPT_TEXT_BYTES_MAX];
    uint8_t number = script_byte(&p->script);
    struct request *r = &p->requests[number % GATEWAY_CONNECTIONS_MAX];
    switch (step) {
    case ANSWER:
        r = &p->requests[p->last];
        if (r->call == NONE)
            break;
        say_answer(p, r, number);
        answer(p, r, 200);
        break;
    case ANSWER_TEXT:
        r = &p->requests[p->last];
        (void)script_text(&p->script, text);
        note_answer(p, r, TTL_S_MAX, strstr(text, "true"));
        say(p, "%s", text);
        answer(p, r, statuses[number % 8]);
        break;
    case SEND_BYTES:
        note_answer(p, r, TTL_S_MAX, true);
        p->reply_bytes = script_text(&p->script, p->reply);
        send_reply(p, r->connection);
        break;
    case TELL_EVENT:
        tell_event(p, number);
        break;
    case TELL_TEXT:
        p->reply_bytes = script_text(&p->script, p->reply);
        tell(p, number);
        break;
    case HANG_UP:
        gateway_hang_up(&p->gateway, r->connection);
        break;
    case TIME:
        script_pass_time(number * INT64_C(20));
        break;
    case ASK:
        ask(p, number);
        break;
    case STEPS_N:
        break;
    }
}

static void play_all(struct play *p)
{
    bool goes_on = true;
    for (int step = -1; goes_on && step < STEPS_MAX; step++) {
        if (step >= 0)
            play_step(p, (enum step)(script_byte(&p->script) % STEPS_N));
        for (int i = 0; goes_on && i < TURNS; i++)
            goes_on = turn(p);
        goes_on = goes_on && p->script.size > 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct play play;
    struct play *p = &play;
    struct candidate_config config;
    memset(p, 0, sizeof *p);
    p->revision = REVISION;
    script_begin(&p->script, data, size);
    gateway_open(&p->gateway);
    p->gateway.hangs_up = true;
    candidate_config_init(&config);
    config.id = "A";
    config.endpoints = p->gateway.url;
    config.ttl_s = TTL_S;
    config.priority = 1;
    config.trace = true;
    struct candidate_error err = { .message = "" };
    int r = candidate_new(&p->candidate, &config, &err);
    CHECK(r == 0 || (script_lost_memory() && r == err.code && err.message[0]));
    if (r == 0)
        play_all(p);
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++)
        if (p->gateway.connections[i].fd >= 0)
            script_forget_connection(p->gateway.connections[i].fd);
    gateway_close(&p->gateway);
    candidate_free(p->candidate);
    return 0;
}
