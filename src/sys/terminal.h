/* terminal.h: the foreground of the terminal on standard input, lent to a
 * command's group and taken back. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

struct terminal {
    bool lent; /* or rather: will be, by the command as it begins */
    bool has_modes;
    struct termios modes; /* as they were before */
};

/* A command is about to begin: what the terminal is like now. */
void terminal_lend(struct terminal *t);

/* The command's group has ended or stopped: be in the foreground again, unless
 * a shell has put somebody else there meanwhile.
 * restore  the modes as well: it could not do it itself */
void terminal_take_back(struct terminal *t, pid_t group, bool restore);

/* The command goes on after a stop: give it the foreground if it is ours. */
void terminal_lend_again(struct terminal *t, pid_t group);

#endif
