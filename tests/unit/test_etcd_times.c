/* test_etcd_times.c: the four times that a configuration has, on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/config.h"
#include "wire.h"

enum { LONG_MS = 5000, SHORT_MS = 300, FILLERS_N = 3 };

/* A client, and a server that says nothing. */
struct times {
    struct etcd *etcd;
    int listener;
    struct sockaddr_in address; /* of the listener */
    char url[64];
    int fillers[FILLERS_N];
};

static int setup(void **state)
{
    struct times *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->listener = wire_bound_socket(t->url, sizeof t->url);
    *strstr(t->url, "/v3") = '\0';
    socklen_t length = sizeof t->address;
    assert_int_equal(
        getsockname(t->listener, (struct sockaddr *)&t->address, &length), 0);
    for (int i = 0; i < FILLERS_N; i++)
        t->fillers[i] = -1;
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct times *t = *state;
    etcd_free(t->etcd);
    close(t->listener);
    for (int i = 0; i < FILLERS_N; i++)
        if (t->fillers[i] >= 0)
            close(t->fillers[i]);
    free(t);
    return 0;
}

/* Begin a call that has time enough. */
static void call(struct times *t, unsigned dial_ms, unsigned command_ms)
{
    struct candidate_config config;
    candidate_config_init(&config);
    config.endpoints = t->url;
    config.dial_timeout_ms = dial_ms;
    config.command_timeout_ms = command_ms;
    config.keepalive_time_ms = 2500;
    config.keepalive_timeout_ms = 6200;
    struct etcd_config of_etcd = config_etcd(&config);
    assert_int_equal(etcd_new(&t->etcd, &of_etcd, NULL), 0);
    etcd_keepalive(t->etcd, 1, LONG_MS, 0x1234);
}

static void expect_failure(struct times *t, const char *cause)
{
    struct etcd_reply reply;
    char message[CANDIDATE_ERROR_BYTES_MAX];
    while (!etcd_next(t->etcd, &reply))
        assert_true(etcd_poll(t->etcd, NULL, 0, LONG_MS) >= 0);
    (void)snprintf(message, sizeof message, "%s: %s", t->url, cause);
    assert_string_equal(reply.message, message);
}

static void command_timeout_limits_the_wait_for_an_answer(void **state)
{
    struct times *t = *state;
    assert_int_equal(listen(t->listener, 16), 0);
    call(t, LONG_MS, SHORT_MS);
    expect_failure(t, "no reply within 300 ms");
}

/* Those who come first fill what the listener keeps. */
static void dial_timeout_limits_the_wait_for_a_connection(void **state)
{
    struct times *t = *state;
    assert_int_equal(listen(t->listener, 0), 0);
    for (int i = 0; i < FILLERS_N; i++) {
        t->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(t->fillers[i], (struct sockaddr *)&t->address,
                      sizeof t->address);
    }
    call(t, SHORT_MS, LONG_MS);
    expect_failure(t, "no connection within 300 ms");
}

/* The client's end of its connection. */
static int client_end(const struct times *t)
{
    for (int fd = 0; fd < 256; fd++) {
        struct sockaddr_in peer = { 0 };
        socklen_t length = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0 &&
            peer.sin_family == AF_INET && peer.sin_port == t->address.sin_port)
            return fd;
    }
    fail_msg("there is no connection");
    return -1;
}

static void expect_option(int fd, int option, int wanted)
{
    int value = 0;
    socklen_t length = sizeof value;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, option, &value, &length), 0);
    assert_int_equal(value, wanted);
}

static void keepalive_times_are_those_of_tcp_in_whole_seconds(void **state)
{
    struct times *t = *state;
    assert_int_equal(listen(t->listener, 16), 0);
    call(t, LONG_MS, LONG_MS);
    struct pollfd ready = { .fd = t->listener, .events = POLLIN };
    while (!ready.revents)
        assert_true(etcd_poll(t->etcd, &ready, 1, LONG_MS) >= 0);
    int fd = client_end(t);
    expect_option(fd, TCP_KEEPIDLE, 3);
    expect_option(fd, TCP_KEEPINTVL, 3);
    expect_option(fd, TCP_USER_TIMEOUT, 7000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(command_timeout_limits_the_wait_for_an_answer),
        TEST(dial_timeout_limits_the_wait_for_a_connection),
        TEST(keepalive_times_are_those_of_tcp_in_whole_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
