/* keyboard.c: see keyboard.h. */
#include "sys/keyboard.h"

#include <assert.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "sys/fd.h"

void keyboard_init(struct keyboard *k, int fd)
{
    assert(fd >= 0);
    *k = (struct keyboard){ .fd = fd, .is_terminal = isatty(fd) };
}

/* Only where there is job control, which a terminal that does not control us
 * has not. The shell moves jobs about without telling them, so ask. */
static bool in_background(const struct keyboard *k)
{
    if (!k->is_terminal)
        return false;
    pid_t foreground = tcgetpgrp(k->fd);
    return foreground >= 0 && foreground != getpgrp();
}

void keyboard_begin(struct keyboard *k)
{
    if (k->fd >= 0 && k->is_terminal && !in_background(k))
        (void)tcflush(k->fd, TCIFLUSH);
}

struct pollfd keyboard_pollfd(const struct keyboard *k, int *ret_timeout_ms)
{
    bool away = k->fd >= 0 && in_background(k);
    *ret_timeout_ms = away ? KEYBOARD_BACKGROUND_MS : -1;
    return (struct pollfd){ .fd = away ? -1 : k->fd, .events = POLLIN };
}

bool keyboard_enter(struct keyboard *k)
{
    if (k->fd < 0)
        return false;
    char data[KEYBOARD_READ_BYTES];
    size_t bytes = 0;
    switch (fd_read_now(k->fd, data, sizeof data, &bytes)) {
    case FD_DATA:
        return memchr(data, '\n', bytes) != NULL;
    case FD_NOTHING:
        return false;
    case FD_BROKEN:
        if (in_background(k)) /* sent there between poll() and read() */
            return false;
        k->fd = -1;
        return false;
    case FD_END:
        k->fd = -1;
        return false;
    }
    return false;
}
