/* troupe.h: the candidates of a campaign, each with a guardian and a command.
 *
 * Each reaches etcd over a loopback address of its own, and the clock of some
 * runs faster or slower than the machine's. The commands of some leave a
 * daemon behind.
 */
#ifndef TROUPE_H
#define TROUPE_H

#include "cluster.h"
#include "judge.h"
#include "proxy.h"
#include "record.h"
#include "support/stage.h"
#include "watchman.h"

enum {
    TROUPE_PLAYERS_N = 5,
    TROUPE_MEMBERS_N = 3,
    TROUPE_DAEMONS_FROM = 3, /* the commands of these leave a daemon */
    TROUPE_DESCRIPTORS_MAX = 48,
};

struct player {
    unsigned number;
    char id[2];
    struct process *process; /* NULL: it does not run */
    bool killed;             /* by us */
    bool starved;            /* of descriptors or memory: then it may give up */
};

struct troupe {
    struct stage *stage;
    struct cluster cluster;
    struct judge *judge;
    struct record *record;
    struct watchman *watchman;
    struct proxy *proxy;                      /* between them and etcd */
    const char *record_path, *worker, *clock; /* clock: to be preloaded */
    const char *login; /* for their environment; NULL: they need none */
    unsigned ttl_s;
    unsigned clocks_permille[TROUPE_PLAYERS_N]; /* of those to be started */
    struct player players[TROUPE_PLAYERS_N];
    unsigned starts_n;
    unsigned dead_man_n;  /* ended by SIGKILL, and not ours */
    unsigned command_n;   /* ended because their command was killed */
    unsigned exhausted_n; /* ended by the kernel for want of memory */
    size_t descriptors_n; /* that one had, at most */
};

/* Begin what lies between them and etcd. */
void troupe_begin(struct troupe *t);

/* The loopback address over which this one, and nobody else, talks to etcd. */
void troupe_host(unsigned player, char ret_host[16]);

/* Start those that do not run. */
void troupe_start(struct troupe *t);

/* Wait for news, at most until end_at_ms. Returns false when that has come. */
bool troupe_step(struct troupe *t, int64_t end_at_ms);

/* Move its wall clock so many seconds away from the machine's. */
void troupe_set_wall_clock(const struct troupe *t, unsigned player,
                           int64_t offset_s);

/* Its processes; 0: there is none. */
pid_t troupe_main(const struct troupe *t, unsigned player);
pid_t troupe_guardian(const struct troupe *t, unsigned player);
pid_t troupe_command(const struct troupe *t, unsigned player);

/* Whether a command has acted since then. */
bool troupe_acts(const struct troupe *t, int64_t since_ns,
                 int64_t *ret_first_ns);

/* For who wants to know why nobody leads: keys, processes, last words. */
void troupe_show(const struct troupe *t);

/* Reap what we have adopted. */
void troupe_reap(const struct troupe *t);

/* Let all resign, and look for what they leave. */
void troupe_end(struct troupe *t);

#endif
