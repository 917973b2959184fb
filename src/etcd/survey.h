/* survey.h: reading a whole election: its requests, and what their replies
 * mean.
 *
 * A survey reads the leader key and the queue at one revision, in pages; then
 * two watches from there on tell what changes. Nothing is ever written.
 */
#ifndef SURVEY_H
#define SURVEY_H

#include "etcd/lock.h"

enum {
    SURVEY_PAGE_KEYS = 32, /* a page of usual keys stays far below the limit of
                              a reply */
};

/* The watches of the stream, by watch_id. */
enum survey_watch { SURVEY_LEADER, SURVEY_QUEUE, SURVEY_WATCHES };

/* Each begins a call on e, as etcd_range() does.
 * keys_only  leave the values out, which may be too large. */

/* The leader key and the first page. */
void survey_begin(const struct lock *l, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms, bool keys_only);

/* The page of lock keys that were created after this one, as they were at
 * this revision. */
void survey_more(const struct lock *l, struct etcd *e, uint64_t tag,
                 int64_t timeout_ms, bool keys_only, int64_t after_revision,
                 int64_t at_revision);

/* The leader key, the lock key that was written last, and how many there are:
 * enough to see whether a survey still holds. Linearizable. */
void survey_check(const struct lock *l, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms);

/* Could a candidate write its keys? A transaction that would put them, if what
 * never holds did: etcd looks at all that it could do beforehand. */
void survey_try_writes(const struct lock *l, struct etcd *e, uint64_t tag,
                       int64_t timeout_ms);

/* Open the stream of watches. */
void survey_watch(const struct lock *l, struct etcd *e, uint64_t tag,
                  int64_t from_revision);

/* What a survey_begin() or survey_check() read; borrowed from the reply. */
struct survey_page {
    struct etcd_kv leader; /* absent: create_revision 0 */
    struct etcd_kvs queue;
};

/* Returns 0, or CANDIDATE_EPROTO when the reply has another shape. */
int survey_parse(const struct etcd_txn_result *txn,
                 struct survey_page *ret_page);

#endif
