/* gateway.h: requests as the codec builds them, to a real etcd.
 *
 * Functions fail the running cmocka test when no proper reply comes.
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "etcd/codec.h"
#include "support/etcd_server.h"
#include "support/process.h"
#include "sys/http.h"

#define LEASE INT64_C(7587823380406781187) /* no double holds it */

/* One etcd for a group of tests, and the last reply. */
struct gateway {
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
int gateway_setup(void **state);
int gateway_teardown(void **state);
int gateway_clear(void **state);

/* Send g->body, and empty it. */
void gateway_send(struct gateway *g, const char *path, bool stream);
void gateway_stop(struct gateway *g); /* the stream */
struct http_event gateway_await(struct gateway *g);

/* Send g->body, wait for the reply and keep it. Returns the HTTP status. */
int gateway_post(struct gateway *g, const char *path);

/* Send a request, or g->body, and parse the reply, which must be a success. */
struct etcd_lease_result *gateway_post_lease(struct gateway *g,
                                             const char *path);
struct etcd_kvs *gateway_range(struct gateway *g, const struct etcd_range *r);
void gateway_put(struct gateway *g, const struct etcd_put *p);
struct etcd_result *gateway_delete(struct gateway *g,
                                   const struct etcd_delete *del);
struct etcd_txn_result *gateway_txn(struct gateway *g,
                                    const struct etcd_txn *txn);

/* That parse of the kept reply must have been a success. */
void gateway_parsed(struct gateway *g, int r);

#endif
