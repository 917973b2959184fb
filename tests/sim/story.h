/* story.h: what the candidates print, with the true time of each line.
 *
 * The lines of the program's standard output, said again here: ELECTED is
 * "I am the LEADER!" and so on. Also the story of every step, for people who
 * look for a fault.
 */
#ifndef STORY_H
#define STORY_H

#include "core/election.h"

#include <stddef.h>
#include <stdio.h>

struct world;
struct peer;

enum { STORY_LINES_MAX = 4096 };

enum story_line_type {
    STORY_CANDIDATE,
    STORY_ATTEMPTING,
    STORY_LEADER,
    STORY_PRESS_ENTER,
    STORY_FOLLOWING, /* other */
    STORY_LOST,      /* other: the reason */
    STORY_END,
    STORY_FAULT, /* not a candidate's: other, what */
};

struct story_line {
    int64_t at_us;
    enum story_line_type type;
    int who;
    int other;
    const char *what;
};

struct story {
    struct story_line lines[STORY_LINES_MAX]; /* the first ones */
    size_t lines_n;
};

void story_start(struct world *w, const struct peer *p);
void story_say(struct world *w, const struct peer *p,
               const struct election_notice *notice);
/* Something that went wrong, or was mended, at a process or a member. */
void story_fault(struct world *w, const char *what, int where);

/* All lines, or those of one candidate without the time. */
void story_print(const struct story *t, FILE *file);
void story_print_one(const struct story *t, int who, FILE *file);

/* One step, to stderr. */
void story_narrate(const struct world *w, const struct peer *p,
                   const struct election_event *event,
                   const struct election_actions *out);

#endif
