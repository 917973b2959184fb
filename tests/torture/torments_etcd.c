/* torments_etcd.c: what is done to the members of etcd; see torments.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "torments_private.h"

static bool kill_member(struct troupe *t, struct torment *m)
{
    etcd_server_kill(t->stage->etcd, m->member);
    return true;
}

static void relaunch_member(struct troupe *t, struct torment *m)
{
    etcd_server_relaunch(t->stage->etcd, m->member);
}

static bool stop_member(struct troupe *t, struct torment *m)
{
    etcd_server_pause(t->stage->etcd, m->member);
    return true;
}

static void resume_member(struct troupe *t, struct torment *m)
{
    etcd_server_resume(t->stage->etcd, m->member);
}

static unsigned after(unsigned member)
{
    return (member + 1) % TROUPE_MEMBERS_N;
}

static bool kill_two(struct troupe *t, struct torment *m)
{
    etcd_server_kill(t->stage->etcd, m->member);
    etcd_server_kill(t->stage->etcd, after(m->member));
    return true;
}

static void relaunch_two(struct troupe *t, struct torment *m)
{
    etcd_server_relaunch(t->stage->etcd, m->member);
    etcd_server_relaunch(t->stage->etcd, after(m->member));
}

/* Whether it succeeds does not matter, and depends on what else is done. */
static void forget_process(struct troupe *t, struct torment *m)
{
    (void)t;
    process_free(m->process);
}

static const char *endpoint(const struct troupe *t, unsigned member)
{
    return etcd_server_endpoint(t->stage->etcd, member);
}

static bool move_leader(struct troupe *t, struct torment *m)
{
    char id[32];
    (void)snprintf(id, sizeof id, "%s",
                   etcdctl_status(t->stage->etcd, after(m->member)).id);
    m->process = etcdctl_start(t->stage->etcd, "move-leader", id);
    return true;
}

static bool compact(struct troupe *t, struct torment *m)
{
    char revision[32];
    (void)snprintf(revision, sizeof revision, "%lld",
                   (long long)atomic_load(&t->record->register_token));
    m->process = etcdctl_start_at(
        t->stage->etcd, endpoint(t, m->member),
        (const char *const[]){ "compact", revision, NULL });
    return true;
}

static bool defragment(struct troupe *t, struct torment *m)
{
    m->process = etcdctl_start_at(t->stage->etcd, endpoint(t, m->member),
                                  (const char *const[]){ "defrag", NULL });
    return true;
}

const struct torment_kind torments_etcd[] = {
    { "member of etcd killed", kill_member, NULL, relaunch_member, TORMENT_ETCD,
      CLUSTER_NOTHING },
    { "member of etcd stopped", stop_member, NULL, resume_member, TORMENT_ETCD,
      CLUSTER_NOTHING },
    { "two members of etcd killed", kill_two, NULL, relaunch_two, TORMENT_ETCD,
      CLUSTER_NOTHING },
    { "leader of etcd moved", move_leader, NULL, forget_process, TORMENT_ETCD,
      CLUSTER_NOTHING },
    { "etcd compacted", compact, NULL, forget_process, TORMENT_ETCD,
      CLUSTER_NOTHING },
    { "member of etcd defragmented", defragment, NULL, forget_process,
      TORMENT_ETCD, CLUSTER_NOTHING },
};
const size_t torments_etcd_n = sizeof torments_etcd / sizeof *torments_etcd;
