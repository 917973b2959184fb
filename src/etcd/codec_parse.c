/* codec_parse.c: JSON bodies of replies -> structs in an arena.
 *
 * What must be there is checked here, so that nobody takes a reply for an
 * empty one that only lacks its fields: every header names its cluster, every
 * key that exists has revisions.
 */
#include "etcd/codec.h"

#include <assert.h>
#include <string.h>

#include "etcd/codec_private.h"
#include "etcd/codec_refusal.h"

static const cJSON *require_object(struct json *j, const cJSON *object,
                                   const char *name)
{
    const cJSON *value = json_object(j, object, name);
    if (!value)
        json_complain_missing(j, object, name);
    return value;
}

static void require_item(struct json *j, const cJSON *item)
{
    if (!cJSON_IsObject(item))
        json_complain(j, item, "an object");
}

static struct etcd_bytes read_bytes(struct json *j, const cJSON *object,
                                    const char *name)
{
    struct etcd_bytes bytes;
    json_bytes(j, object, name, &bytes.data, &bytes.size);
    return bytes;
}

static struct etcd_bytes read_text(struct json *j, const cJSON *object,
                                   const char *name)
{
    struct etcd_bytes text;
    json_text(j, object, name, &text.data, &text.size);
    return text;
}

/* ---- parts ---- */

struct etcd_header codec_read_header(struct json *j, const cJSON *reply,
                                     int64_t min_revision)
{
    const cJSON *o = require_object(j, reply, "header");
    return (struct etcd_header){
        .cluster_id = json_uint64(j, o, "cluster_id", 1),
        .member_id = json_uint64(j, o, "member_id", 0),
        .raft_term = json_uint64(j, o, "raft_term", 1),
        .revision = json_int64(j, o, "revision", min_revision),
    };
}

/* exists  it is a key as it stands in etcd, not one that was deleted. */
static struct etcd_kv read_kv(struct json *j, const cJSON *o, bool exists)
{
    struct etcd_kv kv = {
        .key = read_bytes(j, o, "key"),
        .value = read_bytes(j, o, "value"),
        .create_revision = json_int64(j, o, "create_revision", exists),
        .mod_revision = json_int64(j, o, "mod_revision", 1),
        .version = json_int64(j, o, "version", exists),
        .lease = json_int64(j, o, "lease", INT64_MIN),
    };
    if (kv.key.size == 0)
        json_complain_missing(j, o, "key");
    return kv;
}

static struct etcd_kvs read_kvs(struct json *j, const cJSON *o,
                                const char *name)
{
    struct etcd_kvs kvs = { 0 };
    const cJSON *array = json_array(j, o, name, &kvs.n);
    kvs.items = json_alloc(j, kvs.n, sizeof *kvs.items);
    size_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        require_item(j, item);
        if (j->status < 0)
            break;
        kvs.items[i++] = read_kv(j, item, true);
    }
    return kvs;
}

static struct etcd_kvs read_range(struct json *j, const cJSON *o)
{
    struct etcd_kvs range = read_kvs(j, o, "kvs");
    range.count = json_int64(j, o, "count", (int64_t)range.n);
    range.more = json_bool(j, o, "more");
    return range;
}

static struct etcd_lease_result read_lease(struct json *j, const cJSON *o)
{
    struct etcd_lease_result lease = {
        .id = json_int64(j, o, "ID", INT64_MIN),
        .ttl_s = json_int64(j, o, "TTL", -1),
        .granted_ttl_s = json_int64(j, o, "grantedTTL", 0),
    };
    const cJSON *array = json_array(j, o, "keys", &lease.keys_n);
    lease.keys = json_alloc(j, lease.keys_n, sizeof *lease.keys);
    size_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (j->status < 0)
            break;
        json_bytes_of(j, item, &lease.keys[i].data, &lease.keys[i].size);
        i++;
    }
    return lease;
}

/* ---- results of operations ---- */

static struct etcd_txn_result read_txn(struct json *j, const cJSON *o);

static struct etcd_result read_result(struct json *j, const cJSON *o,
                                      enum etcd_op_type type)
{
    struct etcd_result result = { .type = type };
    const cJSON *prev;
    switch (type) {
    case ETCD_OP_RANGE:
        result.range = read_range(j, o);
        break;
    case ETCD_OP_PUT:
        prev = json_object(j, o, "prev_kv");
        if (prev)
            result.put_prev = read_kv(j, prev, true);
        break;
    case ETCD_OP_DELETE:
        result.del.prev = read_kvs(j, o, "prev_kvs");
        result.del.prev.count = (int64_t)result.del.prev.n;
        result.del.deleted = json_int64(j, o, "deleted", result.del.prev.count);
        break;
    case ETCD_OP_TXN:
        result.txn = read_txn(j, o);
        break;
    }
    return result;
}

/* {"response_range":{...}} and the like: exactly one of them. */
static struct etcd_result read_response(struct json *j, const cJSON *item)
{
    static const char *const names[] = {
        [ETCD_OP_RANGE] = "response_range",
        [ETCD_OP_PUT] = "response_put",
        [ETCD_OP_DELETE] = "response_delete_range",
        [ETCD_OP_TXN] = "response_txn",
    };
    struct etcd_result found = { 0 };
    unsigned found_n = 0;
    require_item(j, item);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const cJSON *o = json_object(j, item, names[i]);
        if (!o)
            continue;
        found = read_result(j, o, (enum etcd_op_type)i);
        found_n++;
    }
    if (found_n != 1)
        json_complain(j, item, "one response of a known type");
    return found;
}

static struct etcd_txn_result read_txn(struct json *j, const cJSON *o)
{
    struct etcd_txn_result txn = { .succeeded = json_bool(j, o, "succeeded") };
    const cJSON *array = json_array(j, o, "responses", &txn.results_n);
    txn.results = json_alloc(j, txn.results_n, sizeof *txn.results);
    size_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (j->status < 0)
            break;
        txn.results[i++] = read_response(j, item);
    }
    return txn;
}

/* ---- watches ---- */

static struct etcd_watch_event read_event(struct json *j, const cJSON *item)
{
    struct etcd_watch_event event = { 0 };
    require_item(j, item);
    const cJSON *type = json_member(j, item, "type");
    const char *word = json_string(j, item, "type");
    if (strcmp(word, "DELETE") == 0)
        event.deleted = true;
    else if (type && strcmp(word, "PUT") != 0)
        json_complain(j, type, "PUT or DELETE");
    event.kv = read_kv(j, require_object(j, item, "kv"), !event.deleted);
    const cJSON *prev = json_object(j, item, "prev_kv");
    if (prev)
        event.prev = read_kv(j, prev, true);
    return event;
}

static struct etcd_watch_result read_watch(struct json *j, const cJSON *o)
{
    struct etcd_watch_result watch = {
        .watch_id = json_int64(j, o, "watch_id", -1),
        .created = json_bool(j, o, "created"),
        .canceled = json_bool(j, o, "canceled"),
        .compact_revision = json_int64(j, o, "compact_revision", 0),
        .cancel_reason = read_text(j, o, "cancel_reason"),
    };
    const cJSON *array = json_array(j, o, "events", &watch.events_n);
    watch.events = json_alloc(j, watch.events_n, sizeof *watch.events);
    size_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (j->status < 0)
            break;
        watch.events[i++] = read_event(j, item);
    }
    return watch;
}

/* ---- whole bodies ---- */

/* What a stream wraps its messages in. */
static const cJSON *require_result(struct json *j)
{
    const cJSON *error = json_member(j, j->root, "error");
    if (error)
        json_complain(j, error, "absent beside a result");
    return require_object(j, j->root, "result");
}

int codec_parse_lease(struct arena *arena, const char *body, size_t bytes,
                      struct etcd_header *ret_header,
                      struct etcd_lease_result *ret_lease,
                      struct candidate_error *err)
{
    struct json j;
    json_init(&j, arena, body, bytes, err);
    struct etcd_header header = codec_read_header(&j, j.root, 1);
    struct etcd_lease_result lease = read_lease(&j, j.root);
    if (j.status == 0) {
        *ret_header = header;
        *ret_lease = lease;
    }
    json_done(&j);
    return j.status;
}

int codec_parse_keepalive(struct arena *arena, const char *body, size_t bytes,
                          struct etcd_header *ret_header,
                          struct etcd_lease_result *ret_lease,
                          struct candidate_error *err)
{
    struct json j;
    json_init(&j, arena, body, bytes, err);
    const cJSON *o = require_result(&j);
    struct etcd_header header = codec_read_header(&j, o, 1);
    struct etcd_lease_result lease = read_lease(&j, o);
    if (j.status == 0) {
        *ret_header = header;
        *ret_lease = lease;
    }
    json_done(&j);
    return j.status;
}

int codec_parse_header(struct arena *arena, const char *body, size_t bytes,
                       struct etcd_header *ret_header,
                       struct candidate_error *err)
{
    struct json j;
    json_init(&j, arena, body, bytes, err);
    struct etcd_header header = codec_read_header(&j, j.root, 1);
    if (j.status == 0)
        *ret_header = header;
    json_done(&j);
    return j.status;
}

int codec_parse_result(struct arena *arena, const char *body, size_t bytes,
                       enum etcd_op_type type, struct etcd_header *ret_header,
                       struct etcd_result *ret_result,
                       struct candidate_error *err)
{
    struct json j;
    json_init(&j, arena, body, bytes, err);
    struct etcd_header header = codec_read_header(&j, j.root, 1);
    struct etcd_result result = read_result(&j, j.root, type);
    if (j.status == 0) {
        *ret_header = header;
        *ret_result = result;
    }
    json_done(&j);
    return j.status;
}

int codec_parse_txn(struct arena *arena, const char *body, size_t bytes,
                    struct etcd_header *ret_header,
                    struct etcd_txn_result *ret_txn,
                    struct candidate_error *err)
{
    struct json j;
    json_init(&j, arena, body, bytes, err);
    struct etcd_header header = codec_read_header(&j, j.root, 1);
    struct etcd_txn_result txn = read_txn(&j, j.root);
    if (j.status == 0) {
        *ret_header = header;
        *ret_txn = txn;
    }
    json_done(&j);
    return j.status;
}

int codec_parse_watch(struct arena *arena, const char *body, size_t bytes,
                      struct etcd_header *ret_header,
                      struct etcd_watch_result *ret_watch,
                      struct etcd_refusal *ret_refusal, bool *ret_is_refusal,
                      struct candidate_error *err)
{
    struct json j;
    json_init(&j, arena, body, bytes, err);
    if (!json_member(&j, j.root, "result")) {
        struct etcd_refusal refusal = codec_refusal_read(&j);
        if (j.status == 0) {
            *ret_refusal = refusal;
            *ret_is_refusal = true;
        }
    } else {
        const cJSON *o = require_result(&j);
        struct etcd_header header = codec_read_header(&j, o, 0);
        struct etcd_watch_result watch = read_watch(&j, o);
        if (j.status == 0) {
            *ret_header = header;
            *ret_watch = watch;
            *ret_is_refusal = false;
        }
    }
    json_done(&j);
    return j.status;
}
