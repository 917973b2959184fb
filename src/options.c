/* options.c: see options.h. */
#include "options.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/error.h"
#include "sys/text.h"

enum {
    SHOWN_BYTES_MAX = 80, /* of the user's words in a message */
    HELP_COLUMN = 27,     /* where descriptions begin */
};

/* One option. A new one needs an entry in the table and its setter. */
struct option {
    const char *group;
    const char *name;
    const char *argument; /* what the help calls it; NULL: takes none */
    const char *variable; /* used when the option is not given; NULL: none */
    const char *help;
    /* Returns 0, or CANDIDATE_EINVAL with a message that does not name the
     * option. value is NULL for an option without an argument. */
    int (*set)(struct options *o, const char *value,
               struct candidate_error *err);
};

static void show(char *out, const char *text)
{
    text_escape(out, SHOWN_BYTES_MAX, text, strlen(text));
}

/* ---- setters ---- */

static int set_endpoints(struct options *o, const char *value,
                         struct candidate_error *err)
{
    (void)err;
    o->config.endpoints = value;
    return 0;
}

static int set_election(struct options *o, const char *value,
                        struct candidate_error *err)
{
    (void)err;
    o->config.election = value;
    return 0;
}

/* Digits only, no leading zero: nothing that could mean something else to
 * another program. */
static bool parse_number(const char *text, unsigned least, unsigned most,
                         unsigned *ret_number)
{
    unsigned long number = 0;
    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
        return false;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9')
            return false;
        number = number * 10 + (unsigned long)(*p - '0');
        if (number > most)
            return false;
    }
    if (number < least)
        return false;
    *ret_number = (unsigned)number;
    return true;
}

static int set_ttl(struct options *o, const char *value,
                   struct candidate_error *err)
{
    if (parse_number(value, CANDIDATE_TTL_S_MIN, CANDIDATE_TTL_S_MAX,
                     &o->config.ttl_s))
        return 0;
    char shown[SHOWN_BYTES_MAX];
    show(shown, value);
    return error_set(err, CANDIDATE_EINVAL,
                     "\"%s\" is not a whole number of seconds from %d to %d",
                     shown, CANDIDATE_TTL_S_MIN, CANDIDATE_TTL_S_MAX);
}

static int set_once(struct options *o, const char *value,
                    struct candidate_error *err)
{
    (void)value;
    (void)err;
    o->once = true;
    return 0;
}

static int set_help(struct options *o, const char *value,
                    struct candidate_error *err)
{
    (void)value;
    (void)err;
    o->action = OPTIONS_HELP;
    return 0;
}

static int set_version(struct options *o, const char *value,
                       struct candidate_error *err)
{
    (void)value;
    (void)err;
    o->action = OPTIONS_VERSION;
    return 0;
}

/* ---- the table ---- */

static const struct option table[] = {
    { "etcd", "endpoints", "URL[,URL]...", "ETCDCTL_ENDPOINTS",
      "where etcd listens; default http://127.0.0.1:2379", set_endpoints },
    { "Election", "election", "NAME", NULL,
      "which one: a key of etcd; default leader", set_election },
    { "Election", "ttl", "SECONDS", NULL,
      "a dead leader blocks so long; 2-300, default 10", set_ttl },
    { "Election", "once", NULL, NULL,
      "end when leadership is lost; else try again", set_once },
    { "Help", "help", NULL, NULL, "show this", set_help },
    { "Help", "version", NULL, NULL, "show the version", set_version },
};

enum { TABLE_N = sizeof table / sizeof *table };

/* ---- parsing ---- */

struct parser {
    struct options *options;
    int argc;
    char *const *argv;
    int next; /* index of the argument to look at */
    bool given[TABLE_N];
    bool options_ended; /* by "--" */
    struct candidate_error *err;
};

/* The option that is called name[0..bytes), or NULL. No abbreviations: they
 * would change their meaning when an option is added. */
static const struct option *find(const char *name, size_t bytes)
{
    for (size_t i = 0; i < TABLE_N; i++)
        if (strlen(table[i].name) == bytes &&
            memcmp(table[i].name, name, bytes) == 0)
            return &table[i];
    return NULL;
}

/* Without the value, which may be a secret behind a misspelt name. */
static int unknown_option(const struct parser *p, const char *argument)
{
    char shown[SHOWN_BYTES_MAX];
    text_escape(shown, sizeof shown, argument, strcspn(argument, "="));
    return error_set(p->err, CANDIDATE_EINVAL, "unknown option \"%s\"", shown);
}

/* The option's value: behind "=" or the next argument. */
static int take_value(struct parser *p, const struct option *option,
                      const char *equals, const char **ret_value)
{
    *ret_value = NULL;
    if (!option->argument) {
        if (!equals)
            return 0;
        return error_set(p->err, CANDIDATE_EINVAL, "--%s: takes no argument",
                         option->name);
    }
    if (!equals && p->next == p->argc)
        return error_set(p->err, CANDIDATE_EINVAL,
                         "--%s: needs an argument,"
                         " %s",
                         option->name, option->argument);
    *ret_value = equals ? equals + 1 : p->argv[p->next++];
    return 0;
}

static int parse_option(struct parser *p, const char *argument)
{
    const char *name = argument + 2;
    const char *equals = strchr(name, '=');
    size_t bytes = equals ? (size_t)(equals - name) : strlen(name);
    const struct option *option = find(name, bytes);
    if (!option)
        return unknown_option(p, argument);
    bool *given = &p->given[option - table];
    if (*given)
        return error_set(p->err, CANDIDATE_EINVAL, "--%s: given twice",
                         option->name);
    *given = true;
    const char *value;
    int r = take_value(p, option, equals, &value);
    if (r < 0)
        return r;
    r = option->set(p->options, value, p->err);
    return r < 0 ? error_wrap(p->err, r, "--%s", option->name) : 0;
}

static int parse_id(struct parser *p, const char *argument)
{
    if (!p->options->config.id) {
        p->options->config.id = argument;
        return 0;
    }
    char shown[SHOWN_BYTES_MAX];
    show(shown, argument);
    return error_set(p->err, CANDIDATE_EINVAL,
                     "\"%s\": there is one ID already", shown);
}

/* "-" alone is an ID, as it is a file's name elsewhere. */
static int parse_argument(struct parser *p)
{
    const char *argument = p->argv[p->next++];
    if (p->options_ended || argument[0] != '-' || argument[1] == '\0')
        return parse_id(p, argument);
    if (argument[1] != '-')
        return unknown_option(p, argument);
    if (argument[2] != '\0')
        return parse_option(p, argument);
    p->options_ended = true;
    return 0;
}

/* As with etcdctl, a variable that is empty is none. */
static int read_environment(struct parser *p)
{
    for (size_t i = 0; i < TABLE_N; i++) {
        const struct option *option = &table[i];
        if (!option->variable || p->given[i])
            continue;
        const char *value = getenv(option->variable);
        if (!value || !value[0])
            continue;
        int r = option->set(p->options, value, p->err);
        if (r < 0)
            return error_wrap(p->err, r, "%s", option->variable);
    }
    return 0;
}

int options_parse(struct options *ret_options, int argc, char *const argv[],
                  struct candidate_error *err)
{
    struct options options = { .action = OPTIONS_RUN };
    candidate_config_init(&options.config);
    struct parser p = {
        .options = &options,
        .argc = argc,
        .argv = argv,
        .next = 1,
        .err = err,
    };
    int r = 0;
    while (r == 0 && options.action == OPTIONS_RUN && p.next < argc)
        r = parse_argument(&p);
    if (r == 0 && options.action == OPTIONS_RUN) {
        r = read_environment(&p);
        if (r == 0 && !options.config.id)
            r = error_set(err, CANDIDATE_EINVAL, "no ID is given");
    }
    if (r == 0)
        *ret_options = options;
    return r;
}

/* ---- help ---- */

static const char help_head[] = "Usage: candidate [OPTION]... ID\n"
                                "\n"
                                "Takes part in a leader election on etcd: one "
                                "of all candidates leads, and\n"
                                "when it ends or dies, the next one in the "
                                "queue does. ID is the name that\n"
                                "the others see: 1 to 255 bytes of UTF-8.\n";

static const char help_keys[] =
    "\n"
    "Keys and signals:\n"
    "  ENTER                    while leading: resign, and the next one leads\n"
    "  Ctrl-C (SIGINT)          like a crash: the next one waits for the TTL\n"
    "  SIGTERM, SIGHUP          resign\n";

struct help {
    char *text;
    size_t bytes;
};

static void add(struct help *h, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct help *h, const char *format, ...)
{
    size_t room = OPTIONS_HELP_BYTES_MAX - h->bytes;
    va_list args;
    va_start(args, format);
    int bytes = vsnprintf(h->text + h->bytes, room, format, args);
    va_end(args);
    assert(bytes >= 0 && (size_t)bytes < room);
    h->bytes += (size_t)bytes;
}

static void add_options(struct help *h)
{
    const char *group = "";
    for (size_t i = 0; i < TABLE_N; i++) {
        const struct option *option = &table[i];
        if (strcmp(group, option->group) != 0)
            add(h, "\n%s:\n", option->group);
        group = option->group;
        char flag[HELP_COLUMN];
        (void)snprintf(flag, sizeof flag, "--%s %s", option->name,
                       option->argument ? option->argument : "");
        add(h, "  %-*s%s\n", HELP_COLUMN - 2, flag, option->help);
    }
}

static void add_environment(struct help *h)
{
    add(h, "\nEnvironment:\n");
    for (size_t i = 0; i < TABLE_N; i++)
        if (table[i].variable)
            add(h, "  %-*sused when --%s is not given\n", HELP_COLUMN - 2,
                table[i].variable, table[i].name);
}

static void add_exits(struct help *h)
{
    add(h, "\nExit codes:\n");
#define ADD_EXIT(name, number, meaning)                                        \
    add(h, "  %-*d%s\n", HELP_COLUMN - 2, number, meaning);
    OPTIONS_EXITS(ADD_EXIT)
#undef ADD_EXIT
}

void options_help(char *ret_text)
{
    struct help h = { .text = ret_text };
    add(&h, "%s", help_head);
    add_options(&h);
    add(&h, "%s", help_keys);
    add_environment(&h);
    add_exits(&h);
}
