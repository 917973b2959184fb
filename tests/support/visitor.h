/* visitor.h: who asks a web server, one question a connection.
 */
#ifndef VISITOR_H
#define VISITOR_H

#include <stddef.h>
#include <stdint.h>

enum { VISITOR_REPLY_BYTES_MAX = 128 * 1024, VISITOR_PATIENCE_MS = 10000 };

/* Connect to a port of the loopback device. Returns a socket, close-on-exec,
 * or -1: nobody is there. */
int visitor_dial(uint16_t port);

/* GET a path. Returns the status, or -1: no whole reply came.
 * ret_reply  header and body, VISITOR_REPLY_BYTES_MAX bytes. */
int visitor_get(uint16_t port, const char *path, char *ret_reply);

#endif
