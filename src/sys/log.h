/* log.h: lines for the operator, on standard error.
 *
 * "candidate: warning: ..." and so on; an error has no word of its own. Never
 * blocks: what cannot be written at once is dropped and counted, and the
 * count is told as soon as something can be written again.
 */
#ifndef LOG_H
#define LOG_H

#include "candidate.h"

enum { LOG_LINE_BYTES_MAX = 2048 }; /* longer ones end in "..." */

struct log {
    int fd;
    enum candidate_severity least; /* what is less severe is not written */
    unsigned dropped_n;            /* not told yet */
    bool torn;                     /* the last line was written in part */
};

/* fd is borrowed. */
void log_init(struct log *l, int fd, enum candidate_severity least);

/* The last chance to tell how many lines were dropped. */
void log_done(struct log *l);

/* Write one line: control characters, also from other people's bytes, are
 * escaped. */
void log_write(struct log *l, enum candidate_severity severity,
               const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Write a line as it is, without the program's name, whatever the level. */
void log_plain(struct log *l, const char *line);

#endif
