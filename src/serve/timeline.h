/* timeline.h: who led when, as far as this process has seen it: a few bars to
 * be drawn. Asks no clock. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/json_text.h"

enum {
    TIMELINE_BARS_MAX = 40, /* then the oldest goes */
    TIMELINE_NAME_BYTES_MAX = 256,
};

enum timeline_kind { TIMELINE_UNKNOWN, TIMELINE_NOBODY, TIMELINE_LED };

struct timeline_bar {
    enum timeline_kind kind;
    char leader[TIMELINE_NAME_BYTES_MAX]; /* of LED; else "" */
    int64_t from_ms;
};

/* Each bar ends where the next one begins; the last one goes on. */
struct timeline {
    struct timeline_bar bars[TIMELINE_BARS_MAX];
    unsigned first, n;
};

/* So it is now. It begins with the first thing that is known.
 * leader  of LED, else ignored.
 * Returns whether it is something new. */
bool timeline_see(struct timeline *t, enum timeline_kind kind,
                  const char *leader, int64_t now_ms);

/* Write the bars as an array of objects, the oldest first.
 * wall_ms  what the wall's clock says at now_ms. */
void timeline_json(const struct timeline *t, const char *name, int64_t now_ms,
                   int64_t wall_ms, struct json_text *j);

#endif
