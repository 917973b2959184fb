/* options.h: the command line, as one table.
 *
 * The table drives parsing, the environment and the help. What a value may be
 * is decided here only as far as candidate_new() does not decide it: an ID, an
 * election or endpoints that are wrong are its affair.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "candidate.h"
#include "sys/log.h"

enum {
    OPTIONS_HELP_BYTES_MAX = 8192,
    OPTIONS_SHOWN_BYTES_MAX = 80, /* of the user's words in a message */
    OPTIONS_GRACE_TTLS = 5, /* what part of the TTL the grace is by default */
    OPTIONS_WAIT_S_MAX = 86400,
    OPTIONS_HOOK_TIMEOUT_MS_DEFAULT = 10000,
};

/* The program's exit codes, as the help shows them. */
#define OPTIONS_EXITS(X)                                                       \
    X(RESIGNED, 0, "resigned; other task: done; --status: it is led")          \
    X(NOBODY, 1, "--status etc.: nobody leads; --why: has findings")           \
    X(USAGE, 64, "bad options or ID; nothing was sent to etcd")                \
    X(UNAVAILABLE, 69, "etcd is unreachable or refuses; or --listen fails")    \
    X(INTERNAL, 70, "internal error")                                          \
    X(OUTPUT, 74, "standard output could not be written")                      \
    X(LOST, 75, "lost (--once), not won (--wait), fenced, not moved")          \
    X(CANNOT, 126, "COMMAND cannot be started")                                \
    X(NOT_FOUND, 127, "COMMAND is not found")

#define OPTIONS_EXIT(name, number, meaning) OPTIONS_EXIT_##name = (number),
enum options_exit { OPTIONS_EXITS(OPTIONS_EXIT) };
#undef OPTIONS_EXIT

enum options_action {
    OPTIONS_RUN,
    OPTIONS_FENCED_PUT,
    OPTIONS_FENCED_DELETE,
    OPTIONS_FENCE_FILE,
    OPTIONS_STATUS,
    OPTIONS_OBSERVE,
    OPTIONS_DEPOSE,
    OPTIONS_TRANSFER,
    OPTIONS_WHY,
    OPTIONS_HISTORY,
    OPTIONS_HELP,
    OPTIONS_VERSION,
};

/* Strings are argv's or the environment's. */
struct options {
    enum options_action action;
    const char *object;   /* KEY, FILE or ID that the action is about */
    const char *value;    /* VALUE of FENCED_PUT; "-": standard input */
    const char *token;    /* for what leadership; not looked at yet */
    const char *lock_key; /* its lock key */
    bool once;            /* end when leadership is lost */
    bool json;            /* on standard output, instead of words */
    bool ttl_given;       /* not only by default */
    bool plain;           /* lines on a terminal, too */
    bool guardian;        /* also without a command */
    unsigned grace_ms;    /* of a command, between SIGTERM and SIGKILL */
    int64_t wait_ms;      /* for leadership; 0: one attempt, < 0: for ever */
    enum candidate_severity log_level;
    enum log_format log_format;
    const char *discovery_srv; /* to be asked for the endpoints; NULL: no */
    const char *password_file; /* to be read; NULL: none */
    const char *listen;        /* where to serve the status; NULL: nowhere */
    const char *on_elected, *on_lost, *on_leader_change; /* NULL: nothing */
    unsigned hook_timeout_ms;
    char *const *command; /* to be run, ends with NULL; NULL: none */
    bool has_password;    /* config.password is the one below */
    struct candidate_config config;
    char password[CANDIDATE_PASSWORD_BYTES_MAX + 1];
};

/* Read the command line, and the environment for what it does not say. The
 * first --help or --version ends the reading.
 * argv  as main()'s; borrowed as long as *ret_options is in use. A password
 *       is copied, and overwritten with NUL bytes there and in the
 *       environment, which also loses its variable: ps(1) and a child would
 *       see it.
 * Returns 0, or CANDIDATE_EINVAL: the message names the option, and never
 * shows a password. */
int options_parse(struct options *ret_options, int argc, char *const argv[],
                  struct candidate_error *err);

/* Is there an option that is called name[0..bytes), without dashes? */
bool options_has(const char *name, size_t bytes);

/* Wipe the password: whoever needed it has a copy. */
void options_forget(struct options *o);

/* Write the text of --help, in lines of at most 80 columns.
 * ret_text  OPTIONS_HELP_BYTES_MAX bytes. */
void options_help(char *ret_text);

#endif
