/* why.h: what holds an election up or threatens it, from what is known of it.
 * Pure: facts in, findings out.
 */
#ifndef WHY_H
#define WHY_H

#include "candidate.h"

enum {
    WHY_FINDINGS_MAX = 32, /* the first ones; the others are counted */
    WHY_TEXT_BYTES_MAX = 1024,
    WHY_COMMAND_BYTES_MAX = 2048,
    WHY_CLOCK_MS_MAX = 5000, /* etcd's clock before or behind ours */
};

/* From bad to harmless. */
enum why_weight {
    WHY_HOLDS_UP, /* nobody can lead, or the next one cannot */
    WHY_THREATENS,
    WHY_NOTE, /* worth to know */
};

struct why_finding {
    enum why_weight weight;
    const char *kind; /* a word for programs */
    char text[WHY_TEXT_BYTES_MAX];
    char key[WHY_TEXT_BYTES_MAX]; /* "": it is about no key */
    int64_t revision;             /* of the key, or etcd's; 0: not known */
    char command[WHY_COMMAND_BYTES_MAX]; /* that mends it */
};

struct why {
    struct why_finding findings[WHY_FINDINGS_MAX];
    size_t n;
    size_t more;
};

/* What is asked besides the view. */
struct why_question {
    int64_t now_ms;
    unsigned ttl_s; /* with which candidates are started */
    bool ttl_given; /* by the one who asks, not by default */
    const char *endpoints;
    const char *user; /* NULL: none */
};

/* Explain a view with details. */
void why_explain(struct why *w, const struct candidate_view *view,
                 const struct why_question *question);

#endif
