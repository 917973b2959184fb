/* environment.c: see environment.h. */
#include "cli/environment.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    VARIABLES_N = 10,
    NUMBER_BYTES_MAX = 24,
};

struct variable {
    const char *name;
    const char *value; /* NULL: not to be set */
};

/* Of ours, these are not inherited either. */
static const char *const kept_back[] = {
    "ETCDCTL_USER",  "ETCDCTL_PASSWORD", "NOTIFY_SOCKET",
    "WATCHDOG_USEC", "WATCHDOG_PID",
};

static bool has_name(const char *assignment, const char *name)
{
    size_t bytes = strlen(name);
    return strncmp(assignment, name, bytes) == 0 && assignment[bytes] == '=';
}

static bool is_inherited(const char *assignment,
                         const struct variable *variables)
{
    for (size_t i = 0; i < sizeof kept_back / sizeof *kept_back; i++)
        if (has_name(assignment, kept_back[i]))
            return false;
    for (size_t i = 0; i < VARIABLES_N; i++)
        if (has_name(assignment, variables[i].name))
            return false;
    return true;
}

/* The array and, behind it, the strings of the variables. */
static char **build(const struct variable *variables)
{
    char *none = NULL;
    char **ours = environ ? environ : &none; /* NULL after clearenv() */
    size_t inherited_n = 0;
    size_t text_bytes = 0;
    while (ours[inherited_n])
        inherited_n++;
    for (size_t i = 0; i < VARIABLES_N; i++)
        if (variables[i].value)
            text_bytes += strlen(variables[i].name) + 1 +
                strlen(variables[i].value) + 1;
    size_t places_n = inherited_n + VARIABLES_N + 1;
    char **array = malloc(places_n * sizeof *array + text_bytes);
    if (!array)
        return NULL;
    char *text = (char *)(array + places_n);
    char *end = text + text_bytes;
    size_t n = 0;
    for (size_t i = 0; i < inherited_n; i++)
        if (is_inherited(ours[i], variables))
            array[n++] = ours[i];
    for (size_t i = 0; i < VARIABLES_N; i++) {
        if (!variables[i].value)
            continue;
        array[n++] = text;
        text += snprintf(text, (size_t)(end - text), "%s=%s", variables[i].name,
                         variables[i].value) +
            1;
    }
    assert(text == end && n < places_n);
    array[n] = NULL;
    return array;
}

char **environment_new(const struct environment *e)
{
    char token[NUMBER_BYTES_MAX];
    char lease[NUMBER_BYTES_MAX];
    (void)snprintf(token, sizeof token, "%lld", (long long)e->token);
    (void)snprintf(lease, sizeof lease, "%llx", (unsigned long long)e->lease);
    const struct variable variables[VARIABLES_N] = {
        { "CANDIDATE_ID", e->id },
        { "CANDIDATE_ELECTION", e->election },
        { "CANDIDATE_TOKEN", e->token ? token : NULL },
        { "CANDIDATE_LEASE", e->lease ? lease : NULL },
        { "CANDIDATE_LOCK_KEY", e->lock_key },
        { "CANDIDATE_LEADER_KEY", e->leader_key },
        { "CANDIDATE_LEADER", e->leader },
        { "CANDIDATE_LEASE_PAGE", e->lease_page },
        { "ETCD_LOCK_KEY", e->lock_key },
        { "ETCD_LOCK_REV", e->token ? token : NULL },
    };
    return build(variables);
}
