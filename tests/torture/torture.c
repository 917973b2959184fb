/* torture.c: a campaign of faults, and whether what is promised held.
 *
 * torture SECONDS SEED: five candidates with commands on three members of etcd,
 * to which faults happen at random until the time is over, or until something
 * is found that must not be. The page, in Markdown, goes to stdout, everything
 * else to stderr. scripts/torture.sh prepares what it needs. Exit code 0:
 * nothing was found.
 *
 * It runs as one test of cmocka's, because the helpers of tests/support do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "campaign.h"
#include "support/folder.h"

enum { TTL_S = 3, SECONDS_MAX = 7 * 86400 };

struct torture {
    struct campaign campaign;
    unsigned long seconds;
    uint64_t seed;
    FILE *out;
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    if (!value)
        fail_msg("%s is not set: use scripts/torture.sh", name);
    return value;
}

static void nothing_is_found(void **state)
{
    struct torture *torture = *state;
    struct campaign *c = &torture->campaign;
    struct troupe *t = &c->troupe;
    struct folder folder;
    char path[FOLDER_PATH_BYTES_MAX + 16];
    void *stage_state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    folder_make(&folder);
    (void)snprintf(path, sizeof path, "%s/record", folder.path);
    stage_setup_without_etcd(&stage_state);
    struct stage *stage = stage_state;
    stage->etcd = etcd_server_start_at(stage->set, TROUPE_MEMBERS_N,
                                       TROUPE_PLAYERS_N);
    c->random_state = torture->seed;
    *t = (struct troupe){
        .stage = stage,
        .judge = &c->judge,
        .record = record_open(path),
        .record_path = path,
        .watchman = watchman_start(),
        .worker = variable("TORTURE_WORKER"),
        .clock = variable("TORTURE_CLOCK_LIBRARY"),
        .ttl_s = TTL_S,
    };
    assert_non_null(t->record);
    int64_t from_ms = process_now_ms();
    int64_t end_at_ms = from_ms + (int64_t)torture->seconds * 1000;
    campaign_settle(c, true);
    while (process_now_ms() < end_at_ms && judge_satisfied(&c->judge))
        campaign_episode(c);
    int64_t lasted_ms = process_now_ms() - from_ms;
    troupe_end(t);
    judge_look(&c->judge, t->record, t->watchman);
    (void)fprintf(torture->out, "Seed %llu, TTL %u s, %.0f s.\n",
                  (unsigned long long)torture->seed, t->ttl_s,
                  (double)lasted_ms / 1000);
    campaign_print(c, torture->out);
    (void)fflush(torture->out);
    watchman_stop(t->watchman);
    stage_teardown(&stage_state);
    folder_remove(&folder);
    assert_true(judge_satisfied(&c->judge));
}

static bool read_arguments(int argc, char **argv, struct torture *t)
{
    if (argc != 3)
        return false;
    char *end;
    t->seconds = strtoul(argv[1], &end, 10);
    if (end == argv[1] || *end || t->seconds < 1 || t->seconds > SECONDS_MAX)
        return false;
    t->seed = strtoull(argv[2], &end, 10);
    return end != argv[2] && !*end;
}

int main(int argc, char **argv)
{
    static struct torture torture;
    if (!read_arguments(argc, argv, &torture)) {
        print_error("usage: torture SECONDS SEED\n");
        return 64;
    }
    torture.out = fdopen(dup(STDOUT_FILENO), "w");
    if (!torture.out || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(nothing_is_found, &torture),
    };
    return cmocka_run_group_tests_name("torture", tests, NULL, NULL);
}
