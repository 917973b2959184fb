/* listen.h: a socket that waits for clients, on TCP or on a path.
 *
 * Opens it, and removes it again; what is said over it is not its affair.
 * Names are not looked up: a resolver that is slow would hold up the start.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <sys/stat.h>
#include <sys/un.h>

#include "candidate.h"

enum {
    LISTEN_PATH_BYTES_MAX = sizeof((struct sockaddr_un *)0)->sun_path,
    LISTEN_SHOWN_BYTES_MAX = 128,
    LISTEN_BACKLOG = 128, /* clients that wait to be accepted */
    LISTEN_MODE = 0660,   /* of a path: who may connect */
};

struct listen {
    int fd; /* never blocks, close-on-exec; -1: none */
    char path[LISTEN_PATH_BYTES_MAX];   /* "": on TCP */
    struct stat made;                   /* what is at the path if it is ours */
    char shown[LISTEN_SHOWN_BYTES_MAX]; /* "127.0.0.1:8080", "unix:/run/x" */
};

/* Listen there.
 * where  "ADDRESS:PORT", with an IPv6 address in brackets; "PORT" means that
 *        of 127.0.0.1, and "localhost" 127.0.0.1 as well; port 0 is any free
 *        one, see ret_l->shown. "unix:PATH": a socket there that nobody
 *        listens on any more is replaced, anything else is left alone.
 * Returns 0, CANDIDATE_EINVAL (what where should have been), CANDIDATE_ERETRY
 * (in use, or no such address here), CANDIDATE_EDENIED, CANDIDATE_ESYSTEM. The
 * message begins with where. */
int listen_open(struct listen *ret_l, const char *where,
                struct candidate_error *err);

/* Close it, and remove its path if what is there is still ours. */
void listen_close(struct listen *l);

#endif
