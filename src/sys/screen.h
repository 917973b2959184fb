/* screen.h: a terminal as a picture that is drawn anew again and again, and
 * that is as before in the end, whatever happens but SIGKILL.
 *
 * Writes nothing to it but what switches it over and back.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

enum {
    SCREEN_ROWS_DEFAULT = 24, /* if the terminal does not say */
    SCREEN_ROWS_MAX = 500,
};

struct screen {
    int fd;
    bool on;
    bool has_modes;
    struct termios modes; /* as they were before */
};

/* The picture begins: another page, no cursor, no echo, no line wrap. Crashes
 * and SIGQUIT, too, bring it to an end.
 * fd  the terminal; borrowed until screen_end(). There is one at a time. */
void screen_begin(struct screen *s, int fd);

/* All is as before. Fine when it has not begun. */
void screen_end(struct screen *s);

/* Make of lines a frame: as many as there are rows, each over what stood there
 * before. What does not fit is cut, with a last line that says so.
 * Returns how many bytes were written to out, at most out_bytes. */
size_t screen_frame(const struct screen *s, char *out, size_t out_bytes,
                    const char *lines);

#endif
