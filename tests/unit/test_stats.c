/* test_stats.c: what counts as a renewal, and as one that is late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/stats.h"

static void renewal_of_one_that_waits_counts(void **state)
{
    (void)state;
    struct stats s = { 0 };
    struct election e = { .state = ELECTION_WAITING,
                          .lease = { .id = 1, .sent_at_ms = 100 } };
    stats_reply(&s, &e, 150);
    assert_int_equal(s.counted.renewals, 0); /* that was the grant */
    e.lease.sent_at_ms = 3000;
    stats_reply(&s, &e, 3007);
    stats_reply(&s, &e, 3009);
    assert_int_equal(s.counted.renewals, 1);
    assert_int_equal(s.counted.renewal_ms, 7);
}

static void renewal_of_a_leader_counts_when_confirmed(void **state)
{
    (void)state;
    struct stats s = { 0 };
    struct election e = { .state = ELECTION_LEADING,
                          .lease = { .id = 1, .confirmed_at_ms = 100 } };
    stats_reply(&s, &e, 150);
    e.lease.sent_at_ms = 3000;
    stats_reply(&s, &e, 3005);
    assert_int_equal(s.counted.renewals, 0);
    e.lease.confirmed_at_ms = 3000;
    stats_reply(&s, &e, 3011);
    assert_int_equal(s.counted.renewals, 1);
    assert_int_equal(s.counted.renewal_ms, 11);
}

static void another_lease_is_no_renewal(void **state)
{
    (void)state;
    struct stats s = { 0 };
    struct election e = { .state = ELECTION_WAITING,
                          .lease = { .id = 1, .sent_at_ms = 100 } };
    stats_reply(&s, &e, 150);
    e.lease = (struct election_lease){ .id = 2, .sent_at_ms = 5000 };
    stats_reply(&s, &e, 5001);
    assert_int_equal(s.counted.renewals, 0);
}

static void first_try_of_each_renewal_tells_how_late_it_is(void **state)
{
    (void)state;
    struct stats s = { 0 };
    stats_renewal_sent(&s, 1000, 1004);
    stats_renewal_sent(&s, 1000, 2500); /* again: etcd did not answer */
    assert_int_equal(s.counted.renewal_late_ms_max, 4);
    stats_renewal_sent(&s, 4000, 4009);
    stats_renewal_sent(&s, 7000, 7001);
    stats_renewal_sent(&s, 9000, 8000); /* before its time */
    assert_int_equal(s.counted.renewal_late_ms_max, 9);
}

static void endpoints_are_counted_apart(void **state)
{
    (void)state;
    struct stats s = { 0 };
    stats_answer(&s, 1, true);
    stats_answer(&s, 1, false);
    stats_answer(&s, 1, true);
    assert_int_equal(s.endpoints[1].errors, 2);
    assert_int_equal(s.endpoints[1].answers, 1);
    assert_int_equal(s.endpoints[0].errors + s.endpoints[0].answers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renewal_of_one_that_waits_counts),
        cmocka_unit_test(renewal_of_a_leader_counts_when_confirmed),
        cmocka_unit_test(another_lease_is_no_renewal),
        cmocka_unit_test(first_try_of_each_renewal_tells_how_late_it_is),
        cmocka_unit_test(endpoints_are_counted_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
