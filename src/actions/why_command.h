/* why_command.h: `candidate --why`: what holds an election up. */
#ifndef WHY_COMMAND_H
#define WHY_COMMAND_H

#include "actions/reading.h"

/* Print the findings, and set the exit code: 0 there are none, 1 there are, 69
 * etcd cannot be asked. */
void why_command_run(struct reading *r);

#endif
