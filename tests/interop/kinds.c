/* kinds.c: see kinds.h. */
#include "kinds.h"

#include <stdlib.h>
#include <string.h>

#define CURL "bash", "tests/interop/curl.sh"

/* Of a holder that puts no leader key a candidate hears by looking each half TTL.
 */
const struct kind kinds_candidate = {
    .name = "candidate",
    .leads = "I am the LEADER!",
    .call = { "$CANDIDATE", "--ttl", "6", "--election", "$INTEROP_ELECTION",
              "{id}" },
};

const struct kind kinds[] = {
    {
        .name = "`etcdctl elect`, `elect -l`",
        .version = "INTEROP_ETCDCTL",
        .call = { "etcdctl", "elect", KINDS_QUEUE, "{id}" },
        .observe = { "etcdctl", "elect", "-l", KINDS_QUEUE },
    },
    {
        .name = "`etcdctl lock`",
        .version = "INTEROP_ETCDCTL",
        .call = { "etcdctl", "lock", "--ttl", "60", KINDS_QUEUE },
        .nameless = true,
    },
    {
        .name = "curl, `/v3/election/*`",
        .version = "INTEROP_ETCD",
        .call = { CURL, "elect", KINDS_QUEUE, "{id}" },
        .observe = { CURL, "leader", KINDS_QUEUE },
    },
    {
        .name = "curl, `/v3/lock/lock`",
        .version = "INTEROP_ETCD",
        .call = { CURL, "lock", KINDS_QUEUE },
        .nameless = true,
    },
    {
        .name = "Go, `concurrency.Election`",
        .needs = "PEER_GO",
        .version = "INTEROP_GO",
        .call = { "$PEER_GO", "elect", KINDS_QUEUE, "{id}" },
        .observe = { "$PEER_GO", "leader", KINDS_QUEUE },
    },
    {
        .name = "Go, `concurrency.Mutex`",
        .needs = "PEER_GO",
        .version = "INTEROP_GO",
        .call = { "$PEER_GO", "lock", KINDS_QUEUE },
        .nameless = true,
    },
    {
        .name = "node, etcd3's `election`",
        .needs = "PEER_NODE",
        .version = "INTEROP_NODE",
        .call = { "$PEER_NODE", "elect", KINDS_QUEUE, "{id}" },
        .observe = { "$PEER_NODE", "leader", KINDS_QUEUE },
    },
    {
        .name = "node, etcd3's `lock` of the leader key",
        .needs = "PEER_NODE",
        .version = "INTEROP_NODE",
        .call = { "$PEER_NODE", "lock", KINDS_ELECTION },
        .nameless = true,
        .alone = true,
    },
};

const size_t kinds_n = sizeof kinds / sizeof *kinds;

bool kinds_present(const struct kind *kind)
{
    return !kind->needs || getenv(kind->needs);
}

void kinds_words(const char *const *words, const char *id,
                 const char *ret_words[KINDS_WORDS_MAX])
{
    size_t n = 0;
    for (; words[n]; n++) {
        ret_words[n] = words[n];
        if (words[n][0] == '$')
            ret_words[n] = getenv(words[n] + 1);
        else if (strcmp(words[n], "{id}") == 0)
            ret_words[n] = id;
    }
    ret_words[n] = NULL;
}
