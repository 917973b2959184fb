/* signals.h: signals that ask for an orderly end, as a descriptor to poll.
 *
 * SIGTERM and SIGHUP become readable here. SIGINT, SIGQUIT and SIGTSTP keep
 * the kernel's own meaning: for SIGINT that is to end at once, by the signal,
 * with nothing sent to etcd, whatever the program is just doing.
 *
 * A signal that was ignored when the program was started stays ignored: so
 * nohup keeps a terminal's SIGHUP away, and a shell script the keyboard's
 * SIGINT from its background jobs.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "candidate.h"

#include <poll.h>
#include <signal.h>

struct signals {
    int fd;
    sigset_t taken;
    sigset_t ignored; /* when the program was started */
};

/* Take over the signals, and ignore those that would end or stop us where an
 * error is better: SIGPIPE, SIGXFSZ, SIGTTIN, SIGTTOU. Call before the first
 * thread is started. Returns 0 or CANDIDATE_ESYSTEM. */
int signals_init(struct signals *s, struct candidate_error *err);

/* Take as well what a command is told of, or what tells of one: SIGINT,
 * SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT, SIGCHLD. Returns as above. */
int signals_take_more(struct signals *s, struct candidate_error *err);

/* Do now what a taken signal does to a process that has not taken it: end or
 * stop it, if that is its default. */
void signals_obey(const struct signals *s, int number);

/* For a child that is to become another program: all as this program was
 * started with, and none is blocked. */
void signals_restore(const struct signals *s);

/* What to wait for before the next signals_next(). */
struct pollfd signals_pollfd(const struct signals *s);

/* The number of a signal that came, or 0: none. Never blocks. */
int signals_next(struct signals *s);

/* Is it ignored? Then do not block it: it would come all the same. */
bool signals_ignored(int number);

#endif
