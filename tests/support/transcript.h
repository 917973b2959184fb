/* transcript.h: what came out of one descriptor, as bytes and as lines, each
 * with the time at which it was read.
 */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRANSCRIPT_BYTES_MAX = 1024 * 1024,
    TRANSCRIPT_LINES_MAX = 16384,
};

struct transcript_line {
    char *text; /* without \n, and without a terminal's \r before it */
    int64_t at_ms;
};

struct transcript {
    int fd;      /* owned; -1: at its end */
    char *bytes; /* all of them, and a '\0'; NULL: none came yet */
    size_t bytes_n;
    size_t line_start; /* of the line that has not ended yet */
    struct transcript_line *lines;
    size_t lines_n;
    size_t taken_n;      /* lines that the test has expected */
    const char *ignored; /* lines with this are not counted; NULL: none */
};

void transcript_init(struct transcript *t);
void transcript_done(struct transcript *t);
void transcript_close(struct transcript *t);

/* Read what there is without waiting; closes fd at the end of file. Fails
 * the test when the program says more than the limits allow. */
void transcript_read(struct transcript *t, int64_t now_ms);

/* Print it to the test's messages, each line with its time after zero_at_ms.
 */
void transcript_print(const struct transcript *t, const char *name,
                      const char *stream, int64_t zero_at_ms);

#endif
