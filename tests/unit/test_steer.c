/* test_steer.c: a leader is made to step down, look by look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/backoff.h"
#include "core/steer.h"

enum {
    LEADER = 10, /* the tokens, in the order of the queue */
    NEXT = 12,
    THIRD = 14,
    TARGET = 16,
};

/* The machine, and what a look would see now. */
struct trial {
    struct steer s;
    int64_t now_ms;
    struct steer_view view;
    enum steer_call call;
};

static void step(struct trial *t, enum steer_event_type type, bool succeeded)
{
    steer_step(&t->s,
               &(struct steer_event){
                   .type = type,
                   .now_ms = t->now_ms,
                   .succeeded = succeeded,
                   .view = t->view,
               });
    t->call = steer_next(&t->s, t->now_ms);
}

/* The next call, when it is time for it. */
static enum steer_call next(struct trial *t)
{
    for (int i = 0; i < 3 && t->call == STEER_NOTHING; i++) {
        if (steer_deadline(&t->s) == INT64_MAX)
            return STEER_NOTHING;
        if (steer_deadline(&t->s) > t->now_ms)
            t->now_ms = steer_deadline(&t->s);
        t->call = steer_next(&t->s, t->now_ms);
    }
    return t->call;
}

static void answer(struct trial *t)
{
    bool put = t->call == STEER_PUT;
    t->view.ours = t->view.ours || put;
    t->now_ms += 2;
    step(t, STEER_ANSWERED, put);
}

static void expect(struct trial *t, enum steer_call call)
{
    assert_int_equal(next(t), call);
}

static struct trial begin(enum steer_kind kind)
{
    struct trial t = { .now_ms = 1000,
                       .view = { .holder = LEADER,
                                 .next = NEXT,
                                 .leader_key = true,
                                 .led = true,
                                 .target = true } };
    struct steer_config config = { .kind = kind,
                                   .to_token = TARGET,
                                   .endpoints_n = 1 };
    steer_init(&t.s, &config, t.now_ms);
    return t;
}

/* Found the leader, with a lease: the request comes next. */
static struct trial begin_asking(enum steer_kind kind)
{
    struct trial t = begin(kind);
    expect(&t, STEER_LOOK);
    answer(&t);
    expect(&t, STEER_GRANT);
    answer(&t);
    expect(&t, STEER_PUT);
    return t;
}

/* Answer whatever it asks until it knows what became of it. */
static void run(struct trial *t, enum steer_outcome outcome)
{
    for (int i = 0; i < 2000 && steer_outcome(&t->s) == STEER_GOING_ON; i++)
        if (next(t) != STEER_NOTHING)
            answer(t);
    assert_int_equal(steer_outcome(&t->s), outcome);
}

static void expect_cleaned(struct trial *t)
{
    assert_false(steer_ended(&t->s));
    expect(t, STEER_REVOKE);
    answer(t);
    assert_true(steer_ended(&t->s));
    assert_true(steer_deadline(&t->s) == INT64_MAX);
}

static void deposed_leader_is_followed(void **state)
{
    (void)state;
    struct trial t = begin_asking(STEER_DEPOSE);
    assert_int_equal(steer_asks(&t.s), STEER_DEPOSE);
    answer(&t);
    expect(&t, STEER_LOOK);
    t.view.holder = NEXT; /* it does not lead yet */
    t.view.leader_key = t.view.led = false;
    answer(&t);
    expect(&t, STEER_LOOK);
    assert_int_equal(steer_outcome(&t.s), STEER_GOING_ON);
    t.view.leader_key = t.view.led = true;
    answer(&t);
    assert_int_equal(steer_outcome(&t.s), STEER_DONE);
    expect_cleaned(&t);
}

static void request_is_put_again_and_its_lease_kept(void **state)
{
    (void)state;
    struct trial t = begin_asking(STEER_DEPOSE);
    answer(&t);
    unsigned puts_n = 0, keeps_n = 0;
    int64_t end_ms = t.now_ms + 10000;
    while (t.now_ms < end_ms) {
        enum steer_call call = next(&t);
        puts_n += call == STEER_PUT;
        keeps_n += call == STEER_KEEP;
        answer(&t);
    }
    assert_in_range(puts_n, 8, 10);
    assert_in_range(keeps_n, 6, 7);
}

static void nobody_leads(void **state)
{
    (void)state;
    struct trial t = begin(STEER_DEPOSE);
    t.view = (struct steer_view){ 0 };
    run(&t, STEER_NOBODY);
    assert_in_range(t.now_ms, 1000 + STEER_UNSURE_MS, 1000 + 4000);
    assert_true(steer_ended(&t.s)); /* there is nothing to take back */
}

static void hand_over_that_goes_on_is_waited_for(void **state)
{
    (void)state;
    struct trial t = begin(STEER_DEPOSE);
    t.view.led = t.view.leader_key = false;
    expect(&t, STEER_LOOK);
    answer(&t);
    expect(&t, STEER_LOOK);
    t.view.led = t.view.leader_key = true;
    answer(&t);
    expect(&t, STEER_GRANT);
}

static void lock_without_a_leader_key_is_foreign(void **state)
{
    (void)state;
    struct trial t = begin(STEER_DEPOSE);
    t.view.led = t.view.leader_key = false;
    run(&t, STEER_FOREIGN);
    t = begin(STEER_DEPOSE); /* a leader key of which no lock key knows */
    t.view.led = false;
    run(&t, STEER_FOREIGN);
}

static void leader_that_went_before_it_was_asked(void **state)
{
    (void)state;
    struct trial t = begin_asking(STEER_DEPOSE);
    t.view.holder = NEXT;
    step(&t, STEER_ANSWERED, false);
    assert_int_equal(steer_outcome(&t.s), STEER_STALE);

    t = begin_asking(STEER_DEPOSE); /* the put may have been seen */
    step(&t, STEER_UNANSWERED, false);
    expect(&t, STEER_PUT);
    t.view.holder = NEXT;
    step(&t, STEER_ANSWERED, false);
    run(&t, STEER_DONE);
}

static void leader_other_than_meant_is_not_asked(void **state)
{
    (void)state;
    struct trial t = begin(STEER_TRANSFER);
    t.s.config.token = LEADER - 1;
    run(&t, STEER_STALE);
}

static void leader_that_does_not_hear(void **state)
{
    (void)state;
    struct trial t = begin_asking(STEER_DEPOSE);
    run(&t, STEER_NOT_HEARD);
    assert_in_range(t.now_ms, 1000 + STEER_LIMIT_MS,
                    1000 + STEER_LIMIT_MS + 200);
    assert_true(steer_ended(&t.s)); /* run() has answered that as well */
}

static void those_between_go_first(void **state)
{
    (void)state;
    struct trial t = begin_asking(STEER_TRANSFER);
    assert_int_equal(steer_asks(&t.s), STEER_TRANSFER);
    answer(&t);
    expect(&t, STEER_LOOK);
    t.view.next = THIRD;
    answer(&t);
    expect(&t, STEER_PUT);
    assert_int_equal(steer_asks(&t.s), STEER_TRANSFER);
    answer(&t);
    expect(&t, STEER_LOOK);
    t.view.next = TARGET;
    answer(&t);
    expect(&t, STEER_PUT);
    assert_int_equal(steer_asks(&t.s), STEER_DEPOSE);
    answer(&t);
    t.view.holder = TARGET;
    t.view.next = 0;
    run(&t, STEER_DONE);
    expect_cleaned(&t);
}

static void leader_stays_when_somebody_does_not_step_aside(void **state)
{
    (void)state;
    struct trial t = begin_asking(STEER_TRANSFER);
    int64_t began_ms = t.now_ms;
    answer(&t);
    run(&t, STEER_BETWEEN);
    assert_false(t.s.stepping_down);
    assert_in_range(t.now_ms - began_ms, STEER_ASIDE_MS - 100,
                    STEER_ASIDE_MS + 300);
    expect_cleaned(&t);
}

static void target_that_leads_or_goes(void **state)
{
    (void)state;
    struct trial t = begin(STEER_TRANSFER);
    t.view.holder = TARGET;
    run(&t, STEER_DONE);
    t = begin(STEER_TRANSFER);
    t.view.target = false;
    run(&t, STEER_GONE);
    t = begin_asking(STEER_TRANSFER);
    answer(&t);
    t.view.target = false;
    run(&t, STEER_GONE);
    t = begin_asking(STEER_TRANSFER); /* the leader crashed, and it was next */
    answer(&t);
    t.view.holder = TARGET;
    run(&t, STEER_DONE);
}

static void another_than_the_target_leads(void **state)
{
    (void)state;
    struct trial t = begin(STEER_TRANSFER);
    t.view.next = TARGET;
    expect(&t, STEER_LOOK);
    answer(&t);
    expect(&t, STEER_GRANT);
    answer(&t);
    expect(&t, STEER_PUT);
    answer(&t);
    t.view.holder = TARGET + 1;
    run(&t, STEER_ELSE);
}

static void request_of_another_stands_in_the_way(void **state)
{
    (void)state;
    struct trial t = begin_asking(STEER_DEPOSE);
    t.view.others = true;
    step(&t, STEER_ANSWERED, false);
    assert_int_equal(steer_outcome(&t.s), STEER_BUSY);
    expect_cleaned(&t);
}

static void lease_that_is_lost_is_replaced(void **state)
{
    (void)state;
    struct trial t = begin_asking(STEER_DEPOSE);
    step(&t, STEER_NO_LEASE, false);
    expect(&t, STEER_GRANT);
}

static void silence_and_refusals_end_it(void **state)
{
    (void)state;
    struct trial t = begin(STEER_DEPOSE);
    int64_t began_ms = t.now_ms;
    while (steer_outcome(&t.s) == STEER_GOING_ON) {
        if (next(&t) == STEER_NOTHING)
            continue;
        t.now_ms += 300;
        step(&t, STEER_UNANSWERED, false);
    }
    assert_int_equal(steer_outcome(&t.s), STEER_UNREACHABLE);
    assert_in_range(t.now_ms - began_ms, STEER_SILENCE_MS,
                    STEER_SILENCE_MS + 500);

    t = begin(STEER_DEPOSE);
    t.s.config.endpoints_n = 2;
    expect(&t, STEER_LOOK);
    step(&t, STEER_REFUSED, false);
    assert_int_equal(steer_outcome(&t.s), STEER_GOING_ON);
    expect(&t, STEER_LOOK);
    step(&t, STEER_REFUSED, false);
    assert_int_equal(steer_outcome(&t.s), STEER_DENIED);
}

static void what_is_stopped_cleans_up(void **state)
{
    (void)state;
    struct trial t = begin_asking(STEER_TRANSFER);
    answer(&t);
    step(&t, STEER_STOP, false);
    expect_cleaned(&t);
    t = begin_asking(STEER_TRANSFER);
    step(&t, STEER_STOP, false); /* it waits for the answer, not for ever */
    t.now_ms += STEER_CLEAN_MS;
    assert_int_equal(steer_next(&t.s, t.now_ms), STEER_NOTHING);
    assert_true(steer_ended(&t.s));
}

/* Whatever etcd says: it ends, and does not ask too often. */
static void it_always_ends(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        uint64_t r = seed;
        struct trial t = begin(seed % 2 ? STEER_DEPOSE : STEER_TRANSFER);
        unsigned calls_n = 0;
        while (!steer_ended(&t.s)) {
            uint64_t dice = backoff_random(&r);
            t.view = (struct steer_view){
                .holder = (int64_t)(dice % 3) * 2 + (dice % 7 ? 8 : 0),
                .next = (int64_t)(dice >> 8) % 5 * 2 + 8,
                .leader_key = dice >> 16 & 7,
                .led = dice >> 19 & 7,
                .target = dice >> 22 & 63,
                .others = !(dice >> 28 & 255),
            };
            if (next(&t) == STEER_NOTHING)
                continue;
            calls_n++;
            t.now_ms += (int64_t)(dice >> 40 & 63);
            static const enum steer_event_type types[] = {
                STEER_ANSWERED,   STEER_ANSWERED, STEER_ANSWERED,
                STEER_ANSWERED,   STEER_ANSWERED, STEER_ANSWERED,
                STEER_UNANSWERED, STEER_NO_LEASE,
            };
            step(&t, types[dice >> 48 & 7], dice >> 52 & 1);
        }
        assert_int_not_equal(steer_outcome(&t.s), STEER_GOING_ON);
        assert_true(t.now_ms < 1000 + STEER_LIMIT_MS + STEER_SETTLE_MS + 3000);
        assert_true(calls_n < (unsigned)(t.now_ms - 1000) / 10 + 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deposed_leader_is_followed),
        cmocka_unit_test(request_is_put_again_and_its_lease_kept),
        cmocka_unit_test(nobody_leads),
        cmocka_unit_test(hand_over_that_goes_on_is_waited_for),
        cmocka_unit_test(lock_without_a_leader_key_is_foreign),
        cmocka_unit_test(leader_that_went_before_it_was_asked),
        cmocka_unit_test(leader_other_than_meant_is_not_asked),
        cmocka_unit_test(leader_that_does_not_hear),
        cmocka_unit_test(those_between_go_first),
        cmocka_unit_test(leader_stays_when_somebody_does_not_step_aside),
        cmocka_unit_test(target_that_leads_or_goes),
        cmocka_unit_test(another_than_the_target_leads),
        cmocka_unit_test(request_of_another_stands_in_the_way),
        cmocka_unit_test(lease_that_is_lost_is_replaced),
        cmocka_unit_test(silence_and_refusals_end_it),
        cmocka_unit_test(what_is_stopped_cleans_up),
        cmocka_unit_test(it_always_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
