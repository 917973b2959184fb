/* options_private.h: what the option's table says, for options*.c only. */
#ifndef OPTIONS_PRIVATE_H
#define OPTIONS_PRIVATE_H

#include "cli/options.h"

/* What an option's value is, and so the type of its field. */
enum option_kind {
    OPTION_STRING,    /* const char *, into argv or the environment */
    OPTION_PRIORITY,  /* unsigned */
    OPTION_SECONDS,   /* unsigned; a TTL */
    OPTION_DURATION,  /* unsigned, in ms; Go's way to write it, as etcdctl */
    OPTION_WAIT,      /* wait_ms: as above, or seconds */
    OPTION_NOWAIT,    /* wait_ms: 0 */
    OPTION_SWITCH,    /* bool; bare, it means true */
    OPTION_LEVEL,     /* enum candidate_severity */
    OPTION_FORMAT,    /* enum log_format */
    OPTION_WRITE_OUT, /* bool: json */
    OPTION_READ,      /* no value: an action about NAME */
    OPTION_USER,      /* NAME[:PASSWORD] */
    OPTION_PASSWORD,
    OPTION_FENCED_PUT, /* the object of that action */
    OPTION_FENCED_DELETE,
    OPTION_FENCE_FILE,
    OPTION_TRANSFER,
    OPTION_HELP, /* no value */
    OPTION_VERSION,
};

/* Of those that say the same thing in different ways one may be given. */
enum option_rivals {
    OPTION_NO_RIVALS,
    OPTION_RIVALS_ENDPOINTS,
    OPTION_RIVALS_PASSWORD, /* and --user, when a password is in it */
    OPTION_RIVALS_WAIT,
    OPTION_RIVALS_ACTION,
    OPTION_RIVALS_N,
};

struct option {
    const char *group;
    const char *name;
    const char *argument; /* what the help calls it; NULL: takes none */
    const char *variable; /* used when the option is not given; NULL: none */
    const char *help;
    enum option_kind kind;
    enum option_rivals rivals;
    size_t offset; /* of its field in struct options */
};

/* One entry is all that a new option of a known kind needs. */
enum { OPTIONS_N = 44 };
extern const struct option options_table[OPTIONS_N];

/* Put a value that is no secret where it belongs.
 * value  NULL: none was given; borrowed as long as o is in use.
 * Returns 0, or CANDIDATE_EINVAL with a message that does not name the
 * option. */
int option_set(struct options *o, const struct option *option,
               const char *value, struct candidate_error *err);

/* The part of a value that is a secret, or NULL. A name before it is made to
 * end where it begins. */
char *option_secret(const struct option *option, char *value);

/* The option that is called name[0..bytes), or NULL. */
const struct option *option_find(const char *name, size_t bytes);

/* Does what was given fit together?
 * given  which options were, as in the table.
 * Returns as above, with a message that names the option. */
int option_check(struct options *o, const bool *given,
                 struct candidate_error *err);

#endif
