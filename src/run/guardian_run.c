/* guardian_run.c: the guardian's process; see guardian.h.
 *
 * It is forked, not executed, and does nothing for most of its life: so it
 * shares nearly all of its memory with the main process. It has a group of its
 * own and takes no signal but SIGKILL.
 *
 * The command stays a zombie until it is known that nothing else is left of
 * its group: its number, by which the group gets signals, is nobody else's
 * before that.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/environment.h"
#include "run/guardian_private.h"
#include "sys/clock.h"
#include "sys/confine.h"
#include "sys/deadman.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/spawn.h"
#include "sys/tree.h"

enum {
    GUARDIAN_EXIT_BROKEN = 70,
    GUARDIAN_FD = 3,
    GUARDIAN_STOPS_MAX = 32, /* reported for a command: they fill no socket */
    GUARDIAN_NEAR_MS = 400,  /* of the end: then it is looked at once more */
};

enum { POLL_MAIN, POLL_CHILD, POLL_TIMER, POLL_RESULT, POLLS_N };

struct ward {
    const struct guardian_config *config;
    struct log log;
    struct deadman waker, deadman;
    int fd, child_fd, timer_fd;
    int result_fd;  /* whether the command has begun; -1: that is known */
    pid_t command;  /* 0: none that is not reaped */
    bool busy;      /* something of the command's may be left */
    bool ended;     /* the command; and that was reported */
    bool killing;   /* all that is left */
    int again_ms;   /* until that is tried again */
    bool main_died; /* nobody gives orders any more */
    pid_t giver;    /* the main process' group */
    unsigned stops_n;
};

static void report(struct ward *w, enum guardian_message_type type, int number)
{
    struct guardian_message message = { .type = type, .number = number };
    (void)send(w->fd, &message, sizeof message, MSG_NOSIGNAL);
}

/* ---- time ---- */

static void set_timer(const struct ward *w, int64_t at_ms)
{
    struct itimerspec when = {
        .it_value = { .tv_sec = (time_t)(at_ms / 1000),
                      .tv_nsec = (long)(at_ms % 1000) * 1000000 },
    };
    if (timerfd_settime(w->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) < 0)
        abort();
}

static int64_t lead_until_ms(const struct ward *w)
{
    struct candidate_lease lease;
    if (!candidate_lease_page_read(w->config->page, &lease) ||
        lease.state != CANDIDATE_LEASE_LEADING)
        return 0;
    return lease.lead_until_ms;
}

static void begin_killing(struct ward *w)
{
    if (w->command > 0)
        (void)kill(-w->command, SIGKILL);
    w->killing = true;
    w->again_ms = TREE_AGAIN_MS;
}

/* wake_at_ms  when we must run, even if we are stopped.
 * dead_at_ms  when the kernel ends us, and with us the command, should we not
 *             have run yet. What is not our child then lives on until the heir
 *             has run, so a machine that is busy has some time. */
static void set_lines(struct ward *w, int64_t wake_at_ms, int64_t dead_at_ms)
{
    deadman_set(&w->waker, wake_at_ms);
    deadman_set(&w->deadman, dead_at_ms);
}

/* The second line: the main process acts before. Renewals move the time on; so
 * look again halfway, that the timers are never near while all is well. */
static void look_at_time(struct ward *w)
{
    if (!w->busy || w->killing)
        return;
    int64_t now_ms = clock_now_ms();
    int64_t until_ms = lead_until_ms(w);
    int64_t left_ms = until_ms - GUARDIAN_KILL_EARLY_MS - now_ms;
    if (left_ms <= 0) {
        begin_killing(w);
        return;
    }
    set_lines(w, until_ms - GUARDIAN_KILL_EARLY_MS,
              until_ms + GUARDIAN_DEAD_LATE_MS);
    set_timer(w, now_ms + (left_ms > GUARDIAN_NEAR_MS ? left_ms / 2 : left_ms));
}

/* ---- children ---- */

static void become_idle(struct ward *w)
{
    w->busy = w->killing = false;
    w->command = 0;
    set_lines(w, 0, 0);
    set_timer(w, 0);
    report(w, GUARDIAN_EMPTY, 0);
}

/* Its group was killed, and nobody can join it: its number may be used again.
 */
static void reap_command(struct ward *w)
{
    if (w->ended && waitpid(w->command, NULL, WNOHANG) == w->command)
        w->command = 0;
}

static bool is_alone(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 &&
        errno == ECHILD;
}

/* Kill and reap, until the kernel says that there are no children. The dead-man
 * timer has nothing to do any more: all are killed. */
static void kill_what_is_left(struct ward *w)
{
    if (w->command > 0)
        reap_command(w);
    if (w->config->cgroup)
        cgroup_kill(w->config->cgroup);
    (void)tree_kill(NULL, 0, w->command);
    set_lines(w, 0, 0);
    if (is_alone())
        become_idle(w);
    else if (w->again_ms < GUARDIAN_AGAIN_MS_MAX)
        w->again_ms *= 2;
}

static void on_result(struct ward *w)
{
    int error = spawn_result(w->result_fd);
    close(w->result_fd);
    w->result_fd = -1;
    if (error == 0) {
        report(w, GUARDIAN_STARTED, w->command);
        return;
    }
    w->ended = true; /* and that is reported like this */
    if (error != ETIME)
        report(w, GUARDIAN_FAILED, error);
    begin_killing(w);
}

static void look_at_command(struct ward *w)
{
    siginfo_t info = { 0 };
    id_t command = (id_t)w->command;
    if (w->command == 0 || w->ended)
        return;
    if (waitid(P_PID, command, &info, WSTOPPED | WNOHANG) == 0 &&
        info.si_pid != 0 && w->stops_n < GUARDIAN_STOPS_MAX) {
        w->stops_n++;
        report(w, GUARDIAN_STOPPED, info.si_status);
    }
    info.si_pid = 0;
    if (waitid(P_PID, command, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
        info.si_pid == 0)
        return;
    if (w->result_fd >= 0)
        on_result(w);
    if (w->ended)
        return;
    w->ended = true;
    report(w, GUARDIAN_EXITED,
           info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status);
}

/* Of orphans that have ended while the command runs nobody wants to know. */
static void reap_orphans(struct ward *w)
{
    for (;;) {
        siginfo_t info = { 0 };
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
            info.si_pid == 0 || info.si_pid == w->command)
            return;
        (void)waitpid(info.si_pid, NULL, WNOHANG);
    }
}

/* ---- orders ---- */

static int spawn(struct ward *w, const struct guardian_message *message)
{
    const struct candidate_config *candidate = w->config->candidate;
    char **environment = environment_new(&(struct environment){
        .id = candidate->id,
        .election = candidate->election,
        .token = message->token,
        .lease = message->lease,
        .lock_key = message->lock_key,
        .leader_key = candidate->election,
        .lease_page = candidate_lease_page_path(w->config->page),
    });
    if (!environment)
        return ENOMEM;
    struct spawn what = {
        .argv = w->config->command,
        .environment = environment,
        .signals = w->config->signals,
        .giver = w->giver,
        .cgroup = w->config->cgroup,
        .not_after_ms = lead_until_ms(w) - GUARDIAN_KILL_EARLY_MS,
    };
    int error = spawn_start(&what, &w->command, &w->result_fd);
    free(environment);
    return error;
}

static void start(struct ward *w, const struct guardian_message *message)
{
    if (lead_until_ms(w) - GUARDIAN_KILL_EARLY_MS <= clock_now_ms()) {
        become_idle(w); /* the time was over before it came to us */
        return;
    }
    int error = spawn(w, message);
    w->busy = true;
    w->killing = false;
    w->ended = error != 0;
    w->stops_n = 0;
    if (error == 0) {
        look_at_time(w);
        return;
    }
    report(w, GUARDIAN_FAILED, error);
    become_idle(w);
}

static void obey(struct ward *w, const struct guardian_message *message)
{
    switch (message->type) {
    case GUARDIAN_START:
        start(w, message);
        break;
    case GUARDIAN_SIGNAL:
        if (w->command > 0)
            (void)kill(-w->command, message->number);
        break;
    case GUARDIAN_KILL:
        if (w->busy)
            begin_killing(w);
        break;
    case GUARDIAN_END:
        _exit(0);
    case GUARDIAN_STARTED:
    case GUARDIAN_FAILED:
    case GUARDIAN_EXITED:
    case GUARDIAN_STOPPED:
    case GUARDIAN_EMPTY:
        abort();
    }
}

static void on_main_died(struct ward *w)
{
    w->main_died = true;
    if (w->busy)
        begin_killing(w);
}

static void take_orders(struct ward *w)
{
    struct guardian_message message;
    while (!w->main_died) {
        ssize_t n = recv(w->fd, &message, sizeof message, 0);
        if (n == (ssize_t)sizeof message)
            obey(w, &message);
        else if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        else
            on_main_died(w);
    }
}

/* ---- life ---- */

static void turn(struct ward *w)
{
    struct pollfd polls[POLLS_N] = {
        [POLL_MAIN] = { .fd = w->main_died ? -1 : w->fd, .events = POLLIN },
        [POLL_CHILD] = { .fd = w->child_fd, .events = POLLIN },
        [POLL_TIMER] = { .fd = w->timer_fd, .events = POLLIN },
        [POLL_RESULT] = { .fd = w->result_fd, .events = POLLIN },
    };
    (void)poll(polls, POLLS_N, w->killing ? w->again_ms : -1);
    struct signalfd_siginfo signal;
    uint64_t times;
    (void)!read(w->child_fd, &signal, sizeof signal);
    (void)!read(w->timer_fd, &times, sizeof times);
    if (polls[POLL_RESULT].revents && w->result_fd >= 0)
        on_result(w);
    take_orders(w);
    look_at_time(w);
    look_at_command(w);
    reap_orphans(w);
    if (w->killing)
        kill_what_is_left(w);
}

/* Nothing of the main process' but what is common to all of us. */
static int leave_main_process(struct ward *w)
{
    w->giver = getpgid(getppid());
    (void)signal(SIGCHLD, SIG_DFL);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_NAME, "guardian");
    if (w->fd != GUARDIAN_FD && dup3(w->fd, GUARDIAN_FD, O_CLOEXEC) < 0)
        return CANDIDATE_ESYSTEM;
    w->fd = GUARDIAN_FD;
    if (fd_close_from(GUARDIAN_FD + 1) != 0)
        return CANDIDATE_ESYSTEM;
    return w->config->command
        ? guardian_leave_heir(w->config, &w->log, GUARDIAN_FD)
        : 0;
}

static int prepare(struct ward *w)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (fd_close_from(GUARDIAN_FD + 1) != 0) /* the heir's */
        return CANDIDATE_ESYSTEM;
    w->child_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    w->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (w->child_fd < 0 || w->timer_fd < 0 || tree_adopt(NULL) < 0)
        return CANDIDATE_ESYSTEM;
    int r = deadman_init(&w->waker, SIGCONT, NULL);
    return r < 0 ? r : deadman_init(&w->deadman, SIGKILL, NULL);
}

_Noreturn void guardian_run(const struct guardian_config *config, int fd)
{
    struct ward w = { .config = config, .fd = fd, .result_fd = -1 };
    log_init(&w.log, STDERR_FILENO);
    log_set(&w.log, config->log->least, config->log->format);
    if (leave_main_process(&w) < 0 || prepare(&w) < 0)
        _exit(GUARDIAN_EXIT_BROKEN);
    if (!config->command)
        confine_no_programs(); /* the main process may still have hooks */
    while (!w.main_died || w.busy)
        turn(&w);
    guardian_release(config, &w.log);
    log_done(&w.log);
    _exit(0);
}
