/* options.c: see options.h. The arguments, and what they do not say in the
 * environment. */
#include "cli/options_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sys/error.h"
#include "sys/text.h"

/* Where a value comes from; the command line wins. */
enum origin { COMMAND_LINE, ENVIRONMENT };

struct parser {
    struct options *options;
    int argc;
    char *const *argv;
    int next; /* index of the argument to look at */
    bool given[OPTIONS_N];
    /* Which option took part for its rivals, and where it was found. */
    const struct option *rival[OPTION_RIVALS_N];
    enum origin rival_origin[OPTION_RIVALS_N];
    bool options_ended; /* by "--" before the ID */
    struct candidate_error *err;
};

static void show(char *out, const char *text)
{
    text_escape(out, OPTIONS_SHOWN_BYTES_MAX, text, strlen(text));
}

/* ---- values ---- */

/* May this option speak for its rivals? Returns 1: yes; 0: what stands on the
 * command line counts instead; or CANDIDATE_EINVAL. */
static int claim(struct parser *p, const struct option *option,
                 enum option_rivals rivals, enum origin origin)
{
    if (rivals == OPTION_NO_RIVALS)
        return 1;
    const struct option *other = p->rival[rivals];
    if (other && p->rival_origin[rivals] != origin)
        return 0;
    if (other)
        return error_set(
            p->err, CANDIDATE_EINVAL, "cannot be given beside %s%s",
            origin == COMMAND_LINE ? "--" : "",
            origin == COMMAND_LINE ? other->name : other->variable);
    p->rival[rivals] = option;
    p->rival_origin[rivals] = origin;
    return 1;
}

/* Never shows the secret. */
static int take_secret(struct parser *p, const struct option *option,
                       const char *secret, enum origin origin)
{
    int r = claim(p, option, OPTION_RIVALS_PASSWORD, origin);
    if (r <= 0)
        return r;
    size_t bytes = strlen(secret);
    if (bytes > CANDIDATE_PASSWORD_BYTES_MAX)
        return error_set(p->err, CANDIDATE_EINVAL,
                         "the password is longer than %d bytes",
                         CANDIDATE_PASSWORD_BYTES_MAX);
    memcpy(p->options->password, secret, bytes + 1);
    p->options->has_password = true;
    return 0;
}

static int take_visible(struct parser *p, const struct option *option,
                        const char *value, enum origin origin)
{
    int r = claim(p, option, option->rivals, origin);
    return r <= 0 ? r : option_set(p->options, option, value, p->err);
}

/* Whatever becomes of it, nobody else will find a secret where it stood.
 * value  NULL: none. */
static int take(struct parser *p, const struct option *option, char *value,
                enum origin origin)
{
    char *secret = value ? option_secret(option, value) : NULL;
    int r = 0;
    if (origin == COMMAND_LINE || !p->given[option - options_table]) {
        if (secret)
            r = take_secret(p, option, secret, origin);
        if (r == 0 && option->kind != OPTION_PASSWORD)
            r = take_visible(p, option, value, origin);
    }
    if (secret)
        explicit_bzero(secret, strlen(secret));
    return r;
}

/* ---- the command line ---- */

/* No abbreviations: they would change their meaning when an option is added. */
const struct option *option_find(const char *name, size_t bytes)
{
    for (size_t i = 0; i < OPTIONS_N; i++)
        if (strlen(options_table[i].name) == bytes &&
            memcmp(options_table[i].name, name, bytes) == 0)
            return &options_table[i];
    return NULL;
}

bool options_has(const char *name, size_t bytes)
{
    return option_find(name, bytes) != NULL;
}

/* Without the value, which may be a secret behind a misspelt name. */
static int unknown_option(const struct parser *p, const char *argument)
{
    char shown[OPTIONS_SHOWN_BYTES_MAX];
    text_escape(shown, sizeof shown, argument, strcspn(argument, "="));
    return error_set(p->err, CANDIDATE_EINVAL, "unknown option \"%s\"", shown);
}

/* The option's value: behind "=" or the next argument. */
static int take_value(struct parser *p, const struct option *option,
                      char *equals, char **ret_value)
{
    if (!option->argument) {
        if (equals && option->kind != OPTION_SWITCH &&
            option->kind != OPTION_NOWAIT)
            return error_set(p->err, CANDIDATE_EINVAL,
                             "--%s: takes no argument", option->name);
        *ret_value = equals ? equals + 1 : NULL;
        return 0;
    }
    if (!equals && p->next == p->argc)
        return error_set(p->err, CANDIDATE_EINVAL,
                         "--%s: needs an argument, %s", option->name,
                         option->argument);
    *ret_value = equals ? equals + 1 : p->argv[p->next++];
    return 0;
}

static int take_option(struct parser *p, const struct option *option,
                       char *equals)
{
    bool *given = &p->given[option - options_table];
    if (*given)
        return error_set(p->err, CANDIDATE_EINVAL, "--%s: given twice",
                         option->name);
    *given = true;
    char *value = NULL;
    int r = take_value(p, option, equals, &value);
    if (r < 0)
        return r;
    r = take(p, option, value, COMMAND_LINE);
    return r < 0 ? error_wrap(p->err, r, "--%s", option->name) : 0;
}

static int parse_option(struct parser *p, char *argument)
{
    char *name = argument + 2;
    char *equals = strchr(name, '=');
    size_t bytes = equals ? (size_t)(equals - name) : strlen(name);
    const struct option *option = option_find(name, bytes);
    return option ? take_option(p, option, equals)
                  : unknown_option(p, argument);
}

/* -w json, -w=json, -wjson: etcdctl's only short option of ours. */
static int parse_write_out(struct parser *p, char *argument)
{
    static const char name[] = "write-out";
    const struct option *option = option_find(name, sizeof name - 1);
    assert(option);
    char *value = NULL; /* from the character before it on */
    if (argument[2] != '\0')
        value = argument[2] == '=' ? argument + 2 : argument + 1;
    return take_option(p, option, value);
}

/* What stands beside the options. */
static const char *beside(enum options_action action)
{
    switch (action) {
    case OPTIONS_FENCED_PUT:
        return "VALUE";
    case OPTIONS_STATUS:
    case OPTIONS_OBSERVE:
    case OPTIONS_DEPOSE:
    case OPTIONS_TRANSFER:
    case OPTIONS_WHY:
    case OPTIONS_HISTORY:
        return "NAME";
    case OPTIONS_RUN:
    case OPTIONS_FENCED_DELETE:
    case OPTIONS_FENCE_FILE:
    case OPTIONS_HELP:
    case OPTIONS_VERSION:
        break;
    }
    return "ID";
}

static int parse_id(struct parser *p, const char *argument)
{
    if (!p->options->config.id) {
        p->options->config.id = argument;
        return 0;
    }
    char shown[OPTIONS_SHOWN_BYTES_MAX];
    show(shown, argument);
    return error_set(p->err, CANDIDATE_EINVAL,
                     "\"%s\": there is one %s already", shown,
                     beside(p->options->action));
}

/* All that follows is the command's. */
static int parse_command(struct parser *p)
{
    if (p->next == p->argc || p->argv[p->next][0] == '\0')
        return error_set(p->err, CANDIDATE_EINVAL,
                         p->next == p->argc ? "--: no command follows"
                                            : "--: the command is empty");
    p->options->command = p->argv + p->next;
    p->next = p->argc;
    return 0;
}

/* "-" alone is an ID, as it is a file's name elsewhere. Before the ID, "--"
 * says that what follows is one, whatever it looks like. */
static int parse_argument(struct parser *p)
{
    char *argument = p->argv[p->next++];
    const struct options *o = p->options;
    bool command_is_next = o->config.id || o->action == OPTIONS_FENCE_FILE;
    if (command_is_next && strcmp(argument, "--") == 0)
        return parse_command(p);
    if (p->options_ended || argument[0] != '-' || argument[1] == '\0')
        return parse_id(p, argument);
    if (argument[1] == 'w')
        return parse_write_out(p, argument);
    if (argument[1] != '-')
        return unknown_option(p, argument);
    if (argument[2] != '\0')
        return parse_option(p, argument);
    p->options_ended = true;
    return 0;
}

/* ---- the environment ---- */

/* As with etcdctl, a variable that is empty is none. All of them are read, so
 * that no secret stays there for a child to inherit. */
static int read_environment(struct parser *p)
{
    for (size_t i = 0; i < OPTIONS_N; i++) {
        const struct option *option = &options_table[i];
        char *value = option->variable ? getenv(option->variable) : NULL;
        if (!value || !value[0])
            continue;
        int r = take(p, option, value, ENVIRONMENT);
        if (r < 0)
            return error_wrap(p->err, r, "%s", option->variable);
        if (option->kind == OPTION_PASSWORD || option->kind == OPTION_USER)
            unsetenv(option->variable);
    }
    return 0;
}

/* ---- what must fit together ---- */

/* A password in the environment may be there for other programs' sake. */
static int check_password(struct parser *p)
{
    const struct option *given = p->rival[OPTION_RIVALS_PASSWORD];
    if (p->options->config.user || !given)
        return 0;
    if (p->rival_origin[OPTION_RIVALS_PASSWORD] == COMMAND_LINE)
        return error_set(p->err, CANDIDATE_EINVAL,
                         "--%s: no user is given, by --user", given->name);
    p->options->has_password = false;
    return 0;
}

static int parse(struct parser *p)
{
    int r = 0;
    const enum options_action *action = &p->options->action;
    while (r == 0 && p->next < p->argc) {
        r = parse_argument(p);
        if (*action == OPTIONS_HELP || *action == OPTIONS_VERSION)
            return r;
    }
    if (r == 0)
        r = read_environment(p);
    if (r == 0)
        r = check_password(p);
    if (r == 0)
        r = option_check(p->options, p->given, p->err);
    return r;
}

int options_parse(struct options *ret_options, int argc, char *const argv[],
                  struct candidate_error *err)
{
    struct options options = {
        .action = OPTIONS_RUN,
        .log_level = CANDIDATE_INFO,
        .wait_ms = -1,
        .hook_timeout_ms = OPTIONS_HOOK_TIMEOUT_MS_DEFAULT
    };
    candidate_config_init(&options.config);
    struct parser p = {
        .options = &options,
        .argc = argc,
        .argv = argv,
        .next = 1,
        .err = err,
    };
    int r = parse(&p);
    if (r == 0) {
        *ret_options = options;
        if (options.has_password)
            ret_options->config.password = ret_options->password;
    }
    options_forget(&options);
    return r;
}

void options_forget(struct options *o)
{
    explicit_bzero(o->password, sizeof o->password);
    o->has_password = false;
    o->config.password = NULL;
}
