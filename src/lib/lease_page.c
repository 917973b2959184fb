/* lease_page.c: the lease page of candidate.h: a sealed memfd.
 *
 * Two slots and a number. The slot that the number chooses holds what was
 * written last; the writer fills the other one and then moves the number on.
 * So a writer that dies halfway leaves a page that can be read (as Linux'
 * seqcount_latch, which this follows), and another can take over.
 */
#include "candidate.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/error.h"
#include "sys/number.h"
#include "sys/text.h"

enum {
    PATH_BYTES_MAX = 64,
    SHOWN_BYTES_MAX = 256,
    VERSION = 1,
    READ_TRIES_MAX = 64, /* a try fails only when somebody writes meanwhile */
};

static const char magic[8] = "candlead"; /* no NUL byte */

struct slot {
    _Atomic int64_t state, token, lease, lead_until_ms;
};

/* The whole file. A new layout gets a new version. */
struct layout {
    char magic[sizeof magic];
    uint32_t version;
    uint32_t bytes;            /* of this struct */
    _Atomic uint64_t sequence; /* its lowest bit chooses the slot */
    struct slot slots[2];
};

static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a lock cannot be shared");

/* What keeps a reader from hurting others, and us from SIGBUS. */
static const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE |
    F_SEAL_SEAL;

struct candidate_lease_page {
    struct layout *layout;
    int fd;        /* of the writer, for its readers; -1: a reader */
    pid_t maker;   /* who has that descriptor */
    int64_t token; /* that counts; 0: any */
    char path[PATH_BYTES_MAX];
};

static int system_error(struct candidate_error *err, const char *call)
{
    return error_set(err, CANDIDATE_ESYSTEM, "lease page: %s: %s", call,
                     strerror(errno));
}

static struct candidate_lease_page *new_page(struct candidate_error *err)
{
    struct candidate_lease_page *page = calloc(1, sizeof *page);
    if (!page)
        error_set(err, CANDIDATE_ENOMEM, "out of memory");
    else
        page->fd = -1;
    return page;
}

/* ---- the writer ---- */

/* Mapped before it is sealed, the page stays writable for us and whom we
 * fork. */
static int make(struct candidate_lease_page *page, struct candidate_error *err)
{
    page->maker = getpid();
    page->fd = memfd_create("candidate-lease", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (page->fd < 0)
        return system_error(err, "memfd_create");
    if (ftruncate(page->fd, sizeof *page->layout) < 0)
        return system_error(err, "ftruncate");
    void *memory = mmap(NULL, sizeof *page->layout, PROT_READ | PROT_WRITE,
                        MAP_SHARED, page->fd, 0);
    if (memory == MAP_FAILED)
        return system_error(err, "mmap");
    page->layout = memory;
    memcpy(page->layout->magic, magic, sizeof magic);
    page->layout->version = VERSION;
    page->layout->bytes = sizeof *page->layout;
    if (fcntl(page->fd, F_ADD_SEALS, seals) < 0)
        return system_error(err, "fcntl(F_ADD_SEALS)");
    (void)snprintf(page->path, sizeof page->path, "/proc/%d/fd/%d",
                   (int)page->maker, page->fd);
    return 0;
}

int candidate_lease_page_new(struct candidate_lease_page **ret_page,
                             struct candidate_error *err)
{
    struct candidate_lease_page *page = new_page(err);
    if (!page)
        return CANDIDATE_ENOMEM;
    int r = make(page, err);
    if (r == 0)
        *ret_page = page;
    else
        candidate_lease_page_close(page);
    return r;
}

const char *candidate_lease_page_path(const struct candidate_lease_page *page)
{
    return page->path;
}

void candidate_lease_page_write(struct candidate_lease_page *page,
                                const struct candidate_lease *lease)
{
    assert(page->fd >= 0); /* else it would be SIGSEGV */
    struct layout *l = page->layout;
    uint64_t next = atomic_load_explicit(&l->sequence, memory_order_relaxed) +
        1;
    struct slot *slot = &l->slots[next % 2];
    /* Who reads a new number in the slot must not find the old sequence. */
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&slot->state, lease->state, memory_order_relaxed);
    atomic_store_explicit(&slot->token, lease->token, memory_order_relaxed);
    atomic_store_explicit(&slot->lease, lease->lease, memory_order_relaxed);
    atomic_store_explicit(&slot->lead_until_ms, lease->lead_until_ms,
                          memory_order_relaxed);
    atomic_store_explicit(&l->sequence, next, memory_order_release);
}

/* ---- the reader ---- */

static int not_a_page(struct candidate_error *err)
{
    return error_set(err, CANDIDATE_EINVAL, "is not a lease page");
}

/* The file must be one that nobody can cut under our feet. */
static int check_file(int fd, struct candidate_error *err)
{
    struct stat status;
    int has = fcntl(fd, F_GET_SEALS);
    if (has < 0 || (has & seals) != seals || fstat(fd, &status) < 0 ||
        status.st_size < (off_t)sizeof(struct layout))
        return not_a_page(err);
    return 0;
}

static int check_layout(const struct layout *l, struct candidate_error *err)
{
    if (memcmp(l->magic, magic, sizeof magic) != 0)
        return not_a_page(err);
    if (l->version != VERSION || l->bytes != sizeof *l)
        return error_set(err, CANDIDATE_EINVAL,
                         "is a lease page of version %u, not of %d", l->version,
                         VERSION);
    return 0;
}

static int map(struct candidate_lease_page *page, int fd,
               struct candidate_error *err)
{
    int r = check_file(fd, err);
    if (r < 0)
        return r;
    void *memory = mmap(NULL, sizeof *page->layout, PROT_READ, MAP_SHARED, fd,
                        0);
    if (memory == MAP_FAILED)
        return error_set(err, CANDIDATE_ESYSTEM, "mmap: %s", strerror(errno));
    page->layout = memory;
    return check_layout(page->layout, err);
}

static int open_file(struct candidate_lease_page *page, const char *path,
                     struct candidate_error *err)
{
    char shown[SHOWN_BYTES_MAX];
    text_escape(shown, sizeof shown, path, strlen(path));
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_set(
            err, errno == ENOENT ? CANDIDATE_ENOTFOUND : CANDIDATE_ESYSTEM,
            "lease page %s: %s", shown, strerror(errno));
    int r = map(page, fd, err);
    (void)close(fd);
    return r < 0 ? error_wrap(err, r, "lease page %s", shown) : 0;
}

/* What the caller leaves open stands in the environment. */
static int complete(const char **path, int64_t *token,
                    struct candidate_error *err)
{
    if (!*path)
        *path = getenv("CANDIDATE_LEASE_PAGE");
    if (!*path || !(*path)[0])
        return error_set(err, CANDIDATE_EINVAL,
                         "CANDIDATE_LEASE_PAGE: is not set");
    if (*token > 0)
        return 0;
    const char *text = *token == 0 ? getenv("CANDIDATE_TOKEN") : NULL;
    if (!text || !number_parse(text, 1, INT64_MAX, token))
        return error_set(err, CANDIDATE_EINVAL,
                         "CANDIDATE_TOKEN: is not a fencing token");
    return 0;
}

int candidate_lease_page_open(struct candidate_lease_page **ret_page,
                              const char *path, int64_t token,
                              struct candidate_error *err)
{
    int r = complete(&path, &token, err);
    if (r < 0)
        return r;
    struct candidate_lease_page *page = new_page(err);
    if (!page)
        return CANDIDATE_ENOMEM;
    page->token = token;
    r = open_file(page, path, err);
    if (r == 0)
        *ret_page = page;
    else
        candidate_lease_page_close(page);
    return r;
}

/* ---- both ---- */

void candidate_lease_page_close(struct candidate_lease_page *page)
{
    if (!page)
        return;
    if (page->layout)
        (void)munmap(page->layout, sizeof *page->layout);
    /* A child may have closed it already, with all that it did not need. */
    if (page->fd >= 0 && getpid() == page->maker)
        (void)close(page->fd);
    free(page);
}

/* Returns false when the writer was there meanwhile. */
static bool try_read(const struct layout *l, struct candidate_lease *ret_lease)
{
    uint64_t sequence = atomic_load_explicit(&l->sequence,
                                             memory_order_acquire);
    const struct slot *slot = &l->slots[sequence % 2];
    *ret_lease = (struct candidate_lease){
        .state = (enum candidate_lease_state)atomic_load_explicit(
            &slot->state, memory_order_relaxed),
        .token = atomic_load_explicit(&slot->token, memory_order_relaxed),
        .lease = atomic_load_explicit(&slot->lease, memory_order_relaxed),
        .lead_until_ms = atomic_load_explicit(&slot->lead_until_ms,
                                              memory_order_relaxed),
    };
    atomic_thread_fence(memory_order_acquire);
    return sequence == atomic_load_explicit(&l->sequence, memory_order_relaxed);
}

bool candidate_lease_page_read(const struct candidate_lease_page *page,
                               struct candidate_lease *ret_lease)
{
    struct candidate_lease read;
    for (int i = 0; i < READ_TRIES_MAX; i++) {
        if (!try_read(page->layout, &read))
            continue;
        if (page->token > 0 && read.token != page->token)
            read.state = CANDIDATE_LEASE_LOST;
        *ret_lease = read;
        return true;
    }
    return false;
}

bool candidate_may_act(const struct candidate_lease_page *page)
{
    struct candidate_lease lease;
    return page && candidate_lease_page_read(page, &lease) &&
        lease.state == CANDIDATE_LEASE_LEADING &&
        clock_now_ms() < lease.lead_until_ms;
}
