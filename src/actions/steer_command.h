/* steer_command.h: --depose and --transfer-to. */
#ifndef STEER_COMMAND_H
#define STEER_COMMAND_H

#include "cli/exits.h"
#include "cli/options.h"
#include "cli/output.h"
#include "sys/signals.h"

/* Do what the options' action says, and say what became of it. Blocks; a
 * signal ends the program then. */
void steer_command(struct options *o, const struct signals *signals,
                   struct output *output, struct exits *exits);

#endif
