/* simulate.c: runs the simulator over many seeds, for people and for CI.
 *
 *   simulate [--seeds N] [--first-seed S] [--sabotage NAME] [--verbose]
 *
 * Prints the first seed that violates a check, its transcript, and at the end
 * how many seeds were run in a second. Exit code 0: no seed did; 1: one did;
 * 64: usage. --verbose tells of every step, on stderr.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "sim/trial.h"

enum { EXIT_VIOLATED = 1, EXIT_USAGE = 64, SEEDS_DEFAULT = 1000 };

struct options {
    uint64_t seeds_n;
    uint64_t first_seed;
    const char *sabotage;
    bool verbose;
};

/* What was seen over all seeds. */
struct sums {
    uint64_t failed_n;
    uint64_t elected_n;
    uint64_t lost_n;
    uint64_t deposed_n;
    uint64_t requests_n;
    unsigned most_requests_n;
    unsigned most_ticks_n;
    uint64_t seeds_of_check[CHECKS_N]; /* that violated it */
    uint64_t first_of_check[CHECKS_N];
};

static bool parse_number(const char *text, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-')
        return false;
    *ret_number = number;
    return true;
}

static bool parse(int argc, char **argv, struct options *ret_options)
{
    static const struct option table[] = {
        { "seeds", required_argument, NULL, 'n' },
        { "first-seed", required_argument, NULL, 'f' },
        { "sabotage", required_argument, NULL, 's' },
        { "verbose", no_argument, NULL, 'v' },
        { 0 },
    };
    struct options o = { SEEDS_DEFAULT, 1, "none", false };
    int c;
    while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
        bool ok = true;
        if (c == 'n')
            ok = parse_number(optarg, &o.seeds_n);
        else if (c == 'f')
            ok = parse_number(optarg, &o.first_seed);
        else if (c == 's')
            o.sabotage = optarg;
        else if (c == 'v')
            o.verbose = true;
        else
            return false;
        if (!ok)
            return false;
    }
    *ret_options = o;
    return optind == argc;
}

static int usage(void)
{
    (void)fputs("usage: simulate [--seeds N] [--first-seed S] "
                "[--sabotage NAME] [--verbose]\nsabotages:",
                stderr);
    for (int i = 0; sabotage_at(i); i++)
        (void)fprintf(stderr, " %s", sabotage_at(i)->name);
    (void)fputc('\n', stderr);
    return EXIT_USAGE;
}

static void sum_up(struct sums *sums, const struct world *w)
{
    const struct checks *c = &w->checks;
    sums->failed_n += !checks_hold(c);
    sums->elected_n += c->elected_n;
    sums->lost_n += c->lost_n;
    sums->deposed_n += c->deposed_n;
    for (int i = 0; i < CHECKS_REQUESTS; i++)
        sums->requests_n += c->requests_n[i];
    if (c->most_requests_n > sums->most_requests_n)
        sums->most_requests_n = c->most_requests_n;
    if (c->most_ticks_n > sums->most_ticks_n)
        sums->most_ticks_n = c->most_ticks_n;
    for (int i = 0; i < CHECKS_N; i++)
        if (c->violations[i].n > 0 && sums->seeds_of_check[i]++ == 0)
            sums->first_of_check[i] = w->plan.seed;
}

static void print_sums(const struct sums *sums, const struct options *o,
                       double seconds)
{
    (void)printf("%" PRIu64 " seeds, %" PRIu64 " failed; %" PRIu64
                 " leaderships, %" PRIu64 " lost, %" PRIu64
                 " deposed by an operator; %" PRIu64
                 " requests, at most %u and "
                 "%u steps of a candidate in a second\n",
                 o->seeds_n, sums->failed_n, sums->elected_n, sums->lost_n,
                 sums->deposed_n, sums->requests_n, sums->most_requests_n,
                 sums->most_ticks_n);
    for (int i = 0; i < CHECKS_N; i++)
        if (sums->seeds_of_check[i] > 0)
            (void)printf("%s violated by %" PRIu64 " seeds, first by %" PRIu64
                         "\n",
                         checks_name((enum check)i), sums->seeds_of_check[i],
                         sums->first_of_check[i]);
    (void)printf("%.0f seeds per second\n",
                 (double)o->seeds_n / (seconds > 0 ? seconds : 1e-9));
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct options o;
    if (!parse(argc, argv, &o) || !sabotage_find(o.sabotage))
        return usage();
    const struct sabotage *sabotage = &sabotage_find(o.sabotage)->sabotage;
    struct world *w = world_new();
    struct sums sums = { 0 };
    double start = seconds_now();
    for (uint64_t i = 0; i < o.seeds_n; i++) {
        bool held = trial_run(w, o.first_seed + i, sabotage, o.verbose);
        sum_up(&sums, w);
        if (!held && sums.failed_n == 1)
            trial_print(w, stdout);
    }
    print_sums(&sums, &o, seconds_now() - start);
    world_free(w);
    return sums.failed_n > 0 ? EXIT_VIOLATED : 0;
}
