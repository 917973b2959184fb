/* checks_notices.c: what candidates announce. See checks.h. */
#include "sim/checks.h"

#include <inttypes.h>

#include "sim/world.h"

enum { FOREIGN_US_MIN = 900000 };

static void insane(struct world *w, const struct peer *p, const char *what)
{
    checks_violated(w, CHECK_sane_announcements, "%c: %s",
                    p->who < 26 ? 'A' + p->who : '?', what);
}

static void check_elected(struct world *w, const struct peer *p,
                          const struct election_notice *notice)
{
    struct checks *c = &w->checks;
    struct checks_record *record = &c->records[p->who];
    if (record->said != CHECKS_ATTEMPTING)
        insane(w, p, "elected without an attempt");
    if (!peer_believes(p, w->now_us))
        insane(w, p, "elected, but not leading");
    if (notice->token != p->e.lock_revision || notice->lease != p->e.lease.id)
        insane(w, p, "elected with another token or lease than its own");
    c->elected_n++;
    bool deposed = record->deposed_at_us >= 0 && record->lease == notice->lease;
    if (deposed)
        return;
    if (notice->token <= c->token)
        checks_violated(w, CHECK_tokens_grow,
                        "token %" PRId64 " after %" PRId64, notice->token,
                        c->token);
    c->token = notice->token;
}

static void check_following(struct world *w, const struct peer *p)
{
    struct checks_record *record = &w->checks.records[p->who];
    const struct election_key *key = &p->e.leader;
    bool overwritten = record->said == CHECKS_FOLLOWING &&
        key->create_revision == record->named_create_revision;
    if (record->said != CHECKS_ATTEMPTING && !overwritten)
        insane(w, p, "another leader without an attempt between");
    if (key->mod_revision <= record->named_mod_revision)
        insane(w, p, "a leader of before is named again");
    if (key->lease == p->e.lease.id)
        insane(w, p, "it follows itself");
    record->named_create_revision = key->create_revision;
    record->named_mod_revision = key->mod_revision;
}

/* One of us that holds the lock shows a leader key soon. */
static void check_foreign(struct world *w, const struct peer *p)
{
    const struct checks *c = &w->checks;
    if (c->records[p->who].said != CHECKS_ATTEMPTING)
        insane(w, p, "a foreign holder without an attempt between");
    if (c->leaderless_at_us != CHECKS_LED &&
        w->now_us - c->leaderless_at_us < FOREIGN_US_MIN &&
        c->records[p->who].named_mod_revision == c->leader_mod_revision)
        insane(w, p, "a foreign holder while a leader key is just missing");
}

/* Whoever could tell etcd of its end has left the queue by then. Not its
 * affair is a lock key that an operator overwrites just then, or that an old
 * attempt makes anew, late, behind the resignation. */
static void check_ended(struct world *w, const struct peer *p,
                        const struct election_notice *notice)
{
    const struct election *e = &p->e;
    int64_t lease = e->lease.id; /* 0: it had none */
    const struct fake_key *own = lease ? fake_etcd_key(&w->etcd, lease) : NULL;
    if (notice->reason != ELECTION_REASON_NONE || !own)
        return;
    bool on_lease = own->at.lease == lease &&
        (!e->resigned || own->at.create_revision == e->lock_revision);
    if (on_lease || e->lock_detached)
        checks_violated(
            w, CHECK_no_leak,
            "%c has ended, but its lock key of revision %" PRId64 " has not",
            p->who < 26 ? 'A' + p->who : '?', own->at.create_revision);
}

void checks_noticed(struct world *w, const struct peer *p,
                    const struct election_notice *notice)
{
    struct checks_record *record = &w->checks.records[p->who];
    if (record->said == CHECKS_ENDED)
        insane(w, p, "something is said after the end");
    switch (notice->type) {
    case ELECTION_SAY_ATTEMPTING:
        if (w->plan.sabotage.mute)
            return;
        if (record->said == CHECKS_ATTEMPTING || record->said == CHECKS_ELECTED)
            insane(w, p, "an attempt in the middle of something");
        record->said = CHECKS_ATTEMPTING;
        break;
    case ELECTION_SAY_ELECTED:
        check_elected(w, p, notice);
        record->said = CHECKS_ELECTED;
        break;
    case ELECTION_SAY_FOLLOWING:
        check_following(w, p);
        record->said = CHECKS_FOLLOWING;
        break;
    case ELECTION_SAY_FOREIGN:
        check_foreign(w, p);
        record->said = CHECKS_FOREIGN;
        break;
    case ELECTION_SAY_LOST:
        if (record->said != CHECKS_ELECTED)
            insane(w, p, "it lost what it had not");
        record->said = CHECKS_LOST;
        w->checks.lost_n++;
        break;
    case ELECTION_SAY_ASKED:
        if (!peer_believes(p, w->now_us) || notice->token != p->e.lock_revision)
            insane(w, p, "asked to give up what it has not");
        break;
    case ELECTION_SAY_ENDED:
        check_ended(w, p, notice);
        record->said = CHECKS_ENDED;
        break;
    case ELECTION_SAY_KEY_FOR_EVER:
    case ELECTION_SAY_SAME_ID:
    case ELECTION_SAY_TTL_CHANGED:
        break;
    }
}
