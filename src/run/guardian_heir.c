/* guardian_heir.c: who does a guardian's work when it has died, and the main
 * process as well.
 *
 *     main process --- heir --- guardian --- command --- ...
 *
 * The kernel's timers end both when both are frozen for longer than the
 * leadership lasts, as a container is while it is paused; and with the guardian
 * the command, before any of them goes on. What the command has started does go
 * on then. It is below the heir, which no timer ends.
 *
 * The heir takes no orders. While the guardian lives it does nothing, and when
 * it dies before the guardian, so does the guardian.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/guardian_private.h"
#include "sys/tree.h"

static void revoke_lease(const struct guardian_config *config, struct log *log)
{
    struct candidate_error err = { 0 };
    struct candidate_lease lease;
    if (!candidate_lease_page_read(config->page, &lease) || lease.lease == 0)
        return;
    int r = candidate_release(config->candidate, lease.lease,
                              (int64_t)config->candidate->ttl_s * 1000, &err);
    log_write(log, CANDIDATE_WARNING, "guardian: candidate has died: %s%s",
              r < 0 ? "its lease runs out by itself: "
                    : "nothing is left of it, and its lease is revoked",
              r < 0 ? err.message : "");
}

void guardian_release(const struct guardian_config *config, struct log *log)
{
    revoke_lease(config, log);
    if (config->cgroup)
        cgroup_remove(config->cgroup);
}

static void kill_what_is_left(const struct guardian_config *config)
{
    int again_ms = TREE_AGAIN_MS;
    for (;;) {
        cgroup_kill(config->cgroup);
        if (tree_kill(NULL, 0, 0) == 0)
            return;
        (void)poll(NULL, 0, again_ms);
        if (again_ms < GUARDIAN_AGAIN_MS_MAX)
            again_ms *= 2;
    }
}

/* A guardian that was not killed has left nothing. Of one that was killed the
 * main process knows: it kills us, and what is left then is below it. */
_Noreturn static void inherit(const struct guardian_config *config,
                              struct log *log, pid_t main, pid_t guardian)
{
    int status = 0;
    while (waitpid(guardian, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status))
        _exit(WEXITSTATUS(status));
    kill_what_is_left(config);
    if (getppid() != main)
        guardian_release(config, log);
    _exit(0);
}

int guardian_leave_heir(const struct guardian_config *config, struct log *log,
                        int fd)
{
    pid_t main = getppid();
    pid_t heir = getpid();
    if (tree_adopt(NULL) < 0)
        return CANDIDATE_ESYSTEM;
    pid_t pid = fork();
    if (pid < 0)
        return CANDIDATE_ESYSTEM;
    if (pid > 0) {
        (void)prctl(PR_SET_NAME, "heir");
        close(fd); /* the main process sees at once that the guardian dies */
        inherit(config, log, main, pid);
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != heir) /* it died before the line above */
        return CANDIDATE_ESYSTEM;
    (void)setpgid(0, 0);
    return 0;
}
