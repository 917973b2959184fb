/* sabotage.c: a candidate in which one rule of safety is broken.
 *
 * Linked between the files of the program by ld's --wrap, for the campaign's
 * own program alone: those files stay as they are. CANDIDATE_SABOTAGE in the
 * environment names the rule.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/election_private.h"
#include "run/guardian_private.h"
#include "sys/cgroup.h"
#include "sys/clock.h"
#include "sys/deadman.h"
#include "sys/tree.h"

/* The names are the linker's. */
#define WRAPPED(type, name, ...)                                               \
    type __real_##name(__VA_ARGS__);                                           \
    type __wrap_##name(__VA_ARGS__);                                           \
    type __wrap_##name(__VA_ARGS__)

static bool broken(const char *rule)
{
    const char *name = getenv("CANDIDATE_SABOTAGE");
    return name && strcmp(name, rule) == 0;
}

/* ---- time ---- */

WRAPPED(void, election_init, struct election *e,
        const struct election_config *config)
{
    struct election_config changed = *config;
    if (broken("no-margin"))
        changed.margin_permille = changed.margin_ms = 0;
    __real_election_init(e, &changed);
}

WRAPPED(void, election_lease_renewed, struct election *e, int64_t ttl_ms,
        uint64_t raft_term)
{
    if (broken("from-receipt"))
        e->request_sent_at_ms = clock_now_ms();
    __real_election_lease_renewed(e, ttl_ms, raft_term);
}

/* ---- the queue ---- */

/* That etcd's compares have failed is not seen. */
WRAPPED(void, election_queue_view, struct election *e, int64_t now_ms,
        const struct election_reply *reply, struct election_actions *out)
{
    struct election_reply changed = *reply;
    changed.succeeded = true;
    if (broken("unguarded-claim") && e->request.type == ELECTION_CLAIM)
        election_queue_win(e, now_ms, &changed, out);
    else
        __real_election_queue_view(e, now_ms, reply, out);
}

/* ---- the guardian ---- */

static const struct guardian_config *guarded; /* in the guardian */
static pid_t main_process;

/* A zombie is dead. The heir stands between the two. */
static bool orphaned(void)
{
    char text[256] = "";
    if (!guarded)
        return false;
    (void)snprintf(text, sizeof text, "/proc/%d/stat", (int)main_process);
    int fd = open(text, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *behind = strrchr(text, ')');
    return !behind || strncmp(behind, ") Z", 3) == 0;
}

WRAPPED(_Noreturn void, guardian_run, const struct guardian_config *config,
        int fd)
{
    guarded = config;
    main_process = getppid();
    __real_guardian_run(config, fd);
}

static void give_lease_back(void)
{
    struct candidate_lease lease;
    if (candidate_lease_page_read(guarded->page, &lease) && lease.lease)
        (void)candidate_release(guarded->candidate, lease.lease,
                                (int64_t)guarded->candidate->ttl_s * 1000,
                                NULL);
}

WRAPPED(int, kill, pid_t pid, int number)
{
    bool of_orphans = number == SIGKILL && orphaned();
    if (of_orphans && broken("guardian-off"))
        return 0;
    if (of_orphans && broken("revoke-before-kill"))
        give_lease_back();
    return __real_kill(pid, number);
}

WRAPPED(int, tree_kill, const pid_t *spare, unsigned spare_n, pid_t unreaped)
{
    if (orphaned() && broken("guardian-off"))
        return 1;
    return __real_tree_kill(spare, spare_n, unreaped);
}

WRAPPED(void, cgroup_kill, const struct cgroup *g)
{
    if (!orphaned() || !broken("guardian-off"))
        __real_cgroup_kill(g);
}

WRAPPED(void, deadman_set, struct deadman *d, int64_t at_ms)
{
    if (!guarded || !broken("guardian-off"))
        __real_deadman_set(d, at_ms);
}
