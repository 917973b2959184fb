/* stage.c: see stage.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "stage.h"

int stage_setup_without_etcd(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    stage->set = process_set_new();
    *state = stage;
    return 0;
}

int stage_setup(void **state)
{
    stage_setup_without_etcd(state);
    struct stage *stage = *state;
    stage->etcd = etcd_server_start(stage->set, 1);
    return 0;
}

int stage_teardown(void **state)
{
    struct stage *stage = *state;
    process_set_free(stage->set);
    etcd_server_free(stage->etcd);
    free(stage);
    return 0;
}

const char *stage_program(void)
{
    const char *path = getenv("CANDIDATE");
    return path ? path : "./candidate";
}

static struct process *start(struct stage *stage, unsigned flags,
                             const char *endpoints, const char *const *argv)
{
    const char *whole[STAGE_ARGUMENTS_MAX + 4] = { stage_program(),
                                                   "--endpoints", endpoints };
    for (size_t i = 0; argv[i]; i++) {
        assert_true(i < STAGE_ARGUMENTS_MAX);
        whole[3 + i] = argv[i];
    }
    return process_start(stage->set, flags, whole, NULL);
}

struct process *stage_candidate_argv(struct stage *stage, unsigned flags,
                                     const char *const *argv)
{
    return start(stage, flags, etcd_server_endpoints(stage->etcd), argv);
}

struct process *stage_candidate_at(struct stage *stage, const char *endpoints,
                                   const char *const *argv)
{
    return start(stage, PROCESS_PIPES, endpoints, argv);
}
