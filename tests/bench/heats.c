/* heats.c: see heats.h. The crashes are in heats_crash.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "heats_private.h"
#include "support/procfs.h"

enum {
    CROWD_MAX = 1000,
    BATCH_MAX = 20,    /* that start at once */
    VOID_MAX = 10,     /* a machine that disturbs more measures nothing */
    SAMPLES_MAX = 10,  /* of a crowd's memory */
    CROWD_SHARE = 2,   /* of the free memory that a crowd may take, as 1/n */
    MEMORY_SPARE = 30, /* percent that a crowd takes beyond the waiter's own */
};

void heats_init(struct heats *h, const struct heats_plan *plan,
                const char *endpoint)
{
    *h = (struct heats){ .plan = plan };
    race_init(&h->race, endpoint);
    raw_open(&h->raw, endpoint);
}

void heats_done(struct heats *h)
{
    raw_close(&h->raw);
    race_done(&h->race);
}

double heats_ms(int64_t ns)
{
    return (double)ns / 1e6;
}

static void pause_for(int64_t ns)
{
    struct timespec time = { .tv_sec = ns / 1000000000,
                             .tv_nsec = ns % 1000000000 };
    (void)nanosleep(&time, NULL);
}

void heats_await_queue(struct heats *h, const struct contestant *c, unsigned n)
{
    int64_t end_at_ns = race_now_ns() + RACE_PATIENCE_S * INT64_C(1000000000);
    while (raw_count(&h->raw, c->prefix) != n) {
        if (race_now_ns() > end_at_ns)
            fail_msg("%s: not %u of them queue, but %d", c->name, n,
                     (int)raw_count(&h->raw, c->prefix));
        race_step(&h->race, race_now_ns() + 5000000);
    }
}

static struct racer *start(struct heats *h, const struct contestant *c)
{
    static unsigned started_n;
    char id[RACE_LINE_BYTES_MAX];
    const char *words[CONTESTANTS_WORDS_MAX];
    (void)snprintf(id, sizeof id, "number-%u", ++started_n);
    contestants_words(c->call, id, CONTESTANTS_TTL_S, words);
    return race_start(&h->race, words, c->leads);
}

static void measure_floor(struct heats *h, enum figures_row row)
{
    raw_prepare(&h->raw);
    race_await_calm(&h->race);
    figures_add(&h->figures, row, FIGURES_FLOOR,
                heats_ms(raw_two_commits_ns(&h->raw)));
}

static void measure_memory(struct heats *h, enum figures_column column,
                           const struct racer *racer)
{
    figures_add(&h->figures, FIGURES_PRIVATE, column,
                (double)procfs_private_kib(racer->pid) / 1024);
    figures_add(&h->figures, FIGURES_RSS, column,
                (double)procfs_memory_kib(racer->pid, "Rss") / 1024);
}

void heats_void(struct heats *h, const char *who)
{
    print_error("%s: a round is void, leadership changed by itself\n", who);
    if (++h->void_n > VOID_MAX)
        fail_msg("too many rounds are void: this machine is too busy");
}

/* ---- start, and hand-over to one waiter ---- */

static void measure_handover(struct heats *h, enum figures_column column,
                             struct racer *leader, struct racer *waiter)
{
    int64_t revision = raw_revision(&h->raw);
    int64_t entries = raw_entries(&h->raw);
    int64_t from_ns = race_signal(leader, SIGTERM);
    int64_t until_ns = race_await(&h->race, waiter);
    race_end(&h->race, leader);
    figures_add(&h->figures, FIGURES_HANDOVER_1, column,
                heats_ms(until_ns - from_ns));
    figures_add(&h->figures, FIGURES_REVISIONS, column,
                (double)(raw_revision(&h->raw) - revision));
    figures_add(&h->figures, FIGURES_ENTRIES, column,
                (double)(raw_entries(&h->raw) - entries));
}

/* Returns false when it is void. */
static bool run_round(struct heats *h, enum figures_column column)
{
    const struct contestant *c = &contestants[column];
    struct racer *leader = start(h, c);
    int64_t led_at_ns = race_await(&h->race, leader);
    figures_add(&h->figures, FIGURES_START, column,
                heats_ms(led_at_ns - leader->began_at_ns));
    struct racer *waiter = start(h, c);
    heats_await_queue(h, c, 2);
    race_await_calm(&h->race);
    bool alone = !waiter->led_at_ns;
    if (!alone) {
        heats_void(h, c->name);
        race_signal(leader, SIGTERM);
        race_end(&h->race, leader);
    } else {
        measure_memory(h, column, waiter);
        measure_handover(h, column, leader, waiter);
    }
    race_signal(waiter, SIGTERM);
    race_end(&h->race, waiter);
    heats_await_queue(h, c, 0);
    return alone;
}

void heats_rounds(struct heats *h)
{
    for (unsigned i = 0; i < h->plan->rounds_n; i++) {
        for (unsigned column = 0; column < CONTESTANTS_N; column++)
            while (contestants_present(&contestants[column]) &&
                   !run_round(h, column))
                continue;
        measure_floor(h, FIGURES_HANDOVER_1);
    }
}

/* ---- hand-over in a crowd ---- */

struct crowd {
    struct racer *racers[CROWD_MAX + 1];
    unsigned n;
};

static void gather(struct heats *h, const struct contestant *c,
                   struct crowd *crowd, unsigned n)
{
    crowd->n = 0;
    while (crowd->n < n) {
        unsigned more = n - crowd->n < BATCH_MAX ? n - crowd->n : BATCH_MAX;
        if (crowd->n == 0)
            more = 1;
        for (unsigned i = 0; i < more; i++)
            crowd->racers[crowd->n++] = start(h, c);
        heats_await_queue(h, c, crowd->n);
    }
    race_await_calm(&h->race);
}

/* Killed, and their leases with them, so that it takes no longer with many. */
static void scatter(struct heats *h, const struct contestant *c,
                    struct crowd *crowd)
{
    for (unsigned i = 0; i < crowd->n; i++)
        race_signal(crowd->racers[i], SIGKILL);
    for (unsigned i = 0; i < crowd->n; i++)
        race_end(&h->race, crowd->racers[i]);
    raw_revoke_all(&h->raw);
    heats_await_queue(h, c, 0);
}

/* The one that left has its place taken by a new one. */
static void replace(struct heats *h, const struct contestant *c,
                    struct crowd *crowd, struct racer *racer)
{
    race_end(&h->race, racer);
    for (unsigned i = 0; i < crowd->n; i++)
        if (crowd->racers[i] == racer)
            crowd->racers[i] = start(h, c);
    heats_await_queue(h, c, crowd->n);
    race_await_calm(&h->race);
}

static void run_crowd(struct heats *h, enum figures_column column,
                      enum figures_row row, unsigned n)
{
    static struct crowd crowd;
    const struct contestant *c = &contestants[column];
    gather(h, c, &crowd, n + 1);
    struct racer *leader = race_await_any(&h->race);
    for (unsigned i = 0; i < h->plan->handovers_n;) {
        if (column == FIGURES_CANDIDATE)
            measure_floor(h, row);
        int64_t from_ns = race_signal(leader, SIGTERM);
        struct racer *next = race_await_any(&h->race);
        if (next->led_at_ns < from_ns) {
            heats_void(h, c->name);
        } else {
            figures_add(&h->figures, row, column,
                        heats_ms(next->led_at_ns - from_ns));
            i++;
        }
        replace(h, c, &crowd, leader);
        leader = next;
    }
    for (unsigned i = 1; n == CROWD_MAX && i <= SAMPLES_MAX; i++)
        measure_memory(h, column, crowd.racers[i]);
    scatter(h, c, &crowd);
}

/* Is there memory for so many without harm to others? */
static bool fits(struct heats *h, enum figures_column column, unsigned n)
{
    double mib = figures_median(&h->figures, FIGURES_PRIVATE, column) * n *
        (100 + MEMORY_SPARE) / 100;
    double free_mib = (double)sysconf(_SC_AVPHYS_PAGES) *
        (double)sysconf(_SC_PAGESIZE) / 1024 / 1024;
    if (mib <= free_mib / (double)CROWD_SHARE)
        return true;
    h->refused[column] = mib;
    return false;
}

void heats_crowds(struct heats *h)
{
    enum figures_row row = FIGURES_HANDOVER_10;
    for (unsigned n = 10; n <= h->plan->crowd_max; n *= 10, row++) {
        unsigned passes_n = n < CROWD_MAX ? h->plan->crowd_passes_n : 1;
        for (unsigned pass = 0; pass < passes_n; pass++)
            for (unsigned column = 0; column < CONTESTANTS_N; column++)
                if (contestants_present(&contestants[column]) &&
                    fits(h, column, n))
                    run_crowd(h, column, row, n);
        print_error("hand-over with %u waiters: measured\n", n);
    }
}

/* ---- doing nothing ---- */

static double cpu_ms(const struct crowd *crowd)
{
    double sum_ms = 0;
    for (unsigned i = 0; i < crowd->n; i++) {
        clockid_t clock;
        struct timespec used;
        assert_int_equal(clock_getcpuclockid(crowd->racers[i]->pid, &clock), 0);
        assert_int_equal(clock_gettime(clock, &used), 0);
        sum_ms += (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
    }
    return sum_ms;
}

static void run_idle(struct heats *h, enum figures_column column)
{
    static struct crowd crowd;
    const struct contestant *c = &contestants[column];
    gather(h, c, &crowd, h->plan->idle_n);
    double requests = raw_requests(&h->raw);
    double used_ms = cpu_ms(&crowd);
    int64_t from_ns = race_now_ns();
    pause_for(h->plan->idle_s * INT64_C(1000000000));
    double hours = (double)(race_now_ns() - from_ns) / 3.6e12;
    double each_hours = hours * h->plan->idle_n;
    figures_add(&h->figures, FIGURES_CPU, column,
                (cpu_ms(&crowd) - used_ms) / each_hours / 1e3);
    figures_add(&h->figures, FIGURES_REQUESTS, column,
                (raw_requests(&h->raw) - requests) / each_hours);
    scatter(h, c, &crowd);
}

void heats_idle(struct heats *h)
{
    for (unsigned column = 0; column < CONTESTANTS_N; column++)
        if (contestants_present(&contestants[column]))
            run_idle(h, column);
}
