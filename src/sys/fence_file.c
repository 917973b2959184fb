/* fence_file.c: see fence_file.h. */
#include "sys/fence_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/error.h"
#include "sys/text.h"

enum {
    DIGITS = 19, /* INT64_MAX has as many */
    LINE_BYTES = 2 * (DIGITS + 1),
    LINES_N = 2,
    OPENS_MAX = 100,
    POLL_NS = 20000000,
    SHOWN_BYTES_MAX = 256,
};

struct lines {
    int64_t tokens[LINES_N]; /* -1: no such line, or half of one */
    off_t bytes;             /* of the file */
};

static int system_error(struct candidate_error *err, const char *call)
{
    return error_set(err, CANDIDATE_ESYSTEM, "%s: %s", call, strerror(errno));
}

/* ---- the lock ---- */

static int wait_for_lock(int fd, int64_t ends_at_ms,
                         struct candidate_error *err)
{
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return system_error(err, "flock");
        if (clock_now_ms() >= ends_at_ms)
            return error_set(err, CANDIDATE_EFENCED,
                             "stays locked: another command runs under it");
        (void)nanosleep(&(struct timespec){ .tv_nsec = POLL_NS }, NULL);
    }
    return 0;
}

/* Is the file that we have still the one of that name? Whoever replaced it
 * meanwhile has locked another. */
static bool is_current(int fd, const char *path)
{
    struct stat ours, named;
    return fstat(fd, &ours) == 0 && stat(path, &named) == 0 &&
        ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static int open_locked(const char *path, int64_t wait_ms, int *ret_fd,
                       struct candidate_error *err)
{
    int64_t ends_at_ms = clock_now_ms() + wait_ms;
    for (int i = 0; i < OPENS_MAX; i++) {
        int fd = open(
            path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
        if (fd < 0)
            return system_error(err, "open");
        int r = wait_for_lock(fd, ends_at_ms, err);
        if (r == 0 && is_current(fd, path)) {
            *ret_fd = fd;
            return 0;
        }
        (void)close(fd);
        if (r < 0)
            return r;
    }
    return error_set(err, CANDIDATE_EFENCED,
                     "is replaced as often as it is locked");
}

/* ---- the lines ---- */

/* 19 digits; -1: they are not. */
static int64_t parse_digits(const char *text)
{
    int64_t number = 0;
    for (int i = 0; i < DIGITS; i++) {
        int64_t digit = text[i] - '0';
        if (digit < 0 || digit > 9 || number > (INT64_MAX - digit) / 10)
            return -1;
        number = number * 10 + digit;
    }
    return number;
}

/* A line that was half written has the digits of one token and the rest of
 * another. */
static int64_t parse_line(const char *line)
{
    int64_t token = parse_digits(line);
    bool whole = token >= 0 && line[DIGITS] == ' ' &&
        parse_digits(line + DIGITS + 1) == INT64_MAX - token &&
        line[LINE_BYTES - 1] == '\n';
    return whole ? token : -1;
}

static int read_lines(int fd, struct lines *ret_lines,
                      struct candidate_error *err)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return system_error(err, "fstat");
    bool fits = S_ISREG(status.st_mode) &&
        status.st_size <= (off_t)LINES_N * LINE_BYTES;
    struct lines lines = { .tokens = { -1, -1 }, .bytes = status.st_size };
    for (int i = 0; fits && i < LINES_N; i++) {
        char line[LINE_BYTES];
        ssize_t n = pread(fd, line, sizeof line, (off_t)i * LINE_BYTES);
        if (n < 0)
            return system_error(err, "read");
        if (n == (ssize_t)sizeof line)
            lines.tokens[i] = parse_line(line);
    }
    bool any = lines.tokens[0] >= 0 || lines.tokens[1] >= 0;
    if (!fits || (status.st_size > 0 && !any))
        return error_set(err, CANDIDATE_EINVAL,
                         "is not a fence file; if nothing else needs it, and "
                         "nothing runs under it, remove it");
    *ret_lines = lines;
    return 0;
}

/* ---- to disk ---- */

/* A file that is new must not be lost with its folder's page. */
static int store_name(int fd, struct candidate_error *err)
{
    char link[64], path[PATH_MAX];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return system_error(err, "readlink");
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (slash)
        slash[1] = '\0';
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return system_error(err, "open of its folder");
    int r = fsync(folder) < 0 && errno != EINVAL
        ? system_error(err, "fsync of its folder")
        : 0;
    (void)close(folder);
    return r;
}

/* Also when the token is there already: whoever wrote it may have died before
 * it was on disk. */
static int store(int fd, const struct lines *lines, int64_t token,
                 struct candidate_error *err)
{
    int smaller = lines->tokens[0] <= lines->tokens[1] ? 0 : 1;
    if (token > lines->tokens[1 - smaller]) {
        char line[LINE_BYTES + 1];
        int n = snprintf(line, sizeof line, "%0*" PRId64 " %0*" PRId64 "\n",
                         DIGITS, token, DIGITS, INT64_MAX - token);
        assert(n == LINE_BYTES);
        ssize_t written = pwrite(fd, line, LINE_BYTES,
                                 (off_t)smaller * LINE_BYTES);
        if (written != LINE_BYTES)
            return written < 0
                ? system_error(err, "write")
                : error_set(err, CANDIDATE_ESYSTEM, "write: is cut short");
    }
    if (fsync(fd) < 0)
        return system_error(err, "fsync");
    return lines->bytes == 0 ? store_name(fd, err) : 0;
}

static int pass(int fd, int64_t token, struct candidate_error *err)
{
    struct lines lines = { .bytes = 0 };
    int r = read_lines(fd, &lines, err);
    if (r < 0)
        return r;
    int64_t largest = lines.tokens[0] > lines.tokens[1] ? lines.tokens[0]
                                                        : lines.tokens[1];
    if (token < largest)
        return error_set(err, CANDIDATE_EFENCED,
                         "token %" PRId64 " is smaller than %" PRId64
                         ", which it has seen",
                         token, largest);
    return store(fd, &lines, token, err);
}

int fence_file_pass(const char *path, int64_t token, int64_t wait_ms,
                    int *ret_fd, struct candidate_error *err)
{
    assert(token > 0);
    char shown[SHOWN_BYTES_MAX];
    text_escape(shown, sizeof shown, path, strlen(path));
    int fd = -1;
    int r = open_locked(path, wait_ms, &fd, err);
    if (r == 0)
        r = pass(fd, token, err);
    if (r == 0) {
        *ret_fd = fd;
        return 0;
    }
    if (fd >= 0)
        (void)close(fd);
    return error_wrap(err, r, "%s", shown);
}
