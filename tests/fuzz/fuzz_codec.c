/* fuzz_codec.c: bodies from anywhere, through each of the codec's parsers.
 *
 * The input's first byte chooses the parser. Besides memory errors it looks
 * for replies that pass without being what codec.h promises.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "etcd/json_scan.h"
#include "fuzz/fuzz.h"
#include "fuzz/script.h"
#include "support/parsed.h"
#include "sys/text.h"

/* By which the corpus names the parsers, in the order of enum parsed_kind. */
static const char letters[] = "lkhrpdtsawx";

enum { UNTOUCHED = 0x5a }; /* each byte of an output that was not set */

/* From the first output on. */
#define OUTPUTS(p) ((unsigned char *)&(p)->header)
#define OUTPUTS_BYTES (sizeof(struct parsed) - offsetof(struct parsed, header))

static int parse(struct parsed *p, char letter, const char *body, size_t bytes)
{
    const char *at = strchr(letters, letter);
    return parsed_read(p, (enum parsed_kind)(at - letters), body, bytes);
}

/* ---- what was promised of a reply ---- */

/* Every byte is there, so that a sanitizer can object, and a NUL behind. */
static void check_bytes(struct etcd_bytes bytes)
{
    CHECK(bytes.data);
    unsigned sum = 0;
    for (size_t i = 0; i < bytes.size; i++)
        sum += (unsigned char)bytes.data[i];
    CHECK(sum <= 255U * bytes.size);
    CHECK(bytes.data[bytes.size] == '\0');
}

static void check_text(struct etcd_bytes text)
{
    check_bytes(text);
    CHECK(text.size <= 200);
    CHECK(text_is_clean(text.data, text.size));
}

static void check_kv(const struct etcd_kv *kv, bool exists)
{
    check_bytes(kv->key);
    check_bytes(kv->value);
    CHECK(kv->key.size > 0);
    CHECK(kv->mod_revision >= 1);
    CHECK(kv->create_revision >= exists && kv->version >= exists);
}

static void check_kvs(const struct etcd_kvs *kvs)
{
    CHECK(kvs->count >= 0 && (uint64_t)kvs->count >= kvs->n);
    for (size_t i = 0; i < kvs->n; i++)
        check_kv(&kvs->items[i], true);
}

static void check_txn(const struct etcd_txn_result *txn);

static void check_result(const struct etcd_result *result)
{
    switch (result->type) {
    case ETCD_OP_RANGE:
        check_kvs(&result->range);
        break;
    case ETCD_OP_PUT:
        if (result->put_prev.create_revision != 0)
            check_kv(&result->put_prev, true);
        break;
    case ETCD_OP_DELETE:
        CHECK(result->del.deleted >= result->del.prev.count);
        check_kvs(&result->del.prev);
        break;
    case ETCD_OP_TXN:
        check_txn(&result->txn);
        break;
    }
}

static void check_txn(const struct etcd_txn_result *txn)
{
    for (size_t i = 0; i < txn->results_n; i++)
        check_result(&txn->results[i]);
}

static void check_lease(const struct etcd_lease_result *lease)
{
    CHECK(lease->ttl_s >= -1 && lease->granted_ttl_s >= 0);
    for (size_t i = 0; i < lease->keys_n; i++)
        check_bytes(lease->keys[i]);
}

static void check_watch(const struct etcd_watch_result *watch)
{
    CHECK(watch->watch_id >= -1 && watch->compact_revision >= 0);
    check_text(watch->cancel_reason);
    for (size_t i = 0; i < watch->events_n; i++) {
        const struct etcd_watch_event *event = &watch->events[i];
        check_kv(&event->kv, !event->deleted);
        if (event->prev.create_revision != 0)
            check_kv(&event->prev, true);
    }
}

static void check_refusal(const struct etcd_refusal *refusal)
{
    check_text(refusal->message);
    CHECK(refusal->grpc_code == -1 ||
          (refusal->grpc_code >= 1 && refusal->grpc_code <= 16));
}

static void check_header(const struct etcd_header *header, char letter)
{
    CHECK(header->cluster_id > 0 && header->raft_term > 0);
    CHECK(header->revision >= (letter == 'w' ? 0 : 1));
}

static void check_success(const struct parsed *r, char letter)
{
    if (letter == 'a') {
        check_bytes(r->token);
        CHECK(r->token.size > 0 && !strpbrk(r->token.data, " \r\n"));
        return;
    }
    if (letter == 'x' || (letter == 'w' && r->is_refusal)) {
        check_refusal(&r->refusal);
        return;
    }
    check_header(&r->header, letter);
    if (strchr("lk", letter))
        check_lease(&r->lease);
    else if (strchr("rpd", letter))
        check_result(&r->result);
    else if (letter == 't')
        check_txn(&r->txn);
    else if (letter == 's')
        check_text(r->status.version);
    else if (letter == 'w')
        check_watch(&r->watch);
}

/* A text that passes does not pass any more when its end is cut off. */
static void check_cut(char letter, const char *body, size_t bytes)
{
    while (bytes > 0 && strchr(" \t\r\n", body[bytes - 1]))
        bytes--;
    CHECK(bytes > 0 && body[bytes - 1] == '}');
    struct parsed r = { 0 };
    CHECK(parse(&r, letter, body, bytes - 1) == CANDIDATE_EPROTO);
    arena_done(&r.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *at = memchr(letters, data[0], sizeof letters - 1);
    if (!at)
        at = &letters[data[0] % (sizeof letters - 1)];
    char letter = *at;
    const char *body = (const char *)data + 1;
    size_t bytes = size - 1;
    struct parsed r = { 0 };
    memset(OUTPUTS(&r), UNTOUCHED, OUTPUTS_BYTES);
    int status = parse(&r, letter, body, bytes);
    /* ENOMEM would mean that cJSON refused what json_scan() let pass. */
    CHECK(status == 0 || status == CANDIDATE_EPROTO ||
          (status == CANDIDATE_ENOMEM && script_lost_memory()));
    if (status == 0) {
        check_success(&r, letter);
        bool plain = letter == 'x' && json_scan(body, bytes, NULL) < 0;
        if (!plain)
            check_cut(letter, body, bytes);
    } else {
        const char *message = r.err.message;
        CHECK(r.err.code == status && message[0] != '\0');
        CHECK(text_is_clean(message, strlen(message)));
        for (size_t i = 0; i < OUTPUTS_BYTES; i++)
            CHECK(OUTPUTS(&r)[i] == UNTOUCHED);
    }
    arena_done(&r.arena);
    return 0;
}
