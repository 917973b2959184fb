/* replies.c: parsing replies for the codec's tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/replies.h"

int replies_setup(void **state)
{
    *state = calloc(1, sizeof(struct replies));
    return *state ? 0 : -1;
}

int replies_teardown(void **state)
{
    struct replies *f = *state;
    arena_done(&f->arena);
    free(f);
    return 0;
}

static int parse(struct replies *f, enum replies_kind kind, const char *body,
                 size_t bytes)
{
    struct arena *a = &f->arena;
    switch (kind) {
    case LEASE:
        return codec_parse_lease(a, body, bytes, &f->header, &f->lease,
                                 &f->err);
    case KEEPALIVE:
        return codec_parse_keepalive(a, body, bytes, &f->header, &f->lease,
                                     &f->err);
    case PLAIN:
        return codec_parse_header(a, body, bytes, &f->header, &f->err);
    case RANGE:
        return codec_parse_result(a, body, bytes, ETCD_OP_RANGE, &f->header,
                                  &f->result, &f->err);
    case PUT:
        return codec_parse_result(a, body, bytes, ETCD_OP_PUT, &f->header,
                                  &f->result, &f->err);
    case DEL:
        return codec_parse_result(a, body, bytes, ETCD_OP_DELETE, &f->header,
                                  &f->result, &f->err);
    case TXN:
        return codec_parse_txn(a, body, bytes, &f->header, &f->txn, &f->err);
    case STATUS:
        return codec_parse_status(a, body, bytes, &f->header, &f->status,
                                  &f->err);
    case TOKEN:
        return codec_parse_token(a, body, bytes, &f->token, &f->err);
    case WATCH:
        return codec_parse_watch(a, body, bytes, &f->header, &f->watch,
                                 &f->refusal, &f->is_refusal, &f->err);
    case REFUSAL:
        return codec_parse_refusal(a, body, bytes, &f->refusal, &f->err);
    case KINDS:
        break;
    }
    fail();
    return 0;
}

int replies_parse_cut(struct replies *f, enum replies_kind kind,
                      const char *body, size_t bytes)
{
    char *exact = malloc(bytes > 0 ? bytes : 1);
    assert_non_null(exact);
    memcpy(exact, body, bytes);
    int r = parse(f, kind, exact, bytes);
    free(exact);
    return r;
}

int replies_parse(struct replies *f, enum replies_kind kind, const char *body)
{
    return replies_parse_cut(f, kind, body, strlen(body));
}

void replies_forget(struct replies *f)
{
    arena_done(&f->arena);
    *f = (struct replies){ 0 };
}

/* Blanks behind every comma and colon that is not in a string. */
static char *spaced(const char *body)
{
    char *out = malloc(2 * strlen(body) + 1);
    assert_non_null(out);
    size_t n = 0;
    bool in_string = false;
    for (; *body; body++) {
        out[n++] = *body;
        in_string ^= *body == '"'; /* no escapes in these bodies */
        if (!in_string && (*body == ',' || *body == ':'))
            out[n++] = ' ';
    }
    out[n] = '\0';
    return out;
}

void replies_parse_both(struct replies *f, enum replies_kind kind,
                        const char *body)
{
    char *loose = spaced(body);
    int r = replies_parse(f, kind, loose);
    free(loose);
    if (r < 0)
        fail_msg("%s", f->err.message);
    struct replies first = *f;
    f->arena = (struct arena){ 0 };
    f->header = (struct etcd_header){ 0 };
    r = replies_parse(f, kind, body);
    if (r < 0)
        fail_msg("%s", f->err.message);
    assert_memory_equal(&f->header, &first.header, sizeof f->header);
    arena_done(&first.arena);
}

void assert_bytes(struct etcd_bytes bytes, const char *expected)
{
    assert_int_equal(bytes.size, strlen(expected));
    assert_string_equal(bytes.data, expected);
}
