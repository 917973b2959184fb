/* calls.h: single calls to etcd about an election, by a process that does not
 * take part in it. Each blocks until it is done. A part of candidate.h, which
 * includes it.
 */
#ifndef CANDIDATE_CALLS_H
#define CANDIDATE_CALLS_H

#include "../candidate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- moving the leadership ---- */

/* What became of a leader that was asked to step down. Valid UTF-8 without
 * control characters; "" where nobody is known. */
struct candidate_steered {
    char asked[CANDIDATE_ID_BYTES_MAX + 1]; /* who led; "": there was no need */
    char leads[CANDIDATE_ID_BYTES_MAX + 1]; /* who leads now */
};

/* Ask the leader of config->election to step down, as another process than a
 * candidate's, and wait until somebody leads; at most about 70 s, since a
 * leader stops its command first. It queues again, behind all others.
 * config  id and ttl_s do not matter.
 * ret     set on success only; may be NULL.
 * Returns 0; CANDIDATE_ENOTFOUND: nobody leads; CANDIDATE_ECONFLICT: it could
 * not be done, and the message says what stands in the way; CANDIDATE_ERETRY,
 * EDENIED, EINVAL, ENOMEM, ESYSTEM. */
CANDIDATE_API int candidate_depose(const struct candidate_config *config,
                                   struct candidate_steered *ret,
                                   struct candidate_error *err);

/* The same, for the waiter with this ID to lead next. Candidates that wait
 * before it queue again behind it, one after the other; a client that does not
 * know how is not passed over. With 0 it leads; that it did already is 0 as
 * well. CANDIDATE_ECONFLICT also says that no waiter has this ID, or that
 * several have. */
CANDIDATE_API int candidate_transfer(const struct candidate_config *config,
                                     const char *to,
                                     struct candidate_steered *ret,
                                     struct candidate_error *err);

/* ---- writes to etcd that are done only for a leader ---- */

/* A leadership, as ELECTED gave it, or CANDIDATE_LOCK_KEY and CANDIDATE_TOKEN
 * in the environment of a command. */
struct candidate_fence {
    const char *lock_key;
    int64_t token;
};

/* Put or delete one key, in one transaction that succeeds only while that
 * leadership lasts in etcd: its lock key is there, created at the revision that
 * the token is. This is complete: no pause, clock or lost message lets a write
 * pass when another leads already.
 * Blocks; asks again while there is no answer, which does no harm: it is the
 * same write. A key without a lease; deleting one that is absent is a success.
 * config      where etcd is and how to speak to it, as candidate_release()
 * key         not empty; not below the lock prefix, where only lock keys are,
 *             nor the leader key
 * value       value_bytes of anything; may be NULL when there are none
 * timeout_ms  for all of it, 1..CANDIDATE_TIMEOUT_MS_MAX
 * Returns 0: done. CANDIDATE_EFENCED: that leadership is over; err tells if an
 * earlier try got no answer, and so may have been done before. ERETRY: no
 * answer in time; it may have been done, or still be. EDENIED, EINVAL (the
 * message names the argument), ENOMEM, ESYSTEM. */
CANDIDATE_API int candidate_fenced_put(const struct candidate_config *config,
                                       const struct candidate_fence *fence,
                                       const char *key, const void *value,
                                       size_t value_bytes, int64_t timeout_ms,
                                       struct candidate_error *err);
CANDIDATE_API int candidate_fenced_delete(const struct candidate_config *config,
                                          const struct candidate_fence *fence,
                                          const char *key, int64_t timeout_ms,
                                          struct candidate_error *err);

/* ---- for a holder that is gone ---- */

/* Tell etcd that the holder of a lease is gone: revoke it, and all keys on it
 * vanish, so that the next candidate leads at once and not a TTL later. For a
 * process that outlives a leader, and only once nothing that acted for the
 * leader runs any more.
 * Blocks. Asks one endpoint after the other, again and again, until etcd has
 * done it, or says that there is no such lease (a success as well).
 * config      where etcd is and how to speak to it; id, election, ttl_s and
 *             trace do not matter
 * timeout_ms  for all of it, 1..CANDIDATE_TIMEOUT_MS_MAX
 * Returns 0; CANDIDATE_ERETRY: no endpoint answered in time, so the lease may
 * be revoked or run out by itself; EDENIED, EINVAL, ENOMEM, ESYSTEM. */
CANDIDATE_API int candidate_release(const struct candidate_config *config,
                                    int64_t lease, int64_t timeout_ms,
                                    struct candidate_error *err);

#ifdef __cplusplus
}
#endif

#endif
