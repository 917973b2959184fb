/* srv_search.c: see srv_search.h. */
#include "sys/srv_search.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/error.h"

/* What the process finds, as it goes through the pipe. */
struct finding {
    int result;
    struct candidate_error err;
    char list[SRV_LIST_BYTES_MAX];
};

static int fail(struct candidate_error *err, const char *what)
{
    return error_set(err, CANDIDATE_ESYSTEM, "%s: %s", what, strerror(errno));
}

static _Noreturn void search(int out_fd, pid_t parent, const char *domain,
                             const struct sockaddr_in *nameserver)
{
    struct finding found = { .result = CANDIDATE_ESYSTEM };
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it was faster */
        _exit(0);
    found.result = srv_endpoints(domain, nameserver, found.list,
                                 sizeof found.list, &found.err);
    const char *data = (const char *)&found;
    for (size_t sent = 0; sent < sizeof found;) {
        ssize_t n = write(out_fd, data + sent, sizeof found - sent);
        if (n < 0 && errno != EINTR)
            break;
        sent += n > 0 ? (size_t)n : 0;
    }
    _exit(0);
}

/* Returns 0 when all has come, 1: stop_fd can be read, CANDIDATE_ESYSTEM. */
static int await(int in_fd, int stop_fd, struct finding *ret_found,
                 struct candidate_error *err)
{
    char *data = (char *)ret_found;
    for (size_t got = 0; got < sizeof *ret_found;) {
        struct pollfd polls[] = { { .fd = in_fd, .events = POLLIN },
                                  { .fd = stop_fd, .events = POLLIN } };
        if (poll(polls, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            return fail(err, "poll");
        }
        if (!polls[0].revents)
            return 1;
        ssize_t n = read(in_fd, data + got, sizeof *ret_found - got);
        if (n == 0)
            return error_set(err, CANDIDATE_ESYSTEM,
                             "the process that asks DNS was killed");
        if (n < 0 && errno != EINTR)
            return fail(err, "read");
        got += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int srv_search(int stop_fd, const char *domain,
               const struct sockaddr_in *nameserver, char *ret_list,
               size_t list_bytes, struct candidate_error *err)
{
    assert(list_bytes >= SRV_LIST_BYTES_MAX);
    (void)list_bytes;
    struct finding found = { .result = CANDIDATE_ESYSTEM };
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, "pipe");
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        search(ends[1], parent, domain, nameserver);
    int r = pid < 0 ? fail(err, "fork") : 0;
    (void)close(ends[1]);
    if (r == 0)
        r = await(ends[0], stop_fd, &found, err);
    (void)close(ends[0]);
    if (pid > 0) {
        (void)kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (r != 0)
        return r;
    if (found.result < 0)
        return error_set(err, found.result, "%s", found.err.message);
    memcpy(ret_list, found.list, SRV_LIST_BYTES_MAX);
    return 0;
}
