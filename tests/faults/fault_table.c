/* fault_table.c: the faults, each repeated, and what they did to leadership.
 *
 * fault_table REPETITIONS [WORD]: three candidates on a cluster of three
 * members, on which one fault follows the other; with a word, only the faults
 * that have it in their names. The table, in Markdown, goes to stdout,
 * everything else to stderr. scripts/fault-table.sh prepares what it needs.
 * Exit code 0: no two candidates believed to lead at one time.
 *
 * It runs as one test of cmocka's, because the helpers of tests/support do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "support/network.h"

enum { REPETITIONS_MAX = 1000 };

/* Of all repetitions of a fault. */
struct row {
    unsigned n;
    unsigned kept_n;
    int64_t gaps_ms[REPETITIONS_MAX];
    unsigned gaps_n;
    unsigned overlaps_n;
    int64_t longest_ms;
};

struct table {
    struct cast cast;
    FILE *out;
    unsigned repetitions_n;
    const char *word; /* "": every fault */
    bool network;
    unsigned overlaps_n;
};

/* ---- one repetition ---- */

/* From the end of this span to when somebody led again. */
static int64_t gap_after(const struct cast *c, const struct cast_span *span)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < c->spans_n; i++) {
        const struct cast_span *other = &c->spans[i];
        if (other != span && other->from_ms > span->from_ms &&
            other->from_ms < next_ms)
            next_ms = other->from_ms;
    }
    assert_true(next_ms < INT64_MAX);
    return next_ms > span->until_ms ? next_ms - span->until_ms : 0;
}

static void judge(const struct cast *c, struct row *row)
{
    const struct cast_span *first = &c->spans[0];
    int64_t longest_ms;
    row->overlaps_n += cast_overlaps(c, &longest_ms);
    if (longest_ms > row->longest_ms)
        row->longest_ms = longest_ms;
    row->n++;
    if (first->until_ms == INT64_MAX) {
        row->kept_n++;
        print_error("kept\n");
    } else {
        int64_t gap_ms = gap_after(c, first);
        row->gaps_ms[row->gaps_n++] = gap_ms;
        print_error("gap %lld ms%s%s\n", (long long)gap_ms,
                    longest_ms > 0 ? ", OVERLAP" : "", c->lost);
    }
}

static void repeat(struct table *t, const struct fault *fault, struct row *row)
{
    struct cast *c = &t->cast;
    unsigned leader = cast_settle(c);
    cast_forget(c);
    assert_int_equal(c->spans_n, 1);
    print_error("%s, %u of %u: ", fault->name, row->n + 1, t->repetitions_n);
    fault->happen(c, leader);
    cast_settle(c);
    judge(c, row);
}

/* ---- the table ---- */

static int compare(const void *a, const void *b)
{
    const int64_t *first = a;
    const int64_t *second = b;
    return (*first > *second) - (*first < *second);
}

static void print_row(const struct table *t, const struct fault *fault,
                      struct row *row)
{
    qsort(row->gaps_ms, row->gaps_n, sizeof *row->gaps_ms, compare);
    (void)fprintf(t->out, "| %s | %u s | %u | %u/%u |", fault->name,
                  fault->ttl_s, row->n, row->kept_n, row->n);
    size_t median = row->gaps_n / 2;
    if (row->gaps_n > 0)
        (void)fprintf(t->out, " %.2f s | %.2f s |",
                      (double)row->gaps_ms[median] / 1000,
                      (double)row->gaps_ms[row->gaps_n - 1] / 1000);
    else
        (void)fprintf(t->out, " none | none |");
    (void)fprintf(t->out, " %u", row->overlaps_n);
    if (row->overlaps_n > 0)
        (void)fprintf(t->out, ", up to %lld ms", (long long)row->longest_ms);
    (void)fprintf(t->out, " |\n");
    (void)fflush(t->out);
}

static void run_fault(struct table *t, const struct fault *fault)
{
    static struct row row;
    row = (struct row){ 0 };
    if (fault->network && !t->network) {
        (void)fprintf(t->out,
                      "| %s | %u s | 0 | not tried: it takes nftables and a"
                      " network namespace, which cannot be had here | | | |\n",
                      fault->name, fault->ttl_s);
        return;
    }
    if (t->cast.ttl_s != fault->ttl_s)
        cast_change_ttl(&t->cast, fault->ttl_s);
    while (row.n < t->repetitions_n)
        repeat(t, fault, &row);
    print_row(t, fault, &row);
    t->overlaps_n += row.overlaps_n;
}

static void every_fault_is_survived(void **state)
{
    struct table *t = *state;
    void *stage_state;
    stage_setup_without_etcd(&stage_state);
    struct stage *stage = stage_state;
    stage->etcd = etcd_server_start_at(stage->set, CAST_MEMBERS_N,
                                       CAST_PLAYERS_N);
    cast_init(&t->cast, stage);

    (void)fprintf(t->out,
                  "| Fault | TTL | n | leadership kept | gap, median |"
                  " gap, longest | overlaps |\n"
                  "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < faults_n; i++)
        if (strstr(faults[i].name, t->word))
            run_fault(t, &faults[i]);
    stage_teardown(&stage_state);
    assert_int_equal(t->overlaps_n, 0);
}

static bool read_arguments(int argc, char **argv, struct table *t)
{
    char *end;
    if (argc < 2 || argc > 3)
        return false;
    unsigned long n = strtoul(argv[1], &end, 10);
    if (end == argv[1] || *end || n < 1 || n > REPETITIONS_MAX)
        return false;
    t->repetitions_n = (unsigned)n;
    t->word = argc > 2 ? argv[2] : "";
    return true;
}

int main(int argc, char **argv)
{
    static struct table table;
    if (!read_arguments(argc, argv, &table)) {
        print_error("usage: fault_table REPETITIONS [WORD]\n");
        return 64;
    }
    table.out = fdopen(dup(STDOUT_FILENO), "w");
    if (!table.out || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return 1;
    table.network = network_own();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_fault_is_survived, &table),
    };
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
