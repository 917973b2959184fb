/* process.c: see process.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process_private.h"
#include "spawn.h"

enum { FDS_EACH = 3 }; /* stdout, stderr, the end */

int64_t process_now_ms(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct process_set *process_set_new(void)
{
    signal(SIGPIPE, SIG_IGN);
    struct process_set *set = calloc(1, sizeof *set);
    assert_non_null(set);
    set->began_at_ms = process_now_ms();
    return set;
}

void process_set_free(struct process_set *set)
{
    while (set && set->processes_n > 0)
        process_free(set->processes[set->processes_n - 1]);
    free(set);
}

/* ---- start ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void make_pipe(int *ret_read_fd, int *ret_write_fd)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        fail_msg("pipe: %s", strerror(errno));
    *ret_read_fd = ends[0];
    *ret_write_fd = ends[1];
}

static void start_on_pipes(struct process *p, struct spawn *spawn)
{
    make_pipe(&spawn->in_fd, &p->in_fd);
    make_pipe(&p->out.fd, &spawn->out_fd);
    make_pipe(&p->err.fd, &spawn->err_fd);
    p->pid = spawn_child(spawn);
    close(spawn->in_fd);
    close(spawn->out_fd);
    close(spawn->err_fd);
}

static void start_on_terminal(struct process *p, struct spawn *spawn)
{
    p->out.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char name[64];
    if (p->out.fd < 0 || grantpt(p->out.fd) != 0 || unlockpt(p->out.fd) != 0 ||
        ptsname_r(p->out.fd, name, sizeof name) != 0)
        fail_msg("pseudo-terminal: %s", strerror(errno));
    int fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s: %s", name, strerror(errno));
    p->in_fd = fcntl(p->out.fd, F_DUPFD_CLOEXEC, 0);
    make_pipe(&p->err.fd, &spawn->err_fd);
    spawn->in_fd = spawn->out_fd = fd;
    spawn->terminal = true;
    p->pid = spawn_child(spawn);
    close(spawn->err_fd);
    close(fd);
}

struct process *process_start(struct process_set *set, unsigned flags,
                              const char *const *argv,
                              const char *const *environment)
{
    assert_true(set->processes_n < PROCESSES_MAX);
    struct process *p = calloc(1, sizeof *p);
    assert_non_null(p);
    *p = (struct process){ .set = set, .in_fd = -1, .end_fd = -1 };
    set->processes[set->processes_n++] = p;
    transcript_init(&p->out);
    transcript_init(&p->err);
    size_t last = 0;
    while (argv[last + 1])
        last++;
    snprintf(p->name, sizeof p->name, "%s", argv[last]);

    struct spawn spawn = { .argv = argv, .environment = environment };
    if (flags & PROCESS_TERMINAL)
        start_on_terminal(p, &spawn);
    else
        start_on_pipes(p, &spawn);
    p->end_fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    if (p->end_fd < 0)
        fail_msg("pidfd_open: %s", strerror(errno));
    return p;
}

void process_free(struct process *p)
{
    struct process_set *set = p->set;
    if (p->pid > 0 && !p->ended_at_ms) {
        kill(p->pid, SIGKILL);
        spawn_wait(p->pid);
    }
    close_fd(&p->end_fd);
    close_fd(&p->in_fd);
    transcript_done(&p->out);
    transcript_done(&p->err);
    size_t i = 0;
    while (set->processes[i] != p)
        i++;
    set->processes[i] = set->processes[--set->processes_n];
    free(p);
}

void process_ignore_errors(struct process *p, const char *part)
{
    p->err.ignored = part;
}

pid_t process_pid(const struct process *p)
{
    return p->pid;
}

/* ---- waiting ---- */

static void take_news(struct process *p, int64_t now_ms)
{
    if (!p->held) {
        transcript_read(&p->out, now_ms);
        transcript_read(&p->err, now_ms);
    }
    if (p->end_fd < 0 || p->ended_at_ms)
        return;
    if (waitpid(p->pid, &p->status, WNOHANG) == p->pid) {
        p->ended_at_ms = now_ms;
        close_fd(&p->end_fd);
    }
}

bool process_set_step(struct process_set *set, int64_t end_at_ms)
{
    struct pollfd fds[FDS_EACH * PROCESSES_MAX];
    nfds_t n = 0;
    for (size_t i = 0; i < set->processes_n; i++) {
        const struct process *p = set->processes[i];
        int out_fd = p->held ? -1 : p->out.fd;
        int err_fd = p->held ? -1 : p->err.fd;
        fds[n++] = (struct pollfd){ .fd = out_fd, .events = POLLIN };
        fds[n++] = (struct pollfd){ .fd = err_fd, .events = POLLIN };
        fds[n++] = (struct pollfd){ .fd = p->end_fd, .events = POLLIN };
    }
    int64_t left_ms = end_at_ms - process_now_ms();
    int ready = poll(fds, n, left_ms > 0 ? (int)left_ms : 0);
    assert_true(ready >= 0 || errno == EINTR);
    int64_t now_ms = process_now_ms();
    for (size_t i = 0; i < set->processes_n; i++)
        take_news(set->processes[i], now_ms);
    return now_ms < end_at_ms;
}

void process_set_pass(struct process_set *set, int64_t until_ms)
{
    while (process_set_step(set, until_ms))
        continue;
}

void process_fail_at(const struct process *p, const char *why, const char *file,
                     int line)
{
    print_error("%s: %s\n", p->name, why);
    for (size_t i = 0; i < p->set->processes_n; i++) {
        const struct process *other = p->set->processes[i];
        int64_t zero_at_ms = p->set->began_at_ms;
        transcript_print(&other->out, other->name, "1>", zero_at_ms);
        transcript_print(&other->err, other->name, "2>", zero_at_ms);
        if (other->ended_at_ms)
            print_error("%8lld ms  %s ended with status 0x%x\n",
                        (long long)(other->ended_at_ms - zero_at_ms),
                        other->name, (unsigned)other->status);
    }
    _fail(file, line);
    abort(); /* _fail() does not come back, but is not declared so */
}

/* ---- what is done to it ---- */

void process_write(struct process *p, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t n = write(p->in_fd, text, left);
        if (n < 0)
            process_fail_at(p, strerror(errno), __FILE__, __LINE__);
        text += n;
        left -= (size_t)n;
    }
}

void process_close_input(struct process *p)
{
    close_fd(&p->in_fd);
}

void process_close_output(struct process *p)
{
    transcript_close(&p->out);
}

void process_close_errors(struct process *p)
{
    transcript_close(&p->err);
}

void process_hold_output(struct process *p, bool held)
{
    p->held = held;
}

void process_signal(struct process *p, int number)
{
    if (p->ended_at_ms || kill(p->pid, number) != 0)
        process_fail_at(p, "it has ended: no signal", __FILE__, __LINE__);
}

void process_pause(struct process *p)
{
    spawn_pause(p->pid);
}

void process_resume(struct process *p)
{
    spawn_resume(p->pid);
}

/* ---- how it ends ---- */

void process_await_end_at(struct process *p, const char *file, int line)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!p->ended_at_ms || p->out.fd >= 0 || p->err.fd >= 0)
        if (!process_set_step(p->set, end_at_ms))
            process_fail_at(p, "it does not end", file, line);
}

void process_expect_end_at(struct process *p, int code, int number,
                           const char *file, int line)
{
    process_await_end_at(p, file, line);
    bool as_wanted = number
        ? WIFSIGNALED(p->status) && WTERMSIG(p->status) == number
        : WIFEXITED(p->status) && WEXITSTATUS(p->status) == code;
    char why[128];
    snprintf(why, sizeof why, "wanted %s %d, ended with status 0x%x",
             number ? "signal" : "exit code", number ? number : code,
             (unsigned)p->status);
    if (!as_wanted)
        process_fail_at(p, why, file, line);
}

bool process_ended(const struct process *p)
{
    return p->ended_at_ms != 0;
}

int process_status(const struct process *p)
{
    return p->status;
}

int64_t process_ended_at_ms(const struct process *p)
{
    return p->ended_at_ms;
}
