/* checks.h: what must hold whatever goes wrong.
 *
 * Each check has a name and remembers its first violation; a run goes on
 * after one, so that others show as well. Beliefs are asked of the core at
 * exact instants of true time: they begin in a step, so it is enough to look
 * at all candidates when one leads after a step, and when a key goes.
 *
 * Keys that an operator deletes or overwrites depose a leader who cannot
 * know it yet; its belief must end within the time that its lease would have
 * lasted, and until then the checks leave it out.
 */
#ifndef CHECKS_H
#define CHECKS_H

#include "core/election.h"
#include "sim/fake_etcd.h"

#include <stddef.h>

struct world;
struct peer;

#define CHECKS(X)                                                              \
    X(at_most_one_leader)  /* believes at an instant of true time */           \
    X(belief_within_keys)  /* and only while its keys are in etcd */           \
    X(someone_leads_again) /* checks_recovery_us() after all is mended */      \
    X(first_in_first_out)  /* no living candidate's older lock key */          \
    X(no_busy_loop)        /* steps and requests in a second */                \
    X(tokens_grow)         /* from leader to leader */                         \
    X(no_leak)             /* keys and leases of the dead go */                \
    X(sane_announcements)  /* true, in order, each thing once */

#define CHECKS_ENUM(name) CHECK_##name,
enum check { CHECKS(CHECKS_ENUM) CHECKS_N };
#undef CHECKS_ENUM

enum {
    CHECKS_TEXT_BYTES = 160,
    CHECKS_PEERS_MAX = 64,
    CHECKS_REQUESTS_PER_S = 60, /* of one candidate */
    CHECKS_TICKS_PER_S = 60,
    CHECKS_LED = -1,
    CHECKS_REQUESTS = ELECTION_REVOKE + 1, /* types */
};

struct violation {
    unsigned n;
    int64_t at_us; /* of the first */
    char text[CHECKS_TEXT_BYTES];
};

/* What a candidate said last. */
enum checks_said {
    CHECKS_NOTHING,
    CHECKS_ATTEMPTING,
    CHECKS_ELECTED,
    CHECKS_FOLLOWING,
    CHECKS_FOREIGN,
    CHECKS_LOST,
    CHECKS_ENDED,
};

/* What is known of one candidate. */
struct checks_record {
    int64_t lease;         /* of its present candidacy */
    int64_t deposed_at_us; /* by an operator; -1: not */
    enum checks_said said;
    int64_t named_create_revision; /* of the leader key named last */
    int64_t named_mod_revision;
    int64_t second; /* since the world began, that is counted */
    unsigned ticks_n;
    unsigned requests_n;
};

struct checks {
    struct violation violations[CHECKS_N];
    struct checks_record records[CHECKS_PEERS_MAX];
    int64_t token;               /* of the last leader */
    int64_t leaderless_at_us;    /* since when etcd has no leader key */
    int64_t leader_mod_revision; /* of the last one */
    unsigned elected_n;          /* leaderships since the world began */
    unsigned lost_n;
    unsigned deposed_n;
    unsigned requests_n[CHECKS_REQUESTS]; /* of each type */
    unsigned most_requests_n;             /* of one candidate in one second */
    unsigned most_ticks_n;
};

void checks_begin(struct world *w);

/* ---- told by the world as it goes on ---- */
void checks_started(struct world *w, const struct peer *p);
void checks_noticed(struct world *w, const struct peer *p,
                    const struct election_notice *notice);
void checks_stepped(struct world *w, const struct peer *p,
                    const struct election_event *event,
                    const struct election_actions *out);
void checks_changed(struct world *w, const struct fake_change *change);
/* WORLD_CHECK: by now the deposed holder of this lease must know it. */
void checks_due(struct world *w, int who, int64_t lease);

/* ---- asked by the trial ---- */

/* How long after the last fault a leader must be there, in true time: etcd
 * elects its own (2 election time-outs), the dead leader's lease runs out
 * (another, TTL, the scan), the next candidate's longest delay and requests,
 * on a slow clock. */
int64_t checks_recovery_us(const struct world *w);
/* Someone leads now. */
void checks_led(struct world *w, const char *when);
/* The end, long after the last fault: nobody's keys are left over, and every
 * waiter has named the leader. */
void checks_settled(struct world *w);

/* Whether nothing was violated. */
bool checks_hold(const struct checks *c);

const char *checks_name(enum check check);

/* For the files of the checks alone. */
void checks_violated(struct world *w, enum check check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
