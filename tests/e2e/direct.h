/* direct.h: requests as the codec builds them, straight to a real etcd.
 *
 * Functions fail the running cmocka test when no proper reply comes.
 */
#ifndef DIRECT_H
#define DIRECT_H

#include "etcd/codec.h"
#include "support/bytes.h"
#include "support/etcd_server.h"
#include "support/process.h"
#include "sys/http.h"

#define LEASE INT64_C(7587823380406781187) /* no double holds it */

/* One etcd for a group of tests, and the last reply. */
struct direct {
    struct process_set *set;
    struct etcd_server *server;
    struct http *http;
    struct buf body; /* to be sent */
    char *reply;
    size_t reply_bytes;
    struct arena arena;
    struct candidate_error err;
    struct etcd_header header;
    struct etcd_result result;
    struct etcd_txn_result txn;
    struct etcd_lease_result lease;
};

/* For cmocka: of a group, and of each test, which begins with no keys and
 * without the lease LEASE. */
int direct_setup(void **state);
int direct_teardown(void **state);
int direct_clear(void **state);

/* Send d->body, and empty it. */
void direct_send(struct direct *d, const char *path, bool stream);
void direct_stop(struct direct *d); /* the stream */
struct http_event direct_await(struct direct *d);

/* Send d->body, wait for the reply and keep it. Returns the HTTP status. */
int direct_post(struct direct *d, const char *path);

/* Send a request, or d->body, and parse the reply, which must be a success. */
struct etcd_lease_result *direct_post_lease(struct direct *d, const char *path);
struct etcd_kvs *direct_range(struct direct *d, const struct etcd_range *r);
void direct_put(struct direct *d, const struct etcd_put *p);
/* "a" "b" "c" with values "1" "3" "2", each in its own revision, which are
 * *ret_revision and the next two. */
void direct_put_abc(struct direct *d, int64_t *ret_revision);
struct etcd_result *direct_delete(struct direct *d,
                                  const struct etcd_delete *del);
struct etcd_txn_result *direct_txn(struct direct *d,
                                   const struct etcd_txn *txn);

/* That parse of the kept reply must have been a success. */
void direct_parsed(struct direct *d, int r);

#endif
