/* participation.h: taking part in an election, from the first request to the
 * last: a loop around candidate.h.
 *
 * Whatever goes wrong meanwhile, the election is left in an orderly way; what
 * went wrong first decides the exit code.
 */
#ifndef PARTICIPATION_H
#define PARTICIPATION_H

#include "candidate.h"
#include "cli/access.h"
#include "cli/exits.h"
#include "cli/options.h"
#include "cli/output.h"
#include "run/hooks.h"
#include "run/service.h"
#include "run/supervision.h"
#include "run/waiting.h"
#include "serve/status_server.h"
#include "sys/keyboard.h"
#include "sys/signals.h"

struct participation {
    /* Borrowed. */
    struct options *options;
    struct signals *signals;
    struct output *output;
    struct exits *exits;

    struct access access;
    struct keyboard keyboard;
    struct waiting waiting;
    struct service service;
    struct hooks hooks;
    struct status_server status_server;
    struct supervision supervision;
    struct candidate *candidate; /* NULL: not taking part */
    bool leading;                /* as far as the events say */
    bool leaving;
    bool ended;
    bool output_failed; /* and that was said */
};

/* Take part until all is over. What is above is set, the rest is zero. */
void participation_run(struct participation *p);

#endif
