/* checks.c: see checks.h. Leaders, keys and effort; what is announced is
 * checked in checks_notices.c. */
#include "sim/checks.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "sim/world.h"

enum {
    ENTRY_MS = 3000,   /* the longest request: a grant or an attempt */
    RETRY_MS = 5000,   /* the longest delay between tries */
    SLACK_MS = 1000,   /* round trips, commits, a claim */
    RATE_PERCENT = 90, /* the slowest clock within rho */
};

_Static_assert((int)CHECKS_PEERS_MAX >= (int)WORLD_PEERS_MAX,
               "every process has a record");

static const char *const check_names[] = {
#define CHECKS_NAME(name) #name,
    CHECKS(CHECKS_NAME)
#undef CHECKS_NAME
};

const char *checks_name(enum check check)
{
    return check_names[check];
}

void checks_begin(struct world *w)
{
    w->checks = (struct checks){ 0 };
}

void checks_violated(struct world *w, enum check check, const char *format, ...)
{
    struct violation *violation = &w->checks.violations[check];
    if (violation->n++ > 0)
        return;
    violation->at_us = w->now_us;
    va_list list;
    va_start(list, format);
    (void)vsnprintf(violation->text, sizeof violation->text, format, list);
    va_end(list);
    story_fault(w, check_names[check], -1);
}

bool checks_hold(const struct checks *c)
{
    for (int i = 0; i < CHECKS_N; i++)
        if (c->violations[i].n > 0)
            return false;
    return true;
}

static int letter(const struct peer *p)
{
    return p->who < 26 ? 'A' + p->who : '?';
}

void checks_started(struct world *w, const struct peer *p)
{
    w->checks.records[p->who] = (struct checks_record){ .deposed_at_us = -1 };
}

static bool is_deposed(const struct world *w, const struct peer *p)
{
    return w->checks.records[p->who].deposed_at_us >= 0;
}

static int64_t ttl_ms(const struct world *w)
{
    return w->plan.ttl_ms > w->plan.etcd_ttl_ms_min ? w->plan.ttl_ms
                                                    : w->plan.etcd_ttl_ms_min;
}

/* ---- leaders ---- */

static bool has_keys(const struct world *w, const struct peer *p)
{
    const struct fake_key *own = fake_etcd_key(&w->etcd, p->e.lease.id);
    const struct fake_key *leader = fake_etcd_key(&w->etcd, FAKE_ETCD_LEADER);
    return own && own->at.create_revision == p->e.lock_revision && leader &&
        leader->at.lease == p->e.lease.id;
}

static void check_keys_of_leader(struct world *w, const struct peer *p)
{
    if (!has_keys(w, p))
        checks_violated(w, CHECK_belief_within_keys,
                        "%c leads, but its keys are not in etcd", letter(p));
    const struct fake_key *older;
    older = fake_etcd_newest_before(&w->etcd, p->e.lock_revision);
    if (older)
        checks_violated(w, CHECK_first_in_first_out,
                        "%c leads with token %" PRId64 " before %" PRId64,
                        letter(p), p->e.lock_revision,
                        older->at.create_revision);
}

static void check_leader(struct world *w, const struct peer *p)
{
    if (is_deposed(w, p))
        return;
    check_keys_of_leader(w, p);
    for (int i = 0; i < w->plan.peers_n; i++) {
        const struct peer *other = &w->peers[i];
        if (other != p && peer_believes(other, w->now_us) &&
            !is_deposed(w, other))
            checks_violated(w, CHECK_at_most_one_leader,
                            "%c (token %" PRId64 ") and %c (token %" PRId64
                            ") lead",
                            letter(p), p->e.lock_revision, letter(other),
                            other->e.lock_revision);
    }
}

/* ---- effort ---- */

static void count(struct world *w, const struct peer *p, bool tick,
                  bool request)
{
    struct checks *c = &w->checks;
    struct checks_record *record = &c->records[p->who];
    int64_t second = w->now_us / WORLD_US_PER_S;
    if (second != record->second) {
        record->second = second;
        record->ticks_n = record->requests_n = 0;
    }
    record->ticks_n += tick;
    record->requests_n += request;
    if (record->ticks_n > c->most_ticks_n)
        c->most_ticks_n = record->ticks_n;
    if (record->requests_n > c->most_requests_n)
        c->most_requests_n = record->requests_n;
    if (record->ticks_n > CHECKS_TICKS_PER_S ||
        record->requests_n > CHECKS_REQUESTS_PER_S)
        checks_violated(w, CHECK_no_busy_loop,
                        "%c: %u steps and %u requests in one second", letter(p),
                        record->ticks_n, record->requests_n);
}

void checks_stepped(struct world *w, const struct peer *p,
                    const struct election_event *event,
                    const struct election_actions *out)
{
    struct checks_record *record = &w->checks.records[p->who];
    if (record->lease != p->e.lease.id) {
        record->lease = p->e.lease.id;
        record->deposed_at_us = -1;
    }
    count(w, p, event->type == ELECTION_TICK, out->send_request);
    if (out->send_request)
        w->checks.requests_n[out->request.type]++;
    if (election_deadline(&p->e) <= event->now_ms &&
        !w->plan.sabotage.no_backoff)
        checks_violated(w, CHECK_no_busy_loop,
                        "%c has something due at once after a step in %s",
                        letter(p), election_state_name(p->e.state));
    bool leading = peer_believes(p, w->now_us);
    bool leaving = p->e.state == ELECTION_LEAVING ||
        p->e.state == ELECTION_ENDED;
    if (!leaving && leading != (record->said == CHECKS_ELECTED))
        checks_violated(w, CHECK_sane_announcements, "%c %s, but said so %s",
                        letter(p), leading ? "leads" : "does not lead",
                        leading ? "not" : "it does");
    if (leading)
        check_leader(w, p);
}

/* ---- keys ---- */

/* Which living candidate's this lease is, or NULL. */
static const struct peer *owner_of(const struct world *w, int64_t lease)
{
    for (int i = 0; i < w->plan.peers_n; i++)
        if (w->peers[i].alive && w->peers[i].e.lease.id == lease)
            return &w->peers[i];
    return NULL;
}

void checks_changed(struct world *w, const struct fake_change *change)
{
    const struct election_key *before = &change->before.at;
    const struct election_key *after = &change->after.at;
    if (change->after.name == FAKE_ETCD_LEADER) {
        bool led = after->create_revision > 0;
        w->checks.leaderless_at_us = led ? CHECKS_LED : w->now_us;
        w->checks.leader_mod_revision = led ? after->mod_revision
                                            : before->mod_revision;
    }
    if (!before->create_revision ||
        (after->create_revision && after->lease == before->lease))
        return;
    int64_t lease = change->before.name == FAKE_ETCD_LEADER
        ? before->lease
        : change->before.name;
    const struct peer *p = lease ? owner_of(w, lease) : NULL;
    if (!p)
        return;
    if (change->by_operator) {
        w->checks.records[p->who].deposed_at_us = w->now_us;
        w->checks.deposed_n++;
        world_at(w, w->now_us + ttl_ms(w) * WORLD_US_PER_MS, WORLD_CHECK,
                 p->who, (uint64_t)lease);
    } else if (!is_deposed(w, p) && peer_believes(p, w->now_us)) {
        checks_violated(w, CHECK_belief_within_keys,
                        "%c leads until %" PRId64
                        " ms, its clock is at %" PRId64 ", but its key went",
                        letter(p), p->e.lease.lead_until_ms,
                        peer_clock_ms(p, w->now_us));
    }
}

void checks_due(struct world *w, int who, int64_t lease)
{
    const struct peer *p = &w->peers[who];
    int64_t deposed_us = w->now_us - w->checks.records[who].deposed_at_us;
    if (p->e.lease.id == lease && peer_believes(p, w->now_us) &&
        deposed_us >= ttl_ms(w) * WORLD_US_PER_MS && !has_keys(w, p))
        checks_violated(w, CHECK_belief_within_keys,
                        "%c leads a TTL after it was deposed", letter(p));
}

/* ---- the trial's ---- */

int64_t checks_recovery_us(const struct world *w)
{
    int64_t etcd_ms = 3 * (int64_t)CLUSTER_ELECTION_MS + ttl_ms(w) +
        CLUSTER_SCAN_MS;
    int64_t candidate_ms = ENTRY_MS + RETRY_MS + ttl_ms(w) / 2 + SLACK_MS;
    return (etcd_ms + candidate_ms * 100 / RATE_PERCENT) * WORLD_US_PER_MS;
}

static const struct peer *leader(const struct world *w)
{
    for (int i = 0; i < w->plan.peers_n; i++)
        if (peer_believes(&w->peers[i], w->now_us))
            return &w->peers[i];
    return NULL;
}

void checks_led(struct world *w, const char *when)
{
    if (!leader(w))
        checks_violated(w, CHECK_someone_leads_again, "nobody leads %s", when);
}

static void check_leftovers(struct world *w)
{
    for (int i = 0; i < w->etcd.keys_n; i++) {
        const struct fake_key *key = &w->etcd.keys[i];
        if (!owner_of(w, key->at.lease))
            checks_violated(w, CHECK_no_leak,
                            "the %s key of revision %" PRId64
                            " on lease %" PRId64 " is nobody's",
                            key->name == FAKE_ETCD_LEADER ? "leader" : "lock",
                            key->at.create_revision, key->at.lease);
    }
    for (size_t i = 0; i < w->etcd.leases_n; i++) {
        const struct fake_lease *lease = &w->etcd.leases[i];
        if (!lease->revoked_term && !owner_of(w, lease->id))
            checks_violated(w, CHECK_no_leak, "lease %" PRId64 " is nobody's",
                            lease->id);
    }
}

void checks_settled(struct world *w)
{
    check_leftovers(w);
    const struct fake_key *key = fake_etcd_key(&w->etcd, FAKE_ETCD_LEADER);
    for (int i = 0; i < w->plan.peers_n; i++) {
        const struct peer *p = &w->peers[i];
        const struct checks_record *record = &w->checks.records[i];
        if (!p->alive || p == leader(w) || !key)
            continue;
        if (record->said != CHECKS_FOLLOWING ||
            record->named_mod_revision != key->at.mod_revision)
            checks_violated(w, CHECK_sane_announcements,
                            "%c waits in %s and has not named the leader",
                            letter(p), election_state_name(p->e.state));
    }
}
