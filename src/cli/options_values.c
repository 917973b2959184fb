/* options_values.c: what the values of options may be, and where they go. */
#include "cli/options_private.h"

#include <assert.h>
#include <string.h>

#include "sys/error.h"
#include "sys/text.h"

/* ---- values ---- */

/* Digits only, no leading zero: nothing that could mean something else to
 * another program. */
static bool parse_number(const char *text, unsigned least, unsigned most,
                         unsigned *ret_number)
{
    unsigned long number = 0;
    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
        return false;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9')
            return false;
        number = number * 10 + (unsigned long)(*p - '0');
        if (number > most)
            return false;
    }
    if (number < least)
        return false;
    *ret_number = (unsigned)number;
    return true;
}

enum {
    NS_PER_MS = 1000000,
    FRACTION_MAX = 1000000, /* further digits are ignored */
};

/* Of any duration; ten times as much stays far from overflow. */
static const uint64_t duration_ns_max = (uint64_t)OPTIONS_WAIT_S_MAX * 1000 *
    NS_PER_MS;

/* The first that fits; so "ms" before "m". */
static const struct {
    const char *name;
    uint64_t ns;
} units[] = {
    { "ms", NS_PER_MS },    { "us", 1000 },
    { "\u00b5s", 1000 },    { "ns", 1 },
    { "s", 1000000000 },    { "m", 60000000000 },
    { "h", 3600000000000 },
};

static uint64_t take_unit(const char **text)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t bytes = strlen(units[i].name);
        if (strncmp(*text, units[i].name, bytes) != 0)
            continue;
        *text += bytes;
        return units[i].ns;
    }
    return 0;
}

/* Take digits, up to a limit, beyond which the number is too large anyway.
 * *ret_scale is 10 to the power of how many were taken in. */
static uint64_t take_digits(const char **text, uint64_t limit,
                            uint64_t *ret_scale)
{
    uint64_t number = 0;
    *ret_scale = 1;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        if (*ret_scale >= limit)
            continue;
        number = number * 10 + (uint64_t)(**text - '0');
        *ret_scale *= 10;
    }
    return number;
}

/* One part, such as "1.5s". */
static bool take_duration(const char **text, uint64_t *ns)
{
    const char *begin = *text;
    uint64_t scale;
    begin += strspn(begin, "0"); /* they are no digits that count */
    bool digits = begin > *text;
    *text = begin;
    uint64_t whole = take_digits(text, duration_ns_max * 10, &scale);
    digits = digits || *text > begin;
    uint64_t fraction = 0;
    scale = 1;
    if (**text == '.') {
        begin = ++*text;
        fraction = take_digits(text, FRACTION_MAX, &scale);
        digits = digits || *text > begin;
    }
    uint64_t unit_ns = take_unit(text);
    if (!digits || unit_ns == 0 || whole > duration_ns_max / unit_ns)
        return false;
    *ns += whole * unit_ns + fraction * unit_ns / scale;
    return *ns <= duration_ns_max;
}

/* As Go's time.ParseDuration(), without signs. Rounds up to whole ms. */
static bool parse_duration(const char *text, unsigned least_ms,
                           unsigned most_ms, unsigned *ret_ms)
{
    uint64_t ns = 0;
    do {
        if (!take_duration(&text, &ns))
            return false;
    } while (*text);
    uint64_t ms = (ns + NS_PER_MS - 1) / NS_PER_MS;
    if (ms < least_ms || ms > most_ms)
        return false;
    *ret_ms = (unsigned)ms;
    return true;
}

/* Whole seconds, as other programs have it, or with units. */
static bool parse_wait(const char *text, int64_t *ret_ms)
{
    unsigned ms = 0;
    unsigned s = 0;
    if (parse_number(text, 0, OPTIONS_WAIT_S_MAX, &s))
        ms = s * 1000;
    else if (!parse_duration(text, 0, OPTIONS_WAIT_S_MAX * 1000U, &ms))
        return false;
    *ret_ms = ms;
    return true;
}

static bool parse_switch(const char *text, bool *ret_on)
{
    if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
        *ret_on = true;
    else if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
        *ret_on = false;
    else
        return false;
    return true;
}

static const char *const formats[] = {
    [LOG_TEXT] = "text",
    [LOG_JSON] = "json",
};

static const char *const outs[] = { "simple", "json" };

static bool parse_word(const char *text, const char *const *words,
                       unsigned words_n, unsigned *ret_number)
{
    for (unsigned i = 0; i < words_n; i++) {
        if (strcmp(text, words[i]) != 0)
            continue;
        *ret_number = i;
        return true;
    }
    return false;
}

/* ---- setting ---- */

char *option_secret(const struct option *option, char *value)
{
    if (option->kind == OPTION_PASSWORD)
        return value;
    char *colon = option->kind == OPTION_USER ? strchr(value, ':') : NULL;
    if (!colon)
        return NULL;
    *colon = '\0';
    return colon + 1;
}

static enum options_action action_of(enum option_kind kind)
{
    if (kind == OPTION_FENCED_PUT)
        return OPTIONS_FENCED_PUT;
    if (kind == OPTION_FENCED_DELETE)
        return OPTIONS_FENCED_DELETE;
    return kind == OPTION_TRANSFER ? OPTIONS_TRANSFER : OPTIONS_FENCE_FILE;
}

static const char *set_number(enum option_kind kind, const char *value,
                              unsigned *field)
{
    if (kind == OPTION_SECONDS)
        return parse_number(value, CANDIDATE_TTL_S_MIN, CANDIDATE_TTL_S_MAX,
                            field)
            ? NULL
            : "not a whole number of seconds from 2 to 300";
    if (kind == OPTION_PRIORITY)
        return parse_number(value, 0, CANDIDATE_PRIORITY_MAX, field)
            ? NULL
            : "not a whole number from 0 to 100";
    return parse_duration(value, 1, CANDIDATE_TIMEOUT_MS_MAX, field)
        ? NULL
        : "not a time up to 1h such as 2s, 500ms or 1m30s";
}

/* Returns NULL, or what the value should have been. */
static const char *set(struct options *o, const struct option *option,
                       const char *value)
{
    void *field = (char *)o + option->offset;
    unsigned number = 0;
    bool on = false;
    switch (option->kind) {
    case OPTION_STRING:
    case OPTION_USER:
        *(const char **)field = value;
        return NULL;
    case OPTION_SECONDS:
    case OPTION_PRIORITY:
    case OPTION_DURATION:
        return set_number(option->kind, value, field);
    case OPTION_WAIT:
        return parse_wait(value, field)
            ? NULL
            : "not a time up to 24h, in seconds or such as 1m30s";
    case OPTION_NOWAIT:
        if (!parse_switch(value ? value : "true", &on))
            return "neither true nor false";
        *(int64_t *)field = on ? 0 : -1;
        return NULL;
    case OPTION_SWITCH:
        return parse_switch(value ? value : "true", field)
            ? NULL
            : "neither true nor false";
    case OPTION_LEVEL:
        if (!parse_word(value, log_words, LOG_WORDS_N, &number))
            return "none of debug, info, warning, error";
        o->log_level = (enum candidate_severity)number;
        return NULL;
    case OPTION_FORMAT:
        if (!parse_word(value, formats, sizeof formats / sizeof *formats,
                        &number))
            return "neither text nor json";
        o->log_format = (enum log_format)number;
        return NULL;
    case OPTION_FENCED_PUT:
    case OPTION_FENCED_DELETE:
    case OPTION_FENCE_FILE:
    case OPTION_TRANSFER:
        *(const char **)field = value;
        o->action = action_of(option->kind);
        return NULL;
    case OPTION_WRITE_OUT:
        if (!parse_word(value, outs, sizeof outs / sizeof *outs, &number))
            return "neither simple nor json";
        o->json = number != 0;
        return NULL;
    case OPTION_READ:
        o->action = (enum options_action)option->offset;
        return NULL;
    case OPTION_HELP:
        o->action = OPTIONS_HELP;
        return NULL;
    case OPTION_VERSION:
        o->action = OPTIONS_VERSION;
        return NULL;
    case OPTION_PASSWORD:
        break;
    }
    assert(false && "a secret is not set here");
    return NULL;
}

int option_set(struct options *o, const struct option *option,
               const char *value, struct candidate_error *err)
{
    const char *wrong = set(o, option, value);
    if (!wrong)
        return 0;
    char shown[OPTIONS_SHOWN_BYTES_MAX];
    text_escape(shown, sizeof shown, value, strlen(value));
    return error_set(err, CANDIDATE_EINVAL, "\"%s\" is %s", shown, wrong);
}
