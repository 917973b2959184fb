/* replies.h: what an etcd that has a store does with a request, and replies.
 *
 * Its answers are true to the store: whoever wants others changes the store.
 */
#ifndef REPLIES_H
#define REPLIES_H

#include <stdbool.h>
#include <stdint.h>

#include "fuzz/said.h"
#include "fuzz/store.h"

/* How to answer; all false: as etcd does. */
struct replies_ask {
    bool deposed;  /* by a leader that is none any more: it renews leases, as
                      it believes, and only those that it has granted */
    bool contrary; /* say that a transaction has succeeded when it has not, and
                      the other way round */
};

/* What was answered. */
struct replies_meaning {
    int status;     /* of HTTP */
    bool succeeded; /* a transaction */
    int64_t ttl_s;  /* of a lease; 0: it is not there */
};

/* path  "/v3/kv/txn" or more. Adds the body of the reply. */
struct replies_meaning replies_give(struct store *s,
                                    const struct replies_ask *ask,
                                    const char *path, const char *body,
                                    struct said *out);

/* A message of a stream of watches: this has become of a key. */
void replies_tell(const struct store *s, const struct store_kv *kv,
                  int64_t watch_id, struct said *out);

#endif
