/* tree.c: see tree.h.
 *
 * One walk through /proc, which lists processes by their number. A child has
 * mostly a greater one than its parent: so one walk finds most of a tree, and
 * needs to know no more of a process than who its parent is. What a walk
 * misses has lost its parent when the next one comes, and is our own child.
 *
 * A walk that finds nothing proves that nothing is left: our children stay in
 * /proc until we reap them, which happens nowhere but here, and every other
 * descendant needs one of them above it.
 */
#define _LARGEFILE64_SOURCE /* musl gives getdents64 only to who asks so */
#include "sys/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/error.h"

enum {
    TREE_KNOWN_MAX = 1024,     /* descendants whose children a walk looks for */
    TREE_STAT_BYTES = 256,     /* of /proc/PID/stat; only its start matters */
    TREE_ENTRIES_BYTES = 4096, /* of /proc, which are read at a time */
    TREE_RESERVE_N = 3,        /* /proc, a process, what it says of itself */
};

struct walk {
    pid_t root; /* who is above all of them */
    bool own;   /* it is this process; else its children are let alone */
    const pid_t *spare;
    unsigned spare_n;
    pid_t unreaped;
    pid_t known[TREE_KNOWN_MAX]; /* sorted: /proc is */
    unsigned known_n;
    int found_n;
    bool blind; /* something was there that could not be looked at */
};

/* Descriptors that a walk closes, for those that it opens: a process that has
 * no more of them must be able to kill. */
static int reserve[TREE_RESERVE_N];
static bool has_reserve; /* this process, or the one that forked it */

static bool keep_reserve(void)
{
    for (int i = 0; i < TREE_RESERVE_N; i++)
        reserve[i] = open("/", O_PATH | O_CLOEXEC);
    has_reserve = true;
    return reserve[TREE_RESERVE_N - 1] >= 0;
}

static void use_reserve(void)
{
    for (int i = 0; i < TREE_RESERVE_N; i++)
        if (reserve[i] >= 0)
            close(reserve[i]);
}

static bool has_gone(void)
{
    return errno == ENOENT || errno == ESRCH;
}

/* Who the parent of a process is. Returns false when there is no such process,
 * or none that could be seen. */
static bool look(struct walk *w, int proc, const char *name, pid_t *ret_parent)
{
    char path[32];
    char stat[TREE_STAT_BYTES];
    (void)snprintf(path, sizeof path, "%.16s/stat", name);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof stat - 1);
    if (n < 0 && !has_gone())
        w->blind = true;
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return false;
    stat[n] = '\0';
    /* "PID (NAME) STATE PARENT ..."; a name may have any bytes in it. */
    const char *behind = strrchr(stat, ')');
    if (!behind || strlen(behind) < 5)
        return false;
    *ret_parent = (pid_t)strtol(behind + 4, NULL, 10);
    return true;
}

static int compare(const void *a, const void *b)
{
    const pid_t *one = a;
    const pid_t *other = b;
    return (*one > *other) - (*one < *other);
}

static bool is_below(const struct walk *w, pid_t parent)
{
    return parent == w->root ||
        bsearch(&parent, w->known, w->known_n, sizeof *w->known, compare);
}

static bool is_spared(const struct walk *w, pid_t pid)
{
    for (unsigned i = 0; i < w->spare_n; i++)
        if (w->spare[i] == pid)
            return true;
    return false;
}

/* Through a descriptor that was opened before the last look: had the process
 * been another by then, the signal would reach nobody. Our own children keep
 * their number until we reap them. */
static void kill_one(struct walk *w, int proc, const char *name, pid_t pid)
{
    pid_t parent;
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (look(w, proc, name, &parent) && is_below(w, parent)) {
        if (fd >= 0)
            (void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
        else if (w->own && parent == w->root)
            (void)kill(pid, SIGKILL);
    }
    if (fd >= 0)
        close(fd);
}

/* A zombie is killed as well: other threads of it may live. */
static void visit(struct walk *w, int proc, const char *name)
{
    pid_t pid = (pid_t)strtol(name, NULL, 10);
    pid_t parent;
    if (pid <= 0 || !look(w, proc, name, &parent) || !is_below(w, parent) ||
        is_spared(w, pid))
        return;
    if (w->known_n < TREE_KNOWN_MAX &&
        (w->known_n == 0 || w->known[w->known_n - 1] < pid))
        w->known[w->known_n++] = pid;
    if (!w->own && parent == w->root)
        return;
    w->found_n++;
    kill_one(w, proc, name, pid);
    if (w->own && parent == w->root && pid != w->unreaped)
        (void)waitpid(pid, NULL, WNOHANG);
}

/* Not by opendir(3), which takes memory: there may be none. */
static int visit_all(struct walk *w)
{
    alignas(struct dirent64) char entries[TREE_ENTRIES_BYTES];
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return CANDIDATE_ESYSTEM;
    ssize_t bytes;
    while ((bytes = getdents64(proc, (void *)entries, sizeof entries)) > 0)
        for (ssize_t at = 0; at < bytes;) {
            const struct dirent64 *entry = (const void *)(entries + at);
            visit(w, proc, entry->d_name);
            at += entry->d_reclen;
        }
    close(proc);
    return bytes < 0 || w->blind ? CANDIDATE_ESYSTEM : w->found_n;
}

static int walk(struct walk *w)
{
    if (!has_reserve)
        return visit_all(w);
    use_reserve();
    int r = visit_all(w);
    (void)keep_reserve();
    return r;
}

int tree_kill(const pid_t *spare, unsigned spare_n, pid_t unreaped)
{
    struct walk w = { .root = getpid(),
                      .own = true,
                      .spare = spare,
                      .spare_n = spare_n,
                      .unreaped = unreaped };
    return walk(&w);
}

int tree_kill_below(pid_t child)
{
    struct walk w = { .root = child };
    return walk(&w);
}

void tree_reap(const pid_t *known, unsigned known_n)
{
    struct walk w = { .spare = known, .spare_n = known_n };
    for (;;) {
        siginfo_t info = { .si_pid = 0 };
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
            info.si_pid == 0 || is_spared(&w, info.si_pid))
            return;
        (void)waitpid(info.si_pid, NULL, WNOHANG);
    }
}

int tree_adopt(struct candidate_error *err)
{
    struct walk none = { 0 };
    pid_t parent;
    if (!look(&none, AT_FDCWD, "/proc/self", &parent))
        return error_set(err, CANDIDATE_ESYSTEM, "/proc is not there");
    if (!keep_reserve())
        return error_set(err, CANDIDATE_ESYSTEM, "/: %s", strerror(errno));
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return error_set(err, CANDIDATE_ESYSTEM, "prctl: %s", strerror(errno));
    return 0;
}
