/* torments_cluster.c: what is done to how the members of etcd hang together,
 * and to their disks; see torments.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "support/network.h"
#include "torments_private.h"

enum {
    STALL_US_MIN = 100000,
    STALL_US = 3000, /* up to a thousand of them */
    FILLING_BYTES = 1024 * 1024,
    FILLINGS_MAX = 3 * CLUSTER_QUOTA_BYTES / FILLING_BYTES,
    ID_BYTES_MAX = 32,
};

static unsigned other(const struct torment *m, unsigned number)
{
    return (m->member + number) % TROUPE_MEMBERS_N;
}

/* ---- parted ---- */

static void part(struct troupe *t, unsigned from, unsigned to)
{
    network_part(t->stage->set, ETCD_SERVER_GROUP_MIN, from, to);
}

static bool part_one_way(struct troupe *t, struct torment *m)
{
    part(t, m->member, other(m, 1 + m->random % 2));
    return true;
}

static bool part_both_ways(struct troupe *t, struct torment *m)
{
    unsigned second = other(m, 1 + m->random % 2);
    part(t, m->member, second);
    part(t, second, m->member);
    return true;
}

static bool mute(struct troupe *t, struct torment *m)
{
    part(t, m->member, other(m, 1));
    part(t, m->member, other(m, 2));
    return true;
}

static bool deafen(struct troupe *t, struct torment *m)
{
    part(t, other(m, 1), m->member);
    part(t, other(m, 2), m->member);
    return true;
}

static bool cut_off(struct troupe *t, struct torment *m)
{
    return mute(t, m) && deafen(t, m);
}

static void join(struct troupe *t, struct torment *m)
{
    (void)m;
    network_join(t->stage->set);
}

/* ---- restarted ---- */

static void restart(struct troupe *t, unsigned member)
{
    etcd_server_terminate(t->stage->etcd, member);
    etcd_server_relaunch(t->stage->etcd, member);
}

static bool restart_first(struct troupe *t, struct torment *m)
{
    restart(t, m->member);
    return true;
}

static void restart_second(struct troupe *t, struct torment *m)
{
    etcd_server_await(t->stage->etcd, m->member);
    restart(t, other(m, 1));
}

static void restart_third(struct troupe *t, struct torment *m)
{
    etcd_server_await(t->stage->etcd, other(m, 1));
    restart(t, other(m, 2));
}

/* ---- no space ---- */

static bool ask(struct troupe *t, const char *word, const char *second,
                const char *third, char ret_said[CLUSTER_SAID_BYTES_MAX])
{
    return cluster_ask(t->stage,
                       (const char *const[]){ word, second, third, NULL }, NULL,
                       ret_said);
}

static bool put(struct troupe *t)
{
    static const char *const argv[] = { "put", "filling", NULL };
    static char filling[FILLING_BYTES + 1];
    memset(filling, 'x', FILLING_BYTES);
    return cluster_ask(t->stage, argv, filling, NULL);
}

/* Until the database is as long as it may be, and etcd raises the alarm. */
static bool use_up_quota(struct troupe *t, struct torment *m)
{
    (void)m;
    char said[CLUSTER_SAID_BYTES_MAX];
    for (int i = 0; i < FILLINGS_MAX; i++)
        if (!put(t) && ask(t, "alarm", "list", NULL, said) &&
            strstr(said, "NOSPACE"))
            return true;
    fail_msg("etcd raises no alarm");
    return false;
}

/* May have been done before, without an answer. */
static bool forget_until(struct troupe *t, const char *revision)
{
    char said[CLUSTER_SAID_BYTES_MAX];
    return ask(t, "compact", "--physical", revision, said) ||
        strstr(said, "has been compacted");
}

/* On all members: one that forgets late has nothing to give back yet. */
static bool has_space(struct troupe *t)
{
    static const char start[] = "\"DBSize\" : ";
    char said[CLUSTER_SAID_BYTES_MAX];
    if (!ask(t, "endpoint", "status", "--write-out=fields", said))
        return false;
    unsigned n = 0;
    for (char *at = said; (at = strstr(at, start)); at++)
        n += strtoll(at + sizeof start - 1, NULL, 10) < CLUSTER_QUOTA_BYTES / 2;
    return n == TROUPE_MEMBERS_N;
}

/* What etcd's manual has one do then: what has been is forgotten up to now. */
static bool make_space(struct troupe *t)
{
    char said[CLUSTER_SAID_BYTES_MAX];
    char revision[ID_BYTES_MAX];
    if (!ask(t, "del", "filling", "--write-out=fields", said))
        return false;
    const char *at = strstr(said, "\"Revision\" : ");
    assert_non_null(at);
    at = strpbrk(at, "0123456789");
    assert_non_null(at);
    (void)snprintf(revision, sizeof revision, "%.*s",
                   (int)strspn(at, "0123456789"), at);
    return forget_until(t, revision) && ask(t, "defrag", NULL, NULL, NULL) &&
        has_space(t) && ask(t, "alarm", "disarm", NULL, NULL);
}

static void free_quota(struct troupe *t, struct torment *m)
{
    (void)m;
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!make_space(t))
        cluster_rest(t->stage, end_at_ms);
}

/* ---- wiped ---- */

/* Its line is "ID, STATE, NAME, PEER URL, CLIENT URL, LEARNER". Returns false
 * when there is none; waits for etcd to say so. */
static bool find(struct troupe *t, unsigned member, char ret_id[ID_BYTES_MAX],
                 bool *ret_learner)
{
    char said[CLUSTER_SAID_BYTES_MAX];
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!ask(t, "member", "list", NULL, said))
        cluster_rest(t->stage, end_at_ms);
    char *at = strstr(said, etcd_server_peer_url(t->stage->etcd, member));
    if (!at)
        return false;
    at[strcspn(at, "\n")] = '\0';
    *ret_learner = strstr(at, ", true") != NULL;
    while (at > said && at[-1] != '\n')
        at--;
    (void)snprintf(ret_id, ID_BYTES_MAX, "%.*s", (int)strcspn(at, ","), at);
    return true;
}

/* Each of these may be refused, or succeed without an answer. */
static void leave(struct troupe *t, unsigned member)
{
    char id[ID_BYTES_MAX];
    bool learner;
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (find(t, member, id, &learner)) {
        (void)ask(t, "member", "remove", id, NULL);
        cluster_rest(t->stage, end_at_ms);
    }
}

static void enter(struct troupe *t, unsigned member, bool as_learner)
{
    char id[ID_BYTES_MAX];
    bool learner;
    char urls[64];
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    (void)snprintf(urls, sizeof urls, "--peer-urls=%s",
                   etcd_server_peer_url(t->stage->etcd, member));
    const char *const argv[] = { "member",
                                 "add",
                                 etcd_server_name(t->stage->etcd, member),
                                 urls,
                                 as_learner ? "--learner" : NULL,
                                 NULL };
    while (!find(t, member, id, &learner)) {
        (void)cluster_ask(t->stage, argv, NULL, NULL);
        cluster_rest(t->stage, end_at_ms);
    }
    /* It asks the others who is a member: so they must have heard. */
    for (unsigned i = 1; i < TROUPE_MEMBERS_N; i++)
        etcd_server_await(t->stage->etcd, (member + i) % TROUPE_MEMBERS_N);
    etcd_server_relaunch(t->stage->etcd, member);
}

static bool wipe(struct troupe *t, struct torment *m)
{
    etcd_server_kill(t->stage->etcd, m->member);
    etcd_server_wipe(t->stage->etcd, m->member);
    leave(t, m->member);
    return true;
}

/* It does again what the others have done, but gives no space back on the way:
 * so it may have raised the alarm. */
static void catch_up(struct troupe *t, struct torment *m)
{
    etcd_server_await(t->stage->etcd, m->member);
    free_quota(t, m);
}

static void come_back(struct troupe *t, struct torment *m)
{
    enter(t, m->member, false);
    catch_up(t, m);
}

static void come_back_to_learn(struct troupe *t, struct torment *m)
{
    enter(t, m->member, true);
}

/* Refused until it has learned. */
static void promote(struct troupe *t, struct torment *m)
{
    char id[ID_BYTES_MAX];
    bool learner;
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (find(t, m->member, id, &learner) && learner) {
        (void)ask(t, "member", "promote", id, NULL);
        cluster_rest(t->stage, end_at_ms);
    }
    catch_up(t, m);
}

/* ---- disks ---- */

static void resize_disk(struct troupe *t, unsigned member, const char *options)
{
    char data[ETCD_SERVER_PATH_BYTES_MAX];
    etcd_server_data(t->stage->etcd, member, data);
    assert_int_equal(
        mount(NULL, data, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, options), 0);
}

/* No more room on it than what lies there takes. Who then has to store more
 * than he has room for ends himself. */
static bool fill_disk(struct troupe *t, struct torment *m)
{
    char data[ETCD_SERVER_PATH_BYTES_MAX];
    char options[ID_BYTES_MAX];
    struct statvfs disk;
    etcd_server_data(t->stage->etcd, m->member, data);
    assert_int_equal(statvfs(data, &disk), 0);
    uint64_t used_n = disk.f_blocks - disk.f_bfree;
    (void)snprintf(options, sizeof options, "size=%" PRIu64,
                   used_n * (uint64_t)disk.f_frsize);
    resize_disk(t, m->member, options);
    (void)put(t);
    return true;
}

static void free_disk(struct troupe *t, struct torment *m)
{
    resize_disk(t, m->member, CLUSTER_DISK);
    etcd_server_kill(t->stage->etcd, m->member);
    etcd_server_relaunch(t->stage->etcd, m->member);
    catch_up(t, m);
}

/* Each fdatasync() takes so much longer, until strace lets go. */
static bool stall_disk(struct troupe *t, struct torment *m)
{
    char delay[64];
    char pid[ID_BYTES_MAX];
    (void)snprintf(delay, sizeof delay, "inject=fdatasync:delay_enter=%u",
                   STALL_US_MIN + m->random * STALL_US);
    (void)snprintf(pid, sizeof pid, "%d",
                   (int)etcd_server_pid(t->stage->etcd, m->member));
    const char *const argv[] = { "strace", "-f", "-o", "/dev/null", "-e",
                                 delay,    "-p", pid,  NULL };
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    m->process = process_start(t->stage->set, PROCESS_PIPES, argv, NULL);
    while (process_errors_n(m->process) == 0)
        cluster_rest(t->stage, end_at_ms);
    return true;
}

static void let_go(struct troupe *t, struct torment *m)
{
    (void)t;
    process_signal(m->process, SIGINT);
    process_await_end(m->process);
    process_free(m->process);
}

const struct torment_kind torments_cluster[] = {
    { "members of etcd parted", part_both_ways, NULL, join, TORMENT_ETCD,
      CLUSTER_GROUPS },
    { "members of etcd parted one way", part_one_way, NULL, join, TORMENT_ETCD,
      CLUSTER_GROUPS },
    { "member of etcd cut off from the others", cut_off, NULL, join,
      TORMENT_ETCD, CLUSTER_GROUPS },
    { "member of etcd hears no other", deafen, NULL, join, TORMENT_ETCD,
      CLUSTER_GROUPS },
    { "member of etcd not heard by others", mute, NULL, join, TORMENT_ETCD,
      CLUSTER_GROUPS },
    { "members of etcd restarted in order", restart_first, restart_second,
      restart_third, TORMENT_ETCD, CLUSTER_NOTHING },
    { "member of etcd wiped", wipe, NULL, come_back, TORMENT_ETCD,
      CLUSTER_NOTHING },
    { "member of etcd wiped, back as learner", wipe, come_back_to_learn,
      promote, TORMENT_ETCD, CLUSTER_NOTHING },
    { "quota of etcd used up", use_up_quota, NULL, free_quota, TORMENT_ETCD,
      CLUSTER_NOTHING },
    { "disk of a member of etcd full", fill_disk, NULL, free_disk, TORMENT_ETCD,
      CLUSTER_DISKS },
    { "disk of a member of etcd slow", stall_disk, NULL, let_go, TORMENT_ETCD,
      CLUSTER_TRACER },
};
const size_t torments_cluster_n = sizeof torments_cluster /
    sizeof *torments_cluster;
