/* test_hostile_clients.c: whatever clients of --listen do, no renewal of the
 * lease waits for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/port.h"
#include "support/stage.h"
#include "support/visitor.h"

enum {
    IDLE_N = 500,
    STREAMS_N = 16, /* of them look at the page */
    GARBAGE_N = 50,
    GARBAGE_BYTES = 2000,
    RENEWALS_N = 3,     /* so many under the load */
    ROUND_MS = 5,       /* between two rounds of garbage */
    LATE_MS_MAX = 2000, /* on a busy machine; a client may take 10 s */
};

/* Some look at the page; then one half says nothing, the other half of
 * something; the rest speaks garbage without end. Whom the server cuts comes again. */
struct crowd {
    uint16_t port;
    int fds[IDLE_N + GARBAGE_N];
    char garbage[GARBAGE_BYTES];
    unsigned returns_n;
};

static void come(struct crowd *c, size_t i)
{
    static const char half[] = "GET /leader HTTP/1.1\r\nHost: ";
    static const char events[] = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";
    const char *says = i < STREAMS_N ? events : i < IDLE_N && i % 2 ? half : "";
    c->fds[i] = visitor_dial(c->port);
    if (c->fds[i] >= 0)
        (void)!send(c->fds[i], says, strlen(says), MSG_NOSIGNAL);
}

/* Has the server cut it? */
static bool is_cut(int fd)
{
    char reply[4096];
    return fd < 0 || recv(fd, reply, sizeof reply, MSG_DONTWAIT) == 0;
}

static void make_a_round(struct crowd *c)
{
    for (size_t i = 0; i < IDLE_N + GARBAGE_N; i++) {
        if (is_cut(c->fds[i])) {
            if (c->fds[i] >= 0)
                close(c->fds[i]);
            c->returns_n++;
            come(c, i);
        }
        if (i >= IDLE_N && c->fds[i] >= 0)
            (void)!send(c->fds[i], c->garbage + i % 1000, GARBAGE_BYTES / 2,
                        MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

static void crowd_begin(struct crowd *c, uint16_t port)
{
    c->port = port;
    c->returns_n = 0;
    for (size_t i = 0; i < GARBAGE_BYTES; i++)
        c->garbage[i] = (char)(i * 7919 >> 3 ^ i);
    for (size_t i = 0; i < IDLE_N + GARBAGE_N; i++)
        come(c, i);
}

static void crowd_end(struct crowd *c)
{
    for (size_t i = 0; i < IDLE_N + GARBAGE_N; i++)
        if (c->fds[i] >= 0)
            close(c->fds[i]);
}

/* A sample of /metrics, in thousandths. */
static long metric_ms(const struct crowd *c, const char *name)
{
    static char reply[VISITOR_REPLY_BYTES_MAX];
    char start[128];
    assert_int_equal(visitor_get(c->port, "/metrics", reply), 200);
    snprintf(start, sizeof start, "\n%s{name=\"leader\"} ", name);
    const char *sample = strstr(reply, start);
    if (!sample) {
        fail_msg("no %s in %s", name, reply);
        return 0;
    }
    return (long)(strtod(sample + strlen(start), NULL) * 1000 + 0.5);
}

static void renewals_are_in_time_whatever_clients_do(void **state)
{
    static char reply[VISITOR_REPLY_BYTES_MAX];
    static struct crowd c;
    static const char renewals[] = "candidate_renewal_duration_seconds_count";
    struct stage *s = *state;
    char port[8];
    c.port = port_free();
    snprintf(port, sizeof port, "%u", c.port);
    struct process *a = stage_leader(s, "--ttl", "8", "--log-level", "warning",
                                     "--listen", port, "A");
    crowd_begin(&c, c.port);
    long begin = metric_ms(&c, renewals);
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    unsigned probes_n = 0;
    int64_t slowest_ms = 0;
    do {
        assert_true(process_now_ms() < end_at_ms);
        make_a_round(&c);
        int64_t asked_at_ms = process_now_ms();
        assert_int_equal(visitor_get(c.port, "/leader", reply), 200);
        if (process_now_ms() - asked_at_ms > slowest_ms)
            slowest_ms = process_now_ms() - asked_at_ms;
        probes_n++;
        (void)process_set_step(s->set, process_now_ms() + ROUND_MS);
    } while (metric_ms(&c, renewals) - begin < RENEWALS_N * 1000L);
    long late_ms = metric_ms(&c, "candidate_renewal_lateness_max_seconds");
    print_message("worst renewal %ld ms late; %u probes, the slowest took "
                  "%lld ms; %u clients cut\n",
                  late_ms, probes_n, (long long)slowest_ms, c.returns_n);
    assert_in_range(late_ms, 0, LATE_MS_MAX);
    assert_true(c.returns_n > IDLE_N / 2); /* they were not left alone */
    crowd_end(&c);
    stage_resign(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(renewals_are_in_time_whatever_clients_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
