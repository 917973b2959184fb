/* test_codec_refusal.c: errors of real servers, and bodies that only look like
 * a reply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/replies.h"

/* ---- refusals ---- */

struct refusal_case {
    const char *body;
    int code;
    const char *message;
};

static const struct refusal_case refusals[] = {
    { "{\"error\":\"etcdserver: requested lease not found\",\"message\":"
      "\"etcdserver: requested lease not found\",\"code\":5}",
      5, "etcdserver: requested lease not found" },
    { "{\"code\":5,\"message\":\"etcdserver: requested lease not found\"}", 5,
      "etcdserver: requested lease not found" },
    { "{\"code\":16,\"message\":\"etcdserver: invalid auth token\","
      "\"details\":[]}",
      16, "etcdserver: invalid auth token" },
    { "{\"error\":{\"grpc_code\":14,\"http_code\":503,\"message\":"
      "\"etcdserver: no leader\",\"http_status\":\"Service Unavailable\"}}",
      14, "etcdserver: no leader" },
    { "{\"error\":{\"code\":14,\"message\":\"etcdserver: no leader\"}}", 14,
      "etcdserver: no leader" },
    { "{\"error\":\"context deadline exceeded\"}", -1,
      "context deadline exceeded" },
    { "{\"code\":404,\"message\":\"no such page\"}", -1, "no such page" },
    { "{\"error\":{}}", -1, "" },
    { "{\"error\":\"\"}", -1, "" },
    { "{\"code\":5}", 5, "" },
};

static void refusals_of_every_dialect_are_known(void **state)
{
    struct parsed *f = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal_case *c = &refusals[i];
        assert_int_equal(replies_parse(f, REFUSAL, c->body), 0);
        assert_int_equal(f->refusal.grpc_code, c->code);
        assert_bytes(f->refusal.message, c->message);
        f->refusal = (struct etcd_refusal){ 0 };
        replies_parse_both(f, WATCH, c->body);
        assert_true(f->is_refusal);
        assert_int_equal(f->refusal.grpc_code, c->code);
        assert_bytes(f->refusal.message, c->message);
        replies_forget(f);
    }
}

static void plain_text_is_a_refusal_without_a_code(void **state)
{
    struct parsed *f = *state;
    static const struct refusal_case texts[] = {
        { "Not Found\n", -1, "Not Found" },
        { " \r\n\t404 page not found\r\n", -1, "404 page not found" },
        { "<html>\n\033[2J</html>", -1, "<html>\\x0a\\x1b[2J</html>" },
        { "[1]", -1, "[1]" },
        { "\xff", -1, "\\xff" },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(replies_parse(f, REFUSAL, texts[i].body), 0);
        assert_int_equal(f->refusal.grpc_code, -1);
        assert_bytes(f->refusal.message, texts[i].message);
    }
}

static void words_of_a_refusal_are_safe_to_show(void **state)
{
    struct parsed *f = *state;
    assert_int_equal(
        replies_parse(f, REFUSAL, "{\"message\":\"a\\n\\u001b[2J\\u00e9\"}"),
        0);
    assert_bytes(f->refusal.message, "a\\x0a\\x1b[2J\u00e9");
    char body[1000];
    memset(body, 'x', sizeof body);
    assert_int_equal(replies_parse_cut(f, REFUSAL, body, sizeof body), 0);
    assert_int_equal(f->refusal.message.size, 200);
    assert_string_equal(f->refusal.message.data + 197, "...");
}

/* ---- what is not a reply ---- */

struct bad {
    enum parsed_kind kind;
    const char *body;
    const char *message;
};

static void check_bad(struct parsed *f, const struct bad *bad)
{
    struct parsed before;
    memset(f, 0, sizeof *f);
    memset(&f->header, 0x5a, sizeof *f - offsetof(struct parsed, header));
    before = *f;
    int r = replies_parse(f, bad->kind, bad->body);
    if (r != CANDIDATE_EPROTO)
        fail_msg("gives %d: %s", r, bad->body);
    if (strcmp(f->err.message, bad->message) != 0)
        fail_msg("%s\nsays      %s\nshould be %s", bad->body, f->err.message,
                 bad->message);
    assert_int_equal(f->err.code, CANDIDATE_EPROTO);
    assert_memory_equal(&f->header, &before.header,
                        sizeof *f - offsetof(struct parsed, header));
    arena_done(&f->arena);
}

static const struct bad wrong_types[] = {
    { LEASE, "{" HEADER ",\"ID\":77,\"TTL\":\"10\"}",
      "ID: not a string of digits: a number" },
    { LEASE, "{" HEADER ",\"ID\":\"77\",\"TTL\":\"1e9\"}",
      "TTL: not a string of digits: \"1e9\"" },
    { LEASE, "{" HEADER ",\"ID\":\"77\",\"TTL\":\"-2\"}",
      "TTL: not -1 or more: \"-2\"" },
    { LEASE, "{" HEADER ",\"keys\":[\"aw==\",\"aw\"]}",
      "keys[1]: not base64: \"aw\"" },
    { LEASE, "{" HEADER ",\"keys\":[\"aw\",\"aw\"]}",
      "keys[0]: not base64: \"aw\"" },
    { LEASE, "{" HEADER ",\"keys\":{}}", "keys: not an array: an object" },
    { LEASE, "{\"header\":[]}", "header: not an object: an array" },
    { LEASE, "{\"header\":{\"cluster_id\":\"-1\",\"raft_term\":\"2\"}}",
      "header.cluster_id: not a string of digits: \"-1\"" },
    { KEEPALIVE, "{\"result\":{" HEADER ",\"TTL\":{}}}",
      "result.TTL: not a string of digits: an object" },
    { RANGE,
      "{" HEADER ",\"kvs\":[" KV ",{\"key\":\"aw==\","
      "\"create_revision\":true}]}",
      "kvs[1].create_revision: not a string of digits: true" },
    { RANGE, "{" HEADER ",\"kvs\":[" KV ",null],\"count\":\"2\"}",
      "kvs[1]: not an object: null" },
    { RANGE, "{" HEADER ",\"kvs\":[{\"key\":7}]}",
      "kvs[0].key: not base64: a number" },
    { RANGE, "{" HEADER ",\"kvs\":[{\"key\":\"a-_=\"}]}",
      "kvs[0].key: not base64: \"a-_=\"" },
    { RANGE, "{" HEADER ",\"more\":\"true\"}",
      "more: not true or false: \"true\"" },
    { TXN, "{" HEADER ",\"succeeded\":1}",
      "succeeded: not true or false: a number" },
    { TXN, "{" HEADER ",\"responses\":[[],[]]}",
      "responses[0]: not an object: an array" },
    { STATUS, "{" HEADER ",\"version\":3.4}",
      "version: not a string: a number" },
    { WATCH, "{\"result\":{" HEADER ",\"events\":[0,0]}}",
      "result.events[0]: not an object: a number" },
    { WATCH, "{\"result\":[]}", "result: not an object: an array" },
    { WATCH, "{\"result\":{" HEADER ",\"events\":[{\"type\":1}]}}",
      "result.events[0].type: not a string: a number" },
    { WATCH, "{\"result\":{" HEADER ",\"events\":[{\"type\":\"MOVE\"}]}}",
      "result.events[0].type: not PUT or DELETE: \"MOVE\"" },
    { WATCH, "{\"result\":{" HEADER ",\"events\":[{\"type\":\"\"}]}}",
      "result.events[0].type: not PUT or DELETE: \"\"" },
    { REFUSAL, "{\"message\":[]}", "message: not a string: an array" },
    { REFUSAL, "{\"error\":7}", "error: not a string: a number" },
    { REFUSAL, "{\"code\":\"5\"}", "code: not a small integer: \"5\"" },
    { REFUSAL, "{\"code\":5.5}", "code: not a small integer: a number" },
    { REFUSAL, "{\"code\":2147483648}", "code: not a small integer: a number" },
    { REFUSAL, "{\"error\":{\"grpc_code\":1e300}}",
      "error.grpc_code: not a small integer: a number" },
};

static void fields_of_a_wrong_type_are_named(void **state)
{
    for (size_t i = 0; i < sizeof wrong_types / sizeof *wrong_types; i++)
        check_bad(*state, &wrong_types[i]);
}

static const struct bad lacking[] = {
    { LEASE, "{}", "header: missing" },
    { PLAIN, "{\"Header\":{}}", "header: missing" },
    { PLAIN, "{\"header\":null}", "header: missing" },
    { PLAIN, "{\"header\":{}}", "header.cluster_id: missing" },
    { PLAIN, "{\"header\":{\"cluster_id\":\"0\"}}",
      "header.cluster_id: not 1 or more: \"0\"" },
    { PLAIN, "{\"header\":{\"cluster_id\":\"1\"}}",
      "header.raft_term: missing" },
    { PLAIN, "{\"header\":{\"cluster_id\":\"1\",\"raft_term\":\"2\"}}",
      "header.revision: missing" },
    { KEEPALIVE, "{" HEADER ",\"ID\":\"77\",\"TTL\":\"60\"}",
      "result: missing" },
    { KEEPALIVE, "{\"result\":{}}", "result.header: missing" },
    { KEEPALIVE,
      "{\"result\":{\"header\":{\"cluster_id\":\"1\","
      "\"raft_term\":\"2\"}}}",
      "result.header.revision: missing" },
    { RANGE, "{" HEADER ",\"kvs\":[{}]}",
      "kvs[0].create_revision: "
      "missing" },
    { RANGE, "{" HEADER ",\"kvs\":[{" KV_FIELDS ",\"version\":\"1\"}]}",
      "kvs[0].key: missing" },
    { RANGE,
      "{" HEADER ",\"kvs\":[{\"key\":\"\"," KV_FIELDS ",\"version\":\"1\"}]}",
      "kvs[0].key: missing" },
    { RANGE, "{" HEADER ",\"kvs\":[{\"key\":\"aw==\"," KV_FIELDS "}]}",
      "kvs[0].version: missing" },
    { RANGE,
      "{" HEADER ",\"kvs\":[{\"key\":\"aw==\","
      "\"create_revision\":\"2\"}]}",
      "kvs[0].mod_revision: missing" },
    { RANGE,
      "{" HEADER ",\"kvs\":[{\"key\":\"aw==\","
      "\"create_revision\":\"0\"}]}",
      "kvs[0].create_revision: not 1 or more: \"0\"" },
    { RANGE, "{" HEADER ",\"kvs\":[" KV "]}", "count: missing" },
    { RANGE, "{" HEADER ",\"kvs\":[" KV "," KV "],\"count\":\"1\"}",
      "count: not 2 or more: \"1\"" },
    { DEL, "{" HEADER ",\"prev_kvs\":[" KV "]}", "deleted: missing" },
    { PUT, "{" HEADER ",\"prev_kv\":{\"key\":\"aw==\"}}",
      "prev_kv.create_revision: missing" },
    { TXN, "{" HEADER ",\"responses\":[{}]}",
      "responses[0]: not one response of a known type: an object" },
    { TXN,
      "{" HEADER ",\"responses\":[{\"response_put\":{},"
      "\"response_txn\":{}}]}",
      "responses[0]: not one response of a known type: an object" },
    { TXN, "{" HEADER ",\"responses\":[{\"response_lease\":{}}]}",
      "responses[0]: not one response of a known type: an object" },
    { TXN,
      "{" HEADER ",\"responses\":[{\"response_txn\":{\"responses\":["
      "{\"response_range\":{\"kvs\":[{}]}}]}}]}",
      "responses[0].response_txn.responses[0].response_range.kvs[0]."
      "create_revision: missing" },
    { WATCH, "{\"result\":{" HEADER ",\"events\":[{}]}}",
      "result.events[0].kv: missing" },
    { WATCH,
      "{\"result\":{" HEADER ",\"events\":[{\"type\":\"DELETE\","
      "\"kv\":{\"key\":\"aw==\"}}]}}",
      "result.events[0].kv.mod_revision: missing" },
    { WATCH,
      "{\"result\":{" HEADER ",\"events\":[{\"kv\":"
      "{\"key\":\"aw==\",\"mod_revision\":\"9\"}}]}}",
      "result.events[0].kv.create_revision: missing" },
    { WATCH, "{\"result\":{" HEADER "},\"error\":{}}",
      "error: not absent beside a result: an object" },
    { KEEPALIVE, "{\"result\":{" HEADER "},\"error\":\"x\"}",
      "error: not absent beside a result: \"x\"" },
    { WATCH, "{}", "body: not a reply or an error of etcd: an object" },
    { REFUSAL, "{" HEADER "}",
      "body: not a reply or an error of etcd: an object" },
    { REFUSAL, "", "an empty body" },
    { REFUSAL, " \r\n", "an empty body" },
    { REFUSAL, "{\"code\":5", "not JSON: expected ',' or '}' at byte 9 of 9" },
};

static void what_must_be_there_is_missed(void **state)
{
    for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++)
        check_bad(*state, &lacking[i]);
}

static void token_that_would_spoil_a_header_is_refused(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"token\":null}",
        "{\"token\":\"\"}",
        "{\"token\":\"a b\"}",
        "{\"token\":\"a\\r\\nHost: evil\"}",
        "{\"token\":\"a\\u007f\"}",
        "{\"token\":\"caf\u00e9\"}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        check_bad(*state,
                  &(struct bad){ TOKEN, bodies[i],
                                 "token: missing, or not of visible "
                                 "ASCII characters" });
    check_bad(*state,
              &(struct bad){ TOKEN, "{\"token\":5}",
                             "token: not a string: a number" });
}

static void an_error_is_no_reply(void **state)
{
    struct parsed *f = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        for (enum parsed_kind kind = LEASE; kind < WATCH; kind++)
            assert_int_equal(replies_parse(f, kind, refusals[i].body),
                             CANDIDATE_EPROTO);
}

static void unknown_fields_are_ignored(void **state)
{
    struct parsed *f = *state;
    replies_parse_both(f, KEEPALIVE,
                       "{\"result\":{" HEADER ",\"ID\":\"77\",\"TTL\":\"60\","
                       "\"ttl\":5,\"new\":[1.5e3,{\"a\":null}],\"\":false}}");
    assert_int_equal(f->lease.ttl_s, 60);
}

/* Cut off anywhere, a body is never a reply. */
static void no_body_passes_when_it_is_cut(void **state)
{
    struct parsed *f = *state;
    static const char body[] =
        "{" HEADER ",\"succeeded\":true,\"responses\":[{\"response_range\":{"
        "\"kvs\":[" KV "],\"count\":\"1\"}}]}";
    for (size_t bytes = 0; bytes < sizeof body - 1; bytes++)
        for (enum parsed_kind kind = LEASE; kind < REFUSAL; kind++)
            assert_int_equal(replies_parse_cut(f, kind, body, bytes),
                             CANDIDATE_EPROTO);
}

static void an_error_need_not_be_asked_for(void **state)
{
    struct parsed *f = *state;
    assert_int_equal(codec_parse_header(&f->arena, "{}", 2, &f->header, NULL),
                     CANDIDATE_EPROTO);
    assert_int_equal(codec_parse_header(&f->arena, "x", 1, &f->header, NULL),
                     CANDIDATE_EPROTO);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, replies_setup, replies_teardown)
    const struct CMUnitTest tests[] = {
        TEST(refusals_of_every_dialect_are_known),
        TEST(plain_text_is_a_refusal_without_a_code),
        TEST(words_of_a_refusal_are_safe_to_show),
        TEST(fields_of_a_wrong_type_are_named),
        TEST(what_must_be_there_is_missed),
        TEST(token_that_would_spoil_a_header_is_refused),
        TEST(an_error_is_no_reply),
        TEST(unknown_fields_are_ignored),
        TEST(no_body_passes_when_it_is_cut),
        TEST(an_error_need_not_be_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
