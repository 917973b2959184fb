/* oneshot.h: ask etcd once, and wait for the answer.
 *
 * For whoever takes no part in an election: it blocks, tries one endpoint
 * after the other, and the same call again, until it has an answer or its time
 * is over. So a call must be one that may be carried out twice.
 */
#ifndef ONESHOT_H
#define ONESHOT_H

#include "candidate.h"
#include "core/backoff.h"
#include "etcd/etcd.h"

struct oneshot {
    struct etcd *etcd;
    int64_t ends_at_ms;
    int64_t try_ms;  /* of one try */
    uint64_t tag;    /* of the last try */
    bool unanswered; /* an earlier try may have been carried out */
    unsigned failures_n, denials_n;
    struct backoff backoff;
    uint64_t random_state;
};

/* Check how to speak to etcd, and begin the time that there is.
 * Returns 0, CANDIDATE_EINVAL, ENOMEM, ESYSTEM. Only after success is there
 * something to close. */
int oneshot_open(struct oneshot *o, const struct candidate_config *config,
                 int64_t timeout_ms, struct candidate_error *err);
void oneshot_close(struct oneshot *o);

/* Begins the call on e, with that tag and time; what is the caller's. */
typedef void oneshot_begin(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                           const void *what);

/* Ask, and wait for the answer.
 * ret_reply  never of the type FAILED; its memory is good until the next call
 *            and oneshot_close()
 * Returns 0; CANDIDATE_ENOTFOUND, EEXISTS: that is etcd's answer;
 * CANDIDATE_ERETRY: no answer in time; CANDIDATE_EDENIED: every endpoint
 * refuses for good; ENOMEM, ESYSTEM. */
int oneshot_call(struct oneshot *o, oneshot_begin *begin, const void *what,
                 struct etcd_reply *ret_reply, struct candidate_error *err);

#endif
