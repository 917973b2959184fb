/* port.c: see port.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "port.h"

enum { PORT_MIN = 20000, PORT_TRIES_MAX = 1000 };

static uint64_t random_number(void)
{
    uint64_t number;
    assert_int_equal(getrandom(&number, sizeof number, 0), sizeof number);
    return number;
}

/* The first port that the kernel gives to outgoing connections. */
static unsigned outgoing_port_min(void)
{
    char text[64] = "";
    int fd = open("/proc/sys/net/ipv4/ip_local_port_range",
                  O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    unsigned long first = n > 0 ? strtoul(text, NULL, 10) : 0;
    return first > PORT_MIN + PORT_TRIES_MAX && first <= UINT16_MAX
        ? (unsigned)first
        : UINT16_MAX;
}

static bool is_free(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    bool yes = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return yes;
}

/* By a name without a file, which is ours until this process ends, and counts,
 * as ports do, in one network namespace. */
static bool reserve(uint16_t port)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int n = snprintf(name.sun_path + 1, sizeof name.sun_path - 1,
                     "candidate-test-port-%u", port);
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
                                  (size_t)n);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (bind(fd, (struct sockaddr *)&name, bytes) == 0)
        return true;
    close(fd);
    return false;
}

uint16_t port_free(void)
{
    unsigned range = outgoing_port_min() - PORT_MIN;
    for (int i = 0; i < PORT_TRIES_MAX; i++) {
        uint16_t port = (uint16_t)(PORT_MIN + random_number() % range);
        if (is_free(port) && reserve(port))
            return port;
    }
    fail_msg("no free port on the loopback device");
    return 0;
}
