/* network.c: see network.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "network.h"

enum { RULES_BYTES_MAX = 512, MAP_BYTES_MAX = 64, KNOWN_MAX = 8 };

#define TABLE "inet candidate_tests"
/* Of those that are known by their groups: what is healed is not joined. */
#define KNOWN "inet candidate_known"

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t bytes = strlen(text);
    bool done = write(fd, text, bytes) == (ssize_t)bytes;
    close(fd);
    return done;
}

/* Without root: we are root in a user namespace, and ourselves outside. */
static bool unshare_as_user(void)
{
    char users[MAP_BYTES_MAX];
    char groups[MAP_BYTES_MAX];
    snprintf(users, sizeof users, "0 %u 1", geteuid());
    snprintf(groups, sizeof groups, "0 %u 1", getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
        write_file("/proc/self/setgroups", "deny") &&
        write_file("/proc/self/uid_map", users) &&
        write_file("/proc/self/gid_map", groups);
}

static bool start_loopback(void)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool done = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

static bool nft(struct process_set *set, const char *rules)
{
    const char *const argv[] = { "nft", rules, NULL };
    struct process *p = process_start(set, PROCESS_PIPES, argv, NULL);
    process_await_end(p);
    bool done = process_status(p) == 0;
    process_free(p);
    return done;
}

bool network_own(void)
{
    if (unshare(CLONE_NEWNET) != 0 && !unshare_as_user()) {
        print_message("# no network of our own: %s\n", strerror(errno));
        return false;
    }
    struct process_set *set = process_set_new();
    bool done = start_loopback() &&
        nft(set,
            "add table " TABLE "; add chain " TABLE
            " in { type filter hook input priority 0; }; add chain " TABLE
            " out { type filter hook output priority 0; }");
    process_set_free(set);
    if (!done)
        print_message("# in our own network nft drops nothing\n");
    return done;
}

/* In a user namespace there is one group, our own. */
bool network_has_groups(void)
{
    gid_t own = getegid();
    return setegid(own + 1) == 0 && setegid(own) == 0;
}

void network_cut(struct process_set *set, const char *host, unsigned port)
{
    char to[32] = "";
    char from[32] = "";
    char rules[RULES_BYTES_MAX];
    if (port) {
        (void)snprintf(to, sizeof to, "tcp dport %u", port);
        (void)snprintf(from, sizeof from, "tcp sport %u", port);
    }
    (void)snprintf(rules, sizeof rules,
                   "add rule %s in ip daddr %s %s drop; "
                   "add rule %s in ip saddr %s %s drop",
                   TABLE, host, to, TABLE, host, from);
    assert_true(nft(set, rules));
}

static void lose(struct process_set *set, const char *host, const char *way,
                 unsigned percent)
{
    char some[48] = "";
    char rules[RULES_BYTES_MAX];
    if (percent < 100)
        (void)snprintf(some, sizeof some, "numgen random mod 100 < %u",
                       percent);
    (void)snprintf(rules, sizeof rules, "add rule %s in ip %s %s %s drop",
                   TABLE, way, host, some);
    assert_true(nft(set, rules));
}

void network_lose(struct process_set *set, const char *host,
                  enum network_ways ways, unsigned percent)
{
    if (ways & NETWORK_TO)
        lose(set, host, "daddr", percent);
    if (ways & NETWORK_FROM)
        lose(set, host, "saddr", percent);
}

void network_isolate(struct process_set *set, unsigned group, unsigned port)
{
    char rule[RULES_BYTES_MAX];
    (void)snprintf(rule, sizeof rule,
                   "add rule %s out meta skgid %u tcp sport != %u drop", TABLE,
                   group, port);
    assert_true(nft(set, rule));
}

void network_heal(struct process_set *set)
{
    assert_true(nft(set, "flush table " TABLE));
}

/* ---- between those that are known ---- */

/* Of all connections from the one to the other's port; never 0. */
static unsigned mark_of(unsigned dialler, unsigned listener)
{
    return 1 + dialler * KNOWN_MAX + listener;
}

/* Whoever dials marks the connection, with each packet of it. */
static bool mark(struct process_set *set, unsigned group, unsigned dialler,
                 unsigned listener, uint16_t port)
{
    char rule[RULES_BYTES_MAX];
    (void)snprintf(rule, sizeof rule,
                   "add rule %s tell meta skgid %u tcp dport %u ct mark set %u",
                   KNOWN, group + dialler, port, mark_of(dialler, listener));
    return nft(set, rule);
}

bool network_know(struct process_set *set, unsigned group,
                  const uint16_t *ports, unsigned ports_n)
{
    assert_in_range(ports_n, 1, KNOWN_MAX);
    bool known = nft(
        set,
        "add table " KNOWN "; add chain " KNOWN
        " tell { type filter hook output priority -10; }; add chain " KNOWN
        " out { type filter hook output priority 0; }");
    for (unsigned from = 0; from < ports_n; from++)
        for (unsigned to = 0; to < ports_n; to++)
            known = known &&
                (from == to || mark(set, group, from, to, ports[to]));
    return known;
}

/* By the sender and not by the direction: what was seen first of a connection
 * may have been an answer. */
void network_part(struct process_set *set, unsigned group, unsigned from,
                  unsigned to)
{
    char rule[RULES_BYTES_MAX];
    (void)snprintf(rule, sizeof rule,
                   "add rule %s out meta skgid %u ct mark { %u, %u } drop",
                   KNOWN, group + from, mark_of(from, to), mark_of(to, from));
    assert_true(nft(set, rule));
}

void network_join(struct process_set *set)
{
    assert_true(nft(set, "flush chain " KNOWN " out"));
}
