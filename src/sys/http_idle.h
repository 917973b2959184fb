/* http_idle.h: connections that owe nothing, and whether one speaks up.
 *
 * What comes on a connection while nothing is owed on it would be taken for
 * the reply to the next request (libcurl 7.88), so there must be no next one.
 * Private to http.c and http_transfer.c.
 */
#ifndef HTTP_IDLE_H
#define HTTP_IDLE_H

#include <stdbool.h>

enum { HTTP_IDLE_MAX = 4 };

/* All zero: none. One that is in use again may still stand here. */
struct http_idle {
    int fds[HTTP_IDLE_MAX];
    unsigned n;
};

/* A transfer on this socket has ended well. The oldest makes room. */
void http_idle_add(struct http_idle *idle, int fd);
/* It is closed. */
void http_idle_forget(struct http_idle *idle, int fd);

/* Has one of them bytes to read, or has it ended? */
bool http_idle_speaks(const struct http_idle *idle);

#endif
