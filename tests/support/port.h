/* port.h: a free port for a server of a test. */
#ifndef PORT_H
#define PORT_H

#include <stdint.h>

/* A port of the loopback device that nobody has at this moment, and that is
 * not given to outgoing connections: else one that is tried again and again
 * could connect to itself. */
uint16_t port_free(void);

#endif
