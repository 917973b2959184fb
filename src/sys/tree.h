/* tree.h: all descendants of this process, killed.
 *
 * This process adopts whatever is orphaned below it, also what left its group
 * and session (PR_SET_CHILD_SUBREAPER): so whatever a child starts stays a
 * descendant. What another program is asked to start (cron, systemd-run, a
 * container's daemon) is none, and a process of another user's, such as one
 * that sudo started, may not be killed.
 */
#ifndef TREE_H
#define TREE_H

#include "candidate.h"

#include <sys/types.h>

enum { TREE_AGAIN_MS = 10 }; /* until those that were killed are looked for */

/* Adopt orphans from now on, and keep the descriptors that killing takes, for
 * when there are no more. Returns 0, or CANDIDATE_ESYSTEM: the kernel does not
 * know how, /proc is not there, or there are none even now. */
int tree_adopt(struct candidate_error *err);

/* Send SIGKILL to every descendant, and reap those children that have ended.
 * Sees a process only once; call it again until it returns 0.
 * spare     children that are let alone, with what they have started.
 * unreaped  a child that is not reaped; 0: none.
 * Returns how many there were; 0: none is left, and so none can come; or
 * CANDIDATE_ESYSTEM: something in /proc cannot be read. */
int tree_kill(const pid_t *spare, unsigned spare_n, pid_t unreaped);

/* Send SIGKILL to every descendant of a child's, but neither to the child nor to
 * its own children, which reap them. Returns how many were there, or
 * CANDIDATE_ESYSTEM. */
int tree_kill_below(pid_t child);

/* Reap children that have ended, up to the first of those that somebody else
 * waits for.
 * known  those */
void tree_reap(const pid_t *known, unsigned known_n);

#endif
