/* stage.h: what an end-to-end test begins with: an etcd of its own, and
 * candidates that take part in an election on it.
 */
#ifndef STAGE_H
#define STAGE_H

#include "etcd_server.h"
#include "etcdctl.h"
#include "process.h"

enum { STAGE_ARGUMENTS_MAX = 16 };

struct stage {
    struct process_set *set;
    struct etcd_server *etcd;
};

/* For cmocka_unit_test_setup_teardown(); *state becomes a struct stage. The
 * first has one member running, the second no etcd at all. */
int stage_setup(void **state);
int stage_setup_without_etcd(void **state);
int stage_teardown(void **state);

/* Start the program ($CANDIDATE, else ./candidate) with --endpoints and these
 * arguments, on pipes or, as a flag of enum process_flags, on a terminal. */
#define stage_candidate(stage, ...)                                            \
    stage_candidate_argv((stage), PROCESS_PIPES,                               \
                         (const char *const[]){ __VA_ARGS__, NULL })
#define stage_candidate_on_terminal(stage, ...)                                \
    stage_candidate_argv((stage), PROCESS_TERMINAL,                            \
                         (const char *const[]){ __VA_ARGS__, NULL })
struct process *stage_candidate_argv(struct stage *stage, unsigned flags,
                                     const char *const *argv);
/* The same with another etcd, or with none. */
struct process *stage_candidate_at(struct stage *stage, const char *endpoints,
                                   const char *const *argv);
const char *stage_program(void);

#endif
