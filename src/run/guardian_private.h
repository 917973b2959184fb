/* guardian_private.h: the guardian's own end, for guardian*.c only. */
#ifndef GUARDIAN_PRIVATE_H
#define GUARDIAN_PRIVATE_H

#include "run/guardian.h"

enum { GUARDIAN_AGAIN_MS_MAX = 500 }; /* between tries to kill what is left */

/* The whole life of the guardian, in a process that was just forked, with all
 * signals blocked.
 * fd  its end of the socket. */
_Noreturn void guardian_run(const struct guardian_config *config, int fd);

/* Fork: this process stays as the heir, and its child is the guardian.
 * fd  the guardian's end of the socket, which the heir closes.
 * Returns in the guardian: 0, or CANDIDATE_ESYSTEM; or in this process, when
 * there can be no heir: CANDIDATE_ESYSTEM. */
int guardian_leave_heir(const struct guardian_config *config, struct log *log,
                        int fd);

/* Nothing of the command's is left, and the main process is dead: only now may
 * another lead. Revoke the lease, and remove the command's cgroup. */
void guardian_release(const struct guardian_config *config, struct log *log);

#endif
