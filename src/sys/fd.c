/* fd.c: see fd.h. */
#include "sys/fd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/error.h"

int fd_fill_standard(struct candidate_error *err)
{
    int closed = 0;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        closed |= 1 << fd;
        /* The lowest free number, and so this one. Not close-on-exec: a
         * child needs three descriptors as well. */
        if (open("/dev/null", O_RDWR) != fd)
            return error_set(err, CANDIDATE_ESYSTEM, "/dev/null: %s",
                             strerror(errno));
    }
    return closed;
}

int fd_close_from(int first)
{
    assert(first >= 0);
    return close_range((unsigned)first, UINT_MAX, 0) == 0 ? 0 : errno;
}

int fd_own_terminal(int fd, int access)
{
    assert(access == O_RDONLY || access == O_WRONLY);
    if (!isatty(fd))
        return fd;
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int own = open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return own < 0 ? fd : own;
}

/* A disk does not keep anyone waiting for a reader, and would answer "not
 * without waiting" where it only has to think. */
static bool is_on_disk(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static bool is_ready(int fd, short events)
{
    struct pollfd pollfd = { .fd = fd, .events = events };
    return poll(&pollfd, 1, 0) > 0;
}

static bool is_unknown(int error)
{
    return error == EOPNOTSUPP || error == ENOSYS;
}

/* Where RWF_NOWAIT is not known (pipes before Linux 6.5, terminals), poll()
 * must do, although another process may fill the pipe between it and write().
 */
static ssize_t try_to_write(int fd, const char *data, size_t size)
{
    if (is_on_disk(fd))
        return write(fd, data, size);
    struct iovec piece = { .iov_base = (void *)data, .iov_len = size };
    ssize_t n = pwritev2(fd, &piece, 1, -1, RWF_NOWAIT);
    if (n >= 0 || !is_unknown(errno))
        return n;
    if (is_ready(fd, POLLOUT))
        return write(fd, data, size);
    errno = EAGAIN;
    return -1;
}

static ssize_t try_to_read(int fd, char *data, size_t size)
{
    if (is_on_disk(fd))
        return read(fd, data, size);
    struct iovec piece = { .iov_base = data, .iov_len = size };
    ssize_t n = preadv2(fd, &piece, 1, -1, RWF_NOWAIT);
    if (n >= 0 || !is_unknown(errno))
        return n;
    if (is_ready(fd, POLLIN))
        return read(fd, data, size);
    errno = EAGAIN;
    return -1;
}

int fd_write_now(int fd, const char *data, size_t size, size_t *ret_written,
                 struct candidate_error *err)
{
    assert(size > 0 && size <= PIPE_BUF);
    ssize_t n = try_to_write(fd, data, size);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return error_set(err, CANDIDATE_ESYSTEM, "%s", strerror(errno));
    *ret_written = n < 0 ? 0 : (size_t)n;
    return 0;
}

enum fd_read fd_read_now(int fd, char *data, size_t size, size_t *ret_bytes)
{
    assert(size > 0);
    ssize_t n = try_to_read(fd, data, size);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? FD_NOTHING : FD_BROKEN;
    if (n == 0)
        return FD_END;
    *ret_bytes = (size_t)n;
    return FD_DATA;
}
