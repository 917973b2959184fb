/* live.h: the client under test and a real etcd.
 *
 * Functions fail the running cmocka test when what they wait for does not
 * come.
 */
#ifndef LIVE_H
#define LIVE_H

#include "etcd/etcd.h"
#include "support/etcd_server.h"
#include "support/process.h"

enum {
    LIVE_LEASE = 0x5157, /* and the numbers behind it */
    LIVE_TTL_S = 60,
    LIVE_TIMEOUT_MS = 5000,
};

struct live {
    struct process_set *set;
    struct etcd_server *server;
    struct etcd *etcd;
    uint64_t tag; /* of the call begun last */
};

/* For cmocka: of a group, with one member or three; of each test, which begins
 * with a fresh client that knows the first member only, and without keys. */
int live_setup(void **state);
int live_setup_three(void **state);
int live_teardown(void **state);
int live_begin(void **state);
int live_end(void **state);

/* Replace the client by one of these endpoints. */
void live_connect(struct live *l, const char *endpoints);

/* A tag for the next call. */
uint64_t live_tag(struct live *l);

/* Wait for the next reply, whosesoever it is. */
struct etcd_reply live_next(struct live *l);

/* The next reply must be that of the call begun last, and of this type. */
struct etcd_reply live_reply(struct live *l, enum etcd_reply_type type);
/* It must have failed, with these words behind the endpoint. */
void live_expect_failure(struct live *l, int status, const char *cause);

/* A lease of LIVE_TTL_S. */
void live_grant(struct live *l, int64_t lease);
void live_revoke(struct live *l, int64_t lease);
/* Returns the revision. */
int64_t live_put(struct live *l, const char *key, const char *value,
                 int64_t lease);
int64_t live_delete(struct live *l, const char *key);
/* The key, in memory that is good until the next call; absent: zero. */
struct etcd_kv live_get(struct live *l, const char *key);
/* etcd's revision, read through its leader. */
int64_t live_revision(struct live *l);

/* Open the stream on keys "a", "b" and [c, d), and wait until it is there. */
void live_watch(struct live *l, int64_t from_revision);

struct etcd_bytes live_bytes(const char *text);

#endif
