/* json_text.c: see json_text.h. */
#include "sys/json_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sys/text.h"

void json_text_init(struct json_text *j, char *text, size_t bytes_max)
{
    assert(bytes_max > 0);
    *j = (struct json_text){ .text = text, .bytes_max = bytes_max };
    text[0] = '\0';
}

static void add(struct json_text *j, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct json_text *j, const char *format, ...)
{
    size_t room = j->bytes_max - j->bytes;
    va_list args;
    va_start(args, format);
    int bytes = vsnprintf(j->text + j->bytes, room, format, args);
    va_end(args);
    if (bytes < 0 || (size_t)bytes >= room) {
        j->text[j->bytes] = '\0';
        j->too_long = true;
        return;
    }
    j->bytes += (size_t)bytes;
}

static void begin(struct json_text *j, const char *name)
{
    add(j, "%s", j->comma ? "," : "");
    if (name)
        add(j, "\"%s\":", name);
    j->comma = true;
}

void json_text_object(struct json_text *j, const char *name)
{
    begin(j, name);
    add(j, "{");
    j->comma = false;
}

void json_text_object_end(struct json_text *j)
{
    add(j, "}");
    j->comma = true;
}

void json_text_array(struct json_text *j, const char *name)
{
    begin(j, name);
    add(j, "[");
    j->comma = false;
}

void json_text_array_end(struct json_text *j)
{
    add(j, "]");
    j->comma = true;
}

/* Clean text has no other character that JSON wants to be escaped. */
void json_text_string(struct json_text *j, const char *name, const char *value)
{
    char clean[JSON_TEXT_STRING_BYTES_MAX];
    begin(j, name);
    if (!value) {
        add(j, "null");
        return;
    }
    text_escape(clean, sizeof clean, value, strlen(value));
    add(j, "\"");
    for (const char *rest = clean; *rest;) {
        size_t plain = strcspn(rest, "\"\\");
        add(j, "%.*s", (int)plain, rest);
        rest += plain;
        if (*rest)
            add(j, "\\%c", *rest++);
    }
    add(j, "\"");
}

void json_text_number(struct json_text *j, const char *name, int64_t value)
{
    begin(j, name);
    add(j, "%" PRId64, value);
}

void json_text_bool(struct json_text *j, const char *name, bool value)
{
    begin(j, name);
    add(j, "%s", value ? "true" : "false");
}

void json_text_int64(struct json_text *j, const char *name, int64_t value)
{
    begin(j, name);
    add(j, "\"%" PRId64 "\"", value);
}

void json_text_lease(struct json_text *j, const char *name, int64_t lease)
{
    begin(j, name);
    add(j, "\"%" PRIx64 "\"", (uint64_t)lease);
}

void json_text_time(struct json_text *j, const char *name, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc = { 0 };
    char date[32] = "";
    begin(j, name);
    if (gmtime_r(&seconds, &utc))
        (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    add(j, "\"%s.%03dZ\"", date, (int)(wall_ms % 1000));
}

void json_text_line_end(struct json_text *j)
{
    add(j, "\n");
    j->comma = false;
}
