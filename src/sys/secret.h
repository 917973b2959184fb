/* secret.h: a password that is neither an argument nor a variable. */
#ifndef SECRET_H
#define SECRET_H

#include <stddef.h>

#include "candidate.h"

/* Read the first line of a file that nobody but its owner can read, who must
 * be this user or root.
 * ret_secret  size bytes; the line without its end. Set on success only.
 * Returns 0, or CANDIDATE_EINVAL: the message names the file. */
int secret_read_file(const char *path, char *ret_secret, size_t size,
                     struct candidate_error *err);

/* Ask whoever sits at the controlling terminal, without echo, and wait for
 * the answer. The terminal's echo is on again whenever this process ends or
 * stops, but by SIGKILL: SIGINT, SIGQUIT and SIGTSTP do what they do, after
 * that.
 * stop_fd     ends the waiting when it becomes readable; -1: none.
 * ret_secret  as above.
 * Returns 0; 1: stop_fd became readable; CANDIDATE_ENOTFOUND: there is no
 * terminal, or we are in its background; CANDIDATE_EINVAL: no or too long an
 * answer; CANDIDATE_ESYSTEM. */
int secret_ask(const char *prompt, int stop_fd, char *ret_secret, size_t size,
               struct candidate_error *err);

#endif
