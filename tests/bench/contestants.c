/* contestants.c: see contestants.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contestants.h"

enum { PATH_BYTES_MAX = 4096, NUMBER_BYTES_MAX = 16 };

/* A command that says which process it is. */
#define WORK "sh", "-c", "echo \"up $$\"; exec sleep 1000"
#define WORKS "up "

const struct contestant contestants[CONTESTANTS_N] = {
    [FIGURES_CANDIDATE] = {
        .name = "candidate",
        .prefix = "election_bench/",
        .leads = "I am the LEADER!",
        .call = { "$CANDIDATE", "--election", "bench", "--ttl", "{ttl}", "{id}" },
                .crash = { "$CANDIDATE", "--election", "bench", "--ttl", "{ttl}", "{id}" },
        .crash_leads = "I am the LEADER!",
    },
    [FIGURES_STATIC] = {
        .name = "candidate, static",
        .prefix = "election_bench-static/",
        .leads = "I am the LEADER!",
        .call = { "$CANDIDATE_STATIC", "--election", "bench-static", "--ttl", "{ttl}", "{id}" },
    },
    [FIGURES_ELECT] = {
        .name = "etcdctl elect",
        .prefix = "bench-elect/",
        .call = { "etcdctl", "elect", "bench-elect", "{id}" },
    },
    [FIGURES_LOCK] = {
        .name = "etcdctl lock",
        .prefix = "bench-lock/",
        .call = { "etcdctl", "lock", "--ttl", "{ttl}", "bench-lock" },
        .crash = { "etcdctl", "lock", "--ttl", "{ttl}", "bench-lock", "--",
                   WORK },
        .crash_leads = WORKS,
    },
    [FIGURES_GO] = {
        .name = "Go's concurrency",
        .prefix = "bench-go/",
        .leads = "leading",
        .call = { "$PEER_GO", "-ttl", "{ttl}", "elect", "bench-go", "{id}" },
        .crash = { "$PEER_GO", "-ttl", "{ttl}", "elect", "bench-go", "{id}" },
        .crash_leads = "leading",
    },
    [FIGURES_NODE] = {
        .name = "node's etcd3",
        .prefix = "election/bench-node/",
        .leads = "leading",
        .call = { "$PEER_NODE", "-ttl", "{ttl}", "elect", "election/bench-node", "{id}" },
        .crash = { "$PEER_NODE", "-ttl", "{ttl}", "elect", "election/bench-node", "{id}" },
        .crash_leads = "leading",
    },
};

const struct contestant contestants_guarded = {
    .name = "candidate with a guardian",
    .prefix = "election_guarded/",
    .crash = { "$CANDIDATE", "--election", "guarded", "--ttl", "{ttl}", "{id}",
               "--", WORK },
    .crash_leads = WORKS,
};

static const char *word(const char *text, const char *id, const char *ttl)
{
    if (text[0] == '$')
        return getenv(text + 1);
    if (strcmp(text, "{id}") == 0)
        return id;
    return strcmp(text, "{ttl}") == 0 ? ttl : text;
}

void contestants_words(const char *const *words, const char *id, unsigned ttl_s,
                       const char *ret_words[CONTESTANTS_WORDS_MAX])
{
    static char ttl[NUMBER_BYTES_MAX];
    (void)snprintf(ttl, sizeof ttl, "%u", ttl_s);
    size_t n = 0;
    for (; words[n]; n++)
        ret_words[n] = word(words[n], id, ttl);
    ret_words[n] = NULL;
}

static bool in_path(const char *program)
{
    char file[PATH_BYTES_MAX];
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t n = strcspn(path, ":");
        (void)snprintf(file, sizeof file, "%.*s/%s", (int)n, path, program);
        if (access(file, X_OK) == 0)
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

bool contestants_present(const struct contestant *c)
{
    if (!c->call[0])
        return false;
    const char *program = word(c->call[0], "", "");
    if (!program || !program[0])
        return false;
    return strchr(program, '/') ? access(program, X_OK) == 0 : in_path(program);
}
