/* words.c: see words.h. */
#include "lib/words.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sys/text.h"

struct words_name words_name(struct etcd_bytes bytes)
{
    struct words_name name;
    text_escape(name.text, sizeof name.text, bytes.data, bytes.size);
    return name;
}

enum key_named { NO_KEY, LOCK_KEY, LEADER_KEY };

static const struct {
    const char *before;
    enum key_named key;
    const char *after;
} reasons[] = {
    [ELECTION_REASON_NONE] = { "", NO_KEY, "" },
    [ELECTION_LEASE_LOST] = { "etcd does not know our lease any more", NO_KEY,
                              "" },
    [ELECTION_OWN_DELETED] = { "our lock key ", LOCK_KEY, " was deleted" },
    [ELECTION_OWN_CHANGED] = { "our lock key ", LOCK_KEY, " was overwritten" },
    [ELECTION_LEADER_DELETED] = { "the leader key ", LEADER_KEY,
                                  " was deleted" },
    [ELECTION_LEADER_CHANGED] = { "the leader key ", LEADER_KEY,
                                  " was overwritten" },
    [ELECTION_SILENCE] = { "no confirmed renewal from etcd before the deadline",
                           NO_KEY, "" },
    [ELECTION_STALLED] = { "this process did not run until its deadline had"
                           " passed",
                           NO_KEY, "" },
    [ELECTION_OTHER_CLUSTER] = { "another etcd cluster answered", NO_KEY, "" },
    [ELECTION_REVISION_BACK] = { "etcd's revision went back, as after a"
                                 " restore",
                                 NO_KEY, "" },
    [ELECTION_REFUSED] = { "every endpoint refuses", NO_KEY, "" },
    [ELECTION_YIELDED] = { "stepped down as asked", NO_KEY, "" },
    [ELECTION_NOT_TOLD] = { "etcd could not be told of the resignation; the"
                            " lease runs out by itself",
                            NO_KEY, "" },
};

void words_reason(char out[EVENTS_TEXT_BYTES_MAX], const struct lock *lock,
                  enum election_reason reason)
{
    assert(reason < sizeof reasons / sizeof *reasons);
    const char *const keys[] = {
        [NO_KEY] = "",
        [LOCK_KEY] = lock->key,
        [LEADER_KEY] = lock->leader_key,
    };
    (void)snprintf(out, EVENTS_TEXT_BYTES_MAX, "%s%s%s", reasons[reason].before,
                   keys[reasons[reason].key], reasons[reason].after);
}

void words_refusal(char out[EVENTS_TEXT_BYTES_MAX], const struct lock *lock,
                   const char *message)
{
    int n = snprintf(out, EVENTS_TEXT_BYTES_MAX, "%s", message);
    if (n < 0 || n >= EVENTS_TEXT_BYTES_MAX ||
        !strstr(message, "permission denied"))
        return;
    (void)snprintf(out + n, EVENTS_TEXT_BYTES_MAX - (size_t)n,
                   "; the user needs READWRITE on the key %s and on the range"
                   " from %s to %s",
                   lock->leader_key, lock->prefix, lock->prefix_end);
}

void words_key_for_ever(char out[EVENTS_TEXT_BYTES_MAX],
                        const struct lock *lock,
                        const struct words_name *leader)
{
    char word[TEXT_SHELL_WORD_BYTES];
    text_shell_word(word, sizeof word, lock->leader_key);
    (void)snprintf(out, EVENTS_TEXT_BYTES_MAX,
                   "the leader key %s has the value \"%s\" and no lease: it"
                   " stays until somebody removes it, with: etcdctl del -- %s",
                   lock->leader_key, leader->text, word);
}

void words_foreign(char out[EVENTS_TEXT_BYTES_MAX],
                   const struct words_name *holder_key,
                   const struct words_name *holder)
{
    (void)snprintf(out, EVENTS_TEXT_BYTES_MAX,
                   "another program holds the lock with the key %s,"
                   " value \"%s\"; waiting for it",
                   holder_key->text, holder->text);
}

void words_same_id(char out[EVENTS_TEXT_BYTES_MAX], const struct lock *lock)
{
    (void)snprintf(out, EVENTS_TEXT_BYTES_MAX,
                   "another candidate has the ID \"%s\" as well;"
                   " both take part, but nobody can tell them apart",
                   lock->value);
}

void words_ttl(char out[EVENTS_TEXT_BYTES_MAX], int64_t asked_ms,
               int64_t granted_ms)
{
    (void)snprintf(out, EVENTS_TEXT_BYTES_MAX,
                   "etcd grants a TTL of %lld s, not of %lld s",
                   (long long)(granted_ms / 1000),
                   (long long)(asked_ms / 1000));
}
