/* heats_crash.c: leaders that are killed; see heats.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>

#include "heats_private.h"
#include "support/procfs.h"

/* A leader that will be killed, and who waits. */
struct pair {
    const struct contestant *who;
    struct racer *leader;
    struct racer *waiter;
    int64_t killed_at_ns;
    bool overlap; /* the old command ran beside the new one */
};

static struct racer *start(struct heats *h, const struct contestant *c,
                           const char *id)
{
    const char *words[CONTESTANTS_WORDS_MAX];
    contestants_words(c->crash, id, h->plan->crash_ttl_s, words);
    return race_start(&h->race, words, c->crash_leads);
}

static void begin(struct heats *h, struct pair *p)
{
    p->leader = start(h, p->who, "first");
    race_await(&h->race, p->leader);
    p->waiter = start(h, p->who, "second");
    heats_await_queue(h, p->who, 2);
    race_await_calm(&h->race);
}

static void kill_leader(struct pair *p)
{
    p->killed_at_ns = race_signal(p->leader, SIGKILL);
}

static bool is_running(pid_t pid)
{
    char state = procfs_state(pid);
    return state && state != 'Z';
}

/* Returns the time from the kill to the next one's line, or 0: void. */
static int64_t await_next(struct heats *h, struct pair *p)
{
    int64_t led_at_ns = race_await(&h->race, p->waiter);
    pid_t work_pid = p->leader->work_pid;
    p->overlap = work_pid && is_running(work_pid);
    if (p->overlap)
        (void)kill(work_pid, SIGKILL);
    if (led_at_ns > p->killed_at_ns)
        return led_at_ns - p->killed_at_ns;
    heats_void(h, p->who->name);
    return 0;
}

static void clear(struct heats *h, struct pair *p)
{
    race_signal(p->waiter, SIGTERM);
    if (p->waiter->work_pid)
        (void)kill(p->waiter->work_pid, SIGKILL);
    race_end(&h->race, p->leader);
    race_end(&h->race, p->waiter);
    heats_await_queue(h, p->who, 0);
}

/* With its heir. */
static void note_guardian(struct heats *h, const struct racer *leader)
{
    pid_t heir;
    pid_t guardian;
    if (procfs_children(leader->pid, &heir, 1) != 1 ||
        procfs_children(heir, &guardian, 1) != 1)
        return;
    long kib = procfs_private_kib(heir) + procfs_private_kib(guardian);
    if ((double)kib > h->guardian_kib)
        h->guardian_kib = (double)kib;
}

/* Returns false when it is void. */
static bool crash_guarded(struct heats *h)
{
    struct pair p = { .who = &contestants_guarded };
    begin(h, &p);
    note_guardian(h, p.leader);
    kill_leader(&p);
    int64_t took_ns = await_next(h, &p);
    assert_false(p.overlap);
    if (took_ns)
        figures_add(&h->figures, FIGURES_CRASH_GUARDED, FIGURES_CANDIDATE,
                    heats_ms(took_ns));
    clear(h, &p);
    return took_ns > 0;
}

/* Their leases run out at the same time. */
static void crash_all(struct heats *h)
{
    struct pair pairs[CONTESTANTS_N] = { 0 };
    for (unsigned i = 0; i < CONTESTANTS_N; i++) {
        if (!contestants_present(&contestants[i]) || !contestants[i].crash[0])
            continue;
        pairs[i].who = &contestants[i];
        begin(h, &pairs[i]);
    }
    for (unsigned i = 0; i < CONTESTANTS_N; i++)
        if (pairs[i].who)
            kill_leader(&pairs[i]);
    for (unsigned i = 0; i < CONTESTANTS_N; i++) {
        int64_t took_ns = pairs[i].who ? await_next(h, &pairs[i]) : 0;
        if (!took_ns)
            continue;
        figures_add(&h->figures, FIGURES_CRASH, i, heats_ms(took_ns));
        h->overlaps[i] += pairs[i].overlap;
    }
    for (unsigned i = 0; i < CONTESTANTS_N; i++)
        if (pairs[i].who)
            clear(h, &pairs[i]);
}

void heats_crashes(struct heats *h)
{
    for (unsigned i = 0; i < h->plan->guarded_n;)
        i += crash_guarded(h);
    for (unsigned i = 0; i < h->plan->crashes_n; i++)
        crash_all(h);
}
