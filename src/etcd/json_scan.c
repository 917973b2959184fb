/* json_scan.c: is this text one JSON object, in the strictest reading? */
#include "etcd/json_scan.h"

#include <assert.h>
#include <string.h>

#include "sys/error.h"
#include "sys/text.h"

struct scan {
    const char *data;
    size_t bytes;
    size_t at;
    unsigned depth;
    unsigned values_n;
    const char *complaint; /* about what is at `at`; NULL: none so far */
};

static bool complain(struct scan *s, const char *complaint)
{
    assert(!s->complaint);
    s->complaint = complaint;
    return false;
}

/* The next character, as unsigned; -1: the end. */
static int peek(const struct scan *s)
{
    assert(s->at <= s->bytes);
    return s->at < s->bytes ? (unsigned char)s->data[s->at] : -1;
}

static bool take(struct scan *s, int wanted)
{
    if (peek(s) != wanted)
        return false;
    s->at++;
    return true;
}

static void skip_blanks(struct scan *s)
{
    while (take(s, ' ') || take(s, '\n') || take(s, '\r') || take(s, '\t'))
        ;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool skip_digits(struct scan *s)
{
    if (!is_digit(peek(s)))
        return complain(s, "expected a digit");
    while (is_digit(peek(s)))
        s->at++;
    return true;
}

static bool scan_number(struct scan *s)
{
    size_t start = s->at;
    (void)take(s, '-');
    if (!take(s, '0') && !skip_digits(s))
        return false;
    if (take(s, '.') && !skip_digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            (void)take(s, '-');
        if (!skip_digits(s))
            return false;
    }
    if (s->at - start > JSON_NUMBER_CHARACTERS_MAX)
        return complain(s, "a number of too many digits");
    return true;
}

static int hex_digit(int c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Take the four digits behind "\u". */
static bool scan_code_unit(struct scan *s, unsigned *ret_unit)
{
    unsigned unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(peek(s));
        if (digit < 0)
            return complain(s, "expected a hexadecimal digit");
        unit = unit << 4 | (unsigned)digit;
        s->at++;
    }
    *ret_unit = unit;
    return true;
}

/* One character behind "\u": one code unit, or a pair of surrogates. */
static bool scan_code_units(struct scan *s)
{
    unsigned unit;
    if (!scan_code_unit(s, &unit))
        return false;
    if (unit == 0)
        return complain(s, "a NUL character in a string");
    bool whole = unit < 0xd800 || unit > 0xdfff;
    bool first_half = unit >= 0xd800 && unit <= 0xdbff;
    if (first_half && take(s, '\\') && take(s, 'u')) {
        if (!scan_code_unit(s, &unit))
            return false;
        whole = unit >= 0xdc00 && unit <= 0xdfff;
    }
    return whole || complain(s, "half a pair of surrogates");
}

static bool scan_escape(struct scan *s)
{
    int c = peek(s);
    if (c < 0 || !strchr("\"\\/bfnrtu", c) || c == '\0')
        return complain(s, "no such escape");
    s->at++;
    return c != 'u' || scan_code_units(s);
}

static bool scan_string(struct scan *s)
{
    if (!take(s, '"'))
        return complain(s, "expected a string");
    while (!take(s, '"')) {
        int c = peek(s);
        if (c < 0)
            return complain(s, "expected the end of a string");
        if (c < 0x20)
            return complain(s, "a control character in a string");
        if (take(s, '\\')) {
            if (!scan_escape(s))
                return false;
            continue;
        }
        size_t step = text_character_bytes(s->data + s->at, s->bytes - s->at);
        if (step == 0)
            return complain(s, "not UTF-8");
        s->at += step;
    }
    return true;
}

static bool scan_word(struct scan *s, const char *word)
{
    size_t size = strlen(word);
    if (s->bytes - s->at < size || memcmp(s->data + s->at, word, size) != 0)
        return complain(s, "expected a value");
    s->at += size;
    return true;
}

static bool scan_value(struct scan *s);

static bool scan_member(struct scan *s)
{
    if (!scan_string(s))
        return false;
    skip_blanks(s);
    if (!take(s, ':'))
        return complain(s, "expected ':'");
    skip_blanks(s);
    return scan_value(s);
}

/* What stands in brackets: members or values, with commas between them. */
static bool scan_list(struct scan *s, bool (*scan_item)(struct scan *s),
                      char closing, const char *complaint)
{
    if (s->depth == JSON_DEPTH_MAX)
        return complain(s, "too many levels");
    s->depth++;
    s->at++;
    skip_blanks(s);
    bool more = !take(s, closing);
    while (more) {
        skip_blanks(s);
        if (!scan_item(s))
            return false;
        skip_blanks(s);
        more = take(s, ',');
        if (!more && !take(s, closing))
            return complain(s, complaint);
    }
    s->depth--;
    return true;
}

static bool scan_object(struct scan *s)
{
    return scan_list(s, scan_member, '}', "expected ',' or '}'");
}

static bool scan_value(struct scan *s)
{
    if (s->values_n++ == JSON_VALUES_MAX)
        return complain(s, "too many values");
    switch (peek(s)) {
    case '{':
        return scan_object(s);
    case '[':
        return scan_list(s, scan_value, ']', "expected ',' or ']'");
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        if (peek(s) == '-' || is_digit(peek(s)))
            return scan_number(s);
        return complain(s, "expected a value");
    }
}

static bool scan_text(struct scan *s)
{
    skip_blanks(s);
    if (peek(s) != '{')
        return complain(s, "expected '{'");
    if (!scan_object(s))
        return false;
    skip_blanks(s);
    if (peek(s) >= 0)
        return complain(s, "expected the end");
    return true;
}

int json_scan(const char *data, size_t bytes, struct candidate_error *err)
{
    struct scan s = { .data = data, .bytes = bytes };
    if (scan_text(&s)) {
        assert(s.at == bytes && s.depth == 0);
        return 0;
    }
    assert(s.complaint);
    return error_set(err, CANDIDATE_EPROTO, "not JSON: %s at byte %zu of %zu",
                     s.complaint, s.at, bytes);
}
