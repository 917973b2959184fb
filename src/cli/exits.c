/* exits.c: see exits.h. */
#include "cli/exits.h"

#include <string.h>

#include "cli/options.h"

int exits_code_of(int error)
{
    switch (error) {
    case CANDIDATE_EINVAL:
        return OPTIONS_EXIT_USAGE;
    case CANDIDATE_ERETRY:
    case CANDIDATE_EDENIED:
        return OPTIONS_EXIT_UNAVAILABLE;
    case CANDIDATE_EFENCED:
    case CANDIDATE_ECONFLICT:
        return OPTIONS_EXIT_LOST;
    default:
        return OPTIONS_EXIT_INTERNAL;
    }
}

void exits_fail(struct exits *e, int code, const char *context,
                const char *message)
{
    log_write(e->log, CANDIDATE_ERROR, "%s%s", context, message);
    if (e->code == 0)
        e->code = code;
}

/* The library names a field of its configuration, "ttl: ..."; here that is an
 * option. */
static const char *dashes(const char *message)
{
    return options_has(message, strcspn(message, ":")) ? "--" : "";
}

void exits_refuse(struct exits *e, int error, const struct candidate_error *err)
{
    exits_fail(e, exits_code_of(error), dashes(err->message), err->message);
    if (error == CANDIDATE_EINVAL)
        log_advice(e->log, "Try 'candidate --help'.");
}
