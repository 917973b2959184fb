/* http_idle.c: see http_idle.h. */
#include "sys/http_idle.h"

#include <assert.h>
#include <poll.h>
#include <string.h>

void http_idle_forget(struct http_idle *idle, int fd)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < idle->n; i++)
        if (idle->fds[i] != fd)
            idle->fds[kept++] = idle->fds[i];
    idle->n = kept;
}

void http_idle_add(struct http_idle *idle, int fd)
{
    assert(fd >= 0);
    http_idle_forget(idle, fd);
    if (idle->n == HTTP_IDLE_MAX)
        http_idle_forget(idle, idle->fds[0]);
    idle->fds[idle->n++] = fd;
}

bool http_idle_speaks(const struct http_idle *idle)
{
    struct pollfd polls[HTTP_IDLE_MAX];
    for (unsigned i = 0; i < idle->n; i++)
        polls[i] = (struct pollfd){ .fd = idle->fds[i], .events = POLLIN };
    return poll(polls, idle->n, 0) > 0;
}
