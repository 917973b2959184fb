/* history.h: `candidate --history`: who has led, as far as etcd remembers. */
#ifndef HISTORY_H
#define HISTORY_H

#include "actions/reading.h"

/* Print it; exit code 69: etcd cannot be asked. */
void history_command(struct reading *r);

#endif
