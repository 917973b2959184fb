/* why_private.h: what why.c and why_members.c share; for them alone. */
#ifndef WHY_PRIVATE_H
#define WHY_PRIVATE_H

#include "actions/why.h"

/* One finding more, to be completed; a spare one when there are too many. */
struct why_finding *why_add(struct why *w, enum why_weight weight,
                            const char *kind, const char *key,
                            int64_t revision);

/* Of a finding: its text, and its command. */
void why_text(struct why_finding *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void why_command(struct why_finding *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- why_members.c ---- */

/* What etcd and its members are in the way with. */
void why_etcd(struct why *w, const struct candidate_view *view,
              const struct why_question *question);

#endif
