/* store.h: the keys and leases of a small etcd, and what has happened to them.
 *
 * Its clock is as fast beside the candidate's as the safety rule allows, and
 * it takes a lease that has run out at once.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/asked.h"

enum {
    STORE_KEYS_MAX = 96, /* no play is so long that it needs more */
    STORE_LEASES_MAX = 96,
    STORE_NEWS_MAX = 200, /* nobody is told of what comes later */
    STORE_VALUE_BYTES_MAX = 64,
};

struct store_kv {
    struct asked_key key;
    char value[STORE_VALUE_BYTES_MAX];
    size_t value_bytes;
    int64_t create_revision; /* 0: there is no such key */
    int64_t mod_revision;
    int64_t version;
    int64_t lease;
};

struct store_lease {
    int64_t id; /* 0: none */
    int64_t ttl_s;
    int64_t until_ms;
    int64_t term; /* of the leader that granted it */
};

struct store {
    int64_t now_ms;
    int64_t revision;
    int64_t term;
    bool writes; /* what is written now has a revision */
    struct store_kv kvs[STORE_KEYS_MAX];
    struct store_lease leases[STORE_LEASES_MAX];
    struct store_kv news[STORE_NEWS_MAX]; /* deleted: create_revision is 0 */
    size_t news_n;
};

void store_init(struct store *s, int64_t now_ms);

/* What is written from now on has one revision, and another than before. */
void store_begin(struct store *s);

/* Leases that have run out by then take their keys along. */
void store_pass_time(struct store *s, int64_t now_ms);
/* Another member leads: all leases have their whole time again. */
void store_change_leader(struct store *s);

/* NULL: there is none. */
const struct store_kv *store_find(const struct store *s,
                                  const struct asked_key *key);
struct store_lease *store_find_lease(struct store *s, int64_t id);

void store_grant(struct store *s, int64_t id, int64_t ttl_s);
void store_renew(struct store *s, struct store_lease *lease);
/* Returns false when there is no such lease. */
bool store_revoke(struct store *s, int64_t id);

/* lease  0: none; it exists. */
void store_put(struct store *s, const struct asked_key *key, const char *value,
               size_t value_bytes, int64_t lease);
/* Returns false when there is no such key. */
bool store_delete(struct store *s, const struct asked_key *key);

#endif
