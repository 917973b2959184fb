/* notify.h: the service manager's socket: sd_notify(3)'s protocol, without its
 * library.
 *
 * Messages are datagrams to the address in NOTIFY_SOCKET. Never waits, and
 * nothing here can fail the program: whoever is not heard goes on.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { NOTIFY_BYTES_MAX = 1024 }; /* of a message; a longer one is cut */

struct notify {
    int fd; /* -1: nobody listens */
    struct sockaddr_un to;
    socklen_t to_bytes;
    int64_t watchdog_ms; /* it wants to hear of us so often; 0: it does not */
};

/* Take NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment:
 * they are not for our children. Call before the first thread is started. */
void notify_init(struct notify *n);
void notify_done(struct notify *n);

/* Send assignments such as "READY=1", one a line. Returns false when they
 * could not be sent now; true as well when nobody listens. */
bool notify_send(struct notify *n, const char *text);

#endif
