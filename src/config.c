/* config.c: see config.h. */
#include "config.h"

#include <string.h>

#include "events.h"
#include "sys/error.h"
#include "sys/text.h"

void candidate_config_init(struct candidate_config *config)
{
    *config = (struct candidate_config){
        .election = "leader",
        .endpoints = "http://127.0.0.1:2379",
        .ttl_s = CANDIDATE_TTL_S_DEFAULT,
    };
}

static int check_name(const char *field, const char *name, size_t bytes_max,
                      struct candidate_error *err)
{
    if (!name || !name[0])
        return error_set(err, CANDIDATE_EINVAL, "%s: is empty", field);
    size_t bytes = strlen(name);
    if (bytes > bytes_max)
        return error_set(err, CANDIDATE_EINVAL,
                         "%s: has %zu bytes, at most %zu are allowed", field,
                         bytes, bytes_max);
    if (text_is_clean(name, bytes))
        return 0;
    char shown[EVENTS_NAME_BYTES_MAX];
    text_escape(shown, sizeof shown, name, bytes);
    return error_set(err, CANDIDATE_EINVAL,
                     "%s: \"%s\" is not UTF-8 without control characters",
                     field, shown);
}

/* Its leader key must not lie among the lock keys of another election. */
static int check_election(const char *election, struct candidate_error *err)
{
    int r = check_name("election", election, CANDIDATE_ELECTION_BYTES_MAX, err);
    if (r < 0)
        return r;
    if (election[strlen(election) - 1] == '/')
        return error_set(err, CANDIDATE_EINVAL,
                         "election: \"%s\" ends with a slash", election);
    for (const char *part = election; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "election_", 9) == 0 && strchr(part, '/'))
            return error_set(err, CANDIDATE_EINVAL,
                             "election: \"%s\" lies among the lock keys of"
                             " another election, below \"election_\"",
                             election);
    }
    return 0;
}

int config_check(const struct candidate_config *config,
                 struct candidate_error *err)
{
    int r = check_name("ID", config->id, CANDIDATE_ID_BYTES_MAX, err);
    if (r == 0)
        r = check_election(config->election, err);
    if (r == 0 &&
        (config->ttl_s < CANDIDATE_TTL_S_MIN ||
         config->ttl_s > CANDIDATE_TTL_S_MAX))
        r = error_set(err, CANDIDATE_EINVAL,
                      "ttl: %u is not from %d to %d seconds", config->ttl_s,
                      CANDIDATE_TTL_S_MIN, CANDIDATE_TTL_S_MAX);
    return r;
}
