/* trial.c: see trial.h. */
#include "sim/trial.h"

#include <inttypes.h>

enum {
    PEERS_MIN = 2,
    PEERS_MAX = 5,
    START_US_MAX = 2000000,
    FAULTS_US_MIN = 5000000, /* how long things go wrong */
    FAULTS_US_MAX = 45000000,
    SLOWEST_PPM = 900000, /* rho */
    FASTEST_PPM = 1100000,
    HALF_PPM = 500000,
    ETCD_TTL_MS = 4000, /* what some clusters grant at least */
    HAND_OVER_MS = 300, /* a resignation, a watch, a claim */
};

static void draw_plan(struct world_plan *plan)
{
    static const int members_n[] = { 1, 3, 3, 5 };
    static const int64_t ttl_ms[] = { 2000, 3000, 5000, 10000 };
    uint64_t random_state = plan->seed;
    uint64_t drawn = backoff_random(&random_state);
    plan->peers_n = PEERS_MIN + (int)(drawn % (PEERS_MAX - PEERS_MIN + 1));
    plan->members_n = members_n[drawn >> 16 & 3];
    plan->ttl_ms = ttl_ms[drawn >> 24 & 3];
    plan->crowd = (int64_t)(drawn >> 40 & 3);
    plan->etcd_ttl_ms_min = drawn >> 32 & 7 ? 0 : ETCD_TTL_MS;
    plan->rate_ppm_min = SLOWEST_PPM;
    plan->rate_ppm_max = FASTEST_PPM;
    if (plan->sabotage.slow_clocks)
        plan->rate_ppm_max = plan->rate_ppm_min;
    if (plan->sabotage.half_speed)
        plan->rate_ppm_min = plan->rate_ppm_max = HALF_PPM;
}

/* A refusal that was on its way may have ended the last of them; its service
 * starts it again then. */
static bool start_again(struct world *w)
{
    for (int i = 0; i < w->plan.peers_n; i++)
        if (w->peers[i].alive)
            return false;
    peer_start(w, 0);
    return true;
}

static bool waits_in_silence(const struct world *w)
{
    for (int i = 0; i < w->plan.peers_n; i++)
        if (w->peers[i].alive && w->peers[i].stream.silent)
            return true;
    return false;
}

/* Each leader resigns in its turn, or goes to the end of the queue; the last
 * one stays. */
static void hand_over(struct world *w)
{
    for (int left = 1; left < w->plan.peers_n; left++) {
        int leaders = 0, waiters = 0, leader = 0;
        for (int i = 0; i < w->plan.peers_n; i++) {
            const struct peer *p = &w->peers[i];
            if (peer_believes(p, w->now_us)) {
                leaders++;
                leader = i;
            } else if (p->alive && p->e.state == ELECTION_WAITING) {
                waiters++;
            }
        }
        if (!leaders || !waiters)
            return;
        if (world_chance(w, 500))
            peer_yield(w, leader);
        else
            peer_leave(w, leader);
        int64_t hand_over_ms = HAND_OVER_MS;
        if (waits_in_silence(w))
            hand_over_ms += w->plan.ttl_ms; /* it asks every half TTL */
        world_run_until(w, w->now_us + hand_over_ms * WORLD_US_PER_MS);
        checks_led(w, "after a hand-over");
    }
}

bool trial_run(struct world *w, uint64_t seed, const struct sabotage *sabotage,
               bool narrate)
{
    struct world_plan plan = {
        .seed = seed,
        .sabotage = *sabotage,
        .narrate = narrate,
    };
    draw_plan(&plan);
    world_begin(w, &plan);
    int64_t faults_us = world_between(w, FAULTS_US_MIN, FAULTS_US_MAX);
    faults_schedule(w, faults_us);
    for (int i = 0; i < plan.peers_n; i++) {
        world_run_until(w, w->now_us + world_between(w, 0, START_US_MAX));
        if (!w->peers[i].alive)
            peer_start(w, i);
    }
    world_run_until(w, faults_us);
    faults_end(w);
    world_run_until(w, w->now_us + checks_recovery_us(w));
    if (start_again(w))
        world_run_until(w, w->now_us + checks_recovery_us(w));
    checks_led(w, "long after the last fault");
    world_run_until(w, w->now_us + plan.ttl_ms * WORLD_US_PER_MS);
    checks_settled(w);
    hand_over(w);
    return checks_hold(&w->checks);
}

void trial_print(const struct world *w, FILE *file)
{
    (void)fprintf(file,
                  "seed %" PRIu64 ": %d candidates, %d members of etcd, TTL "
                  "%" PRId64 " ms\n",
                  w->plan.seed, w->plan.peers_n, w->plan.members_n,
                  w->plan.ttl_ms);
    for (int i = 0; i < CHECKS_N; i++) {
        const struct violation *violation = &w->checks.violations[i];
        if (violation->n > 0)
            (void)fprintf(file, "  %s: at %.6f s (%u times): %s\n",
                          checks_name((enum check)i),
                          (double)violation->at_us / (double)WORLD_US_PER_S,
                          violation->n, violation->text);
    }
    story_print(&w->story, file);
}
