/* torture.c: a campaign of faults, and whether what is promised held.
 *
 * torture SECONDS SEED TTL CLOCK [WORD]: five candidates with commands on three
 * members of etcd, to which faults happen at random until the time is over, or
 * until something is found that must not be. CLOCK: so many permille of the
 * time that passes are what the candidates' clocks show; 0: some are right,
 * some slow, some fast. With a word, only the faults that have it in their
 * names. The page, in Markdown, goes to stdout, everything else to stderr.
 * scripts/torture.sh prepares what it needs. TORTURE_EXPECTED says what is to be
 * found: "nothing", "something" or "anything". Exit code 0: so it was.
 *
 * It runs as one test of cmocka's, because the helpers of tests/support do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "campaign.h"
#include "candidate.h"
#include "enclosure.h"
#include "support/etcd_users.h"
#include "support/folder.h"
#include "support/network.h"

enum { SECONDS_MAX = 7 * 86400, TTL_S_MAX = 30, PERMILLE_MAX = 2000 };

struct torture {
    struct campaign campaign;
    unsigned long seconds;
    unsigned long seed;
    bool enclosed;
    const char *expected; /* to be found */
    bool network;         /* of our own, so packets can be dropped */
    FILE *out;
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    if (!value)
        fail_msg("%s is not set: use scripts/torture.sh", name);
    return value;
}

static bool expects(const struct torture *torture, const char *what)
{
    return strcmp(torture->expected, what) == 0;
}

static bool as_expected(const struct torture *torture)
{
    bool satisfied = judge_satisfied(&torture->campaign.judge);
    return expects(torture, "anything") ||
        satisfied == expects(torture, "nothing");
}

/* Each oracle is a test; or that one of them finds something is. */
static void print_counts(const struct torture *torture)
{
    unsigned failed_n = judge_failed_n(&torture->campaign.judge);
    unsigned n = JUDGE_ORACLES_N;
    if (expects(torture, "anything"))
        return;
    if (expects(torture, "something")) {
        failed_n = failed_n == 0;
        n = 1;
    }
    (void)fprintf(torture->out, "\n%u passed, %u failed\n", n - failed_n,
                  failed_n);
}

static void print_page(struct torture *torture, int64_t lasted_ms)
{
    struct campaign *c = &torture->campaign;
    (void)fprintf(torture->out,
                  "Candidate %s, seed %lu, TTL %u s, %.0f s.\n%s\n",
                  CANDIDATE_VERSION, torture->seed, c->troupe.ttl_s,
                  (double)lasted_ms / 1000,
                  torture->enclosed ? ""
                                    : "Not as root: a SIGKILL of the campaign "
                                      "may leave processes.\n");
    if (c->troupe.login)
        (void)fprintf(torture->out,
                      "With authentication: %u tokens that were too old.\n",
                      etcd_users_refused_n(c->troupe.stage->etcd));
    campaign_print(c, torture->out);
    print_counts(torture);
    (void)fflush(torture->out);
}

static void what_is_expected_is_found(void **state)
{
    struct torture *torture = *state;
    struct campaign *c = &torture->campaign;
    struct troupe *t = &c->troupe;
    struct folder folder;
    char path[FOLDER_PATH_BYTES_MAX + 16];
    void *stage_state;
    torture->expected = variable("TORTURE_EXPECTED");
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    folder_make(&folder);
    (void)snprintf(path, sizeof path, "%s/record", folder.path);
    stage_setup_without_etcd(&stage_state);
    struct stage *stage = stage_state;
    struct cluster cluster;
    stage->etcd = cluster_start(stage->set, TROUPE_MEMBERS_N, torture->network,
                                torture->enclosed, &cluster);
    c->random_state = torture->seed;
    *t = (struct troupe){
        .stage = stage,
        .cluster = cluster,
        .judge = &c->judge,
        .record = record_open(path),
        .record_path = path,
        .watchman = watchman_start(),
        .worker = variable("TORTURE_WORKER"),
        .clock = variable("TORTURE_CLOCK_LIBRARY"),
        .ttl_s = t->ttl_s,
    };
    assert_non_null(t->record);
    if (torture->seed % 2 && strcmp(torture->expected, "something") != 0)
        t->login = etcd_users_begin(stage->etcd);
    if (campaign_kinds_n(c) == 0)
        fail_msg("no fault is called so that can be done here");
    troupe_begin(t);
    int64_t from_ms = process_now_ms();
    int64_t end_at_ms = from_ms + (int64_t)torture->seconds * 1000;
    campaign_settle(c, true);
    while (process_now_ms() < end_at_ms && judge_satisfied(&c->judge))
        campaign_episode(c);
    int64_t lasted_ms = process_now_ms() - from_ms;
    troupe_end(t);
    judge_look(&c->judge, t->record, t->watchman);
    print_page(torture, lasted_ms);
    watchman_stop(t->watchman);
    proxy_stop(t->proxy);
    stage_teardown(&stage_state);
    folder_remove(&folder);
    assert_true(as_expected(torture));
}

static bool read_number(const char *text, unsigned long max,
                        unsigned long *ret_number)
{
    char *end;
    *ret_number = strtoul(text, &end, 10);
    return end != text && !*end && *ret_number <= max;
}

static bool read_arguments(int argc, char **argv, struct torture *t)
{
    unsigned long ttl_s;
    unsigned long permille;
    bool read = (argc == 5 || argc == 6) &&
        read_number(argv[1], SECONDS_MAX, &t->seconds) &&
        read_number(argv[2], ULONG_MAX, &t->seed) &&
        read_number(argv[3], TTL_S_MAX, &ttl_s) &&
        read_number(argv[4], PERMILLE_MAX, &permille);
    if (!read)
        return false;
    t->campaign.troupe.ttl_s = (unsigned)ttl_s;
    t->campaign.clock_permille = (unsigned)permille;
    t->campaign.word = argc > 5 ? argv[5] : "";
    return true;
}

int main(int argc, char **argv)
{
    static struct torture torture;
    if (!read_arguments(argc, argv, &torture)) {
        print_error("usage: torture SECONDS SEED TTL CLOCK [WORD]\n");
        return 64;
    }
    torture.enclosed = enclosure_enter();
    torture.out = fdopen(dup(STDOUT_FILENO), "w");
    if (!torture.out || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return 1;
    torture.network = network_own();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(what_is_expected_is_found, &torture),
    };
    return cmocka_run_group_tests_name("torture", tests, NULL, NULL);
}
