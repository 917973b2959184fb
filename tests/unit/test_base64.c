/* test_base64.c: bytes as text and back, and every text that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/base64.h"

struct pair {
    const char *bytes;
    const char *text;
};

/* RFC 4648, section 10, and the two last digits. */
static const struct pair pairs[] = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
    { "\xfb\xff", "+/8=" },
};

static void known_pairs_convert_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char out[16];
        size_t bytes = strlen(pairs[i].bytes);
        size_t text_bytes = strlen(pairs[i].text);
        assert_int_equal(base64_encoded_bytes(bytes), text_bytes);
        base64_encode(out, pairs[i].bytes, bytes);
        assert_memory_equal(out, pairs[i].text, text_bytes);
        size_t decoded;
        assert_true(base64_decode(out, pairs[i].text, text_bytes, &decoded));
        assert_int_equal(decoded, bytes);
        assert_memory_equal(out, pairs[i].bytes, bytes);
    }
}

static void any_bytes_come_back(void **state)
{
    (void)state;
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        char text[344];
        char back[258];
        size_t back_size;
        size_t text_bytes = base64_encoded_bytes(size);
        base64_encode(text, bytes, size);
        assert_true(base64_decode(back, text, text_bytes, &back_size));
        assert_int_equal(back_size, size);
        assert_memory_equal(back, bytes, size);
    }
}

static void text_that_is_not_strict_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Zg",      "Zg=",      "Zg===",    "Zm8",  "Zm9vY", "=",
        "====",    "Z===",     "Zg==Zg==", "Z=g=", "Zm=v",  "Zh==",
        "Zm9=",    "Zm9v\n",   "Zm9v    ", " Zm9", "Zm-_",  "Zm9v====",
        "Zm\xff!", "Zm9v=m9v", "Zg= ",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char out[16];
        size_t bytes = 99;
        if (base64_decode(out, bad[i], strlen(bad[i]), &bytes))
            fail_msg("accepts \"%s\"", bad[i]);
        assert_int_equal(bytes, 99);
    }
    char out[16];
    size_t bytes;
    assert_false(base64_decode(out, "Zm\0v", 4, &bytes));
}

static unsigned accepted_n(char a, char b, char c)
{
    const char text[4] = { a, b, c, '=' };
    char out[3];
    size_t bytes;
    return base64_decode(out, text, sizeof text, &bytes);
}

/* Of all texts "??==" 256 are canonical, one for each byte; of all digits
 * "???=" 65536. */
static void all_bytes_have_one_text_each(void **state)
{
    (void)state;
    unsigned n = 0;
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++)
            n += accepted_n((char)a, (char)b, '=');
    assert_int_equal(n, 256);
    n = 0;
    for (unsigned a = ' '; a < 128; a++)
        for (unsigned b = ' '; b < 128; b++)
            for (unsigned c = ' '; c < 128; c++)
                n += c == '=' ? 0 : accepted_n((char)a, (char)b, (char)c);
    assert_int_equal(n, 65536);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_pairs_convert_both_ways),
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(text_that_is_not_strict_is_refused),
        cmocka_unit_test(all_bytes_have_one_text_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
