/* judge.c: see judge.h. */
#include "judge.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NS_PER_MS = 1000000 };

void judge_note(struct judge *j, enum judge_oracle oracle, const char *format,
                ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(j->texts[oracle], JUDGE_TEXT_BYTES_MAX, format, args);
    va_end(args);
    j->counts[oracle]++;
}

/* ---- commands ---- */

/* A slot as it was when it was looked at. */
struct act {
    unsigned player;
    bool daemon;
    int64_t token, started_ns, alive_ns;
};

static int by_start(const void *a, const void *b)
{
    const struct act *first = a;
    const struct act *second = b;
    return (first->started_ns > second->started_ns) -
        (first->started_ns < second->started_ns);
}

static void note_acting(struct judge *j, const struct act *a,
                        const struct act *b)
{
    int64_t until_ns = a->alive_ns < b->alive_ns ? a->alive_ns : b->alive_ns;
    int64_t ns = until_ns - b->started_ns;
    if (ns <= 0)
        return;
    if (ns > j->acting_longest_ns)
        j->acting_longest_ns = ns;
    judge_note(j, JUDGE_ACTING,
               "%c's %s, token %lld, and %c's, token %lld, for %.1f ms",
               (int)('A' + a->player), a->daemon ? "daemon" : "command",
               (long long)a->token, (int)('A' + b->player), (long long)b->token,
               (double)ns / (double)NS_PER_MS);
}

/* Those of one token are one leader's. before: who has acted longest so far. */
static void compare(struct judge *j, const struct act *before,
                    const struct act *act)
{
    if (before->token != act->token)
        note_acting(j, before, act);
    if (before->token > act->token)
        judge_note(j, JUDGE_TOKENS, "%lld started after %lld",
                   (long long)act->token, (long long)before->token);
    if (before->token == act->token && before->player != act->player)
        judge_note(j, JUDGE_TOKENS, "two have %lld", (long long)act->token);
}

static void look_at_commands(struct judge *j, struct record *r)
{
    static struct act acts[RECORD_SLOTS_MAX];
    uint32_t taken_n = atomic_load(&r->slots_n);
    size_t n = 0;
    int64_t added = 0;
    for (uint32_t i = 0; i < taken_n && i < RECORD_SLOTS_MAX; i++) {
        const struct record_slot *slot = &r->slots[i];
        int64_t alive_ns = atomic_load(&slot->alive_ns);
        added += atomic_load(&slot->added);
        if (alive_ns)
            acts[n++] = (struct act){ slot->player, slot->daemon, slot->token,
                                      slot->started_ns, alive_ns };
    }
    qsort(acts, n, sizeof *acts, by_start);
    size_t longest = 0;
    for (size_t i = 1; i < n; i++) {
        compare(j, &acts[longest], &acts[i]);
        if (acts[i].alive_ns > acts[longest].alive_ns)
            longest = i;
    }
    j->counts[JUDGE_FENCE] = atomic_load(&r->refused);
    /* Who is ended between the write and its note has lost nothing. */
    int64_t lost = added - atomic_load(&r->counter);
    j->counts[JUDGE_UPDATES] = lost > 0 ? lost : 0;
}

/* ---- beliefs ---- */

static void describe_belief(struct judge *j, const struct watchman_span *a,
                            const struct watchman_span *b)
{
    (void)snprintf(j->texts[JUDGE_BELIEF], JUDGE_TEXT_BYTES_MAX,
                   "%c, token %lld, and %c, token %lld", (int)('A' + a->player),
                   (long long)a->token, (int)('A' + b->player),
                   (long long)b->token);
}

static void look_at_beliefs(struct judge *j, struct watchman *w)
{
    static struct watchman_span spans[WATCHMAN_SPANS_MAX];
    size_t n = watchman_spans(w, spans, WATCHMAN_SPANS_MAX);
    j->counts[JUDGE_BELIEF] = watchman_overlaps(w, &j->belief_longest_ns);
    for (size_t i = 1; i < n; i++)
        if (j->counts[JUDGE_BELIEF] && spans[i].from_ns < spans[i - 1].until_ns)
            describe_belief(j, &spans[i - 1], &spans[i]);
    for (size_t i = 1; i < n; i++)
        if (spans[i].token < spans[i - 1].token ||
            (spans[i].token == spans[i - 1].token &&
             spans[i].player != spans[i - 1].player))
            judge_note(j, JUDGE_TOKENS, "%lld was believed after %lld",
                       (long long)spans[i].token,
                       (long long)spans[i - 1].token);
}

/* ---- the interface ---- */

void judge_look(struct judge *j, struct record *r, struct watchman *w)
{
    j->counts[JUDGE_ACTING] = j->counts[JUDGE_TOKENS] = 0;
    look_at_commands(j, r);
    look_at_beliefs(j, w);
}

unsigned judge_failed_n(const struct judge *j)
{
    unsigned n = 0;
    for (int i = 0; i < JUDGE_ORACLES_N; i++)
        n += j->counts[i] != 0;
    return n;
}

bool judge_satisfied(const struct judge *j)
{
    return judge_failed_n(j) == 0;
}

void judge_print(const struct judge *j, FILE *out)
{
#define JUDGE_ORACLE_TEXT(name, text) text,
    static const char *const names[] = { JUDGE_ORACLES(JUDGE_ORACLE_TEXT) };
#undef JUDGE_ORACLE_TEXT
    (void)fprintf(out, "| What must not be | found |\n|---|---|\n");
    for (int i = 0; i < JUDGE_ORACLES_N; i++)
        (void)fprintf(out, "| %s | %lld%s%s |\n", names[i],
                      (long long)j->counts[i], *j->texts[i] ? ": " : "",
                      j->texts[i]);
    (void)fprintf(out,
                  "\nLongest overlap: %.1f ms of acting, %.1f ms of belief.\n",
                  (double)j->acting_longest_ns / (double)NS_PER_MS,
                  (double)j->belief_longest_ns / (double)NS_PER_MS);
}
