/* exchange.h: what a candidate asks and is sent, over a scripted gateway.
 *
 * It keeps each request until it is answered, and knows the stream of watches;
 * what the answers are is up to the play.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake/gateway.h"
#include "fuzz/asked.h"
#include "fuzz/replies.h"
#include "fuzz/said.h"
#include "fuzz/store.h"

enum {
    EXCHANGE_PATH_BYTES_MAX = 48,
    EXCHANGE_BODY_BYTES_MAX = 4096,
    EXCHANGE_WATCHES_MAX = 8,
};

enum exchange_call { NONE, GRANT, KEEPALIVE, CLAIM, TXN, WATCH, OTHER };

struct exchange_request {
    enum exchange_call call; /* NONE: there is none, or it has been answered */
    unsigned connection;
    unsigned number; /* 1, 2, ... */
    unsigned candidacy;
    int64_t received_at_ms;
    char path[EXCHANGE_PATH_BYTES_MAX];
    char body[EXCHANGE_BODY_BYTES_MAX];
    struct said reply; /* empty: it is not done yet */
    struct replies_meaning meaning;
    bool leads; /* the candidate, when it was done */
};

struct exchange_watch {
    struct asked_key key;
    bool no_deletes;
};

struct exchange {
    struct gateway gateway;
    struct exchange_request requests[GATEWAY_CONNECTIONS_MAX];
    unsigned requests_n;
    unsigned stream; /* connection of the watches; 0: none */
    struct exchange_watch watches[EXCHANGE_WATCHES_MAX];
    size_t watches_n;
    int64_t watched_from; /* revision */
    size_t told_n;        /* of the store's news, on this stream */
    struct said out;
};

/* The next request that has come, or NULL. That for watches is answered: the
 * stream is open. */
struct exchange_request *exchange_take(struct exchange *x);

/* The one that came last of those that have no answer, or NULL. */
struct exchange_request *exchange_last(struct exchange *x);

/* Whose connection that may be, whether it waits for an answer or not. */
struct exchange_request *exchange_at(struct exchange *x, uint8_t number);

/* A whole answer; bytes as they are; a message of the stream. */
void exchange_answer(struct exchange *x, struct exchange_request *r, int status,
                     const struct said *body);
void exchange_send(struct exchange *x, unsigned connection,
                   const struct said *bytes);
void exchange_tell(struct exchange *x, const struct said *message,
                   const char *line_end);

/* Whether this watch is to be told what has become of a key; and tell it. */
bool exchange_watches(const struct exchange *x, size_t watch,
                      const struct store_kv *kv);
void exchange_tell_of(struct exchange *x, const struct store *s, size_t watch,
                      const struct store_kv *kv);

#endif
