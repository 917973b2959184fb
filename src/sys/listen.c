/* listen.c: see listen.h. */
#include "sys/listen.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/text.h"

enum {
    PORT_MAX = 65535,
    WHERE_BYTES_MAX = 160, /* of what is shown of it in a message */
};

union address {
    struct sockaddr any;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
    struct sockaddr_un path;
};

static const char unix_prefix[] = "unix:";

static int refused(const char *where, const char *why,
                   struct candidate_error *err)
{
    char shown[WHERE_BYTES_MAX];
    text_escape(shown, sizeof shown, where, strlen(where));
    return error_set(err, CANDIDATE_EINVAL, "\"%s\" is %s", shown, why);
}

/* Of those that somebody else may mend, a later try can succeed. */
static int failed(const char *where, int error, struct candidate_error *err)
{
    char shown[WHERE_BYTES_MAX];
    text_escape(shown, sizeof shown, where, strlen(where));
    int code = CANDIDATE_ESYSTEM;
    if (error == EADDRINUSE || error == EADDRNOTAVAIL)
        code = CANDIDATE_ERETRY;
    else if (error == EACCES || error == EPERM || error == ENOENT ||
             error == ENOTDIR || error == EROFS)
        code = CANDIDATE_EDENIED;
    return error_set(err, code, "%s: %s", shown, strerror(error));
}

/* ---- TCP ---- */

/* Digits only. */
static bool parse_port(const char *text, in_port_t *ret_port)
{
    unsigned port = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        port = port * 10 + (unsigned)(*text - '0');
        if (port > PORT_MAX)
            return false;
    }
    *ret_port = htons((in_port_t)port);
    return true;
}

static bool parse_ip6(const char *host, size_t bytes, struct sockaddr_in6 *to)
{
    char text[INET6_ADDRSTRLEN];
    if (bytes < 2 || host[0] != '[' || host[bytes - 1] != ']' ||
        bytes - 2 >= sizeof text)
        return false;
    memcpy(text, host + 1, bytes - 2);
    text[bytes - 2] = '\0';
    to->sin6_family = AF_INET6;
    return inet_pton(AF_INET6, text, &to->sin6_addr) == 1;
}

static bool parse_ip4(const char *host, size_t bytes, struct sockaddr_in *to)
{
    static const char localhost[] = "localhost";
    char text[INET_ADDRSTRLEN] = "127.0.0.1";
    if (bytes != strlen(localhost) || memcmp(host, localhost, bytes) != 0) {
        if (bytes >= sizeof text)
            return false;
        memcpy(text, host, bytes);
        text[bytes] = '\0';
    }
    to->sin_family = AF_INET;
    return inet_pton(AF_INET, text, &to->sin_addr) == 1;
}

static int parse_tcp(union address *to, const char *where,
                     struct candidate_error *err)
{
    const char *colon = strrchr(where, ':');
    const char *port_text = colon ? colon + 1 : where;
    const char *host = colon ? where : "localhost";
    size_t bytes = colon ? (size_t)(colon - where) : strlen(host);
    in_port_t port;
    if (!parse_port(port_text, &port))
        return refused(where, "none of ADDRESS:PORT, PORT, unix:PATH", err);
    if (parse_ip4(host, bytes, &to->ip4))
        to->ip4.sin_port = port;
    else if (parse_ip6(host, bytes, &to->ip6))
        to->ip6.sin6_port = port;
    else
        return refused(where,
                       "not an IP address and a port; IPv6 is written as "
                       "[::1]:8080, and all addresses are 0.0.0.0 or [::]",
                       err);
    return 0;
}

/* With the port that the kernel has chosen. */
static void show_tcp(struct listen *l)
{
    union address bound = { 0 };
    socklen_t bytes = sizeof bound;
    char text[INET6_ADDRSTRLEN] = "";
    (void)getsockname(l->fd, &bound.any, &bytes);
    bool is_ip6 = bound.any.sa_family == AF_INET6;
    if (is_ip6)
        (void)inet_ntop(AF_INET6, &bound.ip6.sin6_addr, text, sizeof text);
    else
        (void)inet_ntop(AF_INET, &bound.ip4.sin_addr, text, sizeof text);
    (void)snprintf(l->shown, sizeof l->shown, is_ip6 ? "[%s]:%u" : "%s:%u",
                   text,
                   ntohs(is_ip6 ? bound.ip6.sin6_port : bound.ip4.sin_port));
}

static int open_tcp(struct listen *l, const char *where,
                    struct candidate_error *err)
{
    union address address = { 0 };
    int on = 1;
    int r = parse_tcp(&address, where, err);
    if (r < 0)
        return r;
    bool is_ip6 = address.any.sa_family == AF_INET6;
    l->fd = socket(address.any.sa_family,
                   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0)
        return failed(where, errno, err);
    /* Connections of an earlier run that are not quite over do not matter. */
    (void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(l->fd, &address.any,
             is_ip6 ? sizeof address.ip6 : sizeof address.ip4) < 0 ||
        listen(l->fd, LISTEN_BACKLOG) < 0)
        return failed(where, errno, err);
    show_tcp(l);
    return 0;
}

/* ---- a path ---- */

/* The mode is right from the first moment on. */
static int bind_path(int fd, const struct sockaddr_un *address)
{
    mode_t before = umask(~(mode_t)LISTEN_MODE & 0777);
    int r = bind(fd, (const struct sockaddr *)address, sizeof *address);
    int error = errno;
    (void)umask(before);
    return r < 0 ? error : 0;
}

/* A socket at which nobody listens any more? */
static bool is_stale(const struct sockaddr_un *address)
{
    struct stat found;
    if (lstat(address->sun_path, &found) < 0 || !S_ISSOCK(found.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    int r = connect(fd, (const struct sockaddr *)address, sizeof *address);
    bool stale = r < 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return stale;
}

/* The folder is locked meanwhile, and the socket listens before that ends:
 * else two that find the same stale one could each remove the other's. */
static int replace_path(int fd, const struct sockaddr_un *address)
{
    char path[LISTEN_PATH_BYTES_MAX];
    memcpy(path, address->sun_path, sizeof path);
    int folder = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return errno;
    int error = EADDRINUSE;
    if (flock(folder, LOCK_EX | LOCK_NB) == 0) {
        error = bind_path(fd, address);
        if (error == EADDRINUSE && is_stale(address) &&
            unlink(address->sun_path) == 0)
            error = bind_path(fd, address);
        if (error == 0 && listen(fd, LISTEN_BACKLOG) < 0)
            error = errno;
    }
    (void)close(folder);
    return error;
}

static int open_path(struct listen *l, const char *where,
                     struct candidate_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = where + strlen(unix_prefix);
    size_t bytes = strlen(path);
    if (bytes == 0 || bytes >= sizeof address.sun_path)
        return refused(where, "no path of 1 to 107 bytes", err);
    memcpy(address.sun_path, path, bytes + 1);
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = l->fd < 0 ? errno : replace_path(l->fd, &address);
    if (error != 0)
        return failed(where, error, err);
    if (lstat(path, &l->made) == 0)
        memcpy(l->path, path, bytes + 1);
    text_escape(l->shown, sizeof l->shown, where, strlen(where));
    return 0;
}

/* ---- both ---- */

int listen_open(struct listen *ret_l, const char *where,
                struct candidate_error *err)
{
    struct listen l = { .fd = -1 };
    bool is_path = strncmp(where, unix_prefix, strlen(unix_prefix)) == 0;
    int r = is_path ? open_path(&l, where, err) : open_tcp(&l, where, err);
    if (r < 0) {
        listen_close(&l);
        return r;
    }
    assert(l.fd >= 0);
    *ret_l = l;
    return 0;
}

void listen_close(struct listen *l)
{
    struct stat found;
    if (l->path[0] && lstat(l->path, &found) == 0 &&
        found.st_dev == l->made.st_dev && found.st_ino == l->made.st_ino)
        (void)unlink(l->path);
    l->path[0] = '\0';
    if (l->fd >= 0)
        (void)close(l->fd);
    l->fd = -1;
}
