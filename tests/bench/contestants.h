/* contestants.h: who is measured, and how each is called. One table: whoever
 * is to be measured as well needs a line there and a column in figures.h.
 */
#ifndef CONTESTANTS_H
#define CONTESTANTS_H

#include <stdbool.h>

#include "figures.h"

enum {
    CONTESTANTS_N = FIGURES_FLOOR, /* the floor is nobody */
    CONTESTANTS_WORDS_MAX = 14,
    CONTESTANTS_TTL_S = 60, /* of all: etcdctl elect can have no other */
};

/* Words beginning with $ are variables of the environment; {id} and {ttl} are
 * replaced. */
struct contestant {
    const char *name;
    const char *prefix; /* of its keys in etcd */
    const char *leads;  /* with a line that begins so; NULL: with its first */
    const char *call[CONTESTANTS_WORDS_MAX];
    const char *crash[CONTESTANTS_WORDS_MAX]; /* with {ttl}; none: it has no
                                                 such option */
    const char *crash_leads;
};

/* By their columns. */
extern const struct contestant contestants[CONTESTANTS_N];
/* candidate with a command, and so with a guardian, as its crash. */
extern const struct contestant contestants_guarded;

/* Is the program there? */
bool contestants_present(const struct contestant *c);

/* The arguments to start it with.
 * ret_words  as many as in the table, NULL at the end; good until the next
 *            call. */
void contestants_words(const char *const *words, const char *id, unsigned ttl_s,
                       const char *ret_words[CONTESTANTS_WORDS_MAX]);

#endif
