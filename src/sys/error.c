/* error.c: the words of every error code, and filling messages.
 *
 * Not a log: nothing is printed here.
 */
#include "sys/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys/text.h"

static const char ellipsis[] = "...";

const char *candidate_strerror(int code)
{
#define ERROR_MEANING(name, number, meaning)                                   \
    case CANDIDATE_##name:                                                     \
        return meaning;
    switch (code) {
    case CANDIDATE_OK:
        return "success";
        CANDIDATE_ERRORS(ERROR_MEANING)
    default: /* any int may come here, not only our codes */
        return "unknown error";
    }
#undef ERROR_MEANING
}

/* Replace the end of a message that did not fit, at the start of a character:
 * half a UTF-8 sequence would spoil the line for whoever prints it. */
static void mark_as_cut(char *message)
{
    size_t end = CANDIDATE_ERROR_BYTES_MAX - sizeof ellipsis;
    while (end > 0 && ((unsigned char)message[end] & 0xc0U) == 0x80U)
        end--;
    memcpy(message + end, ellipsis, sizeof ellipsis);
}

/* A path, a server or an environment may have put anything into it. */
static void clean(char *message)
{
    char raw[CANDIDATE_ERROR_BYTES_MAX];
    size_t size = strlen(message);
    if (text_is_clean(message, size))
        return;
    memcpy(raw, message, size + 1);
    text_escape(message, CANDIDATE_ERROR_BYTES_MAX, raw, size);
}

int error_set(struct candidate_error *err, int code, const char *format, ...)
{
    assert(code < 0);
    if (!err)
        return code;
    err->code = code;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    if (n < 0)
        (void)snprintf(err->message, sizeof err->message, "%s",
                       candidate_strerror(code));
    else if ((size_t)n >= sizeof err->message)
        mark_as_cut(err->message);
    clean(err->message);
    return code;
}

int error_wrap(struct candidate_error *err, int code, const char *format, ...)
{
    assert(code < 0);
    if (!err)
        return code;
    assert(memchr(err->message, '\0', sizeof err->message));
    char prefix[CANDIDATE_ERROR_BYTES_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    if (n < 0)
        return err->code;
    if ((size_t)n >= sizeof prefix)
        mark_as_cut(prefix);
    char inner[CANDIDATE_ERROR_BYTES_MAX];
    memcpy(inner, err->message, sizeof inner);
    n = snprintf(err->message, sizeof err->message, "%s: %s", prefix, inner);
    if (n >= 0 && (size_t)n >= sizeof err->message)
        mark_as_cut(err->message);
    clean(err->message);
    return err->code;
}
