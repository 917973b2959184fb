/* fuzz_build.c: requests of any content are strict JSON, and say what they
 * were told to say.
 *
 * The input is taken apart into a transaction; its body is read back.
 */
#include <stdbool.h>
#include <string.h>

#include "etcd/codec.h"
#include "etcd/json.h"
#include "fuzz/fuzz.h"
#include "fuzz/script.h"

enum { OPS_MAX = 8 };

struct input {
    const uint8_t *data;
    size_t size;
};

static uint8_t take_byte(struct input *in)
{
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

static int64_t take_number(struct input *in)
{
    uint64_t number = 0;
    unsigned bytes = take_byte(in) % 9;
    for (unsigned i = 0; i < bytes; i++)
        number = number << 8 | take_byte(in);
    return (int64_t)number;
}

static struct etcd_bytes take_bytes(struct input *in, size_t size_min)
{
    size_t size = take_byte(in);
    size = size < size_min ? size_min : size;
    struct etcd_bytes bytes = { "k", size_min };
    if (size > in->size)
        return bytes;
    bytes = (struct etcd_bytes){ (const char *)in->data, size };
    in->data += size;
    in->size -= size;
    return bytes;
}

static struct etcd_compare take_compare(struct input *in)
{
    return (struct etcd_compare){
        .target = (enum etcd_target)(take_byte(in) % 5),
        .relation = (enum etcd_relation)(take_byte(in) % 4),
        .key = take_bytes(in, 1),
        .range_end = take_bytes(in, 0),
        .number = take_number(in),
        .value = take_bytes(in, 0),
    };
}

static struct etcd_op take_op(struct input *in)
{
    struct etcd_op op = { .type = (enum etcd_op_type)(take_byte(in) % 3) };
    switch (op.type) {
    case ETCD_OP_RANGE:
        op.range = (struct etcd_range){
            .order = (enum etcd_sort)(take_byte(in) % 3),
            .target = (enum etcd_target)(take_byte(in) % 4),
            .key = take_bytes(in, 1),
            .range_end = take_bytes(in, 0),
            .limit = take_number(in),
            .revision = take_number(in),
            .keys_only = take_byte(in) & 1,
        };
        break;
    case ETCD_OP_PUT:
        op.put = (struct etcd_put){
            .key = take_bytes(in, 1),
            .value = take_bytes(in, 0),
            .lease = take_number(in),
        };
        break;
    case ETCD_OP_DELETE:
        op.del = (struct etcd_delete){
            .key = take_bytes(in, 1),
            .range_end = take_bytes(in, 0),
        };
        break;
    case ETCD_OP_TXN:
        break;
    }
    return op;
}

/* ---- reading back ---- */

static void check_bytes(struct json *j, const cJSON *o, const char *name,
                        struct etcd_bytes expected)
{
    struct etcd_bytes found;
    json_bytes(j, o, name, &found.data, &found.size);
    CHECK(found.size == expected.size);
    CHECK(memcmp(found.data, expected.data, found.size) == 0);
}

static void check_number(struct json *j, const cJSON *o, const char *name,
                         int64_t expected)
{
    CHECK(json_int64(j, o, name, INT64_MIN) == expected);
}

static void check_compare(struct json *j, const cJSON *o,
                          const struct etcd_compare *compare)
{
    static const char *const names[] = { "version", "create_revision",
                                         "mod_revision", "value", "lease" };
    check_bytes(j, o, "key", compare->key);
    check_bytes(j, o, "range_end", compare->range_end);
    if (compare->target == ETCD_VALUE)
        check_bytes(j, o, "value", compare->value);
    else
        check_number(j, o, names[compare->target], compare->number);
    CHECK(json_string(j, o, "target")[0] != '\0');
    CHECK(json_string(j, o, "result")[0] != '\0');
}

static void check_op(struct json *j, const cJSON *item,
                     const struct etcd_op *op)
{
    const cJSON *o;
    switch (op->type) {
    case ETCD_OP_RANGE:
        o = json_object(j, item, "request_range");
        check_bytes(j, o, "key", op->range.key);
        check_bytes(j, o, "range_end", op->range.range_end);
        check_number(j, o, "limit", op->range.limit);
        check_number(j, o, "revision", op->range.revision);
        CHECK(json_bool(j, o, "keys_only") == op->range.keys_only);
        break;
    case ETCD_OP_PUT:
        o = json_object(j, item, "request_put");
        check_bytes(j, o, "key", op->put.key);
        check_bytes(j, o, "value", op->put.value);
        check_number(j, o, "lease", op->put.lease);
        break;
    case ETCD_OP_DELETE:
        o = json_object(j, item, "request_delete_range");
        check_bytes(j, o, "key", op->del.key);
        check_bytes(j, o, "range_end", op->del.range_end);
        break;
    case ETCD_OP_TXN:
        break;
    }
}

static void check_body(const struct buf *body, const struct etcd_txn *txn)
{
    struct arena arena;
    arena_init(&arena);
    struct json j;
    script_keep_memory(); /* for reading what was built */
    CHECK(json_init(&j, &arena, body->data, body->size, NULL) == 0);
    size_t n;
    size_t i = 0;
    const cJSON *item;
    const cJSON *array = json_array(&j, j.root, "compare", &n);
    CHECK(n == txn->compares_n);
    cJSON_ArrayForEach(item, array)
        check_compare(&j, item, &txn->compares[i++]);
    i = 0;
    array = json_array(&j, j.root, "success", &n);
    CHECK(n == txn->success_n);
    cJSON_ArrayForEach(item, array) check_op(&j, item, &txn->success[i++]);
    CHECK(j.status == 0);
    json_done(&j);
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct etcd_compare compares[OPS_MAX];
    struct etcd_op ops[OPS_MAX];
    struct etcd_txn txn = { .compares = compares, .success = ops };
    struct buf body;
    buf_init(&body, 1 + take_byte(&in) * (size_t)64);
    while (in.size > 0 && txn.compares_n < OPS_MAX && txn.success_n < OPS_MAX) {
        if (take_byte(&in) & 1)
            compares[txn.compares_n++] = take_compare(&in);
        else
            ops[txn.success_n++] = take_op(&in);
    }
    int r = codec_build_txn(&body, &txn);
    CHECK(r == 0 || r == CANDIDATE_ETOOBIG ||
          (r == CANDIDATE_ENOMEM && script_lost_memory()));
    if (r == 0)
        check_body(&body, &txn);
    else
        CHECK(body.size == 0);
    buf_done(&body);
    return 0;
}
