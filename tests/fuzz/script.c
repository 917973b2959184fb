/* script.c: see script.h. */
#include "fuzz/script.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "sys/clock.h"

enum { BEGINS_AT_MS = 1000000, CHANCE = 0x3b };

static int64_t now_ms = BEGINS_AT_MS;
static unsigned until_lost; /* allocations; 0: none is lost any more */
static bool lost;
static unsigned allocations_n; /* since script_lose_memory() */
static size_t script_bytes, known_bytes;
static unsigned known_n; /* allocations while no more than these were read */

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

/* ---- memory ---- */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
char *__wrap_strdup(const char *text);

static bool is_lost(void)
{
    allocations_n++;
    if (until_lost == 0 || --until_lost > 0)
        return false;
    lost = true;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t bytes)
{
    return is_lost() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    return is_lost() ? NULL : __real_calloc(n, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return is_lost() ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
    return is_lost() ? NULL : __real_strdup(text);
}

void script_lose_memory(unsigned n)
{
    static bool hooked;
    if (!hooked)
        (void)curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, free,
                                   __wrap_realloc, __wrap_strdup,
                                   __wrap_calloc);
    hooked = true;
    cJSON_InitHooks(&(cJSON_Hooks){ __wrap_malloc, free });
    until_lost = n;
    lost = false;
    allocations_n = 0;
}

void script_know(size_t bytes)
{
    known_bytes = bytes;
    known_n = 0;
}

unsigned script_known_allocations(void)
{
    return known_n;
}

void script_keep_memory(void)
{
    until_lost = 0;
}

bool script_lost_memory(void)
{
    return lost;
}

void script_forget_connection(int fd)
{
    struct linger none = { .l_onoff = 1 };
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

/* ---- the script ---- */

/* libFuzzer's watchdog ticks with SIGALRM every few seconds: a connect(2) that
 * it interrupts is nobody's fault. */
static void let_ticks_pass(void)
{
    static bool done;
    struct sigaction tick;
    if (done || sigaction(SIGALRM, NULL, &tick) < 0)
        return;
    tick.sa_flags |= SA_RESTART;
    done = sigaction(SIGALRM, &tick, NULL) == 0;
}

void script_begin(struct script *s, const uint8_t *data, size_t size)
{
    let_ticks_pass();
    now_ms = BEGINS_AT_MS;
    *s = (struct script){ data, size };
    script_bytes = size;
}

void script_pass_time(int64_t ms)
{
    now_ms += ms;
}

uint8_t script_byte(struct script *s)
{
    if (s->size == 0)
        return 0;
    if (script_bytes - s->size == known_bytes)
        known_n = allocations_n;
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
