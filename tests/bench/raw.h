/* raw.h: etcd over one HTTP connection that is kept, without any library: what
 * it counts itself, and how fast it can be.
 *
 * What does not work fails the running cmocka test.
 */
#ifndef RAW_H
#define RAW_H

#include <stdint.h>

enum { RAW_REPLY_BYTES_MAX = 1024 * 1024 };

struct raw {
    int fd;
    uint16_t port; /* of 127.0.0.1 */
    char reply[RAW_REPLY_BYTES_MAX];
};

/* endpoint  "http://127.0.0.1:PORT". */
void raw_open(struct raw *raw, const char *endpoint);
void raw_close(struct raw *raw);

/* How many keys begin so. */
int64_t raw_count(struct raw *raw, const char *prefix);
/* The revision: how many transactions have changed keys. */
int64_t raw_revision(struct raw *raw);
/* How many entries of its log etcd has applied. */
int64_t raw_entries(struct raw *raw);
/* How many messages its clients have sent: requests, and what came on streams
 * such as a keep-alive's. */
double raw_requests(struct raw *raw);

/* The two commits of a hand-over, one after the other: a leader's keys deleted,
 * then the next one's leader key put; each if it may. The first makes what is
 * to be deleted. Returns how long the two took, in ns. */
void raw_prepare(struct raw *raw);
int64_t raw_two_commits_ns(struct raw *raw);

/* Revoke every lease that there is. */
void raw_revoke_all(struct raw *raw);

#endif
