/* steering.h: core/steer bound to etcd's calls, and its outcomes in words.
 *
 * Whoever steers lends its etcd client, on which one call of ours at a time is
 * begun; should another replace it, steering_forget() says so.
 */
#ifndef STEERING_H
#define STEERING_H

#include "core/steer.h"
#include "etcd/etcd.h"
#include "etcd/lock.h"
#include "etcd/request.h"
#include "lib/words.h"

enum {
    STEERING_CALL_MS = 1500, /* until it is given up */
    STEERING_TEXT_BYTES_MAX = 1024,
};

/* Names each of our calls; neither the core nor a oneshot counts so far. */
static const uint64_t steering_tag = UINT64_MAX - 1;

/* A lock key, as etcd has it; one that is longer than any of ours is none. */
struct steering_key {
    char data[LOCK_KEY_BYTES_MAX];
    size_t bytes;
};

struct steering {
    struct steer machine;
    struct request_keys keys;
    struct lock lock; /* its names */
    struct steering_key leader_lock, target_lock;
    char to[CANDIDATE_ID_BYTES_MAX + 1]; /* "": whoever is next */
    int64_t lease;                       /* of the request */
    uint64_t random_state;               /* for its number */
    enum steer_call call;                /* under way */
    struct words_name asked, leads;      /* who led, and who leads now */
    struct words_name holder, holder_key, next, next_key;
    char refusal[STEERING_TEXT_BYTES_MAX]; /* the last failure, in words */
};

/* Who shall be next: its lock key, token and ID. */
struct steering_target {
    struct etcd_bytes key;
    int64_t token;
    const char *id;
};

/* to  NULL: whoever is next. token: of the leader that is meant, 0: any. */
void steering_init(struct steering *s, const char *election,
                   const struct steering_target *to, int64_t token,
                   unsigned endpoints_n, uint64_t random_state, int64_t now_ms);

/* Do what is due: a call begins on e, with steering_tag. */
void steering_work(struct steering *s, struct etcd *e, int64_t now_ms);

/* Take the reply to the call; steering_work() is due then. */
void steering_take(struct steering *s, int64_t now_ms,
                   const struct etcd_reply *reply);

/* The call has no reply. */
void steering_forget(struct steering *s, int64_t now_ms);

/* It is wanted no longer: take the request back. */
void steering_stop(struct steering *s, int64_t now_ms);

/* What became of it, in words for people. */
void steering_words(const struct steering *s,
                    char ret_text[STEERING_TEXT_BYTES_MAX]);

#endif
