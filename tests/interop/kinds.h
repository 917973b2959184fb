/* kinds.h: what else leads on etcd, and how each is called: one table. */
#ifndef KINDS_H
#define KINDS_H

#include <stdbool.h>
#include <stddef.h>

enum { KINDS_WORDS_MAX = 8 };

/* The candidates' election, and the name of their queue, under which all others
 * take part. etcd3's elections begin with "election/". */
#define KINDS_ELECTION "election/leader"
#define KINDS_QUEUE "election/election_leader"
/* What the keys of all queues begin with, also if candidates have another one.
 */
#define KINDS_QUEUES "election/election_"

/* Words beginning with $ are variables of the environment; {id} is replaced.
 * Each leads until SIGTERM. */
struct kind {
    const char *name;
    const char *needs;   /* the variable without which it is not here */
    const char *version; /* the variable that has it */
    const char *leads;   /* with this line; NULL: with its first */
    const char *call[KINDS_WORDS_MAX];
    const char *observe[KINDS_WORDS_MAX]; /* prints each leader's ID; none: it
                                             knows no such thing */
    bool nameless;                        /* its key has no value */
    bool alone; /* it is not in the queue: it takes the leader key */
};

extern const struct kind kinds_candidate;
extern const struct kind kinds[];
extern const size_t kinds_n;

/* Is what it needs here? */
bool kinds_present(const struct kind *kind);

/* The arguments to start it with.
 * ret_words  as many as in the table, NULL at the end. */
void kinds_words(const char *const *words, const char *id,
                 const char *ret_words[KINDS_WORDS_MAX]);

#endif
