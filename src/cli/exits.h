/* exits.h: what went wrong, said, and what the program exits with for it. */
#ifndef EXITS_H
#define EXITS_H

#include "candidate.h"
#include "sys/log.h"

struct exits {
    struct log *log;
    int code; /* for what went wrong first, or 0 */
};

/* The exit code for a negative CANDIDATE_E*. */
int exits_code_of(int error);

/* Say what went wrong: "CONTEXTMESSAGE". */
void exits_fail(struct exits *e, int code, const char *context,
                const char *message);

/* Nothing was sent yet, and nothing will be. A message that begins with an
 * option's name gets its dashes. */
void exits_refuse(struct exits *e, int error,
                  const struct candidate_error *err);

#endif
