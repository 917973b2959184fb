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
    *state = calloc(1, sizeof(struct parsed));
    return *state ? 0 : -1;
}

int replies_teardown(void **state)
{
    struct parsed *f = *state;
    arena_done(&f->arena);
    free(f);
    return 0;
}

int replies_parse_cut(struct parsed *f, enum parsed_kind kind, const char *body,
                      size_t bytes)
{
    char *exact = malloc(bytes > 0 ? bytes : 1);
    assert_non_null(exact);
    memcpy(exact, body, bytes);
    int r = parsed_read(f, kind, exact, bytes);
    free(exact);
    return r;
}

int replies_parse(struct parsed *f, enum parsed_kind kind, const char *body)
{
    return replies_parse_cut(f, kind, body, strlen(body));
}

void replies_forget(struct parsed *f)
{
    arena_done(&f->arena);
    *f = (struct parsed){ 0 };
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

void replies_parse_both(struct parsed *f, enum parsed_kind kind,
                        const char *body)
{
    char *loose = spaced(body);
    int r = replies_parse(f, kind, loose);
    free(loose);
    if (r < 0)
        fail_msg("%s", f->err.message);
    struct parsed first = *f;
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
