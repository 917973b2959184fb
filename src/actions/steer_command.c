/* steer_command.c: see steer_command.h. */
#include "actions/steer_command.h"

#include <signal.h>
#include <stdio.h>

#include "cli/access.h"

enum { TEXT_BYTES_MAX = 2 * (CANDIDATE_ID_BYTES_MAX + 1) + 64 };

/* The second line is the one that a waiter would print. */
static void say(struct output *output, const struct candidate_steered *steered)
{
    char text[TEXT_BYTES_MAX];
    const char *asked = steered->asked;
    const char *leads = steered->leads;
    (void)snprintf(text, sizeof text, "%s%s%s%s\n", asked,
                   asked[0] ? " has stepped down\n" : "",
                   leads[0] ? leads : "Nobody leads yet",
                   leads[0] ? " is the leader..." : "");
    output_text(output, text);
}

static int steer(struct options *o, const struct signals *signals,
                 struct candidate_steered *ret_steered,
                 struct candidate_error *err)
{
    struct access access;
    int r = access_complete(&access, o, signals, err);
    if (r != 0)
        return r;
    /* A request that is left behind vanishes with its lease. */
    (void)sigprocmask(SIG_UNBLOCK, &signals->taken, NULL);
    return o->action == OPTIONS_TRANSFER
        ? candidate_transfer(&o->config, o->object, ret_steered, err)
        : candidate_depose(&o->config, ret_steered, err);
}

void steer_command(struct options *o, const struct signals *signals,
                   struct output *output, struct exits *exits)
{
    struct candidate_error err = { 0 };
    struct candidate_steered steered = { 0 };
    int r = steer(o, signals, &steered, &err);
    options_forget(o);
    if (r == CANDIDATE_ENOTFOUND)
        exits_fail(exits, OPTIONS_EXIT_NOBODY, "", err.message);
    else if (r < 0)
        exits_refuse(exits, r, &err);
    else if (r == 0)
        say(output, &steered);
}
