/* screen.c: see screen.h. */
#include "sys/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ECMA-48, and the private modes of DEC's and xterm's: the other page (1049),
 * the cursor (25), line wrap (7). */
static const char enter[] = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
static const char leave[] = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
static const char home[] = "\x1b[H";
static const char clear_line[] = "\x1b[K";
static const char clear_below[] = "\x1b[J";
static const char cut_mark[] = "...";

enum { PATIENCE_MS = 500 }; /* with a terminal that was told to stop */

/* What ends a process without asking it. */
static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE,  SIGILL,
                               SIGABRT, SIGSYS, SIGQUIT, SIGALRM };

/* A signal's handler is given nothing, so what it needs is kept here. */
static struct screen *screen_of_handler;

/* Also within a handler: calls nothing that signal-safety(7) does not allow. */
static void put(int fd, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t n = write(fd, text, bytes);
        if (n > 0) {
            text += n;
            bytes -= (size_t)n;
            continue;
        }
        struct pollfd room = { .fd = fd, .events = POLLOUT };
        if ((n < 0 && errno != EAGAIN && errno != EINTR) ||
            poll(&room, 1, PATIENCE_MS) <= 0)
            return;
    }
}

static void restore(struct screen *s)
{
    if (!s->on)
        return;
    s->on = false;
    put(s->fd, leave, sizeof leave - 1);
    if (s->has_modes) /* what was typed meanwhile was meant for nobody */
        (void)tcsetattr(s->fd, TCSAFLUSH, &s->modes);
}

static void on_crash(int number)
{
    if (screen_of_handler)
        restore(screen_of_handler);
    (void)raise(number); /* its default now, and at once: see SA_NODEFER */
}

static void handle_crashes(void)
{
    struct sigaction action = { .sa_handler = on_crash,
                                .sa_flags = (int)SA_RESETHAND | SA_NODEFER };
    struct sigaction before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        if (sigaction(crashes[i], NULL, &before) == 0 &&
            before.sa_handler == SIG_DFL) /* what is ignored stays so */
            (void)sigaction(crashes[i], &action, NULL);
}

void screen_begin(struct screen *s, int fd)
{
    s->fd = fd;
    s->has_modes = tcgetattr(fd, &s->modes) == 0;
    screen_of_handler = s;
    handle_crashes();
    s->on = true;
    struct termios modes = s->modes;
    modes.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
    if (s->has_modes)
        (void)tcsetattr(fd, TCSADRAIN, &modes);
    put(fd, enter, sizeof enter - 1);
}

void screen_end(struct screen *s)
{
    restore(s);
    screen_of_handler = NULL;
}

/* How many it has at the moment. */
static unsigned rows_of(const struct screen *s)
{
    struct winsize size;
    if (ioctl(s->fd, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
        return SCREEN_ROWS_DEFAULT;
    return size.ws_row < SCREEN_ROWS_MAX ? size.ws_row : SCREEN_ROWS_MAX;
}

struct frame {
    char *out;
    size_t bytes, bytes_max;
};

static void add(struct frame *f, const char *text, size_t bytes)
{
    if (bytes > f->bytes_max - f->bytes)
        return;
    memcpy(f->out + f->bytes, text, bytes);
    f->bytes += bytes;
}

size_t screen_frame(const struct screen *s, char *out, size_t out_bytes,
                    const char *lines)
{
    struct frame f = { .out = out, .bytes_max = out_bytes };
    unsigned rows = rows_of(s);
    add(&f, home, sizeof home - 1);
    for (unsigned row = 1; row <= rows && *lines; row++) {
        size_t bytes = strcspn(lines, "\n");
        const char *next = lines + bytes + (lines[bytes] == '\n');
        bool cut = row == rows && *next;
        if (row > 1)
            add(&f, "\r\n", 2);
        add(&f, cut ? cut_mark : lines, cut ? sizeof cut_mark - 1 : bytes);
        add(&f, clear_line, sizeof clear_line - 1);
        lines = next;
    }
    add(&f, clear_below, sizeof clear_below - 1);
    return f.bytes;
}
