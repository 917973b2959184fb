/* test_no_processes.c: a user who may have no more processes (RLIMIT_NPROC,
 * ulimit -u): whatever fork(2) fails for, nobody holds a leadership in which
 * nothing is done. Root is never refused, so root becomes somebody else here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command.h"
#include "support/folder.h"
#include "support/procfs.h"

#define LONG_TTL "60"
#define NONE_LEFT "Resource temporarily unavailable"

enum {
    SOON_MS = 10000, /* much less than the long TTL */
    ARGUMENTS_MAX = 24,
    EXIT_CANNOT = 126,
    EXIT_SYSTEM = 70,
};

/* Who has one process has as many as this allows. */
static const char *const limited[] = { "prlimit", "--nproc=1:", NULL };

/* Who has no other process. Not every user may go to where the program is, but
 * setpriv goes there with root's rights: nothing comes between the two. */
static char user[32];
static const char *const somebody_else[] = {
    "setpriv",        "--reuid",     user,   "--regid", user,
    "--clear-groups", "--pdeathsig", "KILL", NULL
};

/* Where coverage may be written, which cannot be with the others'. Leaks are
 * looked for by another process. */
static struct folder folder;
static char coverage[FOLDER_PATH_BYTES_MAX + 16];
static const char *const environment[] = { coverage,
                                           "LSAN_OPTIONS=detect_leaks=0",
                                           NULL };

static int choose_user(void **state)
{
    enum { USER_MIN = 20000, USERS_N = 40000 };
    (void)state;
    uid_t number = USER_MIN + (uid_t)getpid() % USERS_N;
    (void)snprintf(user, sizeof user, "%u", number);
    folder_make(&folder);
    (void)snprintf(coverage, sizeof coverage, "GCOV_PREFIX=%s", folder.path);
    return geteuid() == 0 ? chown(folder.path, number, number) : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

static size_t append(const char **argv, size_t n, const char *const *more)
{
    for (; *more; more++) {
        assert_true(n < ARGUMENTS_MAX);
        argv[n++] = *more;
    }
    return n;
}

/* A candidate whose user may have no more processes from its start on, or from
 * limit() on. */
static struct process *start(struct stage *s, bool at_once,
                             const char *const *arguments)
{
    const char *const own[] = { stage_program(), "--endpoints",
                                etcd_server_endpoints(s->etcd), NULL };
    const char *argv[ARGUMENTS_MAX + 1] = { NULL };
    size_t n = at_once ? append(argv, 0, limited) : 0;
    n = geteuid() == 0 ? append(argv, n, somebody_else) : n;
    n = append(argv, n, own);
    append(argv, n, arguments);
    struct process *p = process_start(s->set, PROCESS_PIPES, argv, environment);
    process_ignore_errors(p, etcd_server_endpoints(s->etcd));
    return p;
}

#define START(stage, at_once, ...)                                             \
    start((stage), (at_once), (const char *const[]){ __VA_ARGS__, NULL })

/* As the user, who may: not everywhere root may do it to others. */
static void limit(struct stage *s, pid_t pid, rlim_t most)
{
    char number[32];
    char option[64];
    const char *argv[ARGUMENTS_MAX + 1] = { NULL };
    snprintf(number, sizeof number, "%d", (int)pid);
    snprintf(option, sizeof option, "--nproc=%llu:", (unsigned long long)most);
    size_t n = geteuid() == 0 ? append(argv, 0, somebody_else) : 0;
    append(argv, n,
           (const char *const[]){
               "prlimit", "--pid", number,
               most == RLIM_INFINITY ? "--nproc=unlimited:" : option, NULL });
    struct process *p = process_start(s->set, PROCESS_PIPES, argv, NULL);
    process_expect_exit(p, 0);
}

/* To what it was, as all that a test starts has it. */
static void lift_limit(struct stage *s, pid_t pid)
{
    struct rlimit own;
    assert_int_equal(getrlimit(RLIMIT_NPROC, &own), 0);
    limit(s, pid, own.rlim_cur);
}

/* It has not asked etcd for anything. */
static void without_a_guardian_no_candidate_with_a_command_begins(void **state)
{
    struct stage *s = *state;
    struct process *p = START(s, true, "A", "--", "true");
    process_expect_error(
        p, "candidate: cannot start a guardian: fork: " NONE_LEFT);
    process_expect_exit(p, EXIT_SYSTEM);
    process_expect_nothing_more(p);
    stage_expect_nothing_left(s);
}

static void one_that_starts_nothing_leads_all_the_same(void **state)
{
    struct stage *s = *state;
    struct process *p = START(s, true, "--on-elected", "true", "A");
    stage_expect_begin(p, "A");
    stage_expect_lead(p);
    process_expect_error(p, "--on-elected: cannot be started: " NONE_LEFT);
    stage_resign(p);
    stage_expect_nothing_left(s);
}

/* The one behind it does not wait for its lease to run out. */
static void command_that_cannot_be_forked_costs_the_leadership(void **state)
{
    struct stage *s = *state;
    struct process *a = stage_leader(s, "--ttl", LONG_TTL, "A");
    struct process *b = START(s, false, "--ttl", LONG_TTL, "B", "--", "echo",
                              "B runs");
    command_expect_follow(b, "B", "A");
    struct process *c = stage_waiter(s, "A", "C");
    limit(s, command_guardian(b), 1);
    int64_t resigned_at_ms = process_now_ms();
    stage_resign(a);
    command_expect_next_lead(b);
    process_expect_error(b, "echo: cannot be started: " NONE_LEFT);
    process_expect_error(b, "End");
    process_expect_exit(b, EXIT_CANNOT);
    process_expect_nothing_more(b);
    stage_expect_next_follow(c, "B");
    struct process_line claim = stage_expect_next_lead(c);
    assert_in_range(claim.at_ms - resigned_at_ms, 0, SOON_MS);
    stage_resign(c);
    stage_expect_nothing_left(s);
}

/* And a leadership that comes later works again. */
static void guardian_that_cannot_be_forked_anew_costs_the_leadership(
    void **state)
{
    struct stage *s = *state;
    static const char script[] = COMMAND_UP "exec sleep 1000";
    struct process *a = START(s, false, "--ttl", LONG_TTL, "A", "--", "sh",
                              "-c", script);
    command_expect_lead(a, "A");
    pid_t command = command_expect_up(a);
    pid_t guardian = command_guardian(a);
    struct process *b = stage_waiter(s, "A", "--ttl", LONG_TTL, "B");
    limit(s, process_pid(a), 1);
    assert_int_equal(kill(guardian, SIGKILL), 0);
    process_expect_error(a, "the guardian has died");
    process_expect_error(a, "guardian: fork: " NONE_LEFT);
    process_expect_line(b, STAGE_ATTEMPTING);
    stage_expect_lead(b);
    assert_int_equal(procfs_state(command), 0);
    process_expect_error(a, "the leadership is given up");
    lift_limit(s, process_pid(a));
    stage_resign(b);
    command_expect_up(a);
    process_signal(a, SIGTERM);
    process_await_end(a);
    stage_expect_nothing_left(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(without_a_guardian_no_candidate_with_a_command_begins),
        STAGE_TEST(one_that_starts_nothing_leads_all_the_same),
        STAGE_TEST(command_that_cannot_be_forked_costs_the_leadership),
        STAGE_TEST(guardian_that_cannot_be_forked_anew_costs_the_leadership),
    };
    return cmocka_run_group_tests_name("no_processes", tests, choose_user,
                                       remove_folder);
}
