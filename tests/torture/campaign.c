/* campaign.c: see campaign.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "support/procfs.h"

enum {
    NS_PER_MS = 1000000,
    LEADER_LATE_MS = 3000, /* beyond the TTL */
    ETCD_LATE_MS = 3000,   /* its own recovery */
    LOOK_AGAIN_MS = 20,
    AREAS_N = 4,
    BEGIN_MS_MAX = 800, /* from the first torment of an episode to others */
    LAST_MS_MIN = 20,
    SHORT_MS_MAX = 600,  /* every second one; others beyond the TTL */
    SLOW_PERMILLE = 930, /* within what the margin allows for */
    FAST_PERMILLE = 1070,
};

/* Source: Vigna, splitmix64. */
static uint64_t random_number(struct campaign *c)
{
    uint64_t z = c->random_state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static unsigned random_below(struct campaign *c, unsigned n)
{
    return (unsigned)(random_number(c) % n);
}

/* ---- settled ---- */

static void choose_clocks(struct campaign *c)
{
    static const unsigned rates[] = { SLOW_PERMILLE, 1000, FAST_PERMILLE };
    for (unsigned i = 0; i < TROUPE_PLAYERS_N; i++)
        c->troupe.clocks_permille[i] = c->clock_permille
            ? c->clock_permille
            : rates[random_below(c, 3)];
}

static void await_etcd(struct campaign *c)
{
    for (unsigned i = 0; i < TROUPE_MEMBERS_N; i++)
        etcd_server_await(c->troupe.stage->etcd, i);
}

static void await_command(struct campaign *c, int64_t healed_ns,
                          int64_t limit_ms)
{
    int64_t from_ms = healed_ns / NS_PER_MS;
    int64_t first_ns;
    bool late = false;
    while (!troupe_acts(&c->troupe, healed_ns, &first_ns)) {
        int64_t now_ms = process_now_ms();
        if (!late && now_ms > from_ms + limit_ms) {
            judge_note(&c->judge, JUDGE_LEADER, "in episode %u", c->episodes_n);
            late = true;
        }
        if (now_ms > from_ms + PROCESS_PATIENCE_MS) {
            troupe_show(&c->troupe);
            fail_msg("nobody leads any more");
        }
        (void)troupe_step(&c->troupe, now_ms + LOOK_AGAIN_MS);
        troupe_start(&c->troupe);
    }
    int64_t gap_ms = (first_ns - healed_ns) / NS_PER_MS;
    if (c->gaps_n < CAMPAIGN_GAPS_MAX)
        c->gaps_ms[c->gaps_n++] = gap_ms;
}

static void count_descriptors(struct campaign *c)
{
    for (unsigned i = 0; i < TROUPE_PLAYERS_N; i++) {
        pid_t pid = troupe_main(&c->troupe, i);
        size_t n = pid && procfs_state(pid) != 'Z' ? procfs_descriptors_n(pid)
                                                   : 0;
        if (n > c->troupe.descriptors_n)
            c->troupe.descriptors_n = n;
    }
}

void campaign_settle(struct campaign *c, bool etcd)
{
    await_etcd(c);
    choose_clocks(c);
    (void)troupe_step(&c->troupe, 0);
    int64_t healed_ns = record_now_ns();
    troupe_start(&c->troupe);
    int64_t limit_ms = INT64_C(1000) * c->troupe.ttl_s + LEADER_LATE_MS +
        (etcd ? ETCD_LATE_MS : 0);
    await_command(c, healed_ns, limit_ms);
    troupe_reap(&c->troupe);
    count_descriptors(c);
}

/* ---- an episode ---- */

/* With a daemon, only one of candidate and guardian: who is killed while it ends
 * what the other has left, leaves it to nobody. */
static bool fits_beside(const struct torment *m, const struct torment *other)
{
    bool same = m->kind->area == other->kind->area;
    if (same && m->kind->area != TORMENT_PROCESS)
        return false;
    return m->kind->area == TORMENT_ETCD || other->kind->area == TORMENT_ETCD ||
        m->player != other->player || m->player < TROUPE_DAEMONS_FROM;
}

static bool fits(const struct torment *m, const struct torment *before,
                 unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (!fits_beside(m, &before[i]))
            return false;
    return true;
}

static bool available(const struct campaign *c, const struct torment_kind *kind)
{
    return c->troupe.cluster.has[kind->need] && strstr(kind->name, c->word);
}

size_t campaign_kinds_n(const struct campaign *c)
{
    size_t n = 0;
    for (size_t i = 0; i < torment_kinds_n(); i++)
        n += available(c, torment_kind(i));
    return n;
}

static unsigned list_kinds(const struct campaign *c, enum torment_area area,
                           size_t ret_numbers[TORMENTS_KINDS_MAX])
{
    unsigned n = 0;
    for (size_t i = 0; i < torment_kinds_n(); i++)
        if (available(c, torment_kind(i)) && torment_kind(i)->area == area)
            ret_numbers[n++] = i;
    return n;
}

/* Processes as often as the network and etcd together. */
static size_t choose_kind(struct campaign *c)
{
    static const enum torment_area areas[AREAS_N] = {
        TORMENT_PROCESS, TORMENT_PROCESS, TORMENT_NETWORK, TORMENT_ETCD
    };
    size_t numbers[TORMENTS_KINDS_MAX];
    for (;;) {
        unsigned n = list_kinds(c, areas[random_below(c, AREAS_N)], numbers);
        if (n > 0)
            return numbers[random_below(c, n)];
    }
}

/* Most meet the leader. */
static void choose(struct campaign *c, struct torment *m, int64_t now_ms)
{
    int leader = watchman_leader(c->troupe.watchman);
    unsigned ttl_ms = 1000 * c->troupe.ttl_s;
    *m = (struct torment){ .number = choose_kind(c) };
    m->kind = torment_kind(m->number);
    m->player = leader >= 0 && random_below(c, 5) > 0
        ? (unsigned)leader
        : random_below(c, TROUPE_PLAYERS_N);
    m->member = random_below(c, 2) ? c->etcd_leader
                                   : random_below(c, TROUPE_MEMBERS_N);
    m->from_ms = now_ms + random_below(c, BEGIN_MS_MAX);
    m->until_ms = m->from_ms +
        (random_below(c, 2) ? LAST_MS_MIN + random_below(c, SHORT_MS_MAX)
                            : ttl_ms / 2 + random_below(c, 3 * ttl_ms / 2));
    m->random = random_below(c, 1000);
    m->middle_ms = m->kind->middle ? m->from_ms + 2 * ttl_ms / 3 : INT64_MAX;
    if (m->kind->middle)
        m->until_ms = m->middle_ms + 4 * ttl_ms / 3;
}

static void begin(struct campaign *c, struct torment *m)
{
    m->begun = true;
    bool done = m->kind->begin(&c->troupe, m);
    c->done_n[m->number] += done;
    m->ended = !m->kind->end || (!done && m->kind->area != TORMENT_NETWORK);
}

static void turn(struct campaign *c, struct torment *m)
{
    m->turned = true;
    m->kind->middle(&c->troupe, m);
}

static void end(struct campaign *c, struct torment *m)
{
    m->ended = true;
    if (m->kind->end)
        m->kind->end(&c->troupe, m);
}

/* Returns when the next one is due; INT64_MAX: all have ended. */
static int64_t do_what_is_due(struct campaign *c, struct torment *torments,
                              unsigned n, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    for (unsigned i = 0; i < n; i++) {
        struct torment *m = &torments[i];
        if (!m->begun && now_ms >= m->from_ms)
            begin(c, m);
        if (m->begun && !m->turned && now_ms >= m->middle_ms)
            turn(c, m);
        if (m->begun && !m->ended && now_ms >= m->until_ms)
            end(c, m);
        int64_t at_ms = !m->begun                      ? m->from_ms
            : !m->turned && m->middle_ms < m->until_ms ? m->middle_ms
                                                       : m->until_ms;
        if (!m->ended && at_ms < next_ms)
            next_ms = at_ms;
    }
    return next_ms;
}

void campaign_episode(struct campaign *c)
{
    struct torment torments[CAMPAIGN_TORMENTS_MAX];
    unsigned n = 0;
    unsigned wanted_n = 1 + random_below(c, CAMPAIGN_TORMENTS_MAX);
    bool etcd = false;
    c->etcd_leader = etcdctl_leader(c->troupe.stage->etcd);
    int64_t now_ms = process_now_ms();
    while (n < wanted_n && (n == 0 || !*c->word)) {
        choose(c, &torments[n], now_ms);
        n += fits(&torments[n], torments, n);
    }
    c->episodes_n++;
    for (unsigned i = 0; i < n; i++) {
        print_error("%s%s", i ? ", " : "", torments[i].kind->name);
        etcd = etcd || torments[i].kind->area == TORMENT_ETCD;
    }
    print_error("\n");
    int64_t next_ms;
    while ((next_ms = do_what_is_due(c, torments, n, process_now_ms())) <
           INT64_MAX)
        (void)troupe_step(&c->troupe, next_ms);
    campaign_settle(c, etcd);
    judge_look(&c->judge, c->troupe.record, c->troupe.watchman);
}

/* ---- the page ---- */

static int compare(const void *a, const void *b)
{
    const int64_t *first = a;
    const int64_t *second = b;
    return (*first > *second) - (*first < *second);
}

static double seconds(const int64_t *ms, size_t number)
{
    return (double)ms[number] / 1000;
}

static void print_times(FILE *out, const char *name, int64_t *ms, size_t n)
{
    if (n == 0)
        return;
    qsort(ms, n, sizeof *ms, compare);
    (void)fprintf(out, "| %s | %zu | %.2f s | %.2f s | %.2f s |\n", name, n,
                  seconds(ms, n / 2), seconds(ms, n * 99 / 100),
                  seconds(ms, n - 1));
}

/* From the end of each belief to the begin of the next. */
static size_t list_changes(struct campaign *c, int64_t *ret_ms, size_t max)
{
    static struct watchman_span spans[WATCHMAN_SPANS_MAX];
    size_t spans_n = watchman_spans(c->troupe.watchman, spans,
                                    WATCHMAN_SPANS_MAX);
    size_t n = 0;
    for (size_t i = 1; i < spans_n && n < max; i++)
        if (spans[i].from_ns > spans[i - 1].until_ns)
            ret_ms[n++] = (spans[i].from_ns - spans[i - 1].until_ns) /
                NS_PER_MS;
        else
            ret_ms[n++] = 0;
    return n;
}

static void print_fault(const struct campaign *c, size_t number, FILE *out)
{
    const struct torment_kind *kind = torment_kind(number);
    if (c->troupe.cluster.has[kind->need])
        (void)fprintf(out, "| %s | %u |\n", kind->name, c->done_n[number]);
    else
        (void)fprintf(out, "| %s | left out: takes %s |\n", kind->name,
                      cluster_need_text(kind->need));
}

void campaign_print(struct campaign *c, FILE *out)
{
    static int64_t changes_ms[CAMPAIGN_GAPS_MAX];
    const struct troupe *t = &c->troupe;
    unsigned faults_n = 0;
    for (size_t i = 0; i < torment_kinds_n(); i++)
        faults_n += c->done_n[i];
    (void)fprintf(out,
                  "%u episodes, %u faults, %u commands and daemons, "
                  "%lld fenced writes,\n%u starts of candidates, of which "
                  "%u were ended by a dead-man timer and %u by the\nend of "
                  "their command; %u processes ended by the kernel for want "
                  "of memory.\nAt most %zu descriptors; the watchman was at "
                  "most %.1f ms late.\n\n",
                  c->episodes_n, faults_n, atomic_load(&t->record->slots_n),
                  (long long)atomic_load(&t->record->writes), t->starts_n,
                  t->dead_man_n, t->command_n, t->exhausted_n, t->descriptors_n,
                  (double)watchman_late_ns(t->watchman) / (double)NS_PER_MS);
    judge_print(&c->judge, out);
    (void)fprintf(out,
                  "\n| Time | n | median | p99 | longest |\n"
                  "|---|---|---|---|---|\n");
    print_times(out, "from the last fault's end to a command that acts",
                c->gaps_ms, c->gaps_n);
    size_t n = list_changes(c, changes_ms, CAMPAIGN_GAPS_MAX);
    print_times(out, "from one leader to the next, faults included", changes_ms,
                n);
    (void)fprintf(out, "\n| Fault | n |\n|---|---|\n");
    for (size_t i = 0; i < torment_kinds_n(); i++)
        print_fault(c, i, out);
}
