/* torments_network.c: what is done to what goes between candidates and etcd;
 * see torments.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/network.h"
#include "torments_private.h"

enum {
    SOME_PERCENT = 30,
    PATIENCE_MS_MAX = 1500,
    LATE_PERCENT_MIN = 60, /* of the time until it is given up */
};

/* ---- network ---- */

/* All that goes between one candidate and etcd goes to or from this address. */
static void lose(struct troupe *t, const struct torment *m,
                 enum network_ways ways, unsigned percent)
{
    char host[16];
    troupe_host(m->player, host);
    network_lose(t->stage->set, host, ways, percent);
}

static bool cut_off(struct troupe *t, struct torment *m)
{
    lose(t, m, NETWORK_BOTH, 100);
    return true;
}

static bool lose_requests(struct troupe *t, struct torment *m)
{
    lose(t, m, NETWORK_TO, 100);
    return true;
}

static bool lose_replies(struct troupe *t, struct torment *m)
{
    lose(t, m, NETWORK_FROM, 100);
    return true;
}

static bool lose_some(struct troupe *t, struct torment *m)
{
    lose(t, m, NETWORK_BOTH, SOME_PERCENT);
    return true;
}

static bool cut_off_from_member(struct troupe *t, struct torment *m)
{
    char host[16];
    troupe_host(m->player, host);
    network_cut(t->stage->set, host,
                etcd_server_port(t->stage->etcd, m->member));
    return true;
}

static void heal(struct troupe *t, struct torment *m)
{
    (void)m;
    network_heal(t->stage->set);
}

/* ---- the proxy ---- */

/* Up to just before an attempt is given up, which is after TTL / 6. */
static unsigned late_ms(const struct troupe *t, const struct torment *m)
{
    unsigned patience_ms = t->ttl_s * 1000 / 6;
    if (patience_ms > PATIENCE_MS_MAX)
        patience_ms = PATIENCE_MS_MAX;
    return patience_ms * (LATE_PERCENT_MIN + m->random / 30) / 100;
}

static bool delay_requests(struct troupe *t, struct torment *m)
{
    proxy_set(t->proxy, m->player,
              &(struct proxy_mood){ .request_delay_ms = late_ms(t, m) });
    return true;
}

static bool delay_replies(struct troupe *t, struct torment *m)
{
    proxy_set(t->proxy, m->player,
              &(struct proxy_mood){ .reply_delay_ms = late_ms(t, m) });
    return true;
}

static bool trickle(struct troupe *t, struct torment *m)
{
    proxy_set(t->proxy, m->player,
              &(struct proxy_mood){ .trickle_bytes = 1 + m->random / 8 });
    return true;
}

/* What a request is made of may become another request: nobody can defend
 * himself against that but by TLS. */
static bool corrupt_replies(struct troupe *t, struct torment *m)
{
    proxy_set(t->proxy, m->player,
              &(struct proxy_mood){ .corrupt_permille = m->random });
    return true;
}

static bool reset(struct troupe *t, struct torment *m)
{
    proxy_reset(t->proxy, m->player);
    return true;
}

static void reset_again(struct troupe *t, struct torment *m)
{
    proxy_reset(t->proxy, m->player);
}

static void calm(struct troupe *t, struct torment *m)
{
    proxy_set(t->proxy, m->player, &(struct proxy_mood){ 0 });
    network_heal(t->stage->set);
}

static void cut_off_as_well(struct troupe *t, struct torment *m)
{
    (void)cut_off(t, m);
}

/* Its guardian then hears late that the lease is revoked. */
static bool kill_unheard(struct troupe *t, struct torment *m)
{
    (void)delay_replies(t, m);
    (void)torment_kill_main(t, m);
    return true;
}

const struct torment_kind torments_network[] = {
    { "candidate cut off from etcd", cut_off, NULL, heal, TORMENT_NETWORK,
      CLUSTER_NETWORK },
    { "candidate's requests lost", lose_requests, NULL, heal, TORMENT_NETWORK,
      CLUSTER_NETWORK },
    { "etcd's replies lost", lose_replies, NULL, heal, TORMENT_NETWORK,
      CLUSTER_NETWORK },
    { "packets lost, 30 of 100", lose_some, NULL, heal, TORMENT_NETWORK,
      CLUSTER_NETWORK },
    { "candidate cut off from a member", cut_off_from_member, NULL, heal,
      TORMENT_NETWORK, CLUSTER_NETWORK },
    { "requests late", delay_requests, NULL, calm, TORMENT_NETWORK,
      CLUSTER_NETWORK },
    { "replies late", delay_replies, NULL, calm, TORMENT_NETWORK,
      CLUSTER_NETWORK },
    { "replies late, then none", delay_replies, cut_off_as_well, calm,
      TORMENT_NETWORK, CLUSTER_NETWORK },
    { "killed while replies are late", kill_unheard, NULL, calm,
      TORMENT_NETWORK, CLUSTER_NETWORK },
    { "a few bytes at a time", trickle, NULL, calm, TORMENT_NETWORK,
      CLUSTER_NETWORK },
    { "errors in replies", corrupt_replies, NULL, calm, TORMENT_NETWORK,
      CLUSTER_NETWORK },
    { "connections reset", reset, reset_again, reset_again, TORMENT_NETWORK,
      CLUSTER_NETWORK },
};
const size_t torments_network_n = sizeof torments_network /
    sizeof *torments_network;
