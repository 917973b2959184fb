/* proxy.c: see proxy.h. */
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "record.h"

enum {
    NS_PER_MS = 1000000,
    TURN_MS = 10,
    LINKS_MAX = 192,
    FLOW_BYTES_MAX = 32768,
    CHUNKS_MAX = 64,
    WHOLE = 1000,
};

struct chunk {
    int64_t due_ms;
    size_t bytes_n;
};

/* One way of a connection. */
struct flow {
    char bytes[FLOW_BYTES_MAX];
    size_t bytes_n;
    struct chunk chunks[CHUNKS_MAX];
    unsigned chunks_n;
    bool ended; /* nothing comes any more */
};

struct link {
    int fds[2]; /* the candidate, etcd; -1: the link is free */
    unsigned host;
    struct flow flows[2]; /* from the candidate, from etcd */
};

struct proxy {
    pthread_t thread;
    pthread_mutex_t lock;
    bool ending;
    int listeners[PROXY_HOSTS_MAX][PROXY_PORTS_MAX];
    unsigned hosts_n, ports_n;
    uint16_t ports[PROXY_PORTS_MAX];
    struct proxy_mood moods[PROXY_HOSTS_MAX];
    unsigned random_state;
    struct link links[LINKS_MAX];
};

/* ---- connections ---- */

static struct sockaddr_in address_of(const char *host, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port) };
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        abort();
    return address;
}

static int listen_at(const char *host, uint16_t port)
{
    int yes = 1;
    struct sockaddr_in address = address_of(host, port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, SOMAXCONN) < 0)
        abort();
    return fd;
}

/* With a reset, as of a machine that has crashed. */
static void abort_link(struct link *l)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    for (int side = 0; side < 2; side++) {
        if (l->fds[side] < 0)
            continue;
        (void)setsockopt(l->fds[side], SOL_SOCKET, SO_LINGER, &at_once,
                         sizeof at_once);
        close(l->fds[side]);
        l->fds[side] = -1;
    }
}

static void begin_link(struct proxy *p, unsigned host, uint16_t port, int fd)
{
    struct sockaddr_in address = address_of("127.0.0.1", port);
    struct link *l = p->links;
    while (l < p->links + LINKS_MAX && l->fds[0] >= 0)
        l++;
    if (l == p->links + LINKS_MAX) {
        close(fd);
        return;
    }
    *l = (struct link){ .fds = { fd, -1 }, .host = host };
    l->fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fds[1] < 0 ||
        (connect(l->fds[1], (struct sockaddr *)&address, sizeof address) < 0 &&
         errno != EINPROGRESS))
        abort_link(l);
}

static void accept_all(struct proxy *p)
{
    for (unsigned h = 0; h < p->hosts_n; h++) {
        for (unsigned i = 0; i < p->ports_n; i++) {
            int fd = accept4(p->listeners[h][i], NULL, NULL,
                             SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (fd >= 0)
                begin_link(p, h, p->ports[i], fd);
        }
    }
}

/* ---- bytes ---- */

static int64_t now_ms(void)
{
    return record_now_ns() / NS_PER_MS;
}

static void corrupt(struct proxy *p, char *bytes, size_t n, unsigned permille)
{
    if (permille == 0 || n == 0)
        return;
    p->random_state = p->random_state * 1103515245 + 12345;
    if ((p->random_state >> 8) % WHOLE < permille)
        bytes[(p->random_state >> 4) % n] ^= 0x11;
}

/* Returns false when the connection is broken. */
static bool take_in(struct proxy *p, struct link *l, int side)
{
    struct flow *f = &l->flows[side];
    const struct proxy_mood *mood = &p->moods[l->host];
    size_t room = FLOW_BYTES_MAX - f->bytes_n;
    if (f->ended || room == 0 || f->chunks_n == CHUNKS_MAX)
        return true;
    ssize_t n = recv(l->fds[side], f->bytes + f->bytes_n, room, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
    if (n == 0) {
        f->ended = true;
        return true;
    }
    corrupt(p, f->bytes + f->bytes_n, (size_t)n, mood->corrupt_permille);
    int64_t due_ms = now_ms() +
        (side == 0 ? mood->request_delay_ms : mood->reply_delay_ms);
    if (f->chunks_n > 0 && f->chunks[f->chunks_n - 1].due_ms > due_ms)
        due_ms = f->chunks[f->chunks_n - 1].due_ms;
    f->chunks[f->chunks_n++] = (struct chunk){ due_ms, (size_t)n };
    f->bytes_n += (size_t)n;
    return true;
}

static void drop_front(struct flow *f, size_t n)
{
    memmove(f->bytes, f->bytes + n, f->bytes_n - n);
    f->bytes_n -= n;
    f->chunks[0].bytes_n -= n;
    if (f->chunks[0].bytes_n > 0)
        return;
    f->chunks_n--;
    memmove(f->chunks, f->chunks + 1, f->chunks_n * sizeof *f->chunks);
}

static bool give_out(struct proxy *p, struct link *l, int side)
{
    struct flow *f = &l->flows[side];
    size_t most = p->moods[l->host].trickle_bytes;
    while (f->chunks_n > 0 && f->chunks[0].due_ms <= now_ms()) {
        size_t n = f->chunks[0].bytes_n;
        if (most > 0 && n > most)
            n = most;
        ssize_t sent = send(l->fds[!side], f->bytes, n, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
        drop_front(f, (size_t)sent);
        if (most > 0)
            break;
    }
    if (f->ended && f->bytes_n == 0)
        (void)shutdown(l->fds[!side], SHUT_WR);
    return true;
}

static bool over(const struct link *l)
{
    return l->flows[0].ended && l->flows[1].ended && l->flows[0].bytes_n == 0 &&
        l->flows[1].bytes_n == 0;
}

static void pass_on(struct proxy *p, struct link *l)
{
    bool good = take_in(p, l, 0) && take_in(p, l, 1) && give_out(p, l, 0) &&
        give_out(p, l, 1);
    if (!good || over(l))
        abort_link(l);
}

/* ---- the thread ---- */

static void await_news(struct proxy *p)
{
    struct pollfd fds[PROXY_HOSTS_MAX * PROXY_PORTS_MAX + 2 * LINKS_MAX];
    nfds_t n = 0;
    int64_t wait_ms = TURN_MS;
    pthread_mutex_lock(&p->lock);
    for (unsigned h = 0; h < p->hosts_n; h++)
        for (unsigned i = 0; i < p->ports_n; i++)
            fds[n++] = (struct pollfd){ .fd = p->listeners[h][i],
                                        .events = POLLIN };
    for (struct link *l = p->links; l < p->links + LINKS_MAX; l++)
        for (int side = 0; l->fds[0] >= 0 && side < 2; side++)
            if (!l->flows[side].ended && l->flows[side].chunks_n < CHUNKS_MAX)
                fds[n++] = (struct pollfd){ .fd = l->fds[side],
                                            .events = POLLIN };
    pthread_mutex_unlock(&p->lock);
    (void)poll(fds, n, (int)wait_ms);
}

static void *run(void *argument)
{
    struct proxy *p = argument;
    for (bool ending = false; !ending;) {
        await_news(p);
        pthread_mutex_lock(&p->lock);
        accept_all(p);
        for (struct link *l = p->links; l < p->links + LINKS_MAX; l++)
            if (l->fds[0] >= 0)
                pass_on(p, l);
        ending = p->ending;
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

struct proxy *proxy_start(const char (*hosts)[16], unsigned hosts_n,
                          const uint16_t *ports, unsigned ports_n)
{
    sigset_t all;
    sigset_t before;
    struct proxy *p = calloc(1, sizeof *p);
    if (!p || hosts_n > PROXY_HOSTS_MAX || ports_n > PROXY_PORTS_MAX)
        abort();
    p->hosts_n = hosts_n;
    p->ports_n = ports_n;
    for (unsigned i = 0; i < ports_n; i++)
        p->ports[i] = ports[i];
    for (unsigned h = 0; h < hosts_n; h++)
        for (unsigned i = 0; i < ports_n; i++)
            p->listeners[h][i] = listen_at(hosts[h], ports[i]);
    for (unsigned i = 0; i < LINKS_MAX; i++)
        p->links[i].fds[0] = p->links[i].fds[1] = -1;
    (void)pthread_mutex_init(&p->lock, NULL);
    sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    if (pthread_create(&p->thread, NULL, run, p) != 0)
        abort();
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p;
}

void proxy_stop(struct proxy *p)
{
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_mutex_unlock(&p->lock);
    (void)pthread_join(p->thread, NULL);
    for (unsigned i = 0; i < LINKS_MAX; i++)
        abort_link(&p->links[i]);
    for (unsigned h = 0; h < p->hosts_n; h++)
        for (unsigned i = 0; i < p->ports_n; i++)
            close(p->listeners[h][i]);
    free(p);
}

void proxy_set(struct proxy *p, unsigned host, const struct proxy_mood *mood)
{
    pthread_mutex_lock(&p->lock);
    p->moods[host] = *mood;
    pthread_mutex_unlock(&p->lock);
}

void proxy_reset(struct proxy *p, unsigned host)
{
    pthread_mutex_lock(&p->lock);
    for (struct link *l = p->links; l < p->links + LINKS_MAX; l++)
        if (l->fds[0] >= 0 && l->host == host)
            abort_link(l);
    pthread_mutex_unlock(&p->lock);
}
