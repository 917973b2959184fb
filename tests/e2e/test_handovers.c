/* test_handovers.c: leaders that end in every way, again and again, each with a
 * command that writes down when it runs. No two ever run at one time, and the
 * fencing tokens grow.
 *
 * $HANDOVERS says how many; scripts/stress-handovers.sh has 200. The command is
 * this program itself, as `test_handovers worker FILE`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define TTL "10"

enum {
    SLOTS_N = 3,
    HANDOVERS_N = 12,
    HANDOVERS_MAX = 10000,
    LINE_BYTES_MAX = 128,
    NS_PER_MS = 1000000,
    STOPS_EVERY = 20, /* a candidate is stopped, which takes half a TTL */
};

/* ---- the command ---- */

static void note(int fd, const char *what, const char *token)
{
    struct timespec now;
    char line[LINE_BYTES_MAX];
    clock_gettime(CLOCK_BOOTTIME, &now);
    int bytes = snprintf(line, sizeof line, "%s %s %lld%09ld\n", what, token,
                         (long long)now.tv_sec, now.tv_nsec);
    if (write(fd, line, (size_t)bytes) != bytes)
        _exit(1);
}

/* Each millisecond it proves that it lives: it may be killed at any time. */
static int work(const char *path)
{
    const char *token = getenv("CANDIDATE_TOKEN");
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || !token)
        return 1;
    note(fd, "start", token);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    dprintf(STDOUT_FILENO, "up %d\n", (int)getpid());
    while (sigtimedwait(&set, NULL,
                        &(struct timespec){ .tv_nsec = NS_PER_MS }) != SIGTERM)
        note(fd, "alive", token);
    note(fd, "stop", token);
    return 0;
}

/* ---- who leads ---- */

struct race {
    struct stage *stage;
    char path[COMMAND_WITNESS_BYTES_MAX];
    struct process *slots[SLOTS_N];
    size_t seen_n[SLOTS_N]; /* lines of its command */
};

static void join(struct race *race, size_t slot)
{
    char id[] = { (char)('A' + slot), '\0' };
    char self[FOLDER_PATH_BYTES_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    race->slots[slot] = stage_candidate(race->stage, "--ttl", TTL, id, "--",
                                        self, "worker", race->path);
    race->seen_n[slot] = 0;
}

/* Wait until another command runs. Returns whose. */
static size_t await_leader(struct race *race, pid_t *ret_command)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    for (;;) {
        for (size_t i = 0; i < SLOTS_N; i++) {
            if (process_lines_n(race->slots[i]) == race->seen_n[i])
                continue;
            struct process_line line = process_line(race->slots[i],
                                                    race->seen_n[i]++);
            assert_int_equal(strncmp(line.text, "up ", 3), 0);
            *ret_command = (pid_t)strtol(line.text + 3, NULL, 10);
            return i;
        }
        if (!process_set_step(race->stage->set, end_at_ms))
            process_fail_at(race->slots[0], "nobody leads", __FILE__, __LINE__);
    }
}

static void replace(struct race *race, size_t slot)
{
    process_await_end(race->slots[slot]);
    process_free(race->slots[slot]);
    join(race, slot);
}

/* The number says how this leader ends. */
static void end_leader(struct race *race, size_t slot, pid_t command,
                       unsigned number)
{
    struct process *p = race->slots[slot];
    if (number % STOPS_EVERY == STOPS_EVERY - 1) {
        process_pause(p);
        replace(race, slot);
        return;
    }
    switch (number % 4) {
    case 0:
        process_signal(p, SIGTERM);
        replace(race, slot);
        break;
    case 1:
        process_signal(p, SIGKILL);
        replace(race, slot);
        break;
    case 2:
        kill(command, SIGTERM); /* it ends by itself, as far as we know */
        replace(race, slot);
        break;
    default:
        etcdctl(race->stage->etcd, "del", "leader");
        break;
    }
}

/* ---- what was written down ---- */

struct term {
    int64_t token;
    int64_t first_ns, last_ns;
};

static size_t read_terms(const char *path, struct term *terms, size_t max)
{
    char line[LINE_BYTES_MAX];
    size_t n = 0;
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        char *token = strchr(line, ' ');
        assert_non_null(token);
        char *stamp;
        int64_t number = strtoll(token, &stamp, 10);
        int64_t ns = strtoll(stamp, NULL, 10);
        if (strncmp(line, "start ", 6) == 0) {
            assert_true(n < max);
            terms[n++] = (struct term){ number, ns, ns };
        }
        assert_true(n > 0);
        if (number != terms[n - 1].token)
            fail_msg("%" PRId64 " is still alive while %" PRId64 " leads",
                     number, terms[n - 1].token);
        terms[n - 1].last_ns = ns;
    }
    (void)fclose(file);
    return n;
}

static int compare(const void *a, const void *b)
{
    const int64_t *one = a;
    const int64_t *other = b;
    return (*one > *other) - (*one < *other);
}

static double in_ms(int64_t ns)
{
    return (double)ns / (double)NS_PER_MS;
}

static void tell(const struct term *terms, const int64_t *gaps_ns, size_t n)
{
    fprintf(stderr,
            "%zu hand-overs, 0 overlaps, tokens %" PRId64 " to %" PRId64
            "; without a leader: least %.1f ms, median %.1f ms, most %.1f ms\n",
            n - 1, terms[0].token, terms[n - 1].token, in_ms(gaps_ns[0]),
            in_ms(gaps_ns[(n - 1) / 2]), in_ms(gaps_ns[n - 2]));
}

static void check(const char *path, unsigned handovers_n)
{
    static struct term terms[HANDOVERS_MAX + 1];
    static int64_t gaps_ns[HANDOVERS_MAX];
    size_t n = read_terms(path, terms, HANDOVERS_MAX + 1);
    assert_true(n == handovers_n + 1);
    for (size_t i = 1; i < n; i++) {
        assert_true(terms[i].token > terms[i - 1].token);
        gaps_ns[i - 1] = terms[i].first_ns - terms[i - 1].last_ns;
        assert_true(gaps_ns[i - 1] > 0);
    }
    qsort(gaps_ns, n - 1, sizeof *gaps_ns, compare);
    if (getenv("HANDOVERS"))
        tell(terms, gaps_ns, n);
}

static void no_two_commands_run_at_one_time(void **state)
{
    const char *wanted = getenv("HANDOVERS");
    unsigned handovers_n = wanted ? (unsigned)strtoul(wanted, NULL, 10)
                                  : HANDOVERS_N;
    assert_in_range(handovers_n, 1, HANDOVERS_MAX);
    struct folder folder;
    struct race race = { .stage = *state };
    pid_t command;
    folder_make(&folder);
    snprintf(race.path, sizeof race.path, "%s/log", folder.path);
    for (size_t i = 0; i < SLOTS_N; i++)
        join(&race, i);
    size_t leader = await_leader(&race, &command);
    for (unsigned i = 0; i < handovers_n; i++) {
        end_leader(&race, leader, command, i);
        leader = await_leader(&race, &command);
    }
    check(race.path, handovers_n);
    folder_remove(&folder);
}

int main(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "worker") == 0)
        return work(argv[2]);
    const struct CMUnitTest tests[] = {
        STAGE_TEST(no_two_commands_run_at_one_time),
    };
    return cmocka_run_group_tests_name("handovers", tests, NULL, NULL);
}
