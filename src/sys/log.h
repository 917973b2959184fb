/* log.h: lines for the operator, on standard error.
 *
 * As text, "candidate: warning: ..." and so on; an error has no word of its
 * own. As JSON, one object a line:
 *
 *     {"time":"2026-11-24T09:00:00.123Z","level":"warning","message":"..."}
 *
 * and with the answer of a server also "endpoint", "call", "revision" (a
 * number, as far as it is known) and "duration_ms".
 *
 * Never blocks: what cannot be written at once is dropped and counted, and the
 * count is told as soon as something can be written again.
 */
#ifndef LOG_H
#define LOG_H

#include "candidate.h"

enum {
    LOG_LINE_BYTES_MAX = 4096, /* one write to a pipe */
    LOG_TEXT_BYTES_MAX = 1536, /* longer messages end in "..." */
    LOG_WORDS_N = CANDIDATE_ERROR + 1,
};

/* The severities, as they are written and as --log-level takes them. */
extern const char *const log_words[LOG_WORDS_N];

enum log_format { LOG_TEXT, LOG_JSON };

struct log {
    int fd;
    enum candidate_severity least; /* what is less severe is not written */
    enum log_format format;
    unsigned dropped_n; /* not told yet */
    bool torn;          /* the last line was written in part */
};

/* As text from INFO on, until log_set(). fd is borrowed. */
void log_init(struct log *l, int fd);

void log_set(struct log *l, enum candidate_severity least,
             enum log_format format);

/* The last chance to tell how many lines were dropped. */
void log_done(struct log *l);

/* Write one line: control characters, also from other people's bytes, are
 * escaped. */
void log_write(struct log *l, enum candidate_severity severity,
               const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Write a notice of the library's, with what it says about a server. */
void log_notice(struct log *l, const struct candidate_event *notice);

/* Advice to a person: as it is, without the program's name, whatever the
 * level; not a line of JSON. */
void log_advice(struct log *l, const char *line);

#endif
