/* turns.c: candidates take turns with each kind of others, on one election.
 *
 * turns HANDOVERS [WORD]: of each kind as many hand-overs, from a candidate to
 * one of them and back, while another one waits behind; with a word, of those
 * that have it in their names. scripts/interop.sh prepares
 * what it needs. The table, in Markdown, and "N passed, N failed" go to stdout,
 * everything else to stderr.
 *
 * A leader's time is from its line, stamped by one reader as it comes, until it
 * was told to end. No two of them may have an instant in common, and the next
 * one is the first that waits. It runs as tests of cmocka's, because the helpers
 * of tests/support do; one that fails ends its row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kinds.h"
#include "support/stage.h"

enum {
    HANDOVERS_MAX = 10000,
    LINE_MAX = 3,  /* one that leads, two that wait */
    NAMINGS_N = 5, /* how often each side's word for the other is awaited */
    HOLD_MS = 30,  /* for one that does not wait to show it */
    KEYS_MAX = 8,  /* under the queue's name */
    POLL_MS = 20,  /* a look at etcd costs a process each time */
    ID_BYTES_MAX = 24,
};

struct player {
    const struct kind *kind;
    struct process *process;
    char id[ID_BYTES_MAX];
    int64_t from_ms, until_ms; /* 0: it does not lead yet; is not told yet */
};

struct row {
    const struct kind *kind;
    FILE *out;
    struct stage *stage;
    struct process *observer;     /* NULL: the kind has none */
    struct player line[LINE_MAX]; /* in order of their beginning */
    size_t line_n;
    unsigned wanted_n, started_n, handovers_n, overlaps_n, overtakers_n;
    unsigned we_named_n, it_named_n;
    bool passed;
};

/* ---- what they do ---- */

static struct process *start(struct row *row, const char *const *words,
                             const char *id)
{
    char endpoints[STAGE_LINE_BYTES_MAX];
    const char *argv[KINDS_WORDS_MAX];
    const char *const environment[] = { endpoints, "ETCDCTL_API=3", NULL };
    (void)snprintf(endpoints, sizeof endpoints, "ETCDCTL_ENDPOINTS=%s",
                   etcd_server_endpoints(row->stage->etcd));
    kinds_words(words, id, argv);
    return process_start(row->stage->set, PROCESS_PIPES, argv, environment);
}

static bool said(const struct process *p, const char *text)
{
    for (size_t i = 0; i < process_lines_n(p); i++)
        if (strcmp(process_line(p, i).text, text) == 0)
            return true;
    return false;
}

/* When its line came, 0: not yet. */
static int64_t led_at_ms(const struct player *p)
{
    for (size_t i = 0; i < process_lines_n(p->process); i++) {
        struct process_line line = process_line(p->process, i);
        if (!p->kind->leads || strcmp(line.text, p->kind->leads) == 0)
            return line.at_ms;
    }
    return 0;
}

static bool before_end(int64_t at_ms, const struct player *p)
{
    return p->from_ms && (!p->until_ms || at_ms < p->until_ms);
}

/* Take in who leads. Fails when two do, or when one overtakes. */
static void look(struct row *row)
{
    for (size_t i = 0; i < row->line_n; i++) {
        struct player *p = &row->line[i];
        if (p->from_ms || !(p->from_ms = led_at_ms(p)))
            continue;
        for (size_t k = 0; k < row->line_n; k++)
            row->overlaps_n += k != i && before_end(p->from_ms, &row->line[k]);
        row->overtakers_n += i > 0 && !row->line[i - 1].from_ms;
        if (row->overlaps_n + row->overtakers_n > 0)
            fail_msg("%s: %s leads out of turn", row->kind->name, p->id);
    }
}

/* Look until then, or news come. */
static void step(struct row *row, int64_t end_at_ms)
{
    process_set_step(row->stage->set, end_at_ms);
    look(row);
}

static void await_lead(struct row *row, const struct player *p)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    look(row);
    while (!p->from_ms) {
        if (process_now_ms() >= end_at_ms || process_ended(p->process))
            process_fail_at(p->process, "does not lead", __FILE__, __LINE__);
        step(row, end_at_ms);
    }
}

/* Whoever is not in the queue has a lease when it tries. */
static bool all_wait(struct row *row)
{
    struct etcdctl_key keys[KEYS_MAX];
    if (row->kind->alone)
        return etcdctl_leases_n(row->stage->etcd) >= row->line_n;
    return etcdctl_list(row->stage->etcd, KINDS_QUEUES, keys, KEYS_MAX) >=
        row->line_n;
}

static void await_waiting(struct row *row)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!all_wait(row)) {
        assert_true(process_now_ms() < end_at_ms);
        step(row, process_now_ms() + POLL_MS);
    }
}

static void join(struct row *row, const struct kind *kind)
{
    struct player *p = &row->line[row->line_n++];
    *p = (struct player){ .kind = kind };
    (void)snprintf(p->id, sizeof p->id, "%s-%u",
                   kind == row->kind ? "peer" : "candidate", row->started_n++);
    p->process = start(row, kind->call, p->id);
    await_waiting(row);
}

/* ---- who names whom ---- */

static void await_word(struct row *row, const struct process *p,
                       const char *text)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!said(p, text)) {
        if (process_now_ms() >= end_at_ms)
            process_fail_at(p, text, __FILE__, __LINE__);
        step(row, end_at_ms);
    }
}

/* A leader without a name has a key. */
static void await_our_word(struct row *row)
{
    char text[STAGE_LINE_BYTES_MAX + ETCDCTL_TEXT_BYTES_MAX];
    struct etcdctl_key keys[KEYS_MAX];
    const char *name = row->line[0].id;
    if (row->kind->nameless) {
        assert_true(etcdctl_list(row->stage->etcd, KINDS_QUEUE "/", keys,
                                 KEYS_MAX) > 0);
        name = keys[0].key;
    }
    (void)snprintf(text, sizeof text, "%s is the leader...", name);
    await_word(row, row->line[1].process, text);
    row->we_named_n++;
}

static void await_names(struct row *row)
{
    bool ours = row->line[0].kind == &kinds_candidate;
    if (ours && row->observer && row->it_named_n < NAMINGS_N) {
        await_word(row, row->observer, row->line[0].id);
        row->it_named_n++;
    }
    if (!ours && !row->kind->alone && row->we_named_n < NAMINGS_N)
        await_our_word(row);
}

/* ---- a row ---- */

static void hand_over(struct row *row)
{
    struct player *old = &row->line[0];
    const struct kind *kind = old->kind;
    int64_t hold_until_ms = process_now_ms() + HOLD_MS;
    while (process_now_ms() < hold_until_ms)
        step(row, hold_until_ms);
    old->until_ms = process_now_ms();
    process_signal(old->process, SIGTERM);
    await_lead(row, &row->line[1]);
    process_await_end(old->process);
    process_free(old->process);
    row->line_n--;
    memmove(&row->line[0], &row->line[1], row->line_n * sizeof row->line[0]);
    row->handovers_n++;
    /* The kinds alternate in the line, be it of two or of three. */
    join(row, row->kind->alone ? kind : row->line[0].kind);
    await_names(row);
}

static void takes_turns_with_candidate(void **state)
{
    struct row *row = *state;
    if (row->kind->observe[0])
        row->observer = start(row, row->kind->observe, "");
    join(row, &kinds_candidate);
    await_lead(row, &row->line[0]);
    join(row, row->kind);
    if (!row->kind->alone)
        join(row, &kinds_candidate);
    await_names(row);
    while (row->handovers_n < row->wanted_n)
        hand_over(row);
    row->passed = true;
}

static int begin(void **state)
{
    struct row *row = *state;
    void *stage;
    stage_setup(&stage);
    row->stage = stage;
    return 0;
}

static void print_named(const struct row *row, const char *none,
                        const char *name, unsigned n)
{
    if (none)
        (void)fprintf(row->out, " %s |", none);
    else
        (void)fprintf(row->out, " %s%s |", n > 0 ? "" : "not ", name);
}

static int end(void **state)
{
    struct row *row = *state;
    const struct kind *kind = row->kind;
    void *stage = row->stage;
    stage_teardown(&stage);
    (void)fprintf(row->out, "| %s | %s | %u | %u | %s |", kind->name,
                  getenv(kind->version), row->handovers_n, row->overlaps_n,
                  kind->alone                 ? "no queue"
                      : row->overtakers_n > 0 ? "not kept"
                                              : "kept");
    print_named(row, row->observer ? NULL : "cannot", "by ID", row->it_named_n);
    print_named(row, kind->alone ? "has no name" : NULL,
                kind->nameless ? "by its key" : "by ID", row->we_named_n);
    (void)fprintf(row->out, "%s\n", row->passed ? "" : " FAILED");
    (void)fflush(row->out);
    return 0;
}

static unsigned read_number(const char *text)
{
    char *last;
    unsigned long n = strtoul(text, &last, 10);
    return *last || n > HANDOVERS_MAX ? 0 : (unsigned)n;
}

/* Returns whether it did what it should. */
static bool run_row(FILE *out, const struct kind *kind, unsigned wanted_n)
{
    struct row row = { .kind = kind, .wanted_n = wanted_n, .out = out };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(takes_turns_with_candidate,
                                                 begin, end, &row),
    };
    (void)cmocka_run_group_tests_name(kind->name, tests, NULL, NULL);
    return row.passed;
}

static int run_rows(FILE *out, unsigned wanted_n, const char *word)
{
    unsigned passed_n = 0;
    unsigned failed_n = 0;
    (void)fprintf(
        out,
        "| with | version | hand-overs | overlaps | order of the queue |"
        " it names our leader | we name its leader |\n"
        "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < kinds_n; i++) {
        if (!strstr(kinds[i].name, word))
            continue;
        if (!kinds_present(&kinds[i]))
            (void)fprintf(out, "| %s | not tried | | | | | |\n", kinds[i].name);
        else if (run_row(out, &kinds[i], wanted_n))
            passed_n++;
        else
            failed_n++;
    }
    (void)fprintf(out, "\n%u passed, %u failed\n", passed_n, failed_n);
    (void)fclose(out);
    return failed_n > 0;
}

int main(int argc, char **argv)
{
    unsigned wanted_n = argc > 1 && argc < 4 ? read_number(argv[1]) : 0;
    if (!wanted_n) {
        print_error("usage: turns HANDOVERS [WORD]\n");
        return 64;
    }
    FILE *out = fdopen(dup(STDOUT_FILENO), "w");
    if (!out || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return 1;
    return run_rows(out, wanted_n, argc > 2 ? argv[2] : "");
}
