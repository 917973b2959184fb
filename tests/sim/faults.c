/* faults.c: see faults.h. The schedule; the kinds that happen to etcd's keys
 * are in faults_keys.c. */
#include "sim/faults.h"

#include <assert.h>

#include "sim/faults_keys.h"
#include "sim/world.h"

enum {
    KINDS_PERMILLE_MIN = 50, /* how likely a kind occurs in a run */
    KINDS_PERMILLE_MAX = 500,
    OPERATOR_PERMILLE = 250, /* how likely there is an operator at all */
    LEADER_PERMILLE = 300,   /* of the faults of processes are the leader's */
    AMBUSHES_MAX = 3,
    EACH_MAX = 5,         /* of one kind in a run */
    LENGTH_DOUBLINGS = 3, /* of half a TTL, to the longest */
    FIRST_US = 100000,
    LOSS_PERMILLE_MAX = 400,
    SLOW_PERMILLE_MAX = 400,
    SLOW_US_MAX = 2500000,
    DUPLICATE_PERMILLE_MAX = 300,
    COMMIT_SLOW_US_MAX = 2000000,
    EXPIRY_LATE_US_MAX = 5000000,
    START_AGAIN_PERMILLE = 700,
};

static const char *const words[] = {
#define FAULTS_WORDS(name, text) text,
    FAULTS(FAULTS_WORDS)
#undef FAULTS_WORDS
};

void faults_begin(struct world *w)
{
    w->faults.n = 0;
    w->faults.foreign_lease = w->faults.requests_n = 0;
}

/* ---- the schedule ---- */

void faults_add(struct world *w, struct fault fault)
{
    struct faults *f = &w->faults;
    if (f->n == FAULTS_MAX)
        return;
    f->items[f->n] = fault;
    world_at(w, fault.at_us, WORLD_FAULT, 0, f->n);
    world_at(w, fault.until_us, WORLD_MEND, 0, f->n);
    f->n++;
}

static int64_t draw_amount(struct world *w, enum fault_kind kind)
{
    switch (kind) {
    case FAULT_clock:
        return world_rate_ppm(w);
    case FAULT_loss:
        return world_between(w, 1, LOSS_PERMILLE_MAX);
    case FAULT_delay:
        return world_between(w, 1, SLOW_PERMILLE_MAX);
    case FAULT_duplicate:
        return world_between(w, 1, DUPLICATE_PERMILLE_MAX);
    case FAULT_slow_commits:
        return world_between(w, CLUSTER_COMMIT_US_MAX, COMMIT_SLOW_US_MAX);
    case FAULT_late_expiry:
        return world_between(w, 1, EXPIRY_LATE_US_MAX);
    case FAULT_link: /* two sets of members: no requests to, no replies from */
        return world_chance(w, 300) ? FAULTS_ALL_LINKS
                                    : world_between(w, 1, FAULTS_ALL_LINKS);
    case FAULT_cut:
        return world_between(w, 1, FAULTS_ALL_LINKS);
    default:
        return 0;
    }
}

/* A time that is short or long, against the time to live. */
static int64_t draw_length_us(struct world *w)
{
    int64_t ttl_us = w->plan.ttl_ms * WORLD_US_PER_MS;
    int64_t most_us = ttl_us << world_between(w, 0, LENGTH_DOUBLINGS) >> 1;
    return world_between(w, 0, most_us);
}

static int draw_victim(struct world *w, enum fault_kind kind)
{
    if (kind == FAULT_restart || kind == FAULT_refuse)
        return (int)world_between(w, 0, w->plan.members_n - 1);
    if (world_chance(w, LEADER_PERMILLE))
        return FAULTS_LEADER;
    return (int)world_between(w, 0, w->plan.peers_n - 1);
}

static void draw(struct world *w, enum fault_kind kind, int64_t at_us,
                 int64_t until_us)
{
    int64_t end_us = at_us + draw_length_us(w);
    faults_add(w,
               (struct fault){
                   .kind = kind,
                   .who = draw_victim(w, kind),
                   .at_us = at_us,
                   .until_us = end_us < until_us ? end_us : until_us,
                   .amount = draw_amount(w, kind),
               });
}

/* The leader loses touch just after something made its renewals doubtful, and
 * its clock is slow: what margins and brackets are for. */
static void draw_ambush(struct world *w, int64_t at_us, int64_t until_us)
{
    static const enum fault_kind first[] = { FAULT_stuck, FAULT_delay,
                                             FAULT_cut, FAULT_slow_commits };
    static const enum fault_kind then[] = { FAULT_link, FAULT_link, FAULT_pause,
                                            FAULT_crash };
    draw(w, first[world_between(w, 0, 3)], at_us, until_us);
    faults_add(w,
               (struct fault){
                   .kind = FAULT_clock,
                   .who = FAULTS_LEADER,
                   .at_us = at_us,
                   .until_us = at_us,
                   .amount = w->plan.rate_ppm_min,
               });
    int64_t then_us = at_us +
        world_between(w, 0, w->plan.ttl_ms * WORLD_US_PER_MS);
    int64_t end_us = then_us +
        world_between(w, 1, 2) * w->plan.ttl_ms * WORLD_US_PER_MS;
    if (end_us < until_us)
        faults_add(w,
                   (struct fault){
                       .kind = then[world_between(w, 0, 3)],
                       .who = FAULTS_LEADER,
                       .at_us = then_us,
                       .until_us = end_us,
                       .amount = FAULTS_ALL_LINKS,
                   });
}

void faults_schedule(struct world *w, int64_t until_us)
{
    int permille = (int)world_between(w, KINDS_PERMILLE_MIN,
                                      KINDS_PERMILLE_MAX);
    bool operator= world_chance(w, OPERATOR_PERMILLE);
    for (int kind = 0; kind < FAULT_restore; kind++) {
        if ((kind >= FAULTS_OPERATOR && !operator) ||
            !world_chance(w, permille))
            continue;
        for (int64_t n = world_between(w, 1, EACH_MAX); n > 0; n--)
            draw(w, (enum fault_kind)kind, world_between(w, FIRST_US, until_us),
                 until_us);
    }
    for (int64_t n = world_between(w, 0, AMBUSHES_MAX); n > 0; n--)
        draw_ambush(w, world_between(w, FIRST_US, until_us), until_us);
    if (w->plan.sabotage.restored)
        draw(w, FAULT_restore, world_between(w, FIRST_US, until_us), until_us);
}

/* ---- processes ---- */

static void set_rate(struct world *w, const struct fault *fault)
{
    peer_set_rate(w, fault->who, fault->amount);
}

static void block_link(struct world *w, const struct fault *fault)
{
    struct peer *p = &w->peers[fault->who];
    p->no_requests = (unsigned)fault->amount & 0x1f;
    p->no_replies = (unsigned)fault->amount >> 5;
}

static void clear_link(struct world *w, int who)
{
    struct peer *p = &w->peers[who];
    p->no_requests = p->no_replies = 0;
    stream_pump(w, p); /* TCP sends again what was not acknowledged */
}

static void mend_peer(struct world *w, int who)
{
    if (!w->peers[who].alive)
        peer_start(w, who);
}

/* ---- etcd's members ---- */

/* A minority of the members, led by chance. */
static void cut(struct world *w, const struct fault *fault)
{
    unsigned members = 0;
    int n = 0;
    for (int i = 0; i < w->plan.members_n && n < w->plan.members_n / 2; i++)
        if (fault->amount >> i & 1) {
            members |= 1u << i;
            n++;
        }
    if (w->plan.members_n > 1 && world_chance(w, 500) &&
        w->cluster.leader >= 0 && !(members >> w->cluster.leader & 1))
        members = 1u << w->cluster.leader;
    cluster_cut(w, members);
}

static void restart(struct world *w, const struct fault *fault)
{
    cluster_stop(w, fault->who);
    if (world_chance(w, 200)) /* all of them */
        for (int i = 0; i < w->plan.members_n; i++)
            cluster_stop(w, i);
}

/* One of them, or all. */
static void refuse(struct world *w, int member)
{
    bool all = world_chance(w, 300);
    for (int i = 0; i < w->plan.members_n; i++)
        if (all || i == member)
            w->cluster.members[i].refusing = true;
}

/* Who was refused by all has ended, and is started again by its service. */
static void accept(struct world *w)
{
    for (int i = 0; i < w->plan.members_n; i++)
        w->cluster.members[i].refusing = false;
    for (int i = 0; i < w->plan.peers_n; i++)
        if (w->checks.records[i].said == CHECKS_ENDED && !w->peers[i].alive)
            peer_start(w, i);
}

static void start_members(struct world *w)
{
    for (int i = 0; i < w->plan.members_n; i++)
        if (!w->cluster.members[i].up)
            cluster_start(w, i);
}

/* ---- one fault ---- */

/* Whom it hits; the first one when nobody leads. */
static int leading(const struct world *w)
{
    for (int i = 0; i < w->plan.peers_n; i++)
        if (peer_believes(&w->peers[i], w->now_us))
            return i;
    return 0;
}

static void start_elsewhere(struct world *w, const struct fault *fault)
{
    struct weather *weather = &w->network.weather;
    switch (fault->kind) {
    case FAULT_loss:
        weather->loss_permille = (int)fault->amount;
        break;
    case FAULT_delay:
        weather->slow_permille = (int)fault->amount;
        weather->slow_us_max = SLOW_US_MAX;
        break;
    case FAULT_duplicate:
        weather->duplicate_permille = (int)fault->amount;
        break;
    case FAULT_cut:
        cut(w, fault);
        break;
    case FAULT_stuck:
        cluster_stick(w);
        break;
    case FAULT_restart:
        restart(w, fault);
        break;
    case FAULT_refuse:
        refuse(w, fault->who);
        break;
    case FAULT_transfer:
        cluster_transfer(w);
        break;
    case FAULT_slow_commits:
        w->cluster.commit_us_max = fault->amount;
        break;
    case FAULT_late_expiry:
        w->cluster.expiry_late_us_max = fault->amount;
        break;
    default:
        faults_keys_start(w, fault);
        break;
    }
}

void faults_start(struct world *w, size_t number)
{
    assert(number < w->faults.n);
    struct fault *fault = &w->faults.items[number];
    if (fault->who == FAULTS_LEADER)
        fault->who = leading(w);
    struct peer *p = &w->peers[fault->who];
    story_fault(w, words[fault->kind], fault->who);
    switch (fault->kind) {
    case FAULT_crash:
        peer_crash(w, fault->who);
        break;
    case FAULT_pause:
        peer_pause(w, fault->who);
        break;
    case FAULT_leave:
        peer_leave(w, fault->who);
        break;
    case FAULT_clock:
        set_rate(w, fault);
        break;
    case FAULT_link:
        block_link(w, fault);
        break;
    case FAULT_end_stream:
        stream_end(w, p, p->stream.op);
        break;
    case FAULT_silence_stream:
        p->stream.silent = true;
        break;
    default:
        start_elsewhere(w, fault);
        break;
    }
}

void faults_mend(struct world *w, size_t number)
{
    const struct fault *fault = &w->faults.items[number];
    struct weather *weather = &w->network.weather;
    switch (fault->kind) {
    case FAULT_crash:
    case FAULT_leave:
        mend_peer(w, fault->who);
        break;
    case FAULT_pause:
        peer_resume(w, fault->who);
        break;
    case FAULT_link:
        clear_link(w, fault->who);
        break;
    case FAULT_loss:
        weather->loss_permille = 0;
        break;
    case FAULT_delay:
        weather->slow_permille = 0;
        break;
    case FAULT_duplicate:
        weather->duplicate_permille = 0;
        break;
    case FAULT_cut:
        cluster_cut(w, 0);
        break;
    case FAULT_stuck:
        cluster_unstick(w);
        break;
    case FAULT_restart:
        start_members(w);
        break;
    case FAULT_refuse:
        accept(w);
        break;
    case FAULT_slow_commits:
        w->cluster.commit_us_max = CLUSTER_COMMIT_US_MAX;
        break;
    case FAULT_late_expiry:
        w->cluster.expiry_late_us_max = (int64_t)CLUSTER_SCAN_MS *
            WORLD_US_PER_MS;
        break;
    default:
        faults_keys_mend(w, fault);
        break;
    }
}

void faults_end(struct world *w)
{
    w->network.weather = (struct weather){ 0 };
    w->cluster.commit_us_max = CLUSTER_COMMIT_US_MAX;
    w->cluster.expiry_late_us_max = (int64_t)CLUSTER_SCAN_MS * WORLD_US_PER_MS;
    cluster_unstick(w);
    cluster_cut(w, 0);
    start_members(w);
    accept(w);
    faults_keys_end(w);
    bool any = false;
    for (int i = 0; i < w->plan.peers_n; i++) {
        clear_link(w, i);
        peer_resume(w, i);
        if (world_chance(w, START_AGAIN_PERMILLE))
            mend_peer(w, i);
        any = any ||
            (w->peers[i].alive && w->peers[i].e.state != ELECTION_LEAVING);
    }
    if (!any) {
        peer_crash(w, 0);
        peer_start(w, 0);
    }
    story_fault(w, "all is mended", -1);
}
