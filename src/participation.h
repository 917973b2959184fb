/* participation.h: taking part in an election, from the first request to the
 * last: a loop around candidate.h.
 *
 * Whatever goes wrong meanwhile, the election is left in an orderly way; what
 * went wrong first decides the exit code.
 */
#ifndef PARTICIPATION_H
#define PARTICIPATION_H

#include "access.h"
#include "candidate.h"
#include "exits.h"
#include "hooks.h"
#include "options.h"
#include "output.h"
#include "service.h"
#include "status_server.h"
#include "supervision.h"
#include "sys/keyboard.h"
#include "sys/signals.h"
#include "waiting.h"

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
