/* script.c: see script.h. */
#include "fuzz/script.h"

#include <string.h>
#include <sys/types.h>

#include "sys/clock.h"

enum { BEGINS_AT_MS = 1000000, CHANCE = 0x3b };

static int64_t now_ms = BEGINS_AT_MS;

/* What the linker puts in the place of the functions without __wrap_. */
int64_t __wrap_clock_now_ms(void);
ssize_t __wrap_getrandom(void *data, size_t bytes, unsigned flags);

int64_t __wrap_clock_now_ms(void)
{
    return now_ms;
}

ssize_t __wrap_getrandom(void *data, size_t bytes, unsigned flags)
{
    (void)flags;
    memset(data, CHANCE, bytes);
    return (ssize_t)bytes;
}

void script_begin(struct script *s, const uint8_t *data, size_t size)
{
    now_ms = BEGINS_AT_MS;
    *s = (struct script){ data, size };
}

void script_pass_time(int64_t ms)
{
    now_ms += ms;
}

uint8_t script_byte(struct script *s)
{
    if (s->size == 0)
        return 0;
    s->size--;
    return *s->data++;
}

size_t script_text(struct script *s, char *ret_text)
{
    size_t bytes = 0;
    while (s->size > 0 && bytes < SCRIPT_TEXT_BYTES_MAX - 1) {
        char c = (char)script_byte(s);
        if (c == '\0')
            break;
        ret_text[bytes++] = c;
    }
    ret_text[bytes] = '\0';
    return bytes;
}
