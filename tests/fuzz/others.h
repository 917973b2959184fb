/* others.h: the election "leader" in a store, and what others do to it: B and
 * C, who are candidates as well, and an operator.
 */
#ifndef OTHERS_H
#define OTHERS_H

#include <stdbool.h>
#include <stdint.h>

#include "fuzz/store.h"

enum other {
    B_QUEUES,
    B_LEAVES,
    B_CLAIMS, /* when it is B's turn */
    PUT_LEADER,
    DELETE_LEADER,
    PUT_OWN,
    DELETE_OWN,
    REVOKE_OWN,
    REQUEST,       /* that the candidate shall step down */
    CHANGE_LEADER, /* of etcd */
    C_QUEUES,
    C_LEAVES,
    OTHERS_N
};

/* lease  the candidate's. */
void others_act(struct store *s, enum other what, int64_t lease);

/* Whether this lease's candidate leads: it has the oldest lock key and the
 * leader key. */
bool others_see_leader(const struct store *s, int64_t lease);

/* Whether this is one of these two keys. */
bool others_see_own(const struct asked_key *key, int64_t lease);

/* Whether the leader key is somebody else's. */
bool others_lead(const struct store *s, int64_t lease);

#endif
