/* replies.h: bodies of replies for the codec's tests, and parsing them.
 *
 * Recorded from etcd 3.4.23. Other versions put blanks behind commas and
 * colons.
 */
#ifndef REPLIES_H
#define REPLIES_H

#include "support/parsed.h"

#define HEADER_REVISION(revision)                                              \
    "\"header\":{\"cluster_id\":\"10144879847569953045\","                     \
    "\"member_id\":\"12428976124636271536\",\"revision\":\"" revision "\","    \
    "\"raft_term\":\"2\"}"
#define HEADER HEADER_REVISION("5")
#define KV                                                                     \
    "{\"key\":\"aw==\",\"create_revision\":\"2\",\"mod_revision\":\"3\","      \
    "\"version\":\"2\",\"value\":\"djI=\",\"lease\":\"77\"}"
#define KV_FIELDS "\"create_revision\":\"2\",\"mod_revision\":\"3\""

/* For cmocka. */
int replies_setup(void **state);
int replies_teardown(void **state);

/* Give all memory back; all is zero again. */
void replies_forget(struct parsed *f);

/* Parse a body's first bytes, from memory that ends there. */
int replies_parse_cut(struct parsed *f, enum parsed_kind kind, const char *body,
                      size_t bytes);
int replies_parse(struct parsed *f, enum parsed_kind kind, const char *body);

/* Parse with blanks, then without, both with success; the test looks at the
 * latter. The body holds no escapes. */
void replies_parse_both(struct parsed *f, enum parsed_kind kind,
                        const char *body);

void assert_bytes(struct etcd_bytes bytes, const char *expected);

#endif
