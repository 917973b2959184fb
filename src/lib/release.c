/* release.c: candidate_release() of the public header. */
#include "candidate.h"
#include "lib/oneshot.h"
#include "sys/error.h"

static void revoke(struct etcd *e, uint64_t tag, int64_t timeout_ms,
                   const void *what)
{
    etcd_revoke(e, tag, timeout_ms, *(const int64_t *)what);
}

int candidate_release(const struct candidate_config *config, int64_t lease,
                      int64_t timeout_ms, struct candidate_error *err)
{
    if (lease <= 0)
        return error_set(err, CANDIDATE_EINVAL,
                         "lease: %lld is not the number of one",
                         (long long)lease);
    struct oneshot o;
    int r = oneshot_open(&o, config, timeout_ms, err);
    if (r < 0)
        return r;
    struct etcd_reply reply;
    r = oneshot_call(&o, revoke, &lease, &reply, err);
    oneshot_close(&o);
    return r == CANDIDATE_ENOTFOUND ? 0 : r; /* it ran out, or we did it */
}
