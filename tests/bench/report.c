/* report.c: see report.h. */
#include <math.h>
#include <string.h>

#include "plot.h"
#include "report.h"

#define P99 0.99

struct report_row {
    enum figures_row row;
    const char *title;
};

static const struct report_row rows[] = {
    { FIGURES_START, "start to leader, ms" },
    { FIGURES_HANDOVER_1, "resignation to the next leader, ms; 1 waiter" },
    { FIGURES_HANDOVER_10, "10 waiters" },
    { FIGURES_HANDOVER_100, "100 waiters" },
    { FIGURES_HANDOVER_1000, "1000 waiters" },
    { FIGURES_CRASH_GUARDED, "crash to the next leader, ms, with a guardian" },
    { FIGURES_CRASH, "the same, the lease has to run out" },
    { FIGURES_PRIVATE, "memory of a waiter, MiB: private" },
    { FIGURES_RSS, "resident" },
    { FIGURES_REVISIONS, "a hand-over: changes of keys" },
    { FIGURES_ENTRIES, "entries in etcd's log" },
    { FIGURES_REQUESTS, "idle, each in an hour: requests" },
    { FIGURES_CPU, "processor time, s" },
};

static const char *name_of(unsigned column)
{
    return column == FIGURES_FLOOR ? "two commits" : contestants[column].name;
}

static bool is_tried(const struct heats *h, unsigned column)
{
    return figures_has(&h->figures, FIGURES_HANDOVER_1, column);
}

/* As few digits as say enough. */
static void print_number(FILE *out, double value)
{
    bool whole = value == floor(value);
    (void)fprintf(out, "%.*f",
                  whole || value >= 100 ? 0
                      : value < 10      ? 2
                                        : 1,
                  value);
}

static void print_cell(FILE *out, const struct figures *f, enum figures_row row,
                       unsigned column)
{
    double median = figures_median(f, row, column);
    double ours = figures_median(f, row, FIGURES_CANDIDATE);
    if (!figures_has(f, row, column)) {
        (void)fprintf(out, " |");
        return;
    }
    (void)fprintf(out, " ");
    print_number(out, median);
    if (f->cells[row][column].n > 1) {
        (void)fprintf(out, " / ");
        print_number(out, figures_quantile(f, row, column, P99));
    }
    if (column != FIGURES_CANDIDATE && ours > 0)
        (void)fprintf(out, " (%.2f)", median / ours);
    (void)fprintf(out, " |");
}

static void print_matrix(FILE *out, const struct heats *h)
{
    (void)fprintf(out, "| median / p99 (ratio to candidate's) |");
    for (unsigned column = 0; column < FIGURES_COLUMNS_N; column++)
        if (is_tried(h, column))
            (void)fprintf(out, " %s |", name_of(column));
    (void)fprintf(out, "\n|---|");
    for (unsigned column = 0; column < FIGURES_COLUMNS_N; column++)
        if (is_tried(h, column))
            (void)fprintf(out, "---|");
    (void)fprintf(out, "\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!figures_has(&h->figures, rows[i].row, FIGURES_CANDIDATE))
            continue;
        (void)fprintf(out, "| %s |", rows[i].title);
        for (unsigned column = 0; column < FIGURES_COLUMNS_N; column++)
            if (is_tried(h, column))
                print_cell(out, &h->figures, rows[i].row, column);
        (void)fprintf(out, "\n");
    }
    (void)fprintf(out, "\n");
}

static void print_notes(FILE *out, const struct heats *h)
{
    for (unsigned i = 0; i < CONTESTANTS_N; i++) {
        const struct contestant *c = &contestants[i];
        size_t crashes_n = h->figures.cells[FIGURES_CRASH][i].n;
        if (!is_tried(h, i))
            (void)fprintf(out, "%s was not tried: it is not here. ", c->name);
        if (h->refused[i] > 0)
            (void)fprintf(out, "1000 of %s would take %.1f GiB. ", c->name,
                          h->refused[i] / 1024);
        if (c->crash_leads && strcmp(c->crash_leads, "up ") == 0)
            (void)fprintf(out,
                          "After a crash of %s its command went on beside the"
                          " next one's %u times of %zu. ",
                          c->name, h->overlaps[i], crashes_n);
    }
    if (figures_has(&h->figures, FIGURES_CRASH_GUARDED, FIGURES_CANDIDATE))
        (void)fprintf(out,
                      "With candidate's guardian none did; a guardian and its"
                      " heir have %.0f KiB of their own.",
                      h->guardian_kib);
    (void)fprintf(out, "\n\n");
}

/* ---- aims ---- */

static void print_aim(FILE *out, const char *aim, double value, double limit)
{
    if (value > 0)
        (void)fprintf(out, "| %s | %.2f | %s |\n", aim, value,
                      value <= limit ? "met" : "missed");
}

static double ratio(const struct figures *f, enum figures_row row,
                    enum figures_column column, enum figures_row other_row,
                    enum figures_column other)
{
    double below = figures_median(f, other_row, other);
    return below > 0 ? figures_median(f, row, column) / below : 0;
}

/* Of hand-overs with any number of waiters, to the fastest peer. */
static double worst_to_peers(const struct figures *f)
{
    double worst = 0;
    for (unsigned row = FIGURES_HANDOVER_1; row <= FIGURES_HANDOVER_1000; row++)
        for (unsigned i = FIGURES_ELECT; i < CONTESTANTS_N; i++)
            worst = fmax(worst, ratio(f, row, FIGURES_CANDIDATE, row, i));
    return worst;
}

static void print_aims(FILE *out, const struct figures *f)
{
    static const struct {
        const char *aim;
        enum figures_row row;
        enum figures_column column;
        enum figures_row other_row;
        enum figures_column other;
        double limit;
    } ratios[] = {
        { "start: at most 1/3 of etcdctl elect's", FIGURES_START,
          FIGURES_CANDIDATE, FIGURES_START, FIGURES_ELECT, 1.0 / 3 },
        { "the same, static", FIGURES_START, FIGURES_STATIC, FIGURES_START,
          FIGURES_ELECT, 1.0 / 3 },
        { "hand-over: at most 1.3 times the two commits", FIGURES_HANDOVER_1,
          FIGURES_CANDIDATE, FIGURES_HANDOVER_1, FIGURES_FLOOR, 1.3 },
        { "hand-over with 100 waiters: at most twice that with 10",
          FIGURES_HANDOVER_100, FIGURES_CANDIDATE, FIGURES_HANDOVER_10,
          FIGURES_CANDIDATE, 2 },
        { "hand-over with 1000 waiters: at most twice that with 10",
          FIGURES_HANDOVER_1000, FIGURES_CANDIDATE, FIGURES_HANDOVER_10,
          FIGURES_CANDIDATE, 2 },
    };
    (void)fprintf(out, "| aim | measured | |\n|---|---|---|\n");
    for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++)
        print_aim(out, ratios[i].aim,
                  ratio(f, ratios[i].row, ratios[i].column, ratios[i].other_row,
                        ratios[i].other),
                  ratios[i].limit);
    print_aim(out, "hand-over: never slower than a peer", worst_to_peers(f), 1);
    print_aim(out, "private memory of a waiter: under 1.2 MiB",
              figures_median(f, FIGURES_PRIVATE, FIGURES_CANDIDATE), 1.2);
    print_aim(
        out, "crash with a guardian to the next leader: under 50 ms, p99",
        figures_quantile(f, FIGURES_CRASH_GUARDED, FIGURES_CANDIDATE, P99), 50);
}

void report_table(FILE *out, const struct heats *h)
{
    print_matrix(out, h);
    print_notes(out, h);
    print_aims(out, &h->figures);
    (void)fflush(out);
}

/* ---- plots ---- */

struct bars {
    struct plot_bar list[FIGURES_COLUMNS_N + 1];
    size_t n;
};

static void add_bar(struct bars *bars, const struct figures *f,
                    enum figures_row row, unsigned column, const char *name,
                    double far)
{
    if (figures_has(f, row, column))
        bars->list[bars->n++] = (struct plot_bar){
            name, figures_median(f, row, column), far,
            column == FIGURES_CANDIDATE
        };
}

static int plot_times(const char *folder, const struct heats *h,
                      enum figures_row row, const struct plot *plot)
{
    const struct figures *f = &h->figures;
    struct bars bars = { .n = 0 };
    if (row == FIGURES_CRASH)
        add_bar(
            &bars, f, FIGURES_CRASH_GUARDED, FIGURES_CANDIDATE,
            contestants_guarded.name,
            figures_quantile(f, FIGURES_CRASH_GUARDED, FIGURES_CANDIDATE, P99));
    for (unsigned i = 0; i < FIGURES_COLUMNS_N; i++)
        add_bar(&bars, f, row, i, name_of(i), figures_quantile(f, row, i, P99));
    return plot_bars(folder, plot, bars.list, bars.n);
}

static int plot_memory(const char *folder, const struct heats *h)
{
    const struct plot plot = { "memory", "Memory of a waiter, MiB",
                               "bar: private, line: resident" };
    struct bars bars = { .n = 0 };
    for (unsigned i = 0; i < CONTESTANTS_N; i++)
        add_bar(&bars, &h->figures, FIGURES_PRIVATE, i, name_of(i),
                figures_median(&h->figures, FIGURES_RSS, i));
    return plot_bars(folder, &plot, bars.list, bars.n);
}

static int plot_waiters(const char *folder, const struct heats *h)
{
    static const double xs[] = { 1, 10, 100, 1000 };
    const struct plot plot = { "waiters", "Hand-over by the number of waiters",
                               "median, ms" };
    struct plot_line lines[FIGURES_COLUMNS_N] = { 0 };
    size_t xs_n = 0;
    for (unsigned i = 0; i < FIGURES_COLUMNS_N; i++) {
        lines[i].name = name_of(i);
        lines[i].ours = i == FIGURES_CANDIDATE;
        for (size_t k = 0; k < sizeof xs / sizeof *xs; k++) {
            lines[i].values[k] = figures_median(
                &h->figures, FIGURES_HANDOVER_1 + (unsigned)k, i);
            if (lines[i].values[k] > 0 && k >= xs_n)
                xs_n = k + 1;
        }
    }
    return plot_lines(folder, &plot, xs, xs_n, lines, FIGURES_COLUMNS_N);
}

int report_plots(const char *folder, const struct heats *h)
{
    static const char legend[] = "ms; bar: median, line: 99th percentile";
    static const struct {
        enum figures_row row;
        struct plot plot;
    } times[] = {
        { FIGURES_START, { "start", "Start to leader", legend } },
        { FIGURES_HANDOVER_1,
          { "handover", "Resignation to the next leader", legend } },
        { FIGURES_CRASH, { "crash", "Crash to the next leader", legend } },
    };
    int r = plot_memory(folder, h) | plot_waiters(folder, h);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        r |= plot_times(folder, h, times[i].row, &times[i].plot);
    return r;
}
