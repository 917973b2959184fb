/* main.c: the command line program. Only here and in what it calls do errors
 * become exit codes. */
#include <fcntl.h>
#include <unistd.h>

#include "actions/fenced_command.h"
#include "actions/history.h"
#include "actions/observe_command.h"
#include "actions/reading.h"
#include "actions/status_command.h"
#include "actions/steer_command.h"
#include "actions/why_command.h"
#include "candidate.h"
#include "cli/exits.h"
#include "cli/options.h"
#include "cli/output.h"
#include "run/participation.h"
#include "sys/confine.h"
#include "sys/fd.h"
#include "sys/log.h"
#include "sys/signals.h"

struct program {
    struct options options;
    struct log log;
    struct output output;
    struct signals signals;
    struct exits exits;
    struct participation participation;
    struct reading reading;
};

static void drain(struct program *p)
{
    output_drain(&p->output, NULL, OUTPUT_DRAIN_MS);
    if (output_error(&p->output))
        exits_fail(&p->exits, OPTIONS_EXIT_OUTPUT,
                   "standard output: ", output_error(&p->output));
}

static void print(struct program *p, const char *text)
{
    output_text(&p->output, text);
    drain(p);
}

/* Standard output is the command's then, and so is the keyboard. */
static void leave_output_to_command(struct program *p)
{
    if (!p->options.command)
        return;
    output_init(&p->output, p->log.fd);
    output_no_prompt(&p->output);
}

/* Whoever has a command or hooks may want sudo in them. */
static bool executes(const struct options *o)
{
    return o->command || o->on_elected || o->on_lost || o->on_leader_change;
}

static void act(struct program *p)
{
    char help[OPTIONS_HELP_BYTES_MAX];
    if (!executes(&p->options))
        confine_no_programs();
    switch (p->options.action) {
    case OPTIONS_RUN:
        leave_output_to_command(p);
        participation_run(&p->participation);
        return;
    case OPTIONS_FENCED_PUT:
    case OPTIONS_FENCED_DELETE:
    case OPTIONS_FENCE_FILE:
        fenced_command(&p->options, &p->signals, &p->exits);
        return;
    case OPTIONS_STATUS:
        status_command(&p->reading);
        return;
    case OPTIONS_WHY:
        why_command_run(&p->reading);
        return;
    case OPTIONS_HISTORY:
        history_command(&p->reading);
        return;
    case OPTIONS_OBSERVE:
        observe_command(&p->reading);
        return;
    case OPTIONS_DEPOSE:
    case OPTIONS_TRANSFER:
        steer_command(&p->options, &p->signals, &p->output, &p->exits);
        drain(p);
        return;
    case OPTIONS_HELP:
        options_help(help);
        print(p, help);
        return;
    case OPTIONS_VERSION:
        print(p, "candidate " CANDIDATE_VERSION "\n");
        return;
    }
}

int main(int argc, char *argv[])
{
    static struct program program; /* large, and mostly never touched */
    struct program *p = &program;
    struct candidate_error err = { 0 };
    int closed = fd_fill_standard(&err);
    log_init(&p->log, fd_own_terminal(STDERR_FILENO, O_WRONLY));
    output_init(&p->output, fd_own_terminal(STDOUT_FILENO, O_WRONLY));
    p->exits.log = &p->log;
    /* Each by itself: a whole one would touch all of its memory. */
    p->participation.options = &p->options;
    p->participation.signals = &p->signals;
    p->participation.output = &p->output;
    p->participation.exits = &p->exits;
    p->reading = (struct reading){
        .options = &p->options,
        .signals = &p->signals,
        .output = &p->output,
        .exits = &p->exits,
    };
    int r = closed < 0 ? closed : signals_init(&p->signals, &err);
    if (r == 0)
        r = options_parse(&p->options, argc, argv, &err);
    if (r == 0)
        log_set(&p->log, p->options.log_level, p->options.log_format);
    if (r < 0)
        exits_refuse(&p->exits, r, &err);
    else if (closed & 1 << STDOUT_FILENO && !p->options.command)
        exits_fail(&p->exits, OPTIONS_EXIT_OUTPUT,
                   "standard output: ", "is closed");
    else
        act(p);
    log_done(&p->log);
    return p->exits.code;
}
