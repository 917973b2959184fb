/* codec_build.c: structs -> JSON bodies, written straight into the buffer.
 *
 * etcd silently drops a field whose name it does not know: a misspelt "lease"
 * makes a key that never expires. Names: etcd's rpc.proto and kv.proto.
 */
#include "etcd/codec.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "etcd/base64.h"

/* A body under way. After a failure nothing more is written. */
struct writer {
    struct buf *body;
    size_t start; /* of this body; the caller's bytes stand before it */
    int status;
    bool comma; /* a value stands before, on the same level */
};

static struct writer begin(struct buf *body)
{
    return (struct writer){ .body = body, .start = body->size };
}

static int finish(struct writer *w)
{
    if (w->status < 0)
        buf_truncate(w->body, w->start);
    return w->status;
}

static void put_bytes(struct writer *w, const char *data, size_t size)
{
    if (w->status < 0)
        return;
    assert(w->body->size - w->start <= CODEC_BODY_BYTES_MAX);
    if (size > CODEC_BODY_BYTES_MAX - (w->body->size - w->start))
        w->status = CANDIDATE_ETOOBIG;
    else
        w->status = buf_add(w->body, data, size);
}

static void put(struct writer *w, const char *text)
{
    put_bytes(w, text, strlen(text));
}

/* The name, which needs no escapes; NULL: an item of an array. */
static void name(struct writer *w, const char *text)
{
    if (w->comma)
        put(w, ",");
    w->comma = false;
    if (!text)
        return;
    put(w, "\"");
    put(w, text);
    put(w, "\":");
}

static void enter(struct writer *w, const char *field, const char *bracket)
{
    name(w, field);
    put(w, bracket);
}

static void leave(struct writer *w, const char *bracket)
{
    put(w, bracket);
    w->comma = true;
}

static void put_word(struct writer *w, const char *field, const char *word)
{
    name(w, field);
    put(w, "\"");
    put(w, word);
    put(w, "\"");
    w->comma = true;
}

static void put_number(struct writer *w, const char *field, int64_t number)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRId64, number);
    put_word(w, field, digits);
}

static void put_number_if_set(struct writer *w, const char *field,
                              int64_t number)
{
    if (number != 0)
        put_number(w, field, number);
}

static void put_flag_if_set(struct writer *w, const char *field, bool flag)
{
    if (!flag)
        return;
    name(w, field);
    put(w, "true");
    w->comma = true;
}

/* RFC 8259, section 7. */
static void put_string(struct writer *w, const char *field, const char *text)
{
    name(w, field);
    put(w, "\"");
    for (const char *p = text; *p; p++) {
        char escaped[8];
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            (void)snprintf(escaped, sizeof escaped, "\\%c", c);
        else
            (void)snprintf(escaped, sizeof escaped, c < ' ' ? "\\u%04x" : "%c",
                           c);
        put(w, escaped);
    }
    put(w, "\"");
    w->comma = true;
}

static void put_base64(struct writer *w, const char *field,
                       struct etcd_bytes bytes)
{
    enum { PIECE_BYTES = 192 };
    static_assert(PIECE_BYTES % 3 == 0, "no padding between the pieces");
    name(w, field);
    put(w, "\"");
    for (size_t at = 0; at < bytes.size && w->status == 0; at += PIECE_BYTES) {
        char text[PIECE_BYTES / 3 * 4];
        size_t rest = bytes.size - at;
        size_t size = rest < PIECE_BYTES ? rest : PIECE_BYTES;
        base64_encode(text, bytes.data + at, size);
        put_bytes(w, text, base64_encoded_bytes(size));
    }
    put(w, "\"");
    w->comma = true;
}

static void put_keys(struct writer *w, struct etcd_bytes key,
                     struct etcd_bytes range_end)
{
    assert(key.size > 0); /* etcd refuses an empty key */
    put_base64(w, "key", key);
    if (range_end.size > 0)
        put_base64(w, "range_end", range_end);
}

static const char *target_word(enum etcd_target target)
{
    switch (target) {
    case ETCD_VERSION:
        return "VERSION";
    case ETCD_CREATE:
        return "CREATE";
    case ETCD_MOD:
        return "MOD";
    case ETCD_VALUE:
        return "VALUE";
    case ETCD_LEASE:
        return "LEASE";
    }
    assert(false);
    return "";
}

static const char *relation_word(enum etcd_relation relation)
{
    switch (relation) {
    case ETCD_EQUAL:
        return "EQUAL";
    case ETCD_GREATER:
        return "GREATER";
    case ETCD_LESS:
        return "LESS";
    case ETCD_NOT_EQUAL:
        return "NOT_EQUAL";
    }
    assert(false);
    return "";
}

static void put_operand(struct writer *w, const struct etcd_compare *compare)
{
    switch (compare->target) {
    case ETCD_VERSION:
        put_number(w, "version", compare->number);
        break;
    case ETCD_CREATE:
        put_number(w, "create_revision", compare->number);
        break;
    case ETCD_MOD:
        put_number(w, "mod_revision", compare->number);
        break;
    case ETCD_VALUE:
        put_base64(w, "value", compare->value);
        break;
    case ETCD_LEASE:
        put_number(w, "lease", compare->number);
        break;
    }
}

static void put_compare(struct writer *w, const struct etcd_compare *compare)
{
    enter(w, NULL, "{");
    put_keys(w, compare->key, compare->range_end);
    put_word(w, "target", target_word(compare->target));
    put_word(w, "result", relation_word(compare->relation));
    put_operand(w, compare);
    leave(w, "}");
}

static void put_range(struct writer *w, const char *field,
                      const struct etcd_range *range)
{
    enter(w, field, "{");
    put_keys(w, range->key, range->range_end);
    put_number_if_set(w, "limit", range->limit);
    put_number_if_set(w, "revision", range->revision);
    if (range->order != ETCD_UNSORTED) {
        assert(range->target != ETCD_LEASE); /* etcd cannot sort by it */
        put_word(w, "sort_order",
                 range->order == ETCD_ASCEND ? "ASCEND" : "DESCEND");
        put_word(w, "sort_target", target_word(range->target));
    }
    put_number_if_set(w, "min_create_revision", range->min_create_revision);
    put_number_if_set(w, "max_create_revision", range->max_create_revision);
    put_flag_if_set(w, "keys_only", range->keys_only);
    put_flag_if_set(w, "count_only", range->count_only);
    put_flag_if_set(w, "serializable", range->serializable);
    leave(w, "}");
}

static void put_put(struct writer *w, const char *field,
                    const struct etcd_put *p)
{
    enter(w, field, "{");
    put_keys(w, p->key, (struct etcd_bytes){ 0 });
    put_base64(w, "value", p->value);
    put_number_if_set(w, "lease", p->lease);
    leave(w, "}");
}

static void put_delete(struct writer *w, const char *field,
                       const struct etcd_delete *del)
{
    enter(w, field, "{");
    put_keys(w, del->key, del->range_end);
    put_flag_if_set(w, "prev_kv", del->prev_kv);
    leave(w, "}");
}

static void put_txn(struct writer *w, const char *field,
                    const struct etcd_txn *txn);

static void put_op(struct writer *w, const struct etcd_op *op)
{
    enter(w, NULL, "{");
    switch (op->type) {
    case ETCD_OP_RANGE:
        put_range(w, "request_range", &op->range);
        break;
    case ETCD_OP_PUT:
        put_put(w, "request_put", &op->put);
        break;
    case ETCD_OP_DELETE:
        put_delete(w, "request_delete_range", &op->del);
        break;
    case ETCD_OP_TXN:
        put_txn(w, "request_txn", op->txn);
        break;
    }
    leave(w, "}");
}

static void put_ops(struct writer *w, const char *field,
                    const struct etcd_op *ops, size_t ops_n)
{
    if (ops_n == 0)
        return;
    enter(w, field, "[");
    for (size_t i = 0; i < ops_n && w->status == 0; i++)
        put_op(w, &ops[i]);
    leave(w, "]");
}

static void put_txn(struct writer *w, const char *field,
                    const struct etcd_txn *txn)
{
    enter(w, field, "{");
    if (txn->compares_n > 0) {
        enter(w, "compare", "[");
        for (size_t i = 0; i < txn->compares_n && w->status == 0; i++)
            put_compare(w, &txn->compares[i]);
        leave(w, "]");
    }
    put_ops(w, "success", txn->success, txn->success_n);
    put_ops(w, "failure", txn->failure, txn->failure_n);
    leave(w, "}");
}

int codec_build_grant(struct buf *body, int64_t lease, int64_t ttl_s)
{
    struct writer w = begin(body);
    enter(&w, NULL, "{");
    put_number(&w, "TTL", ttl_s);
    put_number_if_set(&w, "ID", lease);
    leave(&w, "}");
    return finish(&w);
}

int codec_build_lease(struct buf *body, int64_t lease)
{
    struct writer w = begin(body);
    enter(&w, NULL, "{");
    put_number(&w, "ID", lease);
    leave(&w, "}");
    return finish(&w);
}

int codec_build_time_to_live(struct buf *body, int64_t lease, bool keys)
{
    struct writer w = begin(body);
    enter(&w, NULL, "{");
    put_number(&w, "ID", lease);
    put_flag_if_set(&w, "keys", keys);
    leave(&w, "}");
    return finish(&w);
}

int codec_build_range(struct buf *body, const struct etcd_range *range)
{
    struct writer w = begin(body);
    put_range(&w, NULL, range);
    return finish(&w);
}

int codec_build_put(struct buf *body, const struct etcd_put *p)
{
    struct writer w = begin(body);
    put_put(&w, NULL, p);
    return finish(&w);
}

int codec_build_delete(struct buf *body, const struct etcd_delete *del)
{
    struct writer w = begin(body);
    put_delete(&w, NULL, del);
    return finish(&w);
}

int codec_build_txn(struct buf *body, const struct etcd_txn *txn)
{
    struct writer w = begin(body);
    put_txn(&w, NULL, txn);
    return finish(&w);
}

int codec_build_authenticate(struct buf *body, const char *user,
                             const char *password)
{
    struct writer w = begin(body);
    enter(&w, NULL, "{");
    put_string(&w, "name", user);
    put_string(&w, "password", password);
    leave(&w, "}");
    return finish(&w);
}

int codec_build_watch(struct buf *body, const struct etcd_watch_key *keys,
                      size_t keys_n, int64_t from_revision)
{
    struct writer w = begin(body);
    for (size_t i = 0; i < keys_n && w.status == 0; i++) {
        w.comma = false; /* one object behind the other, not an array */
        enter(&w, NULL, "{");
        enter(&w, "create_request", "{");
        put_keys(&w, keys[i].key, keys[i].range_end);
        put_number_if_set(&w, "start_revision", from_revision);
        put_flag_if_set(&w, "progress_notify", true);
        put_flag_if_set(&w, "prev_kv", keys[i].prev_kv);
        if (keys[i].no_delete) {
            enter(&w, "filters", "[");
            put_string(&w, NULL, "NODELETE");
            leave(&w, "]");
        }
        leave(&w, "}");
        leave(&w, "}");
        put(&w, "\n");
    }
    return finish(&w);
}
