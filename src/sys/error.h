/* error.h: filling struct candidate_error on the way up.
 *
 * A message starts with what was wrong and gets its context put in front by
 * each caller: "watch: http://a:2379: connection refused".
 */
#ifndef ERROR_H
#define ERROR_H

#include "candidate.h"

/* Set code and message; err may be NULL. Returns code, so that one can write
 * `return error_set(err, CANDIDATE_EINVAL, "...")`. A message too long for
 * its buffer ends in "..."; bytes that are not clean text (text.h) are written
 * as "\xHH". */
int error_set(struct candidate_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "format: " before the message that is there. Returns err's code, or
 * `code` when err is NULL. */
int error_wrap(struct candidate_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
