/* refusal.h: what an error answer means to the one who asked.
 *
 * etcd words its errors for people and numbers them for gRPC; between it and
 * us may stand a proxy that does neither.
 */
#ifndef REFUSAL_H
#define REFUSAL_H

#include "etcd/codec.h"

/* Set err to code and cause, e.g. "etcdserver: no leader", without the
 * endpoint; the text is printable.
 * http_status  200 for an error inside a stream.
 * Returns the code: CANDIDATE_ERETRY, EDENIED, ENOTFOUND, EEXISTS, or EPROTO
 * (a redirect).
 * Source: etcd, api/v3rpc/rpctypes/error.go; gRPC's status codes. */
int refusal_explain(const struct etcd_refusal *refusal, int http_status,
                    struct candidate_error *err);

/* Does this message of etcd's mean that the token is missing or not good? */
bool refusal_wants_token(const char *message);

/* That nobody needs a token, since authentication is off? */
bool refusal_means_no_auth(const char *message);

#endif
