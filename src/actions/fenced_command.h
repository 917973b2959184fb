/* fenced_command.h: what is done for a leadership only while it is the newest:
 * --fenced-put, --fenced-delete, --fence-file. */
#ifndef FENCED_COMMAND_H
#define FENCED_COMMAND_H

#include "cli/exits.h"
#include "cli/options.h"
#include "sys/signals.h"

/* Do what o->action is, which must be one of the three, and note the exit
 * code. With --fence-file it returns only if COMMAND could not be started:
 * this process becomes it. */
void fenced_command(struct options *o, const struct signals *signals,
                    struct exits *exits);

#endif
