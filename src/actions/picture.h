/* picture.h: how an election stands, for people to read: lines of text, with
 * or without colours. No input or output.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include "candidate.h"

enum {
    PICTURE_BYTES_MAX = 256 * 1024,
    PICTURE_SENTENCE_BYTES_MAX = 1600,
    PICTURE_BAR = 20, /* columns of a lease's bar */
};

struct picture {
    char *text; /* PICTURE_BYTES_MAX; ends with a NUL byte */
    size_t bytes;
    int64_t now_ms; /* CLOCK_BOOTTIME */
    bool colours;
    bool live; /* it is shown for a moment: with bars and running times */
};

/* All that the view shows. */
void picture_view(struct picture *p, const struct candidate_view *view);

/* Its first line alone: who leads. */
void picture_headline(struct picture *p, const struct candidate_view *view);

/* One line more. */
void picture_line(struct picture *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A sentence about a change, without a line end.
 * out  PICTURE_SENTENCE_BYTES_MAX bytes. */
void picture_change(char *out, enum candidate_change change,
                    const struct candidate_view *view);

#endif
