/* keyboard.h: ENTER on standard input, which may also be a pipe or a file.
 *
 * Nothing is read before somebody wants to know: what is typed ahead on a
 * terminal is dropped then, what waits in a pipe is found. While we are a
 * terminal's background job, its input belongs to somebody else and is let
 * alone.
 */
#ifndef KEYBOARD_H
#define KEYBOARD_H

#include <poll.h>
#include <stdbool.h>

enum {
    KEYBOARD_BACKGROUND_MS = 500, /* between looks at who has the terminal */
    KEYBOARD_READ_BYTES = 4096,   /* at once; nothing is kept */
};

struct keyboard {
    int fd; /* -1: at its end */
    bool is_terminal;
};

/* fd is borrowed. */
void keyboard_init(struct keyboard *k, int fd);

/* From now on ENTER counts: what was typed before does not. */
void keyboard_begin(struct keyboard *k);

/* What to wait for.
 * ret_timeout_ms  how long at most; -1: as long as nothing comes. */
struct pollfd keyboard_pollfd(const struct keyboard *k, int *ret_timeout_ms);

/* Read once; true when a line ended. At the end of the file, and when it
 * cannot be read, there is no keyboard from then on. */
bool keyboard_enter(struct keyboard *k);

#endif
