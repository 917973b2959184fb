/* depose.c: candidate_depose() and candidate_transfer() of the public header.
 */
#include <stdio.h>
#include <string.h>

#include "candidate.h"
#include "lib/config.h"
#include "lib/oneshot.h"
#include "lib/steering.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/seed.h"
#include "sys/text.h"

enum {
    FIND_MS_MAX = 10000, /* to look through the queue */
    PAGE_KEYS = 64,      /* of it, so that a reply keeps within its limit */
    PAGES_MAX = 256,
    QUEUE_ANEW_MS = 3000, /* as long as the ID may be missing */
    READ_AGAIN_MS = 100,
};

/* ---- who has the ID ---- */

struct search {
    const struct lock *lock;
    const char *id;
    int64_t revision;                  /* of the first page, and so of all */
    char from[LOCK_KEY_BYTES_MAX + 1]; /* where the next page begins */
    size_t from_bytes;
    bool more;
    bool any; /* somebody takes part */
    unsigned found_n;
    char key[LOCK_KEY_BYTES_MAX]; /* of the last that was found */
    size_t key_bytes;
    int64_t token;
};

static void begin_page(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                       const void *what)
{
    const struct search *search = what;
    const char *end = search->lock->prefix_end;
    struct etcd_range page = {
        .key = { search->from, search->from_bytes },
        .range_end = { end, strlen(end) },
        .limit = PAGE_KEYS,
        .revision = search->revision,
    };
    etcd_range(e, tag, timeout_ms, &page);
}

static int read_key(struct search *search, const struct etcd_kv *kv,
                    struct candidate_error *err)
{
    if (kv->key.size > LOCK_KEY_BYTES_MAX)
        return error_set(err, CANDIDATE_ECONFLICT,
                         "a key below %s is longer than any lock key",
                         search->lock->prefix);
    memcpy(search->from, kv->key.data, kv->key.size);
    search->from[kv->key.size] = '\0'; /* the first key behind it */
    search->from_bytes = kv->key.size + 1;
    if (kv->value.size != strlen(search->id) ||
        memcmp(kv->value.data, search->id, kv->value.size) != 0)
        return 0;
    search->found_n++;
    search->token = kv->create_revision;
    search->key_bytes = kv->key.size;
    memcpy(search->key, kv->key.data, kv->key.size);
    return 0;
}

static int read_page(struct search *search, struct oneshot *o,
                     struct candidate_error *err)
{
    struct etcd_reply reply;
    int r = oneshot_call(o, begin_page, search, &reply, err);
    if (r < 0)
        return r;
    if (reply.type != ETCD_REPLY_RESULT || reply.result.type != ETCD_OP_RANGE)
        return error_set(err, CANDIDATE_EPROTO,
                         "the reply lacks what was asked for");
    const struct etcd_kvs *kvs = &reply.result.range;
    for (size_t i = 0; r == 0 && i < kvs->n; i++)
        r = read_key(search, &kvs->items[i], err);
    search->revision = reply.header.revision;
    search->any = search->any || kvs->n > 0;
    search->more = kvs->more && kvs->n > 0;
    return r;
}

static int read_queue(struct search *search, struct oneshot *o,
                      struct candidate_error *err)
{
    int r = 0;
    search->revision = 0;
    search->found_n = 0;
    search->any = false;
    search->more = true;
    search->from_bytes = strlen(search->lock->prefix);
    memcpy(search->from, search->lock->prefix, search->from_bytes);
    for (int i = 0; r == 0 && search->more && i < PAGES_MAX; i++)
        r = read_page(search, o, err);
    return r;
}

/* Somebody who queues anew has no place for a moment. */
static int await(struct search *search, struct oneshot *o,
                 struct candidate_error *err)
{
    int64_t end_at_ms = clock_now_ms() + QUEUE_ANEW_MS;
    int r = read_queue(search, o, err);
    while (r == 0 && search->any && search->found_n == 0 &&
           clock_now_ms() < end_at_ms) {
        r = etcd_poll(o->etcd, NULL, 0, READ_AGAIN_MS);
        if (r == 0)
            r = read_queue(search, o, err);
    }
    return r;
}

/* Exactly one candidate must have the ID. */
static int find(struct search *search, struct oneshot *o,
                struct candidate_error *err)
{
    int r = await(search, o, err);
    if (r < 0)
        return r;
    if (!search->any)
        return error_set(err, CANDIDATE_ENOTFOUND, "nobody leads");
    if (search->found_n == 0)
        return error_set(err, CANDIDATE_ECONFLICT,
                         "no candidate with the ID \"%s\" takes part in %s",
                         search->id, search->lock->leader_key);
    if (search->found_n > 1)
        return error_set(err, CANDIDATE_ECONFLICT,
                         "%u candidates have the ID \"%s\"; nobody can say"
                         " which is meant",
                         search->found_n, search->id);
    return 0;
}

/* ---- the request ---- */

static int turn(struct steering *s, struct oneshot *o)
{
    int64_t wait_ms = steer_deadline(&s->machine) - clock_now_ms();
    int r = etcd_poll(o->etcd, NULL, 0, wait_ms > 0 ? (int)wait_ms : 0);
    struct etcd_reply reply;
    while (r >= 0 && etcd_next(o->etcd, &reply))
        if (reply.tag == steering_tag)
            steering_take(s, clock_now_ms(), &reply);
    return r < 0 ? r : 0;
}

static int outcome(const struct steering *s, struct candidate_steered *ret,
                   struct candidate_error *err)
{
    char text[STEERING_TEXT_BYTES_MAX];
    steering_words(s, text);
    switch (steer_outcome(&s->machine)) {
    case STEER_DONE:
        if (ret) {
            bool led = s->machine.token == s->machine.config.to_token;
            (void)snprintf(ret->asked, sizeof ret->asked, "%s",
                           led ? "" : s->asked.text);
            (void)snprintf(ret->leads, sizeof ret->leads, "%s", s->leads.text);
        }
        return 0;
    case STEER_NOBODY:
        return error_set(err, CANDIDATE_ENOTFOUND, "%s", text);
    case STEER_UNREACHABLE:
        return error_set(err, CANDIDATE_ERETRY, "%s", text);
    case STEER_DENIED:
        return error_set(err, CANDIDATE_EDENIED, "%s", text);
    case STEER_GOING_ON:
    case STEER_FOREIGN:
    case STEER_STALE:
    case STEER_BUSY:
    case STEER_GONE:
    case STEER_BETWEEN:
    case STEER_NOT_HEARD:
    case STEER_ELSE:
        break;
    }
    return error_set(err, CANDIDATE_ECONFLICT, "%s", text);
}

/* to  NULL: whoever is next. */
static int steer(struct oneshot *o, const char *election,
                 const struct steering_target *to,
                 struct candidate_steered *ret, struct candidate_error *err)
{
    struct steering s;
    uint64_t random_state;
    int r = seed_draw(&random_state, err);
    if (r < 0)
        return r;
    steering_init(&s, election, to, 0, etcd_endpoints_n(o->etcd), random_state,
                  clock_now_ms());
    for (;;) {
        steering_work(&s, o->etcd, clock_now_ms());
        if (r < 0 || steer_ended(&s.machine))
            break;
        r = turn(&s, o);
    }
    if (r < 0)
        return error_set(err, r, "%s", candidate_strerror(r));
    return outcome(&s, ret, err);
}

int candidate_depose(const struct candidate_config *config,
                     struct candidate_steered *ret, struct candidate_error *err)
{
    struct oneshot o;
    int r = config_check_reader(config, err);
    if (r == 0)
        r = oneshot_open(&o, config, FIND_MS_MAX, err);
    if (r < 0)
        return r;
    r = steer(&o, config->election, NULL, ret, err);
    oneshot_close(&o);
    return r;
}

int candidate_transfer(const struct candidate_config *config, const char *to,
                       struct candidate_steered *ret,
                       struct candidate_error *err)
{
    struct oneshot o;
    struct lock lock;
    struct search search = { .lock = &lock, .id = to };
    int r = config_check_reader(config, err);
    if (r == 0)
        r = config_check_id("transfer-to", to, err);
    if (r == 0)
        r = oneshot_open(&o, config, FIND_MS_MAX, err);
    if (r < 0)
        return r;
    lock_init(&lock, config->election, to);
    r = find(&search, &o, err);
    if (r == 0)
        r = steer(&o, config->election,
                  &(struct steering_target){
                      .key = { search.key, search.key_bytes },
                      .token = search.token,
                      .id = to,
                  },
                  ret, err);
    oneshot_close(&o);
    return r;
}
