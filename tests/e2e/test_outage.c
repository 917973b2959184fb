/* test_outage.c: an etcd that is away for a moment or for long, or that is
 * not there yet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "etcd/version.h"
#include "support/procfs.h"
#include "support/stage.h"

#define PREFIX "election_leader/"
#define SHORT_TTL "5"
#define SILENCE "no confirmed renewal"

enum {
    ERRORS_MAX = 5, /* it fails, perhaps in other ways, it answers again */
    /* With delays that double from 100 ms and are jittered by half. */
    ATTEMPTS_N = 6,
    ATTEMPTS_MS_MIN = 50 + 100 + 200 + 400 + 800,
    BUSY_PERCENT = 20,
};

static void restart(struct stage *s)
{
    etcd_server_relaunch(s->etcd, 0);
    etcd_server_await(s->etcd, 0);
}

/* What came on stderr names the endpoint, and is no flood. */
static void expect_few_errors(struct stage *s, struct process *p)
{
    assert_in_range(process_errors_n(p), 1, ERRORS_MAX);
    process_expect_error(p, etcd_server_endpoints(s->etcd));
    process_skip_errors(p);
}

static void leader_of_a_silent_etcd_loses_and_leads_again(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", SHORT_TTL, "A");
    stage_mind_outages(a);
    struct etcdctl_key before = stage_lock_key(s, PREFIX, "A");
    etcd_server_pause(s->etcd, 0);
    stage_expect_lost(a, SILENCE);
    process_expect_line(a, STAGE_ATTEMPTING);
    etcd_server_resume(s->etcd, 0);
    stage_expect_lead(a);
    struct etcdctl_key after = stage_lock_key(s, PREFIX, "A");
    assert_true(after.create_revision > before.create_revision);
    assert_true(after.lease != before.lease);
    expect_few_errors(s, a);
    stage_resign(a);
}

static void etcd_silent_for_a_moment_leaves_the_leader(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", "20", "A");
    stage_mind_outages(a);
    struct etcdctl_key leader = etcdctl_get(s->etcd, "leader");
    etcd_server_pause(s->etcd, 0);
    /* A renewal got no answer, and the deadline is eight seconds away. */
    process_expect_error(a, etcd_server_endpoints(s->etcd));
    etcd_server_resume(s->etcd, 0);
    etcdctl_await_renewal(s->etcd, leader.lease);
    assert_true(etcdctl_get(s->etcd, "leader").mod_revision ==
                leader.mod_revision);
    process_skip_errors(a);
    stage_resign(a);
    stage_expect_nothing_left(s);
}

static void quick_restart_of_etcd_leaves_leader_and_queue(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", "20", "A");
    struct process *b = stage_waiter(s, "A", "--ttl", "20", "B");
    stage_mind_outages(a);
    stage_mind_outages(b);
    struct etcdctl_key leader = etcdctl_get(s->etcd, "leader");
    struct etcdctl_key lock_a = stage_lock_key(s, PREFIX, "A");
    struct etcdctl_key lock_b = stage_lock_key(s, PREFIX, "B");
    etcd_server_kill(s->etcd, 0);
    restart(s);
    etcdctl_await_renewal(s->etcd, lock_a.lease);
    etcdctl_await_renewal(s->etcd, lock_b.lease);
    assert_true(etcdctl_get(s->etcd, "leader").mod_revision ==
                leader.mod_revision);
    assert_true(stage_lock_key(s, PREFIX, "A").create_revision ==
                lock_a.create_revision);
    assert_true(stage_lock_key(s, PREFIX, "B").create_revision ==
                lock_b.create_revision);

    expect_few_errors(s, a);
    expect_few_errors(s, b);
    stage_resign(a);
    stage_expect_next_lead(b);
    stage_resign(b);
    stage_expect_nothing_left(s);
}

static size_t claims_n(const struct process *p)
{
    size_t n = 0;
    for (size_t i = 0; i < process_lines_n(p); i++)
        n += strcmp(process_line(p, i).text, STAGE_LEADER) == 0;
    return n;
}

/* Wait until the two have said so many times that they lead. */
static void await_claims(struct stage *s, struct process *a, struct process *b,
                         size_t n)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (claims_n(a) + claims_n(b) < n)
        if (!process_set_step(s->set, end_at_ms))
            process_fail_at(a, "nobody leads", __FILE__, __LINE__);
}

/* Whose lease lives on depends on when each tries again: either may lead. */
static void long_outage_ends_leadership_and_somebody_leads_after(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", SHORT_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", SHORT_TTL, "B");
    stage_mind_outages(a);
    etcd_server_kill(s->etcd, 0);
    stage_expect_lost(a, SILENCE);
    process_expect_line(a, STAGE_ATTEMPTING);
    restart(s);

    await_claims(s, a, b, 2);
    bool again = claims_n(a) == 2;
    struct process *leader = again ? a : b;
    assert_string_equal(etcdctl_get(s->etcd, "leader").value,
                        again ? "A" : "B");
    expect_few_errors(s, a);
    process_write(leader, "\n");
    process_expect_exit(leader, 0);
    struct process *other = again ? b : a;
    await_claims(s, a, b, 3);
    process_write(other, "\n");
    process_expect_exit(other, 0);
}

/* ---- resigning ---- */

static void resignation_that_etcd_cannot_hear_ends_with_69(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", "10", "A");
    etcd_server_kill(s->etcd, 0);
    process_write(a, "\n");
    process_expect_exit(a, 69);
    assert_true(process_errors_n(a) > 0);
    struct process_line last = process_error(a, process_errors_n(a) - 1);
    assert_non_null(strstr(last.text, "could not be told"));
    process_skip_errors(a);
    process_expect_nothing_more(a);
}

static void candidate_that_never_reached_etcd_ends_with_0(void **state)
{
    struct stage *s = *state;
    etcd_server_kill(s->etcd, 0);
    struct process *a = stage_candidate(s, "A");
    stage_mind_outages(a);
    stage_expect_begin(a, "A");
    process_expect_error(a, etcd_server_endpoints(s->etcd));
    process_signal(a, SIGTERM);
    process_expect_line(a, "End");
    process_expect_exit(a, 0);
    process_expect_nothing_more(a);
}

/* ---- not there yet ---- */

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    int yes = 1;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes),
                     0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 16), 0);
    return fd;
}

/* Hang up on so many connections. */
static void refuse(int listener, int connections_n)
{
    for (int i = 0; i < connections_n; i++) {
        struct pollfd ready = { .fd = listener, .events = POLLIN };
        assert_int_equal(poll(&ready, 1, PROCESS_PATIENCE_MS), 1);
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(fd >= 0);
        close(fd);
    }
}

static void absent_etcd_is_named_once_and_waited_for_quietly(void **state)
{
    struct stage *s = *state;
    etcd_server_kill(s->etcd, 0);
    struct process *a = stage_candidate(s, "A");
    stage_mind_outages(a);
    stage_expect_begin(a, "A");
    struct process_line said = process_expect_error(
        a, etcd_server_endpoints(s->etcd));
    assert_non_null(strstr(said.text, "refused"));

    int listener = listen_on(etcd_server_port(s->etcd, 0));
    struct procfs_load load = procfs_load_begin(process_pid(a));
    refuse(listener, ATTEMPTS_N);
    close(listener);
    assert_true(process_now_ms() - load.began_at_ms >= ATTEMPTS_MS_MIN);
    assert_true(procfs_load_percent(&load) < BUSY_PERCENT);
    process_expect_nothing_more(a);

    restart(s);
    stage_expect_lead(a);
    process_skip_errors(a);
    assert_in_range(process_errors_n(a), 1, ERRORS_MAX);
    stage_resign(a);
    stage_expect_nothing_left(s);
}

/* ---- an old etcd ---- */

/* Whether its leases can be trusted decides on how many lines there are. */
static void age_of_an_etcd_is_said_once_if_it_matters(void **state)
{
    struct stage *s = *state;
    const char *said = etcdctl(s->etcd, "endpoint", "status", "-w", "fields");
    const char *version = strstr(said, "\"Version\" : \"");
    assert_non_null(version);
    version += strlen("\"Version\" : \"");
    struct etcd_bytes bytes = { version, strcspn(version, "\"") };
    size_t lines_n = version_keeps_leases(bytes) ? 0 : 1;

    struct process *a = stage_candidate(s, "A");
    process_ignore_errors(a, NULL);
    stage_expect_begin(a, "A");
    stage_expect_lead(a);
    for (size_t i = 0; i < lines_n; i++)
        process_expect_error(a, VERSION_MENDED);
    etcdctl(s->etcd, "del", "leader");
    stage_expect_lost(a, "deleted");
    stage_expect_next_lead(a);
    stage_resign(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(leader_of_a_silent_etcd_loses_and_leads_again),
        STAGE_TEST(etcd_silent_for_a_moment_leaves_the_leader),
        STAGE_TEST(quick_restart_of_etcd_leaves_leader_and_queue),
        STAGE_TEST(long_outage_ends_leadership_and_somebody_leads_after),
        STAGE_TEST(resignation_that_etcd_cannot_hear_ends_with_69),
        STAGE_TEST(candidate_that_never_reached_etcd_ends_with_0),
        STAGE_TEST(absent_etcd_is_named_once_and_waited_for_quietly),
        STAGE_TEST(age_of_an_etcd_is_said_once_if_it_matters),
    };
    return cmocka_run_group_tests_name("outage", tests, NULL, NULL);
}
