/* options.h: the command line, as one table.
 *
 * The table drives parsing, the environment and the help. What a value may be
 * is decided here only as far as candidate_new() does not decide it: an ID, an
 * election or endpoints that are wrong are its affair.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "candidate.h"

enum { OPTIONS_HELP_BYTES_MAX = 4096 };

/* The program's exit codes, as the help shows them. */
#define OPTIONS_EXITS(X)                                                       \
    X(RESIGNED, 0, "resigned: ENTER, SIGTERM or SIGHUP")                       \
    X(USAGE, 64, "bad options or ID; nothing was sent to etcd")                \
    X(UNAVAILABLE, 69, "etcd is unreachable or refuses for good")              \
    X(INTERNAL, 70, "internal error")                                          \
    X(OUTPUT, 74, "standard output could not be written")                      \
    X(LOST, 75, "leadership was lost, with --once")

#define OPTIONS_EXIT(name, number, meaning) OPTIONS_EXIT_##name = (number),
enum options_exit { OPTIONS_EXITS(OPTIONS_EXIT) };
#undef OPTIONS_EXIT

enum options_action {
    OPTIONS_RUN,
    OPTIONS_HELP,
    OPTIONS_VERSION,
};

struct options {
    enum options_action action;
    bool once;                      /* end when leadership is lost */
    struct candidate_config config; /* strings: argv's or the environment's */
};

/* Read the command line, and the environment for what it does not say. The
 * first --help or --version ends the reading.
 * argv  as main()'s; borrowed as long as *ret_options is in use.
 * Returns 0, or CANDIDATE_EINVAL: the message names the option. */
int options_parse(struct options *ret_options, int argc, char *const argv[],
                  struct candidate_error *err);

/* Write the text of --help, in lines of at most 80 columns.
 * ret_text  OPTIONS_HELP_BYTES_MAX bytes. */
void options_help(char *ret_text);

#endif
