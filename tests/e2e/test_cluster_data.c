/* test_cluster_data.c: what becomes of the data of three members: history that
 * is compacted, no space left, a step back to a snapshot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/trio.h"

enum {
    TTL_S = 20, /* outlives a restore */
    LONG_TTL_S = 60,
};

/* ---- compaction ---- */

/* Put keys of no concern, and forget all that was before the last of them. */
static void compact(struct stage *s)
{
    etcdctl(s->etcd, "put", "other", "one");
    etcdctl(s->etcd, "put", "other", "two");
    char revision[32];
    (void)snprintf(revision, sizeof revision, "%" PRId64,
                   etcdctl_get(s->etcd, "other").mod_revision);
    etcdctl(s->etcd, "compaction", revision);
    etcdctl(s->etcd, "del", "other");
}

/* Its stream ends while it does not run, and what it would have told is
 * nowhere to be read when it goes on. */
static void waiter_hears_of_its_turn_although_history_is_gone(void **state)
{
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .member = 1, .ttl_s = LONG_TTL_S);
    struct process *b = trio_waiter(s, "A", "B", .ttl_s = LONG_TTL_S);
    struct process *c = trio_waiter(s, "A", "C", .ttl_s = LONG_TTL_S);
    trio_let_lead(s, 1);
    process_pause(b);
    process_pause(c);
    etcd_server_kill(s->etcd, 0);
    trio_resign(a);
    compact(s);
    process_resume(b);
    process_resume(c);
    stage_expect_next_lead(b);
    stage_expect_next_follow(c, "B");
    trio_hand_over(b, c);
    trio_resign(c);
    stage_expect_nothing_left(s);
}

/* ---- no space ---- */

static void raise_alarm(struct stage *s)
{
    char url[128];
    char body[128];
    (void)snprintf(url, sizeof url, "%s/v3/maintenance/alarm",
                   etcd_server_endpoint(s->etcd, 0));
    (void)snprintf(body, sizeof body,
                   "{\"action\":\"ACTIVATE\",\"alarm\":\"NOSPACE\","
                   "\"memberID\":\"%" PRIu64 "\"}",
                   (uint64_t)strtoull(etcdctl_status(s->etcd, 0).id, NULL, 16));
    const char *const argv[] = { "curl", "-fsS", "-d", body, url, NULL };
    process_expect_exit(process_start(s->set, PROCESS_PIPES, argv, NULL), 0);
}

static void without_space_the_leader_stays_and_others_say_why_not(void **state)
{
    static const char no_space[] = "database space exceeded";
    struct stage *s = *state;
    struct process *a = trio_leader(s, "A", .member = 0);
    struct process *b = trio_waiter(s, "A", "B", .member = 1);
    struct etcdctl_key key = etcdctl_get(s->etcd, "leader");
    raise_alarm(s);
    struct process *c = trio_candidate(s, "C", .member = 2);
    process_expect_error(c, no_space);
    trio_expect_leads(s, a, &key);
    trio_resign(a);
    process_expect_line(b, STAGE_ATTEMPTING);
    process_expect_error(b, no_space);
    etcdctl(s->etcd, "alarm", "disarm");
    stage_expect_lead(b);
    stage_expect_follow(c, "B");
    trio_hand_over(b, c);
    trio_resign(c);
    stage_expect_nothing_left(s);
}

/* ---- a snapshot ---- */

static void save(struct stage *s, const char *path)
{
    const char *const argv[] = { "snapshot", "save", path, NULL };
    struct process *p = etcdctl_start_argv(
        s->set, etcd_server_endpoint(s->etcd, 0), argv);
    process_expect_exit(p, 0);
}

/* Revisions that the snapshot does not have, and that are not reached again. */
static void go_on(struct stage *s)
{
    for (int i = 0; i < 10; i++)
        etcdctl(s->etcd, "put", "other", "more");
}

static unsigned leads_n(const struct process *p)
{
    unsigned n = 0;
    for (size_t i = 0; i < process_lines_n(p); i++)
        n += strcmp(process_line(p, i).text, STAGE_LEADER) == 0;
    return n;
}

static void skip_to_lead(struct process *p)
{
    while (strcmp(process_next_line(p).text, STAGE_LEADER) != 0)
        continue;
    process_expect_line(p, "Press ENTER to finish...");
}

/* A, who has led once, or B comes first; then the other does. */
static void expect_both_lead(struct stage *s, struct process *a,
                             struct process *b)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (leads_n(a) < 2 && leads_n(b) < 1)
        if (!process_set_step(s->set, end_at_ms))
            process_fail_at(a, "nobody leads", __FILE__, __LINE__);
    struct process *first = leads_n(b) > 0 ? b : a;
    struct process *second = first == a ? b : a;
    skip_to_lead(first);
    trio_resign(first);
    skip_to_lead(second);
    trio_resign(second);
    stage_expect_nothing_left(s);
}

/* The snapshot knows of neither. */
static void step_back_to_nothing_starts_leader_and_waiter_anew(void **state)
{
    struct stage *s = *state;
    char path[ETCD_SERVER_PATH_BYTES_MAX];
    etcd_server_path(s->etcd, "snapshot", path);
    save(s, path);
    go_on(s);
    struct process *a = trio_leader(s, "A", .ttl_s = TTL_S);
    struct process *b = trio_waiter(s, "A", "B", .ttl_s = TTL_S);
    etcd_server_restore(s->etcd, path);
    struct process_line lost = stage_expect_lost(a, "");
    /* If raft's term went back as well, nothing that etcd says counts. */
    assert_true(strstr(lost.text, "revision went back") ||
                strstr(lost.text, "no confirmed renewal"));
    expect_both_lead(s, a, b);
}

/* The snapshot has the leader as it is. The waiter, which has seen more, does
 * not wait for what the future brings. */
static void step_back_to_the_leader_lets_it_lead_and_queues_again(void **state)
{
    struct stage *s = *state;
    char path[ETCD_SERVER_PATH_BYTES_MAX];
    etcd_server_path(s->etcd, "snapshot", path);
    struct process *a = trio_leader(s, "A", .ttl_s = LONG_TTL_S);
    save(s, path);
    go_on(s);
    struct process *b = trio_waiter(s, "A", "B", .ttl_s = LONG_TTL_S);
    etcd_server_restore(s->etcd, path);
    stage_await_lock_key(s, TRIO_PREFIX, "B", 0);
    trio_resign(a);
    skip_to_lead(b);
    trio_resign(b);
    stage_expect_nothing_left(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRIO_TEST(waiter_hears_of_its_turn_although_history_is_gone),
        TRIO_TEST(without_space_the_leader_stays_and_others_say_why_not),
        TRIO_TEST(step_back_to_nothing_starts_leader_and_waiter_anew),
        TRIO_TEST(step_back_to_the_leader_lets_it_lead_and_queues_again),
    };
    return trio_run(tests);
}
