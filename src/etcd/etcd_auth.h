/* etcd_auth.h: the token that etcd wants to see; for the client's files alone.
 *
 * A token is fetched when a lane wants to send and there is none. The lane is
 * held until it has come; one that was refused for its token is sent once
 * more with a fresh one. Source: etcd, auth API: simple tokens vanish after
 * minutes of disuse and when a member restarts.
 */
#ifndef ETCD_AUTH_H
#define ETCD_AUTH_H

#include "candidate.h"
#include "sys/http.h"

enum {
    ETCD_AUTH_TOKEN_BYTES_MAX = 8 * 1024,
    ETCD_AUTH_PATIENCE_MS = 1000, /* with one endpoint, while another waits */
};

struct etcd;

struct etcd_auth {
    const char *user; /* NULL: no authentication */
    char *password;   /* wiped when the client is freed */
    bool has_token;
    char *header;      /* "Authorization: TOKEN"; NULL: etcd wants none */
    uint64_t transfer; /* the one that fetches a token; 0: none */
    unsigned endpoint; /* that it went to */
    int64_t sent_at_ms;
};

/* Copy user and password. Returns 0 or CANDIDATE_ENOMEM. */
int etcd_auth_init(struct etcd_auth *auth, const char *user,
                   const char *password);
void etcd_auth_done(struct etcd_auth *auth);

/* Must a lane wait for a token? */
bool etcd_auth_is_due(const struct etcd_auth *auth);

/* Fetch a token from the endpoint in use, unless that is under way. It has the
 * time of a command, not that of who waits for it: hashing a password may take
 * longer than a call of an election with a short TTL. */
void etcd_auth_fetch(struct etcd *e);

/* The token was refused: the next transfer fetches another. */
void etcd_auth_forget(struct etcd_auth *auth);

/* Take the end of that transfer: the lanes that are held go on, or fail. */
void etcd_auth_take(struct etcd *e, const struct http_event *event);

#endif
