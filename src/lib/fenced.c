/* fenced.c: candidate_fenced_put() and candidate_fenced_delete() of the public
 * header. */
#include "candidate.h"

#include <string.h>

#include "lib/events.h"
#include "lib/oneshot.h"
#include "sys/error.h"
#include "sys/text.h"

static const char queue_begins[] = "election_";

struct shown {
    char text[EVENTS_NAME_BYTES_MAX];
};

static struct shown show(const char *text)
{
    struct shown shown;
    text_escape(shown.text, sizeof shown.text, text, strlen(text));
    return shown;
}

/* ---- arguments ---- */

/* Bytes of the lock prefix, with its slash; 0: this is no lock key. */
static size_t prefix_bytes(const char *lock_key)
{
    const char *slash = strrchr(lock_key, '/');
    if (!slash || slash[1] == '\0' ||
        strlen(lock_key) > CANDIDATE_KEY_BYTES_MAX)
        return 0;
    return (size_t)(slash + 1 - lock_key);
}

/* "/svc/election_db/" belongs to the leader key "/svc/db". */
static bool is_leader_key(const char *key, const char *prefix, size_t bytes)
{
    size_t folder = bytes - 1;
    while (folder > 0 && prefix[folder - 1] != '/')
        folder--;
    size_t skipped = sizeof queue_begins - 1;
    if (bytes - folder <= skipped ||
        memcmp(prefix + folder, queue_begins, skipped) != 0)
        return false;
    size_t name = bytes - 1 - folder - skipped;
    return strlen(key) == folder + name && memcmp(key, prefix, folder) == 0 &&
        memcmp(key + folder, prefix + folder + skipped, name) == 0;
}

static int check(const struct candidate_fence *fence, const char *key,
                 struct candidate_error *err)
{
    const char *lock_key = fence->lock_key ? fence->lock_key : "";
    size_t bytes = prefix_bytes(lock_key);
    if (bytes == 0)
        return error_set(err, CANDIDATE_EINVAL,
                         "lock key: \"%s\" is not a candidate's",
                         show(lock_key).text);
    if (fence->token <= 0)
        return error_set(err, CANDIDATE_EINVAL,
                         "token: %lld is not a fencing token",
                         (long long)fence->token);
    if (!key || !key[0])
        return error_set(err, CANDIDATE_EINVAL, "key: is empty");
    if (strlen(key) > CANDIDATE_KEY_BYTES_MAX)
        return error_set(err, CANDIDATE_EINVAL, "key: is longer than %d bytes",
                         CANDIDATE_KEY_BYTES_MAX);
    if (strncmp(key, lock_key, bytes) == 0 ||
        is_leader_key(key, lock_key, bytes))
        return error_set(err, CANDIDATE_EINVAL,
                         "key: \"%s\" belongs to the election itself",
                         show(key).text);
    return 0;
}

/* ---- the transaction ---- */

struct write {
    const struct candidate_fence *fence;
    struct etcd_op op;
};

static void begin(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                  const void *what)
{
    const struct write *w = what;
    const char *lock_key = w->fence->lock_key;
    struct etcd_compare still_ours = {
        .key = { lock_key, strlen(lock_key) },
        .target = ETCD_CREATE,
        .relation = ETCD_EQUAL,
        .number = w->fence->token,
    };
    struct etcd_txn txn = {
        .compares = &still_ours,
        .compares_n = 1,
        .success = &w->op,
        .success_n = 1,
    };
    etcd_txn(e, tag, timeout_ms, &txn);
}

static int judge(const struct oneshot *o, const struct candidate_fence *fence,
                 const struct etcd_reply *reply, struct candidate_error *err)
{
    if (reply->type != ETCD_REPLY_TXN)
        return error_set(err, CANDIDATE_ERETRY,
                         "the reply lacks what was asked for");
    if (reply->txn.succeeded)
        return 0;
    return error_set(err, CANDIDATE_EFENCED,
                     "the leadership with token %lld is over%s",
                     (long long)fence->token,
                     o->unanswered ? "; an earlier try got no answer and may"
                                     " have been carried out before"
                                   : "");
}

/* Of a refusal for want of rights, say which are needed. */
static void explain(const struct write *w, const char *key, int r,
                    struct candidate_error *err)
{
    if (r != CANDIDATE_EDENIED || !err ||
        !strstr(err->message, "permission denied"))
        return;
    struct candidate_error refusal = *err;
    error_set(err, r,
              "%s; the user needs READ on the key %s and WRITE on the key %s",
              refusal.message, show(w->fence->lock_key).text, show(key).text);
}

static int write_fenced(const struct candidate_config *config,
                        const struct write *w, const char *key,
                        int64_t timeout_ms, struct candidate_error *err)
{
    struct oneshot o;
    int r = oneshot_open(&o, config, timeout_ms, err);
    if (r < 0)
        return r;
    struct etcd_reply reply;
    r = oneshot_call(&o, begin, w, &reply, err);
    if (r == 0)
        r = judge(&o, w->fence, &reply, err);
    explain(w, key, r, err);
    oneshot_close(&o);
    return r;
}

int candidate_fenced_put(const struct candidate_config *config,
                         const struct candidate_fence *fence, const char *key,
                         const void *value, size_t value_bytes,
                         int64_t timeout_ms, struct candidate_error *err)
{
    int r = check(fence, key, err);
    if (r < 0)
        return r;
    if (value_bytes > CANDIDATE_VALUE_BYTES_MAX)
        return error_set(err, CANDIDATE_EINVAL,
                         "value: is longer than %d bytes",
                         CANDIDATE_VALUE_BYTES_MAX);
    struct write w = {
        .fence = fence,
        .op = { .type = ETCD_OP_PUT,
                .put = { .key = { key, strlen(key) },
                         .value = { value_bytes ? value : "", value_bytes } } },
    };
    return write_fenced(config, &w, key, timeout_ms, err);
}

int candidate_fenced_delete(const struct candidate_config *config,
                            const struct candidate_fence *fence,
                            const char *key, int64_t timeout_ms,
                            struct candidate_error *err)
{
    int r = check(fence, key, err);
    if (r < 0)
        return r;
    struct write w = {
        .fence = fence,
        .op = { .type = ETCD_OP_DELETE,
                .del = { .key = { key, strlen(key) } } },
    };
    return write_fenced(config, &w, key, timeout_ms, err);
}
