/* watchman.c: see watchman.h. */
#include "watchman.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "candidate.h"
#include "record.h"

enum {
    EVERY_NS = 1000000,
    PATH_BYTES_MAX = 300,
    SOME_TOKEN = 1, /* until it is known of which one to ask */
};

struct watched {
    pid_t pid;
    int end_fd; /* -1: nobody */
    struct candidate_lease_page *page;
    int64_t page_token;
    char path[2 * PATH_BYTES_MAX];
    int64_t clock_from_ns;
    unsigned clock_permille;
    int64_t token; /* under which it believes to lead; 0: it does not */
    size_t span;
};

struct watchman {
    pthread_t thread;
    pthread_mutex_t lock;
    bool ending;
    struct watched watched[WATCHMAN_PLAYERS_MAX];
    struct watchman_span spans[WATCHMAN_SPANS_MAX];
    size_t spans_n;
    unsigned overlaps_n;
    int64_t overlap_from_ns; /* 0: there is none */
    int64_t overlap_longest_ns;
    int64_t looked_ns, late_ns;
};

/* ---- who believes ---- */

static void open_page(struct watched *p, int64_t token)
{
    struct candidate_lease_page *page;
    if (candidate_lease_page_open(&page, p->path, token, NULL) < 0)
        return;
    candidate_lease_page_close(p->page);
    p->page = page;
    p->page_token = token;
}

static void find_page(struct watched *p)
{
    char folder[PATH_BYTES_MAX];
    (void)snprintf(folder, sizeof folder, "/proc/%d/fd", (int)p->pid);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && !p->page && (entry = readdir(dir));) {
        char link[PATH_BYTES_MAX];
        (void)snprintf(p->path, sizeof p->path, "%s/%s", folder, entry->d_name);
        ssize_t n = readlink(p->path, link, sizeof link - 1);
        link[n > 0 ? n : 0] = '\0';
        if (strncmp(link, "/memfd:candidate-lease", 22) == 0)
            open_page(p, SOME_TOKEN);
    }
    if (dir)
        closedir(dir);
}

/* What the page says of a token other than that for which it was opened is
 * no more than that. */
static bool read_page(struct watched *p, struct candidate_lease *ret_lease)
{
    if (!p->page || !candidate_lease_page_read(p->page, ret_lease))
        return false;
    if (ret_lease->token == 0 || ret_lease->token == p->page_token)
        return true;
    open_page(p, ret_lease->token);
    return candidate_lease_page_read(p->page, ret_lease);
}

static bool lives(const struct watched *p)
{
    struct pollfd end = { .fd = p->end_fd, .events = POLLIN };
    return p->end_fd >= 0 && poll(&end, 1, 0) == 0;
}

/* The token under which it believes to lead, or 0. */
static int64_t belief(struct watched *p)
{
    struct candidate_lease lease;
    if (!read_page(p, &lease) || lease.state != CANDIDATE_LEASE_LEADING)
        return 0;
    int64_t passed_ns = (record_now_ns() - p->clock_from_ns) / 1000 *
        p->clock_permille;
    int64_t now_ms = (p->clock_from_ns + passed_ns) / 1000000;
    return now_ms < lease.lead_until_ms && lives(p) ? lease.token : 0;
}

static void note(struct watchman *w, unsigned player, int64_t token,
                 int64_t now_ns)
{
    struct watched *p = &w->watched[player];
    if (token == p->token)
        return;
    if (p->token)
        w->spans[p->span].until_ns = now_ns;
    p->token = 0;
    if (!token || w->spans_n == WATCHMAN_SPANS_MAX)
        return;
    p->token = token;
    p->span = w->spans_n;
    w->spans[w->spans_n++] = (struct watchman_span){ player, token, now_ns,
                                                     INT64_MAX };
}

/* One pass takes its time, so a second one tells: who believes in both does so
 * all the time in between. */
static void note_overlap(struct watchman *w, const int64_t *first,
                         int64_t now_ns)
{
    unsigned n = 0;
    for (unsigned i = 0; i < WATCHMAN_PLAYERS_MAX; i++)
        n += first[i] && belief(&w->watched[i]) == first[i];
    if (n < 2) {
        w->overlap_from_ns = 0;
        return;
    }
    if (!w->overlap_from_ns) {
        w->overlap_from_ns = now_ns;
        w->overlaps_n++;
    }
    int64_t ns = record_now_ns() - w->overlap_from_ns;
    if (ns > w->overlap_longest_ns)
        w->overlap_longest_ns = ns;
}

static void look(struct watchman *w)
{
    int64_t tokens[WATCHMAN_PLAYERS_MAX];
    unsigned n = 0;
    int64_t now_ns = record_now_ns();
    if (w->looked_ns && now_ns - w->looked_ns > w->late_ns)
        w->late_ns = now_ns - w->looked_ns;
    w->looked_ns = now_ns;
    for (unsigned i = 0; i < WATCHMAN_PLAYERS_MAX; i++) {
        tokens[i] = belief(&w->watched[i]);
        n += tokens[i] != 0;
    }
    for (unsigned i = 0; i < WATCHMAN_PLAYERS_MAX; i++)
        note(w, i, tokens[i], now_ns);
    if (n > 1)
        note_overlap(w, tokens, now_ns);
    else
        w->overlap_from_ns = 0;
}

static void *watch(void *argument)
{
    struct watchman *w = argument;
    for (bool ending = false; !ending;) {
        pthread_mutex_lock(&w->lock);
        for (unsigned i = 0; i < WATCHMAN_PLAYERS_MAX; i++)
            if (w->watched[i].end_fd >= 0 && !w->watched[i].page)
                find_page(&w->watched[i]);
        look(w);
        ending = w->ending;
        pthread_mutex_unlock(&w->lock);
        (void)nanosleep(&(struct timespec){ .tv_nsec = EVERY_NS }, NULL);
    }
    return NULL;
}

/* ---- the interface ---- */

struct watchman *watchman_start(void)
{
    struct watchman *w = calloc(1, sizeof *w);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    if (!w)
        abort();
    for (unsigned i = 0; i < WATCHMAN_PLAYERS_MAX; i++)
        w->watched[i].end_fd = -1;
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    if (pthread_create(&w->thread, NULL, watch, w) != 0)
        abort();
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return w;
}

static void forget(struct watched *p)
{
    if (p->end_fd >= 0)
        close(p->end_fd);
    candidate_lease_page_close(p->page);
    p->page = NULL;
    p->end_fd = -1;
}

void watchman_stop(struct watchman *w)
{
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    for (unsigned i = 0; i < WATCHMAN_PLAYERS_MAX; i++)
        forget(&w->watched[i]);
    free(w);
}

void watchman_meet(struct watchman *w, unsigned player, pid_t pid,
                   int64_t clock_from_ns, unsigned clock_permille)
{
    struct watched *p = &w->watched[player];
    pthread_mutex_lock(&w->lock);
    note(w, player, 0, record_now_ns());
    forget(p);
    p->pid = pid;
    p->end_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    p->clock_from_ns = clock_from_ns;
    p->clock_permille = clock_permille;
    pthread_mutex_unlock(&w->lock);
}

int watchman_leader(struct watchman *w)
{
    int leader = WATCHMAN_NOBODY;
    pthread_mutex_lock(&w->lock);
    for (int i = 0; i < WATCHMAN_PLAYERS_MAX; i++)
        if (w->watched[i].token)
            leader = i;
    pthread_mutex_unlock(&w->lock);
    return leader;
}

size_t watchman_spans(struct watchman *w, struct watchman_span *ret_spans,
                      size_t max)
{
    pthread_mutex_lock(&w->lock);
    size_t n = w->spans_n < max ? w->spans_n : max;
    memcpy(ret_spans, w->spans, n * sizeof *ret_spans);
    pthread_mutex_unlock(&w->lock);
    return n;
}

unsigned watchman_overlaps(struct watchman *w, int64_t *ret_longest_ns)
{
    pthread_mutex_lock(&w->lock);
    unsigned n = w->overlaps_n;
    *ret_longest_ns = w->overlap_longest_ns;
    pthread_mutex_unlock(&w->lock);
    return n;
}

int64_t watchman_late_ns(struct watchman *w)
{
    pthread_mutex_lock(&w->lock);
    int64_t ns = w->late_ns;
    pthread_mutex_unlock(&w->lock);
    return ns;
}
