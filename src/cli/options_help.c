/* options_help.c: the text of --help. */
#include "cli/options_private.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    HELP_COLUMN = 30, /* where descriptions begin */
    HELP_COLUMNS = 80,
};

static const char help_head[] =
    "Usage: candidate [OPTION]... ID "
    "[-- COMMAND [ARGUMENT]...]\n"
    "       candidate [OPTION]... --fenced-put KEY "
    "VALUE\n"
    "       candidate [OPTION]... --fenced-delete "
    "KEY\n"
    "       candidate [OPTION]... --fence-file "
    "FILE -- COMMAND [ARGUMENT]...\n"
    "       candidate [OPTION]... --status | "
    "--why | --observe | --history [NAME]\n"
    "       candidate [OPTION]... --depose [NAME] | "
    "--transfer-to ID [NAME]\n"
    "\n"
    "Takes part in a leader election on etcd: one "
    "of all candidates leads, and\n"
    "when it ends or dies, the next one in the "
    "queue does. ID is the name that\n"
    "the others see: 1 to 255 bytes of UTF-8. "
    "COMMAND runs only while ID leads.\n";

static const char help_keys[] = "\n"
                                "Keys and signals:\n"
                                "  ENTER                       while leading: "
                                "resign, and the next one leads\n"
                                "  Ctrl-C (SIGINT)             like a crash: "
                                "the next one waits for the TTL\n"
                                "  SIGTERM, SIGHUP             resign\n"
                                "With a COMMAND they, SIGUSR1, SIGUSR2, "
                                "SIGWINCH, SIGTSTP and SIGCONT go to it,\n"
                                "and its end is ours.\n";

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
    for (size_t i = 0; i < OPTIONS_N; i++) {
        const struct option *option = &options_table[i];
        if (strcmp(group, option->group) != 0)
            add(h, "\n%s:\n", option->group);
        group = option->group;
        char flag[HELP_COLUMN];
        (void)snprintf(flag, sizeof flag, "--%s %s", option->name,
                       option->argument ? option->argument : "");
        add(h, "  %-*s%s\n", HELP_COLUMN - 2, flag, option->help);
    }
}

/* All variables, as many as fit on a line. */
static void add_environment(struct help *h)
{
    add(h, "\nEnvironment, for options that are not given:");
    size_t column = HELP_COLUMNS;
    for (size_t i = 0; i < OPTIONS_N; i++) {
        const char *name = options_table[i].variable;
        if (!name)
            continue;
        bool fits = column + strlen(name) + 1 < HELP_COLUMNS;
        add(h, "%s%s", fits ? " " : "\n  ", name);
        column = (fits ? column + 1 : 2) + strlen(name);
    }
    add(h, "\n");
}

static void add_exits(struct help *h)
{
    add(h, "\nExit codes, if not COMMAND's own, or 128 + its signal:\n");
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
