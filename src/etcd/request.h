/* request.h: what somebody asks of an election's candidates: the keys outside
 * of the lock prefix, and the JSON in the request key.
 *
 * An election "/svc/db" has the request key "/svc/election-request_db" and the
 * priority keys "/svc/election-priority_db/" + lease in hex. A request is
 * {"v":1,"type":"depose","token":"N"}, or of the type "transfer" with "to" and
 * "to_token"; "depose" may have them as well, to say for whom.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "candidate.h"
#include "etcd/codec.h"

enum {
    REQUEST_KEY_BYTES_MAX = CANDIDATE_ELECTION_BYTES_MAX + 24,
    REQUEST_PRIORITY_BYTES_MAX = REQUEST_KEY_BYTES_MAX + 16,
    REQUEST_VALUE_BYTES_MAX = 768,
};

struct request_keys {
    char request[REQUEST_KEY_BYTES_MAX];
    char priorities[REQUEST_KEY_BYTES_MAX];     /* their prefix */
    char priorities_end[REQUEST_KEY_BYTES_MAX]; /* first key behind it */
};

enum request_type {
    REQUEST_DEPOSE,   /* the leader shall step down */
    REQUEST_TRANSFER, /* who waits between token and to_token, aside */
};

struct request {
    enum request_type type;
    int64_t token;    /* of the leader that is meant */
    int64_t to_token; /* of who shall be next; 0: nobody is named */
    char to[CANDIDATE_ID_BYTES_MAX + 1]; /* its ID, for people; "" as well */
};

/* election is not longer than candidate.h allows. */
void request_keys_init(struct request_keys *k, const char *election);

/* The priority key of the candidate that holds this lease. */
void request_priority_key(const struct request_keys *k, int64_t lease,
                          char ret_key[REQUEST_PRIORITY_BYTES_MAX]);

/* Write the value. Returns its length. The ID has no control characters. */
size_t request_build(const struct request *request,
                     char ret_value[REQUEST_VALUE_BYTES_MAX]);

/* Read a value, strictly. Returns 0, CANDIDATE_EPROTO (err says what is
 * wrong), CANDIDATE_ENOMEM. */
int request_parse(const char *value, size_t bytes, struct request *ret_request,
                  struct candidate_error *err);

#endif
