/* notify.c: see notify.h. Source: sd_notify(3), sd_watchdog_enabled(3). */
#include "sys/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { US_PER_MS = 1000 };

/* A path, or behind "@" a name without one. Other kinds are for machines that
 * are not this one. */
static bool set_address(struct notify *n, const char *address)
{
    size_t bytes = strlen(address);
    if ((address[0] != '/' && address[0] != '@') || bytes < 2 ||
        bytes >= sizeof n->to.sun_path)
        return false;
    n->to.sun_family = AF_UNIX;
    memcpy(n->to.sun_path, address, bytes + 1);
    bool abstract = address[0] == '@';
    if (abstract)
        n->to.sun_path[0] = '\0';
    n->to_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes +
                              !abstract);
    return true;
}

/* Returns 0 for what is not a number, or too large. */
static int64_t number(const char *text)
{
    int64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (value > INT64_MAX / 100)
            return 0;
        value = value * 10 + (*text - '0');
    }
    return *text == '\0' ? value : 0;
}

static int64_t watchdog_ms(void)
{
    const char *us = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (!us || (pid && number(pid) != getpid()))
        return 0;
    return number(us) / US_PER_MS;
}

void notify_init(struct notify *n)
{
    *n = (struct notify){ .fd = -1 };
    const char *address = getenv("NOTIFY_SOCKET");
    if (address && set_address(n, address)) {
        n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        n->watchdog_ms = n->fd < 0 ? 0 : watchdog_ms();
    }
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

void notify_done(struct notify *n)
{
    if (n->fd >= 0)
        (void)close(n->fd);
    *n = (struct notify){ .fd = -1 };
}

bool notify_send(struct notify *n, const char *text)
{
    size_t bytes = strnlen(text, NOTIFY_BYTES_MAX);
    return n->fd < 0 ||
        sendto(n->fd, text, bytes, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&n->to, n->to_bytes) >= 0;
}
