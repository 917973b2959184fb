/* asker.c: see asker.h. */
#include "unit/asker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"

enum {
    TURN_MS = 10, /* the thread's end wakes nobody */
    PATIENCE_MS = 2 * GATEWAY_PATIENCE_MS,
};

static int setup_n(void **state, unsigned n)
{
    struct asker *a = calloc(1, sizeof *a);
    assert_non_null(a);
    a->gateways_n = n;
    for (unsigned i = 0; i < n; i++) {
        gateway_open(&a->gateways[i]);
        size_t used = strlen(a->endpoints);
        (void)snprintf(a->endpoints + used, sizeof a->endpoints - used, "%s%s",
                       i > 0 ? "," : "", a->gateways[i].url);
    }
    candidate_config_init(&a->config);
    a->config.endpoints = a->endpoints;
    a->timeout_ms = ASKER_TIMEOUT_MS;
    *state = a;
    return 0;
}

int asker_setup(void **state)
{
    return setup_n(state, 1);
}

int asker_setup_three(void **state)
{
    return setup_n(state, 3);
}

int asker_teardown(void **state)
{
    struct asker *a = *state;
    for (unsigned i = 0; i < a->gateways_n; i++)
        gateway_close(&a->gateways[i]);
    if (a->begun)
        (void)pthread_join(a->thread, NULL);
    free(a);
    return 0;
}

static void *run(void *arg)
{
    struct asker *a = arg;
    a->result = a->ask(a);
    a->over = true;
    return NULL;
}

void asker_begin(struct asker *a, int (*ask)(struct asker *a))
{
    a->ask = ask;
    a->over = false;
    a->err = (struct candidate_error){ 0 };
    assert_int_equal(pthread_create(&a->thread, NULL, run, a), 0);
    a->begun = true;
}

static void turn(struct asker *a, int64_t end_at_ms, const char *what)
{
    struct pollfd fds[ASKER_GATEWAYS_MAX * GATEWAY_FDS];
    if (clock_now_ms() >= end_at_ms)
        fail_msg("%s did not come", what);
    for (unsigned i = 0; i < a->gateways_n; i++)
        gateway_fds(&a->gateways[i], fds + (size_t)i * GATEWAY_FDS);
    assert_true(poll(fds, (nfds_t)a->gateways_n * GATEWAY_FDS, TURN_MS) >= 0);
    for (unsigned i = 0; i < a->gateways_n; i++)
        gateway_serve(&a->gateways[i], fds + (size_t)i * GATEWAY_FDS);
}

unsigned asker_request(struct asker *a, struct gateway_request *ret_request)
{
    int64_t end_at_ms = clock_now_ms() + PATIENCE_MS;
    for (;;) {
        for (unsigned i = 0; i < a->gateways_n; i++)
            if (gateway_next(&a->gateways[i], ret_request))
                return i;
        turn(a, end_at_ms, "request");
    }
}

void asker_exchange(struct asker *a, const char *path, const char *body,
                    int status, const char *answer)
{
    char line[128];
    struct gateway_request request;
    unsigned i = asker_request(a, &request);
    int n = snprintf(line, sizeof line, "POST %s HTTP/1.1\r\n", path);
    assert_memory_equal(request.head, line, (size_t)n);
    assert_string_equal(request.body, body);
    gateway_reply(&a->gateways[i], request.connection, status, answer);
}

int asker_end(struct asker *a)
{
    int64_t end_at_ms = clock_now_ms() + PATIENCE_MS;
    while (!a->over)
        turn(a, end_at_ms, "end");
    assert_int_equal(pthread_join(a->thread, NULL), 0);
    a->begun = false;
    return a->result;
}
