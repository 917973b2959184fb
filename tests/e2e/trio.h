/* trio.h: candidates on a cluster of three members, on one etcd and then on
 * another.
 *
 * The tests' state is a struct stage. Functions fail the running cmocka test
 * when something else happens than what they wait for.
 */
#ifndef TRIO_H
#define TRIO_H

#include "support/stage.h"

enum {
    TRIO_N = 3,
    TRIO_HOSTS_N = 2,     /* see etcd_server_start_at() */
    TRIO_TTL_S = 10,      /* if none is chosen */
    TRIO_SLACK_MS = 5000, /* of a machine that is busy with other tests */
};

#define TRIO_PREFIX "election_leader/"

/* An entry of cmocka's table of tests. */
#define TRIO_TEST(test)                                                        \
    cmocka_unit_test_setup_teardown(test, trio_setup, stage_teardown)
int trio_setup(void **state);

/* Run a table of tests, and once more if there is another etcd. Returns how
 * many failed. */
#define trio_run(tests)                                                        \
    (cmocka_run_group_tests(tests, NULL, NULL) +                               \
     (trio_use_other() ? cmocka_run_group_tests(tests, NULL, NULL) : 0))

/* From here on, etcd and etcdctl are those in the folder $CANDIDATE_ETCD.
 * Returns false, and says so, when it is not set. */
bool trio_use_other(void);

/* How a candidate is started. */
struct trio_role {
    unsigned member; /* it is told of the members from this on, going round */
    unsigned host;   /* it talks to 127.0.1.HOST; 0: 127.0.0.1 */
    unsigned ttl_s;  /* 0: the default */
    const char *before;       /* an endpoint, and a comma, before the members */
    const char *const *login; /* variables for it, NULL at the end; or NULL */
};

/* Start one, which begins; leads at once; finds that leader. */
#define trio_candidate(stage, id, ...)                                         \
    trio_start((stage), (id), &(struct trio_role){ __VA_ARGS__ })
#define trio_leader(stage, id, ...)                                            \
    trio_start_leader((stage), (id), &(struct trio_role){ __VA_ARGS__ })
#define trio_waiter(stage, leader, id, ...)                                    \
    trio_start_waiter((stage), (leader), (id),                                 \
                      &(struct trio_role){ __VA_ARGS__ })
struct process *trio_start(struct stage *s, const char *id,
                           const struct trio_role *role);
struct process *trio_start_leader(struct stage *s, const char *id,
                                  const struct trio_role *role);
struct process *trio_start_waiter(struct stage *s, const char *leader,
                                  const char *id, const struct trio_role *role);

/* ENTER, "End", exit code 0. What was said on stderr is not the matter. */
void trio_resign(struct process *p);

/* One does, and the other is the next to lead. */
#define trio_hand_over(from, to) (trio_resign(from), stage_expect_next_lead(to))
/* The same, so soon. */
void trio_hand_over_within(struct process *from, struct process *to,
                           int64_t within_ms);

/* A leads through member 1, and B, with this TTL, waits at member 0, which is
 * then lost in this way. A resigns, and so soon B leads. Returns B. */
struct process *trio_turn_despite_loss(struct stage *s,
                                       void (*lose)(struct etcd_server *,
                                                    unsigned member),
                                       unsigned ttl_s, int64_t within_ms);

/* Whether etcd takes a renewal after this moment, on the same key. */
bool trio_still_leads(struct stage *s, const struct etcdctl_key *key);
/* The same, of this process: else shows what all have said. */
#define trio_expect_leads(stage, p, key)                                       \
    trio_expect_leads_at((stage), (p), (key), __FILE__, __LINE__)
void trio_expect_leads_at(struct stage *s, struct process *p,
                          const struct etcdctl_key *key, const char *file,
                          int line);

/* Make a member etcd's leader, so that etcd has one at once when another is
 * lost: a resignation does not wait for long. */
void trio_let_lead(struct stage *s, unsigned member);

#endif
