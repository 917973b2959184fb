/* answer.h: from the bytes of a transfer to the reply that its caller gets.
 *
 * No sockets, no state: each function reads one piece of news of http.h by
 * what was asked. Replies live in the arena.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "etcd/etcd.h"
#include "sys/arena.h"
#include "sys/http.h"

/* The calls: name, path, and the type of a good reply. */
#define ANSWER_CALLS(X)                                                        \
    X(GRANT, "/v3/lease/grant", LEASE)                                         \
    X(KEEPALIVE, "/v3/lease/keepalive", LEASE)                                 \
    X(REVOKE, "/v3/lease/revoke", HEADER)                                      \
    X(TIME_TO_LIVE, "/v3/lease/timetolive", LEASE)                             \
    X(RANGE, "/v3/kv/range", RESULT)                                           \
    X(PUT, "/v3/kv/put", RESULT)                                               \
    X(DELETE, "/v3/kv/deleterange", RESULT)                                    \
    X(TXN, "/v3/kv/txn", TXN)                                                  \
    X(STATUS, "/v3/maintenance/status", STATUS)                                \
    X(MEMBERS, "/v3/cluster/member/list", MEMBERS)

#define ANSWER_CALL_NAME(name, path, reply) ANSWER_##name,
enum answer_call { ANSWER_CALLS(ANSWER_CALL_NAME) };
#undef ANSWER_CALL_NAME

/* The path of a call's URL. */
const char *answer_path(enum answer_call call);

/* Read the end of a call's transfer.
 * lease      that the reply must name; 0: it names none.
 * ret_reply  type, header and the call's part are set, on success only.
 * err        filled on failure, without the endpoint.
 * Returns 0, or the status of a FAILED reply. */
int answer_read(struct arena *arena, enum answer_call call, int64_t lease,
                const struct http_event *event, struct etcd_reply *ret_reply,
                struct candidate_error *err);

/* Read the end of the transfer that fetches a token.
 * Returns 0, or the status of a FAILED reply; err as above. */
int answer_read_token(struct arena *arena, const struct http_event *event,
                      struct etcd_bytes *ret_token,
                      struct candidate_error *err);

/* Read one message of a stream of keys_n watches. A watch that etcd cancels
 * is a failure. As answer_read(). */
int answer_read_message(struct arena *arena, size_t keys_n, const char *data,
                        size_t bytes, struct etcd_reply *ret_reply,
                        struct candidate_error *err);

/* Read the end of a stream's transfer, which always is a failure: fill err.
 * Returns the status of a FAILED reply. */
int answer_read_end(struct arena *arena, const struct http_event *event,
                    struct candidate_error *err);

#endif
