/* asker.h: a function of the library that blocks, and the scripted gateways
 * that it asks.
 *
 * It runs in a thread of its own; the test plays the gateways meanwhile.
 * Functions fail the running cmocka test when what they wait for does not come.
 */
#ifndef ASKER_H
#define ASKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "candidate.h"
#include "fake/gateway.h"

enum {
    ASKER_GATEWAYS_MAX = 3,
    ASKER_TIMEOUT_MS = GATEWAY_PATIENCE_MS,
};

/* What the header of a good reply must have. */
#define ASKER_HEADER                                                           \
    "\"header\":{\"cluster_id\":\"7\",\"member_id\":\"8\","                    \
    "\"revision\":\"90\",\"raft_term\":\"2\"}"

struct asker {
    unsigned gateways_n;
    struct gateway gateways[ASKER_GATEWAYS_MAX];
    char endpoints[256];
    struct candidate_config config; /* of all gateways */
    int64_t timeout_ms;             /* ASKER_TIMEOUT_MS unless set before */
    /* ---- the thread's until `over` ---- */
    int (*ask)(struct asker *a);
    pthread_t thread;
    atomic_bool over;
    bool begun;
    int result;
    struct candidate_error err;
};

/* For cmocka_unit_test_setup_teardown(); *state becomes a struct asker with
 * one gateway, or three. */
int asker_setup(void **state);
int asker_setup_three(void **state);
int asker_teardown(void **state);

/* Begin to ask. Its result is what asker_end() returns. */
void asker_begin(struct asker *a, int (*ask)(struct asker *a));
/* Wait for a request; any gateway's. Returns which gateway has it. */
unsigned asker_request(struct asker *a, struct gateway_request *ret_request);
/* Wait for a request to this path with this body, and answer it. */
void asker_exchange(struct asker *a, const char *path, const char *body,
                    int status, const char *answer);
int asker_end(struct asker *a);

#endif
