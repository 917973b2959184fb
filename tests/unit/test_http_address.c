/* test_http_address.c: what stands for a server in a URL other than an address
 * of IPv4, which all other tests have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/network.h"
#include "wire.h"

/* On a free port of the loopback device. Returns -1 where there is none. */
static int listen_by_ipv6(unsigned *ret_port)
{
    struct sockaddr_in6 address = { .sin6_family = AF_INET6,
                                    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    socklen_t length = sizeof address;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0) {
        (void)close(fd);
        return -1;
    }
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *ret_port = ntohs(address.sin6_port);
    return fd;
}

static bool has_ipv6(void)
{
    unsigned port = 0;
    int fd = listen_by_ipv6(&port);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void address_of_ipv6_is_connected_to(void **state)
{
    struct wire *w = *state;
    unsigned port = 0;
    close(w->listener);
    w->listener = listen_by_ipv6(&port);
    assert_true(w->listener >= 0);
    snprintf(w->url, sizeof w->url, "http://[::1]:%u/v3", port);
    wire_expect_ok(w, 1, 0);
}

/* The server listens at one of its addresses only. */
static void name_is_looked_up(void **state)
{
    struct wire *w = *state;
    char url[sizeof w->url];
    snprintf(url, sizeof url, "http://localhost%s", strrchr(w->url, ':'));
    memcpy(w->url, url, sizeof url);
    wire_expect_ok(w, 1, 0);
}

int main(void)
{
    const struct CMUnitTest names[] = { WIRE_TEST(name_is_looked_up) };
    const struct CMUnitTest ipv6[] = { WIRE_TEST(
        address_of_ipv6_is_connected_to) };
    int failed_n = cmocka_run_group_tests(names, NULL, NULL);
    /* A container may have it in a network of its own only. */
    if (has_ipv6() || (network_own(), has_ipv6()))
        return failed_n + cmocka_run_group_tests(ipv6, NULL, NULL);
    print_message("# nothing is connected to by IPv6, which is not here\n");
    return failed_n;
}
