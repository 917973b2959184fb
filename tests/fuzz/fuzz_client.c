/* fuzz_client.c: a whole candidate and a server that the input plays.
 *
 * The input is a script: what an etcd does and answers, soon, late or never; what
 * others do to its keys; what it tells its watches; connections cut; time that
 * passes; resignation. And lies: wrong answers, any status with any body, any
 * bytes.
 *
 * As long as there was no lie, the candidate leads only while it does so in
 * etcd as well: its lock key is the oldest, and the leader key its own. When
 * somebody takes these away, it leads no longer than until it is told.
 * Whatever comes, it believes to lead only after a claim of this candidacy was
 * answered, and not beyond what an answered and confirmed renewal gives:
 * reckoned from when it was received, which is later than it was sent.
 */
#include <stdbool.h>
#include <string.h>

#include "candidate.h"
#include "fake/gateway.h"
#include "fuzz/belief.h"
#include "fuzz/exchange.h"
#include "fuzz/fuzz.h"
#include "fuzz/others.h"
#include "fuzz/replies.h"
#include "fuzz/said.h"
#include "fuzz/script.h"
#include "fuzz/store.h"
#include "sys/clock.h"

enum {
    STEPS_MAX = 80,
    TURNS = 4,
    TURNS_MAX = 400, /* of a ms each, until what has come is heeded; a call that
                        is not answered ends after twice that time */
    TTL_S = 5,
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
    ACT,
    TELL,
    LIE,
    STEPS_N
};

/* Bits of a step's number. */
enum {
    LATE = 0x80,    /* ANSWER: etcd has done it; the next ANSWER says so */
    DEPOSED = 0x20, /* ANSWER: by a leader of etcd that is none any more */
    AT_ONCE = 0x10, /* ANSWER, TELL, ACT: the next step is in the same moment */
    CONTRARY = 0x40, /* LIE: a transaction's outcome */
    ANY_TTL = 0x20,  /* LIE */
};

struct play {
    struct script script;
    struct exchange exchange;
    struct candidate *candidate;
    struct store store;
    struct belief belief;
    bool at_once; /* the candidate sees nothing of this moment yet */
};

/* Returns false when there was no memory to go on. */
static bool turn(struct play *p, int timeout_ms)
{
    struct pollfd fds[GATEWAY_FDS];
    struct candidate_event event;
    gateway_fds(&p->exchange.gateway, fds);
    int r = candidate_poll(p->candidate, fds, GATEWAY_FDS, timeout_ms);
    if (r == CANDIDATE_ENOMEM && script_lost_memory())
        return false;
    CHECK(r >= 0);
    gateway_serve(&p->exchange.gateway, fds);
    struct exchange_request *request;
    while ((request = exchange_take(&p->exchange)) != NULL)
        belief_asks(&p->belief, request);
    while (candidate_next(p->candidate, &event))
        belief_check_event(&p->belief, &event);
    belief_check(&p->belief, &p->store, p->candidate);
    return true;
}

/* It was told that it leads no longer. */
static bool heed(struct play *p)
{
    bool goes_on = true;
    for (int i = 0; goes_on && p->belief.told_on && !p->belief.lied &&
         candidate_leading(p->candidate) && !script_lost_memory() &&
         gateway_is_open(&p->exchange.gateway, p->belief.told_on);
         i++) {
        CHECK(i < TURNS_MAX);
        goes_on = turn(p, 1);
    }
    p->belief.told_on = 0;
    return goes_on;
}

/* ---- what it is answered ---- */

/* Do what is asked, which never takes the leader key from another. */
static void give(struct play *p, struct store *s, struct exchange_request *r,
                 const struct replies_ask *how)
{
    int64_t lease = p->belief.lease;
    bool led = others_lead(s, lease);
    r->meaning = replies_give(s, how, r->path, r->body, &r->reply);
    r->leads = others_see_leader(s, lease);
    CHECK(!led || !r->leads || how->contrary);
}

static void answer_truly(struct play *p, uint8_t number)
{
    const struct replies_ask how = { .deposed = number & DEPOSED };
    struct exchange_request *r = exchange_last(&p->exchange);
    if (!r)
        return;
    bool late = (number & LATE) && r->reply.bytes == 0;
    if (r->reply.bytes == 0)
        give(p, &p->store, r, &how);
    if (late)
        return;
    belief_is_answered(&p->belief, r);
    exchange_answer(&p->exchange, r, r->meaning.status, &r->reply);
}

/* True to another etcd. */
static void lie(struct play *p, uint8_t number)
{
    static struct store other;
    const struct replies_ask how = { .contrary = number & CONTRARY };
    struct exchange_request *r = exchange_last(&p->exchange);
    if (!r)
        return;
    other = p->store;
    struct store_kv *kv = &other.kvs[script_byte(&p->script) % STORE_KEYS_MAX];
    if (number & 1)
        others_act(&other, (enum other)(script_byte(&p->script) % OTHERS_N),
                   p->belief.lease);
    if (number & 2)
        kv->lease = p->belief.lease;
    if (number & 4)
        kv->create_revision += script_byte(&p->script) - 8;
    if (number & 8)
        other.revision += script_byte(&p->script) - 8;
    for (size_t i = 0; (number & ANY_TTL) && i < STORE_LEASES_MAX; i++)
        other.leases[i].ttl_s = number % 16;
    r->reply.bytes = 0;
    give(p, &other, r, &how);
    p->belief.lied = true;
    belief_is_answered(&p->belief, r);
    exchange_answer(&p->exchange, r, r->meaning.status, &r->reply);
}

/* ---- what it is told ---- */

/* All that it has not been told of. */
static void tell_news(struct play *p)
{
    struct exchange *x = &p->exchange;
    for (; x->told_n < p->store.news_n; x->told_n++) {
        const struct store_kv *kv = &p->store.news[x->told_n];
        for (size_t i = 0; i < x->watches_n; i++) {
            if (!exchange_watches(x, i, kv))
                continue;
            exchange_tell_of(x, &p->store, i, kv);
            if (kv->mod_revision == p->belief.robbed &&
                others_see_own(&kv->key, p->belief.lease))
                p->belief.told_on = x->stream;
        }
    }
}

static void tell_lie(struct play *p, uint8_t number)
{
    size_t watch = number >> 2 & 7;
    struct store_kv kv = p->store.kvs[script_byte(&p->script) % STORE_KEYS_MAX];
    uint8_t more = script_byte(&p->script);
    if (watch < p->exchange.watches_n)
        kv.key = p->exchange.watches[watch].key;
    else if (kv.key.size == 0)
        return;
    kv.mod_revision = p->store.revision + more % 16 - 4;
    kv.create_revision = number & 0x40 ? 0 : kv.mod_revision - more / 64;
    kv.lease = more & 16 ? p->belief.lease : kv.lease;
    kv.version++;
    p->belief.lied = true;
    exchange_tell_of(&p->exchange, &p->store, watch, &kv);
}

/* ---- the steps ---- */

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

/* What takes the leadership away takes it from who has it. */
static void act(struct play *p, uint8_t number)
{
    bool led = others_see_leader(&p->store, p->belief.lease);
    others_act(&p->store, (enum other)(number % 16 % OTHERS_N),
               p->belief.lease);
    if (led && !others_see_leader(&p->store, p->belief.lease))
        p->belief.robbed = p->store.revision;
}

static void answer_text(struct play *p, uint8_t number)
{
    static const int statuses[] = { 200, 400, 401, 404, 500, 503, 204, 301 };
    static struct said text;
    struct exchange_request *r = exchange_last(&p->exchange);
    text.bytes = script_text(&p->script, text.text);
    if (!r)
        return;
    belief_is_lied_to(&p->belief, r,
                      strstr(text.text, "true") || strstr(text.text, "lease"));
    exchange_answer(&p->exchange, r, statuses[number % 8], &text);
}

static void play_step(struct play *p, enum step step)
{
    static struct said text;
    uint8_t number = script_byte(&p->script);
    struct exchange_request *r = exchange_at(&p->exchange, number);
    p->at_once = (step == ANSWER || step == TELL || step == ACT) &&
        (number & AT_ONCE);
    switch (step) {
    case ANSWER:
        answer_truly(p, number);
        break;
    case ANSWER_TEXT:
        answer_text(p, number);
        break;
    case SEND_BYTES:
        belief_is_lied_to(&p->belief, r, true);
        text.bytes = script_text(&p->script, text.text);
        exchange_send(&p->exchange, r->connection, &text);
        break;
    case TELL_EVENT:
        tell_lie(p, number);
        break;
    case TELL_TEXT:
        p->belief.lied = true;
        text.bytes = script_text(&p->script, text.text);
        exchange_tell(&p->exchange, &text, number & 1 ? "\r\n" : "\n\n");
        break;
    case HANG_UP:
        gateway_hang_up(&p->exchange.gateway, r->connection);
        break;
    case TIME:
        script_pass_time(number * INT64_C(20));
        store_pass_time(&p->store, clock_now_ms());
        break;
    case ASK:
        ask(p, number);
        break;
    case ACT:
        act(p, number);
        break;
    case TELL:
        tell_news(p);
        break;
    case LIE:
        lie(p, number);
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
        bool ends = p->script.size == 0;
        if (p->at_once && !ends)
            continue;
        for (int i = 0; goes_on && i < TURNS; i++)
            goes_on = turn(p, 0);
        goes_on = goes_on && heed(p) && !ends;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct play play;
    struct play *p = &play;
    struct candidate_config config;
    memset(p, 0, sizeof *p);
    script_begin(&p->script, data, size);
    store_init(&p->store, clock_now_ms());
    gateway_open(&p->exchange.gateway);
    p->exchange.gateway.hangs_up = true;
    candidate_config_init(&config);
    config.id = "A";
    config.endpoints = p->exchange.gateway.url;
    config.ttl_s = TTL_S;
    config.priority = 1;
    config.trace = true;
    struct candidate_error err = { .message = "" };
    int r = candidate_new(&p->candidate, &config, &err);
    CHECK(r == 0 || (script_lost_memory() && r == err.code && err.message[0]));
    if (r == 0)
        play_all(p);
    for (int i = 0; i < GATEWAY_CONNECTIONS_MAX; i++)
        if (p->exchange.gateway.connections[i].fd >= 0)
            script_forget_connection(p->exchange.gateway.connections[i].fd);
    gateway_close(&p->exchange.gateway);
    candidate_free(p->candidate);
    return 0;
}
