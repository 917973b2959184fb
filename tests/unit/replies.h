/* replies.h: bodies of replies for the codec's tests, and parsing them.
 *
 * Recorded from etcd 3.4.23. Other versions put blanks behind commas and
 * colons.
 */
#ifndef REPLIES_H
#define REPLIES_H

#include "etcd/codec.h"

#define HEADER_REVISION(revision)                                              \
    "\"header\":{\"cluster_id\":\"10144879847569953045\","                     \
    "\"member_id\":\"12428976124636271536\",\"revision\":\"" revision "\","    \
    "\"raft_term\":\"2\"}"
#define HEADER HEADER_REVISION("5")
#define KV                                                                     \
    "{\"key\":\"aw==\",\"create_revision\":\"2\",\"mod_revision\":\"3\","      \
    "\"version\":\"2\",\"value\":\"djI=\",\"lease\":\"77\"}"
#define KV_FIELDS "\"create_revision\":\"2\",\"mod_revision\":\"3\""

/* Everything that a parse may set; each test starts from zeros. */
struct replies {
    struct arena arena;
    struct candidate_error err;
    struct etcd_header header;
    struct etcd_lease_result lease;
    struct etcd_result result;
    struct etcd_txn_result txn;
    struct etcd_status_result status;
    struct etcd_watch_result watch;
    struct etcd_refusal refusal;
    bool is_refusal;
    struct etcd_bytes token;
};

enum replies_kind {
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
    KINDS
};

/* For cmocka. */
int replies_setup(void **state);
int replies_teardown(void **state);

/* Give all memory back; all is zero again. */
void replies_forget(struct replies *f);

/* Parse a body's first bytes, from memory that ends there. */
int replies_parse_cut(struct replies *f, enum replies_kind kind,
                      const char *body, size_t bytes);
int replies_parse(struct replies *f, enum replies_kind kind, const char *body);

/* Parse with blanks, then without, both with success; the test looks at the
 * latter. The body holds no escapes. */
void replies_parse_both(struct replies *f, enum replies_kind kind,
                        const char *body);

void assert_bytes(struct etcd_bytes bytes, const char *expected);

#endif
