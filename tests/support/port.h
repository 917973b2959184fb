/* port.h: a free port for a server of a test. */
#ifndef PORT_H
#define PORT_H

#include <stdint.h>

/* A port of the loopback device that nobody has at this moment, and that no
 * other test program is given until this one ends: a server that is away for a
 * while finds its port again. Not one that outgoing connections get: else one
 * that is tried again and again could connect to itself. Nor one of those from
 * 10000 on that scripts choose from. */
uint16_t port_free(void);

#endif
