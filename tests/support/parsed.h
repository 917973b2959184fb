/* parsed.h: what a parser of the codec makes of a body. */
#ifndef PARSED_H
#define PARSED_H

#include "etcd/codec.h"

struct parsed {
    struct arena arena; /* the caller's to empty */
    struct candidate_error err;
    struct etcd_header header; /* the first of what a parser may set */
    struct etcd_lease_result lease;
    struct etcd_result result;
    struct etcd_txn_result txn;
    struct etcd_status_result status;
    struct etcd_watch_result watch;
    struct etcd_refusal refusal;
    bool is_refusal;
    struct etcd_bytes token;
};

enum parsed_kind {
    LEASE,
    KEEPALIVE,
    PLAIN,
    RANGE,
    PUT,
    DEL,
    TXN,
    STATUS,
    TOKEN,
    WATCH,
    REFUSAL,
};

/* Through the parser of this kind; returns what that does. */
int parsed_read(struct parsed *p, enum parsed_kind kind, const char *body,
                size_t bytes);

#endif
