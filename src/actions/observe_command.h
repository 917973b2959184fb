/* observe_command.h: `candidate --observe`: an election as it goes on, as
 * lines, or as a picture on a terminal.
 */
#ifndef OBSERVE_COMMAND_H
#define OBSERVE_COMMAND_H

#include "actions/reading.h"

/* Until a signal asks for the end. */
void observe_command(struct reading *r);

#endif
