/* stage.h: what an end-to-end test begins with: an etcd of its own, and
 * candidates that take part in an election on it.
 */
#ifndef STAGE_H
#define STAGE_H

#include "etcd_server.h"
#include "etcdctl.h"
#include "process.h"

enum {
    STAGE_ARGUMENTS_MAX = 16,
    STAGE_LINE_BYTES_MAX = 512,
};

#define STAGE_ATTEMPTING "Attempting leadership..."
#define STAGE_LEADER "I am the LEADER!"

struct stage {
    struct process_set *set;
    struct etcd_server *etcd;
};

/* An entry of cmocka's table of tests: *state is a struct stage then, with an
 * etcd of one member, or, with the second, with none. */
#define STAGE_TEST(test)                                                       \
    cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)
#define STAGE_TEST_WITHOUT_ETCD(test)                                          \
    cmocka_unit_test_setup_teardown(test, stage_setup_without_etcd,            \
                                    stage_teardown)
int stage_setup(void **state);
int stage_setup_without_etcd(void **state);
int stage_teardown(void **state);

/* Start the program ($CANDIDATE, else ./candidate) with --endpoints and these
 * arguments, on pipes or, as a flag of enum process_flags, on a terminal.
 * What it says on stderr about etcd's age is left out, and about answers that
 * do not come: on a busy machine one may really be too late. */
#define stage_candidate(stage, ...)                                            \
    stage_candidate_argv((stage), PROCESS_PIPES,                               \
                         (const char *const[]){ __VA_ARGS__, NULL })
struct process *stage_candidate_argv(struct stage *stage, unsigned flags,
                                     const char *const *argv);
const char *stage_program(void);
/* Answers that do not come are what the test is about. */
void stage_mind_outages(struct process *p);

/* The same, and take the first lines of one that leads at once, or of one that
 * finds that leader. The last argument is the ID. */
#define stage_leader(stage, ...)                                               \
    stage_leader_at((stage), (const char *const[]){ __VA_ARGS__, NULL },       \
                    __FILE__, __LINE__)
#define stage_waiter(stage, leader, ...)                                       \
    stage_waiter_at((stage), (leader),                                         \
                    (const char *const[]){ __VA_ARGS__, NULL }, __FILE__,      \
                    __LINE__)
struct process *stage_leader_at(struct stage *stage, const char *const *argv,
                                const char *file, int line);
struct process *stage_waiter_at(struct stage *stage, const char *leader,
                                const char *const *argv, const char *file,
                                int line);

/* ---- what a candidate says next ---- */

/* "Candidate ID" and STAGE_ATTEMPTING. */
#define stage_expect_begin(p, id)                                              \
    stage_expect_begin_at((p), (id), __FILE__, __LINE__)
/* "I am the LEADER!" and the prompt. Returns the first of the two. */
#define stage_expect_lead(p) stage_expect_lead_at((p), __FILE__, __LINE__)
/* "ID is the leader...". */
#define stage_expect_follow(p, id)                                             \
    stage_expect_follow_at((p), (id), __FILE__, __LINE__)
/* STAGE_ATTEMPTING, then as one of the two above. */
#define stage_expect_next_lead(p)                                              \
    (process_expect_line((p), STAGE_ATTEMPTING), stage_expect_lead(p))
#define stage_expect_next_follow(p, id)                                        \
    (process_expect_line((p), STAGE_ATTEMPTING), stage_expect_follow((p), (id)))
/* "Lost leadership: REASON" with this in the reason. */
#define stage_expect_lost(p, part)                                             \
    stage_expect_lost_at((p), (part), __FILE__, __LINE__)
/* ENTER, then "End" and exit code 0, and nothing else. */
#define stage_resign(p) stage_resign_at((p), __FILE__, __LINE__)

void stage_expect_begin_at(struct process *p, const char *id, const char *file,
                           int line);
struct process_line stage_expect_lead_at(struct process *p, const char *file,
                                         int line);
void stage_expect_follow_at(struct process *p, const char *id, const char *file,
                            int line);
struct process_line stage_expect_lost_at(struct process *p, const char *part,
                                         const char *file, int line);
void stage_resign_at(struct process *p, const char *file, int line);

/* ---- what etcd has ---- */

/* The lock key of this ID under a prefix such as "election_leader/". Fails
 * the test unless there is exactly one. */
struct etcdctl_key stage_lock_key(struct stage *stage, const char *prefix,
                                  const char *id);
/* The same, once there is one that is newer than this revision. */
struct etcdctl_key stage_await_lock_key(struct stage *stage, const char *prefix,
                                        const char *id, int64_t newer_than);
/* No key and no lease is left. */
void stage_expect_nothing_left(struct stage *stage);

#endif
