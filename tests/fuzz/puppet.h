/* puppet.h: an etcd that answers what a fuzzer's script says, and what its
 * answers may mean to a candidate.
 */
#ifndef PUPPET_H
#define PUPPET_H

#include "fake/gateway.h"
#include "fuzz/script.h"

enum {
    PUPPET_TTL_S = 5, /* that it grants mostly */
    PUPPET_KEY_BYTES_MAX = 64,
    PUPPET_REPLY_BYTES_MAX = 3 * SCRIPT_TEXT_BYTES_MAX,
};

enum puppet_call {
    PUPPET_NONE, /* there is none, or it has been answered */
    PUPPET_GRANT,
    PUPPET_KEEPALIVE,
    PUPPET_CLAIM,
    PUPPET_TXN, /* any other */
    PUPPET_WATCH,
    PUPPET_OTHER,
};

struct puppet_request {
    enum puppet_call call;
    unsigned connection;
    unsigned candidacy;
    int64_t received_at_ms;
    char body[SCRIPT_TEXT_BYTES_MAX];
};

struct puppet {
    struct script *script;
    struct gateway gateway;
    struct puppet_request requests[GATEWAY_CONNECTIONS_MAX];
    unsigned last;   /* which of them came last */
    unsigned stream; /* connection of the watches; 0: none */
    char lease[PUPPET_KEY_BYTES_MAX];
    char lock_key[PUPPET_KEY_BYTES_MAX]; /* in base64 */
    int64_t revision;
    unsigned candidacy;   /* counts what leases were asked for */
    bool won;             /* a claim of this candidacy was answered */
    int64_t renewed_ms;   /* until then the last answered renewal would give */
    int64_t until_max_ms; /* and those that were confirmed as well */
    char reply[PUPPET_REPLY_BYTES_MAX];
    size_t reply_bytes;
};

/* Listen at p->gateway.url. The memory is all zero; the script is borrowed. */
void puppet_open(struct puppet *p, struct script *script);
/* Forget all connections at once. */
void puppet_close(struct puppet *p);

/* Take what has come on these, which gateway_fds() has filled. */
void puppet_serve(struct puppet *p, const struct pollfd *fds);

/* ---- one step, in a way that the number chooses and the script ---- */

/* Answer the last request as etcd would, or with any status and text. */
void puppet_answer(struct puppet *p, uint8_t number);
void puppet_answer_text(struct puppet *p, uint8_t number);
/* Any bytes on any connection; or an end of it. */
void puppet_send_bytes(struct puppet *p, uint8_t number);
void puppet_hang_up(struct puppet *p, uint8_t number);
/* An event on the stream of watches, or any text. */
void puppet_tell_event(struct puppet *p, uint8_t number);
void puppet_tell_text(struct puppet *p, uint8_t number);

#endif
