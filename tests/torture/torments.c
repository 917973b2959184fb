/* torments.c: see torments.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "support/network.h"
#include "support/procfs.h"
#include "torments.h"

enum {
    SOME_PERCENT = 30,
    PATIENCE_MS_MAX = 1500,
    LATE_PERCENT_MIN = 60, /* of the time until it is given up */
};

/* ---- candidates, guardians, commands ---- */

static bool send(pid_t pid, int number)
{
    return pid > 0 && kill(pid, number) == 0;
}

static bool stop(struct torment *m, pid_t pid)
{
    m->pid = pid;
    return send(pid, SIGSTOP);
}

static void proceed(struct troupe *t, struct torment *m)
{
    (void)t;
    (void)send(m->pid, SIGCONT);
}

static bool kill_main(struct troupe *t, struct torment *m)
{
    t->players[m->player].killed = true;
    return send(troupe_main(t, m->player), SIGKILL);
}

static bool stop_main(struct troupe *t, struct torment *m)
{
    return stop(m, troupe_main(t, m->player));
}

/* What is open stays open; nothing can be opened. */
static bool limit_descriptors(struct troupe *t, struct torment *m)
{
    struct rlimit few = { 0 };
    m->pid = troupe_main(t, m->player);
    if (m->pid == 0 || prlimit(m->pid, RLIMIT_NOFILE, NULL, &m->limit) < 0)
        return false;
    few.rlim_cur = procfs_descriptors_n(m->pid);
    few.rlim_max = m->limit.rlim_max;
    t->players[m->player].starved = true;
    return prlimit(m->pid, RLIMIT_NOFILE, &few, NULL) == 0;
}

static void lift_limit(struct troupe *t, struct torment *m)
{
    if (troupe_main(t, m->player) == m->pid)
        (void)prlimit(m->pid, RLIMIT_NOFILE, &m->limit, NULL);
}

static bool terminate_main(struct troupe *t, struct torment *m)
{
    return send(troupe_main(t, m->player), SIGTERM);
}

static bool kill_guardian(struct troupe *t, struct torment *m)
{
    return send(troupe_guardian(t, m->player), SIGKILL);
}

static bool stop_guardian(struct troupe *t, struct torment *m)
{
    return stop(m, troupe_guardian(t, m->player));
}

static bool kill_command(struct troupe *t, struct torment *m)
{
    return send(troupe_command(t, m->player), SIGKILL);
}

static bool stop_command(struct troupe *t, struct torment *m)
{
    return stop(m, troupe_command(t, m->player));
}

/* ---- etcd ---- */

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
    m->process = etcdctl_start_argv(
        t->stage->set, endpoint(t, m->member),
        (const char *const[]){ "compact", revision, NULL });
    return true;
}

static bool defragment(struct troupe *t, struct torment *m)
{
    m->process = etcdctl_start_argv(t->stage->set, endpoint(t, m->member),
                                    (const char *const[]){ "defrag", NULL });
    return true;
}

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
    (void)kill_main(t, m);
    return true;
}

/* ---- the list ---- */

const struct torment_kind torment_kinds[] = {
    { "candidate killed", kill_main, NULL, NULL, TORMENT_PROCESS },
    { "candidate stopped", stop_main, NULL, proceed, TORMENT_PROCESS },
    { "candidate told to end", terminate_main, NULL, NULL, TORMENT_PROCESS },
    { "no more descriptors", limit_descriptors, NULL, lift_limit,
      TORMENT_PROCESS },
    { "guardian killed", kill_guardian, NULL, NULL, TORMENT_PROCESS },
    { "guardian stopped", stop_guardian, NULL, proceed, TORMENT_PROCESS },
    { "command killed", kill_command, NULL, NULL, TORMENT_PROCESS },
    { "command stopped", stop_command, NULL, proceed, TORMENT_PROCESS },
    { "member of etcd killed", kill_member, NULL, relaunch_member,
      TORMENT_ETCD },
    { "member of etcd stopped", stop_member, NULL, resume_member,
      TORMENT_ETCD },
    { "two members of etcd killed", kill_two, NULL, relaunch_two,
      TORMENT_ETCD },
    { "leader of etcd moved", move_leader, NULL, forget_process, TORMENT_ETCD },
    { "candidate cut off from etcd", cut_off, NULL, heal, TORMENT_NETWORK },
    { "candidate's requests lost", lose_requests, NULL, heal, TORMENT_NETWORK },
    { "etcd's replies lost", lose_replies, NULL, heal, TORMENT_NETWORK },
    { "packets lost, 30 of 100", lose_some, NULL, heal, TORMENT_NETWORK },
    { "candidate cut off from a member", cut_off_from_member, NULL, heal,
      TORMENT_NETWORK },
    { "requests late", delay_requests, NULL, calm, TORMENT_NETWORK },
    { "replies late", delay_replies, NULL, calm, TORMENT_NETWORK },
    { "replies late, then none", delay_replies, cut_off_as_well, calm,
      TORMENT_NETWORK },
    { "killed while replies are late", kill_unheard, NULL, calm,
      TORMENT_NETWORK },
    { "a few bytes at a time", trickle, NULL, calm, TORMENT_NETWORK },
    { "errors in replies", corrupt_replies, NULL, calm, TORMENT_NETWORK },
    { "connections reset", reset, reset_again, reset_again, TORMENT_NETWORK },
    { "etcd compacted", compact, NULL, forget_process, TORMENT_ETCD },
    { "member of etcd defragmented", defragment, NULL, forget_process,
      TORMENT_ETCD },
};
const size_t torment_kinds_n = sizeof torment_kinds / sizeof *torment_kinds;
