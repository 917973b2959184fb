/* lock_side.c: see lock_side.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "e2e/lock_side.h"

struct side side(struct live *l, const char *id, int64_t lease)
{
    struct side s = { .live = l };
    lock_init(&s.lock, "leader", id);
    lock_set_lease(&s.lock, lease);
    live_grant(l, lease);
    return s;
}

static const struct etcd_txn_result *txn_reply(struct side *s,
                                               struct etcd_reply *reply)
{
    *reply = live_reply(s->live, ETCD_REPLY_TXN);
    s->header = reply->header;
    return &reply->txn;
}

void attempt(struct side *s)
{
    struct etcd_reply reply;
    lock_attempt(&s->lock, s->live->etcd, live_tag(s->live), LIVE_TIMEOUT_MS);
    const struct etcd_txn_result *txn = txn_reply(s, &reply);
    assert_int_equal(lock_parse_attempt(&s->lock, txn, &s->view), 0);
    s->revision = s->view.succeeded ? s->header.revision
                                    : s->view.own.create_revision;
}

static void transact(struct side *s,
                     void (*send)(const struct lock *, struct etcd *, uint64_t,
                                  int64_t, int64_t))
{
    struct etcd_reply reply;
    send(&s->lock, s->live->etcd, live_tag(s->live), LIVE_TIMEOUT_MS,
         s->revision);
    const struct etcd_txn_result *txn = txn_reply(s, &reply);
    assert_int_equal(lock_parse(txn, &s->view), 0);
}

bool claim(struct side *s)
{
    transact(s, lock_claim);
    return s->view.succeeded;
}

bool barrier(struct side *s)
{
    transact(s, lock_barrier);
    return s->view.succeeded;
}

void check(struct side *s)
{
    transact(s, lock_check);
    assert_false(s->view.succeeded);
}

bool resign(struct side *s)
{
    struct etcd_reply reply;
    lock_resign(&s->lock, s->live->etcd, live_tag(s->live), LIVE_TIMEOUT_MS,
                s->revision);
    return txn_reply(s, &reply)->succeeded;
}
