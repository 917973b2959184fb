/* speed.c: candidate beside others, on one etcd, in one run.
 *
 * speed quick|full WAITERS ENDPOINT FOLDER: measures everything, hand-overs with
 * up to so many waiters, writes the plots into the folder, and the tables, in
 * Markdown, to stdout; progress to stderr.
 * scripts/bench.sh prepares what it needs.
 *
 * It runs as one test of cmocka's, because the helpers of tests/support do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heats.h"
#include "report.h"

static const struct heats_plan quick = {
    .rounds_n = 2,
    .crowd_passes_n = 1,
    .handovers_n = 2,
    .guarded_n = 2,
    .crashes_n = 1,
    .crash_ttl_s = 5,
    .idle_n = 4,
    .idle_s = 4,
};

static const struct heats_plan full = {
    .rounds_n = 40,
    .crowd_passes_n = 2,
    .handovers_n = 15,
    .guarded_n = 40,
    .crashes_n = 6,
    .crash_ttl_s = 5,
    .idle_n = 10,
    .idle_s = 20, /* a third of the TTL: each renews once */
};

struct run {
    struct heats_plan plan;
    const char *endpoint;
    const char *folder;
    FILE *out;
};

static void everybody_is_measured(void **state)
{
    static struct heats heats;
    const struct run *run = *state;
    heats_init(&heats, &run->plan, run->endpoint);
    heats_rounds(&heats);
    print_error("start and hand-over: measured\n");
    heats_crashes(&heats);
    print_error("crashes: measured\n");
    heats_crowds(&heats);
    heats_idle(&heats);
    heats_done(&heats);
    report_table(run->out, &heats);
    if (report_plots(run->folder, &heats) != 0)
        fail_msg("%s: %s", run->folder, strerror(errno));
}

int main(int argc, char **argv)
{
    if (argc != 5 ||
        (strcmp(argv[1], "quick") != 0 && strcmp(argv[1], "full") != 0)) {
        print_error("usage: speed quick|full WAITERS ENDPOINT FOLDER\n");
        return 64;
    }
    struct run run = {
        .plan = argv[1][0] == 'q' ? quick : full,
        .endpoint = argv[3],
        .folder = argv[4],
        .out = fdopen(dup(STDOUT_FILENO), "w"),
    };
    run.plan.crowd_max = (unsigned)strtoul(argv[2], NULL, 10);
    if (!run.out || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(everybody_is_measured, &run),
    };
    return cmocka_run_group_tests_name("speed", tests, NULL, NULL);
}
