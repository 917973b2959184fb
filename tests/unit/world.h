/* world.h: a client and the scripted gateways that it talks to.
 *
 * One thread plays both sides, so nothing depends on timing: each wait turns
 * both until what it waits for has come.
 */
#ifndef WORLD_H
#define WORLD_H

#include "etcd/etcd.h"
#include "fake/gateway.h"

enum {
    WORLD_GATEWAYS_MAX = 3,
    WORLD_LEASE = 0x1234,
    WORLD_TIMEOUT_MS = GATEWAY_PATIENCE_MS,
    WORLD_SHORT_MS = 600, /* for a call that is sent, and gets no answer */
};

/* A good header, and the same of another raft_term or cluster. */
#define WORLD_HEADER_OF(cluster, term)                                         \
    "\"header\":{\"cluster_id\":\"" cluster "\",\"member_id\":\"8\","          \
    "\"revision\":\"90\",\"raft_term\":\"" term "\"}"
#define WORLD_HEADER WORLD_HEADER_OF("7", "2")

struct world {
    struct etcd *etcd;
    unsigned gateways_n;
    struct gateway gateways[WORLD_GATEWAYS_MAX];
};

/* For cmocka_unit_test_setup_teardown(); *state becomes a struct world with
 * one gateway, or three. */
int world_setup(void **state);
int world_setup_three(void **state);
/* One, and the client is the user ann with the password pa"ss. */
int world_setup_user(void **state);
int world_setup_user_three(void **state);
int world_teardown(void **state);

/* One turn of both sides. */
void world_turn(struct world *w, int timeout_ms);

/* Wait until this gateway has a whole request. */
struct gateway_request world_request(struct world *w, unsigned gateway);
/* Wait until the client has closed this connection of it. */
void world_await_close(struct world *w, unsigned gateway, unsigned connection);

/* Wait for the client's next reply. */
struct etcd_reply world_reply(struct world *w);
/* It must be a failure of this gateway: "URL: cause". */
void world_expect_failure(struct world *w, unsigned gateway, uint64_t tag,
                          int status, const char *cause);
/* No reply waits, and none comes of what the gateways have sent so far. */
void world_expect_silence(struct world *w);
/* As a reply waits, etcd_poll() does not. */
void world_expect_no_wait(struct world *w);

/* Wait for a call, which must be this one, and answer it with a header alone.
 * The text has ' for ", and <...> for that in base64 and quotes, where ~ is a
 * NUL byte. Returns the client's reply. */
struct etcd_reply world_expect_call(struct world *w, const char *path,
                                    const char *text);

/* Answer a call on its connection at the first gateway. */
void world_answer(struct world *w, int status, const char *body);

#endif
