/* test_place.c: what is told of our place, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/place.h"
#include "unit/bench.h"

static const struct election_key key_9 = { 9, 9, 98 };

/* What a transaction reads back that finds us at the end of a queue. */
static struct election_reply queued(int64_t queue_n)
{
    struct election_reply reply = bench_queued();
    if (queue_n > 2)
        reply.holder = key_9;
    reply.queue_n = queue_n;
    return reply;
}

static int place_after(struct place *p, const struct bench *b,
                       struct election_reply reply)
{
    place_see(p, &reply);
    return place_now(p, &b->e, b->now_ms);
}

static void others_behind_us_do_not_move_us_back(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    struct place p = { 0 };
    assert_int_equal(place_now(&p, &b.e, b.now_ms), 2); /* behind the holder */
    b.e.holder = key_9;
    assert_int_equal(place_now(&p, &b.e, b.now_ms), 0);
    assert_int_equal(place_after(&p, &b, queued(4)), 4);
    assert_int_equal(place_after(&p, &b, queued(7)), 4);
    assert_int_equal(place_after(&p, &b, queued(3)), 3);
    assert_int_equal(place_after(&p, &b, queued(2)), 2);
    assert_int_equal(place_after(&p, &b, queued(5)), 2);
    struct election_reply nothing = { .succeeded = true };
    assert_int_equal(place_after(&p, &b, nothing), 2);
}

/* Such as behind a leader key that no lock stands for. */
static void first_that_waits_is_the_next_one(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    struct place p = { 0 };
    struct election_reply reply = queued(6);
    b.e.holder = key_9;
    reply.holder = reply.own;
    reply.predecessor = (struct election_key){ 0 };
    assert_int_equal(place_after(&p, &b, reply), 2);
}

static void place_is_of_one_lock_key(void **state)
{
    (void)state;
    struct bench b = bench_waiter();
    struct place p = { 0 };
    struct election_reply reply = queued(3);
    b.e.holder = key_9;
    reply.own.create_revision++;
    assert_int_equal(place_after(&p, &b, reply), 0);
    assert_int_equal(place_after(&p, &b, queued(4)), 4);
    bench_step(&b, (struct election_event){ .type = ELECTION_LEAVE });
    assert_int_equal(place_now(&p, &b.e, b.now_ms), 0);
}

static void leader_has_the_first_place_while_it_leads(void **state)
{
    (void)state;
    struct bench b = bench_leader(10000);
    struct place p = { .lock_revision = 10, .most = 3 };
    assert_int_equal(place_now(&p, &b.e, b.now_ms), 1);
    assert_int_equal(place_now(&p, &b.e, b.now_ms + 8750), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_behind_us_do_not_move_us_back),
        cmocka_unit_test(first_that_waits_is_the_next_one),
        cmocka_unit_test(place_is_of_one_lock_key),
        cmocka_unit_test(leader_has_the_first_place_while_it_leads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
