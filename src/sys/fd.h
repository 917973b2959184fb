/* fd.h: descriptors that others gave us: reading and writing without waiting.
 *
 * Standard input, output and error are shared with a shell and other
 * programs, so O_NONBLOCK is never set on them: it would be set for all.
 */
#ifndef FD_H
#define FD_H

#include "candidate.h"

/* Open /dev/null in place of those of 0, 1 and 2 that are closed, so that no
 * socket gets their numbers.
 * Returns the set of those that were closed, as bits 1 << fd, or
 * CANDIDATE_ESYSTEM. */
int fd_fill_standard(struct candidate_error *err);

/* Close every descriptor from first on; allowed between fork and exec.
 * Returns 0 or an errno. */
int fd_close_from(int first);

/* Open the terminal behind fd once more, for us alone and never blocking.
 * access  O_RDONLY or O_WRONLY.
 * Returns the new descriptor, close-on-exec; or fd itself when it is not a
 * terminal or may not be opened. */
int fd_own_terminal(int fd, int access);

/* Write as much as can be written at once.
 * size         at most PIPE_BUF, so that a pipe takes all or nothing.
 * ret_written  0: nothing can be written now; poll for POLLOUT.
 * Returns 0, or CANDIDATE_ESYSTEM with the system's words ("Broken pipe"). */
int fd_write_now(int fd, const char *data, size_t size, size_t *ret_written,
                 struct candidate_error *err);

enum fd_read {
    FD_NOTHING, /* now; poll for POLLIN */
    FD_DATA,
    FD_END,   /* of file */
    FD_BROKEN /* it cannot be read */
};

/* Read once what is there. *ret_bytes is set with FD_DATA. */
enum fd_read fd_read_now(int fd, char *data, size_t size, size_t *ret_bytes);

#endif
