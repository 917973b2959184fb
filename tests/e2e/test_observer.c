/* test_observer.c: reading an election on a real etcd, whatever becomes of the
 * leader, of etcd and of the keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "candidate.h"
#include "support/port.h"
#include "support/stage.h"

#define LONG_TTL "300"

static struct candidate_observer *observe(const char *endpoints)
{
    struct candidate_config config;
    struct candidate_observer *o = NULL;
    candidate_config_init(&config);
    config.endpoints = endpoints;
    assert_int_equal(candidate_observer_new(&o, &config, NULL), 0);
    return o;
}

static bool next_within(struct candidate_observer *o, int64_t end_at_ms,
                        enum candidate_change *ret_change)
{
    while (!candidate_observer_next(o, ret_change)) {
        if (process_now_ms() >= end_at_ms)
            return false;
        assert_true(candidate_observer_poll(o, NULL, 0, 200) >= 0);
    }
    return true;
}

static enum candidate_change next(struct candidate_observer *o)
{
    enum candidate_change change;
    if (!next_within(o, process_now_ms() + PROCESS_PATIENCE_MS, &change))
        fail_msg("no change came");
    return change;
}

/* Skip others until this one. */
static const struct candidate_view *await(struct candidate_observer *o,
                                          enum candidate_change wanted)
{
    while (next(o) != wanted)
        ;
    return candidate_observer_view(o);
}

/* The queue, as "A,B,C". */
static void expect_queue(const struct candidate_view *view,
                         const char *expected)
{
    char ids[256] = "";
    for (size_t i = 0; i < view->queue_n; i++) {
        size_t used = strlen(ids);
        (void)snprintf(ids + used, sizeof ids - used, "%s%s", i > 0 ? "," : "",
                       view->queue[i].id);
    }
    assert_string_equal(ids, expected);
}

static void await_queue(struct candidate_observer *o, const char *expected)
{
    size_t n = 1;
    for (const char *p = expected; *p; p++)
        n += *p == ',';
    const struct candidate_view *view = await(o, CANDIDATE_VIEW_QUEUE);
    while (view->queue_n != n)
        view = await(o, CANDIDATE_VIEW_QUEUE);
    expect_queue(view, expected);
}

/* Skip what is told of the queue alone: in one revision the order is open. */
static enum candidate_change next_but_queue(struct candidate_observer *o)
{
    enum candidate_change change = next(o);
    while (change == CANDIDATE_VIEW_QUEUE)
        change = next(o);
    return change;
}

static void expect_leader(struct candidate_observer *o, const char *id)
{
    assert_int_equal(next_but_queue(o), CANDIDATE_VIEW_LEADER);
    const struct candidate_view *view = candidate_observer_view(o);
    assert_true(view->led);
    assert_false(view->stale);
    assert_string_equal(view->leader, id);
    assert_true(view->queue_n > 0);
    assert_string_equal(view->queue[0].id, id);
    assert_int_equal(view->token, view->queue[0].token);
    assert_int_equal(view->lease, view->queue[0].lease);
    assert_false(view->queue[0].foreign);
}

static void expect_nobody(struct candidate_observer *o)
{
    assert_int_equal(next_but_queue(o), CANDIDATE_VIEW_NOBODY);
    const struct candidate_view *view = candidate_observer_view(o);
    assert_false(view->led);
    assert_string_equal(view->leader, "");
    assert_int_equal(view->token, 0);
}

/* ---- who leads ---- */

static void each_leader_and_its_absence_is_told_in_order(void **state)
{
    struct stage *s = *state;
    struct candidate_observer *o = observe(etcd_server_endpoints(s->etcd));
    assert_int_equal(next(o), CANDIDATE_VIEW_FRESH);
    expect_nobody(o);
    expect_queue(candidate_observer_view(o), "");
    assert_int_equal(candidate_observer_view(o)->since_ms, 0);

    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    expect_leader(o, "A");
    assert_true(candidate_observer_view(o)->since_ms > 0);
    struct etcdctl_key lock = stage_lock_key(s, "election_leader/", "A");
    assert_int_equal(candidate_observer_view(o)->token, lock.create_revision);
    assert_string_equal(candidate_observer_view(o)->queue[0].key, lock.key);

    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    struct process *c = stage_waiter(s, "A", "--ttl", LONG_TTL, "C");
    await_queue(o, "A,B,C");
    stage_resign(a); /* nobody looks until B leads, and yet: */
    stage_expect_next_lead(b);
    stage_expect_next_follow(c, "B");
    expect_nobody(o);
    expect_leader(o, "B");
    expect_queue(candidate_observer_view(o), "B,C");
    candidate_observer_free(o);
}

static void who_leads_already_is_told_at_once(void **state)
{
    struct stage *s = *state;
    (void)stage_leader(s, "--ttl", LONG_TTL, "A");
    struct candidate_observer *o = observe(etcd_server_endpoints(s->etcd));
    assert_int_equal(next(o), CANDIDATE_VIEW_FRESH);
    expect_leader(o, "A");
    assert_int_equal(candidate_observer_view(o)->since_ms, 0);
    assert_int_equal(next(o), CANDIDATE_VIEW_QUEUE);
    candidate_observer_free(o);
}

/* ---- etcd's troubles ---- */

static void silence_makes_it_stale_and_an_answer_fresh(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct candidate_observer *o = observe(etcd_server_endpoints(s->etcd));
    (void)await(o, CANDIDATE_VIEW_QUEUE);
    int64_t confirmed_at_ms = candidate_observer_view(o)->confirmed_at_ms;
    etcd_server_kill(s->etcd, 0);
    assert_int_equal(next(o), CANDIDATE_VIEW_STALE);
    const struct candidate_view *view = candidate_observer_view(o);
    assert_true(view->stale);
    assert_string_equal(view->leader, "A");
    assert_int_not_equal(view->trouble_code, 0);
    assert_true(view->confirmed_at_ms >= confirmed_at_ms);
    assert_true(process_now_ms() - view->confirmed_at_ms >=
                CANDIDATE_VIEW_STALE_MS);
    etcd_server_relaunch(s->etcd, 0);
    assert_int_equal(next(o), CANDIDATE_VIEW_FRESH);
    assert_false(candidate_observer_view(o)->stale);
    process_signal(a, SIGTERM);
    expect_nobody(o);
    candidate_observer_free(o);
}

static void never_an_answer_is_stale_too(void **state)
{
    (void)state;
    char endpoint[64];
    (void)snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u",
                   port_free());
    struct candidate_observer *o = observe(endpoint);
    assert_int_equal(next(o), CANDIDATE_VIEW_STALE);
    const struct candidate_view *view = candidate_observer_view(o);
    assert_false(view->known);
    assert_false(view->led);
    assert_non_null(strstr(view->trouble, "efused"));
    candidate_observer_free(o);
}

/* The stream has to be taken up at a revision that etcd has forgotten. */
static void compaction_while_the_stream_is_cut_hides_nothing(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    struct candidate_observer *o = observe(etcd_server_endpoints(s->etcd));
    (void)await(o, CANDIDATE_VIEW_QUEUE);
    int64_t revision = candidate_observer_view(o)->revision;
    stage_resign(a);
    stage_expect_next_lead(b);
    char now[32];
    (void)snprintf(now, sizeof now, "%" PRId64,
                   stage_lock_key(s, "election_leader/", "B").mod_revision + 2);
    etcdctl(s->etcd, "compact", now);
    etcd_server_kill(s->etcd, 0);
    etcd_server_relaunch(s->etcd, 0);
    etcd_server_await(s->etcd, 0);
    while (strcmp(candidate_observer_view(o)->leader, "B") != 0)
        (void)next(o);
    (void)await(o, CANDIDATE_VIEW_QUEUE);
    expect_queue(candidate_observer_view(o), "B");
    assert_true(candidate_observer_view(o)->revision > revision);
    process_signal(b, SIGTERM);
    expect_nobody(o);
    candidate_observer_free(o);
}

/* ---- what others have put there ---- */

static void foreign_keys_and_keys_without_lease_are_shown_as_such(void **state)
{
    struct stage *s = *state;
    struct candidate_observer *o = observe(etcd_server_endpoints(s->etcd));
    etcdctl(s->etcd, "put", "election_leader/odd", "X");
    const struct candidate_view *view = await(o, CANDIDATE_VIEW_QUEUE);
    while (view->queue_n == 0)
        view = await(o, CANDIDATE_VIEW_QUEUE);
    assert_string_equal(view->queue[0].key, "election_leader/odd");
    assert_true(view->queue[0].foreign);
    assert_int_equal(view->queue[0].lease, 0);
    assert_int_equal(next(o), CANDIDATE_VIEW_HOLDER);
    assert_string_equal(candidate_observer_view(o)->holder, "X");
    etcdctl(s->etcd, "put", "leader", "Y");
    assert_int_equal(next(o), CANDIDATE_VIEW_LEADER);
    view = candidate_observer_view(o);
    assert_string_equal(view->leader, "Y");
    assert_int_equal(view->token, 0);
    assert_int_equal(view->lease, 0);
    assert_string_equal(view->holder, "");
    etcdctl(s->etcd, "put", "leader", "Z");
    assert_int_equal(next(o), CANDIDATE_VIEW_LEADER);
    assert_string_equal(candidate_observer_view(o)->leader, "Z");
    etcdctl(s->etcd, "del", "election_leader/odd");
    assert_int_equal(next(o), CANDIDATE_VIEW_QUEUE);
    assert_int_equal(candidate_observer_view(o)->queue_n, 0);
    etcdctl(s->etcd, "del", "leader");
    expect_nobody(o);
    candidate_observer_free(o);
}

/* Far more keys than a page has, and more than are kept. */
static void long_queue_is_counted_and_followed(void **state)
{
    struct stage *s = *state;
    enum { KEYS = CANDIDATE_VIEW_QUEUE_MAX + 4, BATCH = 65 };
    static char script[KEYS * 64];
    size_t used = 0;
    for (int i = 0; i < KEYS; i++) {
        if (i % BATCH == 0)
            used = 0;
        used += (size_t)snprintf(script + used, sizeof script - used,
                                 "put election_leader/%03d id%03d\n", i, i);
        if (i % BATCH == BATCH - 1 || i == KEYS - 1) {
            struct process *txn = etcdctl_start(s->etcd, "txn");
            static char whole[sizeof script + 8];
            (void)snprintf(whole, sizeof whole, "\n%s\n\n", script);
            process_write(txn, whole);
            process_close_input(txn);
            process_expect_exit(txn, 0);
            process_free(txn);
        }
    }
    struct candidate_observer *o = observe(etcd_server_endpoints(s->etcd));
    const struct candidate_view *view = await(o, CANDIDATE_VIEW_QUEUE);
    assert_int_equal(view->queue_n + (size_t)view->queue_more, KEYS);
    etcdctl(s->etcd, "del", "election_leader/000");
    do
        view = await(o, CANDIDATE_VIEW_QUEUE);
    while (view->queue_n + (size_t)view->queue_more != KEYS - 1);
    candidate_observer_free(o);
}

/* ---- details, and another loop ---- */

static void leases_and_members_are_asked_on_demand(void **state)
{
    struct stage *s = *state;
    (void)stage_leader(s, "--ttl", LONG_TTL, "A");
    struct candidate_observer *o = observe(etcd_server_endpoints(s->etcd));
    const struct candidate_view *view = await(o, CANDIDATE_VIEW_QUEUE);
    assert_int_equal(view->details_at_ms, 0);
    candidate_observer_ask(o);
    view = await(o, CANDIDATE_VIEW_DETAILS);
    assert_int_equal(view->queue[0].lease_ttl_ms, 300000);
    int64_t left_ms = view->queue[0].lease_ends_at_ms - process_now_ms();
    assert_in_range(left_ms, 100000, 301000);
    assert_int_equal(view->members_n, 1);
    const struct candidate_member *member = &view->members[0];
    assert_string_equal(member->trouble, "");
    assert_string_equal(member->endpoint, etcd_server_endpoint(s->etcd, 0));
    assert_true(member->id != 0);
    assert_true(member->leader == member->id);
    assert_true(member->name[0] != '\0');
    assert_true(member->version[0] == '3');
    assert_true(member->clock_known);
    assert_int_equal(member->clock_ahead_ms, 0);
    assert_true(view->details_at_ms > 0);
    candidate_observer_free(o);
}

static void another_loop_can_wait_for_it(void **state)
{
    struct stage *s = *state;
    struct candidate_observer *o = observe(etcd_server_endpoints(s->etcd));
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    bool known = false;
    unsigned turns = 0;
    for (int changes = 0; changes < 4;) {
        struct pollfd fds[CANDIDATE_OBSERVER_FDS_MAX];
        enum candidate_change change;
        int timeout_ms = 1000;
        assert_int_equal(candidate_observer_poll(o, NULL, 0, 0), 0);
        for (; candidate_observer_next(o, &change); changes++)
            known = known || change == CANDIDATE_VIEW_QUEUE;
        if (known && changes == 3)
            etcdctl(s->etcd, "put", "election_leader/odd", "X");
        known = false;
        unsigned n = candidate_observer_pollfds(o, fds, &timeout_ms);
        assert_true(timeout_ms >= 0 && timeout_ms <= 1000);
        assert_true(poll(fds, n, timeout_ms) >= 0);
        assert_true(process_now_ms() < end_at_ms);
        turns++;
    }
    assert_in_range(turns, 1, 2000); /* it does not spin */
    candidate_observer_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(each_leader_and_its_absence_is_told_in_order),
        STAGE_TEST(who_leads_already_is_told_at_once),
        STAGE_TEST(silence_makes_it_stale_and_an_answer_fresh),
        STAGE_TEST_WITHOUT_ETCD(never_an_answer_is_stale_too),
        STAGE_TEST(compaction_while_the_stream_is_cut_hides_nothing),
        STAGE_TEST(foreign_keys_and_keys_without_lease_are_shown_as_such),
        STAGE_TEST(long_queue_is_counted_and_followed),
        STAGE_TEST(leases_and_members_are_asked_on_demand),
        STAGE_TEST(another_loop_can_wait_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
