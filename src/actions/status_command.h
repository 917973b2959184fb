/* status_command.h: `candidate --status`: how an election stands. */
#ifndef STATUS_COMMAND_H
#define STATUS_COMMAND_H

#include "actions/reading.h"

/* Print it, and set the exit code: 0 somebody leads, 1 nobody does, 69 etcd
 * cannot be asked. */
void status_command(struct reading *r);

#endif
