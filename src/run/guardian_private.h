/* guardian_private.h: the guardian's own end, for guardian*.c only. */
#ifndef GUARDIAN_PRIVATE_H
#define GUARDIAN_PRIVATE_H

#include "run/guardian.h"

/* The whole life of the guardian, in a process that was just forked, with all
 * signals blocked.
 * fd  its end of the socket. */
_Noreturn void guardian_run(const struct guardian_config *config, int fd);

#endif
