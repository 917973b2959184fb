/* config.c: see config.h. */
#include "lib/config.h"

#include <string.h>

#include "lib/events.h"
#include "sys/error.h"
#include "sys/pem.h"
#include "sys/text.h"

void candidate_config_init(struct candidate_config *config)
{
    *config = (struct candidate_config){
        .election = "leader",
        .endpoints = "http://127.0.0.1:2379",
        .ttl_s = CANDIDATE_TTL_S_DEFAULT,
        .insecure_transport = true,
        .dial_timeout_ms = CANDIDATE_DIAL_TIMEOUT_MS_DEFAULT,
        .command_timeout_ms = CANDIDATE_COMMAND_TIMEOUT_MS_DEFAULT,
        .keepalive_time_ms = CANDIDATE_KEEPALIVE_TIME_MS_DEFAULT,
        .keepalive_timeout_ms = CANDIDATE_KEEPALIVE_TIMEOUT_MS_DEFAULT,
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

int config_check_id(const char *field, const char *id,
                    struct candidate_error *err)
{
    return check_name(field, id, CANDIDATE_ID_BYTES_MAX, err);
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

static int check_pem(const char *field, const char *path,
                     enum pem_content wanted, struct candidate_error *err)
{
    int r = path ? pem_check(path, wanted, err) : 0;
    return r < 0 ? error_wrap(err, r, "%s", field) : 0;
}

static int check_tls(const struct candidate_config *config,
                     struct candidate_error *err)
{
    if (config->key && !config->cert)
        return error_set(err, CANDIDATE_EINVAL,
                         "key: is given without the certificate that it"
                         " belongs to (--cert)");
    int r = check_pem("cacert", config->cacert, PEM_CERTIFICATE, err);
    if (r == 0)
        r = check_pem("cert", config->cert, PEM_CERTIFICATE, err);
    if (r == 0 && config->key)
        r = check_pem("key", config->key, PEM_KEY, err);
    else if (r == 0) /* then it must be in the same file */
        r = check_pem("key", config->cert, PEM_KEY, err);
    return r;
}

/* Never shows the password. */
static int check_user(const struct candidate_config *config,
                      struct candidate_error *err)
{
    if (!config->user && !config->password)
        return 0;
    int r = check_name("user", config->user, CANDIDATE_ID_BYTES_MAX, err);
    if (r < 0)
        return r;
    const char *password = config->password;
    if (!password || !password[0])
        return error_set(err, CANDIDATE_EINVAL, "password: is empty");
    if (strlen(password) > CANDIDATE_PASSWORD_BYTES_MAX)
        return error_set(err, CANDIDATE_EINVAL,
                         "password: is longer than %d bytes",
                         CANDIDATE_PASSWORD_BYTES_MAX);
    if (!text_is_clean(password, strlen(password)))
        return error_set(err, CANDIDATE_EINVAL,
                         "password: is not UTF-8 without control characters");
    return 0;
}

static int check_timeouts(const struct candidate_config *config,
                          struct candidate_error *err)
{
    const struct {
        const char *field;
        unsigned ms;
    } limits[] = {
        { "dial-timeout", config->dial_timeout_ms },
        { "command-timeout", config->command_timeout_ms },
        { "keepalive-time", config->keepalive_time_ms },
        { "keepalive-timeout", config->keepalive_timeout_ms },
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i].ms < 1 || limits[i].ms > CANDIDATE_TIMEOUT_MS_MAX)
            return error_set(
                err, CANDIDATE_EINVAL, "%s: %u ms is not from 1 to %d ms",
                limits[i].field, limits[i].ms, CANDIDATE_TIMEOUT_MS_MAX);
    return 0;
}

struct etcd_config config_etcd(const struct candidate_config *config)
{
    bool has_file = config->cacert || config->cert || config->key;
    return (struct etcd_config){
        .endpoints = config->endpoints,
        .tls = has_file || !config->insecure_transport,
        .cacert = config->cacert,
        .cert = config->cert,
        .key = config->key,
        .insecure_skip_tls_verify = config->insecure_skip_tls_verify,
        .user = config->user,
        .password = config->password,
        .dial_timeout_ms = config->dial_timeout_ms,
        .command_timeout_ms = config->command_timeout_ms,
        .keepalive_time_ms = config->keepalive_time_ms,
        .keepalive_timeout_ms = config->keepalive_timeout_ms,
    };
}

int config_check_access(const struct candidate_config *config,
                        struct candidate_error *err)
{
    int r = check_tls(config, err);
    if (r == 0)
        r = check_user(config, err);
    if (r == 0)
        r = check_timeouts(config, err);
    return r;
}

int config_check_reader(const struct candidate_config *config,
                        struct candidate_error *err)
{
    int r = check_election(config->election, err);
    return r < 0 ? r : config_check_access(config, err);
}

int config_check(const struct candidate_config *config,
                 struct candidate_error *err)
{
    int r = config_check_id("ID", config->id, err);
    if (r == 0)
        r = check_election(config->election, err);
    if (r == 0 &&
        (config->ttl_s < CANDIDATE_TTL_S_MIN ||
         config->ttl_s > CANDIDATE_TTL_S_MAX))
        r = error_set(err, CANDIDATE_EINVAL,
                      "ttl: %u is not from %d to %d seconds", config->ttl_s,
                      CANDIDATE_TTL_S_MIN, CANDIDATE_TTL_S_MAX);
    if (r == 0 && config->priority > CANDIDATE_PRIORITY_MAX)
        r = error_set(err, CANDIDATE_EINVAL, "priority: %u is not from 0 to %d",
                      config->priority, CANDIDATE_PRIORITY_MAX);
    return r < 0 ? r : config_check_access(config, err);
}
