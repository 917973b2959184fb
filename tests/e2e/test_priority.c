/* test_priority.c: candidates with --priority, and those beside them.
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

#include "core/rank.h"
#include "support/stage.h"

/* Nobody leads in these tests because a lease ran out. */
#define LONG_TTL "300"
#define PREFIX "election_leader/"
#define PRIORITIES "election-priority_leader/"
#define STEPPED_DOWN "stepped down as asked"

enum { KEYS_MAX = 16 };

static struct process *waiter(struct stage *s, const char *behind,
                              const char *priority, const char *id)
{
    return stage_waiter(s, behind, "--ttl", LONG_TTL, "--priority", priority,
                        id);
}

/* Wait until so many show their priority. */
static void await_priorities(struct stage *s, size_t n)
{
    struct etcdctl_key keys[KEYS_MAX];
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (etcdctl_list(s->etcd, PRIORITIES, keys, KEYS_MAX) != n)
        if (process_now_ms() >= end_at_ms)
            fail_msg("there are not %zu priority keys", n);
}

static void higher_one_joins_and_leads_after_the_hold_down(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    int64_t joins_at_ms = process_now_ms();
    struct process *c = waiter(s, "A", "7", "C");
    await_priorities(s, 1);
    process_expect_error(c, "\"A\" leads with priority 0");
    process_expect_line(c, STAGE_ATTEMPTING);
    struct process_line leads = stage_expect_lead(c);
    assert_true(leads.at_ms - joins_at_ms >= RANK_HOLD_DOWN_MS);
    stage_expect_lost(a, STEPPED_DOWN);
    process_expect_error(a, "asked to step down for \"C\"");
    stage_expect_next_follow(a, "C");
    stage_expect_next_follow(b, "C");
    /* What was asked is taken back, what is shown vanishes with its lease. */
    etcdctl_await_deletion(s->etcd, "election-request_leader", 0);
    stage_resign(c);
    stage_expect_next_lead(b);
    await_priorities(s, 0);
}

static void equal_ones_do_not_swap_and_the_highest_goes_first(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "--priority", "5",
                                     "A");
    struct process *b = waiter(s, "A", "5", "B");
    struct process *c = waiter(s, "A", "4", "C");
    await_priorities(s, 3);
    int64_t until_ms = process_now_ms() + RANK_HOLD_DOWN_MS + 2000;
    process_set_pass(s->set, until_ms);
    process_expect_nothing_more(a);
    process_expect_nothing_more(b);
    process_expect_nothing_more(c);
    struct process *d = waiter(s, "A", "6", "D");
    struct process *e = waiter(s, "A", "8", "E");
    process_expect_error(e, "\"A\" leads with priority 5");
    stage_expect_next_lead(e);
    stage_expect_next_follow(d, "E");
    process_expect_nothing_more(d);
}

/* It comes and goes, and asks only when it has stayed. */
static void one_that_comes_and_goes_moves_nothing(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    int64_t until_ms = process_now_ms() + RANK_HOLD_DOWN_MS + 1000;
    while (process_now_ms() < until_ms) {
        struct process *b = waiter(s, "A", "9", "B");
        await_priorities(s, 1);
        process_signal(b, SIGTERM);
        process_expect_line(b, "End");
        process_await_end(b);
        process_free(b);
    }
    process_expect_nothing_more(a);
}

/* Who knows of no priority is not passed over. */
static void other_program_keeps_its_place(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *lock = etcdctl_start(s->etcd, "lock", "election_leader");
    struct etcdctl_key place = stage_await_lock_key(s, PREFIX, "", 0);
    struct process *b = waiter(s, "A", "9", "B");
    process_expect_error(b, "\"A\" leads with priority 0");
    process_expect_error(b, place.key);
    process_expect_nothing_more(a);
    process_expect_nothing_more(lock);
    process_expect_nothing_more(b);
    stage_resign(a);
    process_expect_line(lock, place.key);
    process_signal(lock, SIGINT);
    stage_expect_next_lead(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(higher_one_joins_and_leads_after_the_hold_down),
        STAGE_TEST(equal_ones_do_not_swap_and_the_highest_goes_first),
        STAGE_TEST(one_that_comes_and_goes_moves_nothing),
        STAGE_TEST(other_program_keeps_its_place),
    };
    return cmocka_run_group_tests_name("priority", tests, NULL, NULL);
}
