/* bench.h: a core on the bench, under a clock of the test's.
 *
 * Gives it one event at a time and keeps what it wants done. A step that is
 * not as expected fails the test.
 */
#ifndef BENCH_H
#define BENCH_H

#include "core/election.h"

enum {
    BENCH_TERM = 3,
    BENCH_CLUSTER = 7,
    BENCH_OURS = 1, /* stands for the core's lease in our lock key */
};

struct bench {
    struct election e;
    struct election_actions out; /* of the last step */
    int64_t now_ms;
};

/* A predecessor's lock key, who leads, and ours behind it. */
extern const struct election_key bench_key_10;
extern const struct election_key bench_key_12;

/* ---- a core that has come so far ---- */
struct bench bench_granted(int64_t ttl_ms); /* its attempt is under way */
struct bench bench_leader(int64_t ttl_ms);  /* with token 10 */
struct bench bench_waiter(void);            /* behind a leader */
/* One that wants a lease leads again, with a token of that revision: as soon as
 * it tries. */
void bench_lead_again(struct bench *b, int64_t revision);

/* ---- events ---- */
void bench_step(struct bench *b, struct election_event event);
void bench_tick(struct bench *b);
/* Answer the request under way; the header's zeros and our lease are filled
 * in. */
void bench_answer(struct bench *b, struct election_reply reply);
/* A watched key changed, or was deleted at that revision. */
void bench_change(struct bench *b, enum election_role role, int64_t deleted_at,
                  struct election_key key);
/* What an attempt reads back that queues behind a leader. */
struct election_reply bench_queued(void);

/* ---- what the last step wanted ---- */
void bench_expect_request(const struct bench *b,
                          enum election_request_type type);
void bench_expect_lost(const struct bench *b, enum election_reason reason);
bool bench_said(const struct bench *b, enum election_notice_type type);

#endif
