/* belief.c: see belief.h. */
#include "fuzz/belief.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/others.h"
#include "sys/clock.h"
#include "sys/text.h"

void belief_check(struct belief *b, const struct store *s,
                  const struct candidate *c)
{
    bool leading = candidate_leading(c);
    int64_t until_ms = candidate_lead_until_ms(c);
    bool in_etcd = others_see_leader(s, b->lease);
    b->robbed = in_etcd ? 0 : b->robbed;
    CHECK(!leading || in_etcd || b->robbed || b->lied);
    CHECK(leading == (until_ms != 0));
    CHECK(!leading || b->won);
    CHECK(!leading || until_ms <= b->until_max_ms);
    CHECK(!leading || clock_now_ms() < until_ms);
    CHECK(!leading || !b->ended);
    CHECK(candidate_confirmed_at_ms(c) <= clock_now_ms());
}

void belief_check_event(struct belief *b, const struct candidate_event *event)
{
    CHECK(!b->ended);
    CHECK(text_is_clean(event->text, strlen(event->text)));
    CHECK(!event->leader ||
          text_is_clean(event->leader, strlen(event->leader)));
    switch (event->type) {
    case CANDIDATE_ELECTED:
        CHECK(b->won && !b->elected && event->token > 0 && event->lease > 0);
        b->elected = true;
        break;
    case CANDIDATE_LOST:
        CHECK(b->elected);
        b->elected = false;
        break;
    case CANDIDATE_ASKED:
        CHECK(b->elected);
        break;
    case CANDIDATE_ENDED:
        b->ended = true;
        break;
    case CANDIDATE_ATTEMPTING:
    case CANDIDATE_FOLLOWING:
    case CANDIDATE_NOTICE:
        break;
    }
}

void belief_asks(struct belief *b, struct exchange_request *r)
{
    if (r->call == GRANT) {
        b->candidacy++;
        b->won = false;
        b->renewed_ms = 0;
        b->lease = asked_number(r->body, "ID");
    }
    r->candidacy = b->candidacy;
}

/* Whether it asks first for its own keys: who leads does so to find out
 * whether it has them. */
static bool asks_for_own(const struct belief *b,
                         const struct exchange_request *r)
{
    const char *first = asked_first(asked_member(r->body, "compare"));
    struct asked_key key = asked_bytes(first, "key");
    return others_see_own(&key, b->lease);
}

static void hear_lease(struct belief *b, const struct exchange_request *r)
{
    int64_t ttl_s = r->meaning.ttl_s;
    int64_t gives_ms = r->received_at_ms + ttl_s * 900 - 250;
    if (ttl_s > 0 && gives_ms > b->renewed_ms)
        b->renewed_ms = gives_ms;
    if (r->call == KEEPALIVE && ttl_s == 0 && b->robbed)
        b->told_on = r->connection;
}

/* Who reads that it leads has won as well. */
static void hear_txn(struct belief *b, const struct exchange_request *r)
{
    bool succeeded = r->meaning.succeeded;
    bool confirms = r->leads || (b->lied && succeeded);
    if (r->leads || (confirms && r->call == CLAIM))
        b->won = true;
    if (confirms && b->renewed_ms > b->until_max_ms)
        b->until_max_ms = b->renewed_ms;
    if (!succeeded && b->robbed && asks_for_own(b, r))
        b->told_on = r->connection;
}

void belief_is_answered(struct belief *b, const struct exchange_request *r)
{
    if (r->candidacy != b->candidacy)
        return;
    switch (r->call) {
    case GRANT:
    case KEEPALIVE:
        hear_lease(b, r);
        break;
    case CLAIM:
    case TXN:
        hear_txn(b, r);
        break;
    case NONE:
    case WATCH:
    case OTHER:
        break;
    }
}

void belief_is_lied_to(struct belief *b, const struct exchange_request *r,
                       bool yes)
{
    struct exchange_request any;
    any = *r;
    any.meaning = (struct replies_meaning){ .ttl_s = BELIEF_TTL_S_MAX,
                                            .succeeded = yes };
    any.leads = yes;
    b->lied = true;
    belief_is_answered(b, &any);
}
