/* fence_file.h: a file that lets one command run at a time, and none for a
 * leadership that is older than one it has seen.
 *
 * For what cannot compare a fencing token itself: a device, an address, a
 * program that knows nothing of tokens. It counts on this machine, or wherever
 * the file's system has flock(2).
 *
 * The file has two lines of 40 bytes: a token with 19 digits, and what it lacks
 * to INT64_MAX, by which half a line is known. The line with the smaller token
 * is written anew; so the larger one is never lost, whenever power fails.
 */
#ifndef FENCE_FILE_H
#define FENCE_FILE_H

#include "candidate.h"

enum { FENCE_FILE_WAIT_MS = 10000 }; /* for who has it locked */

/* Lock the file, which is made if it is not there, compare the token with the
 * largest seen, and have that on disk before this returns.
 * wait_ms  for a command that runs under it
 * ret_fd   keeps it locked, until its last copy is closed; close-on-exec.
 * Returns 0; CANDIDATE_EFENCED: it has seen a larger token, or stays locked;
 * CANDIDATE_EINVAL: that is not such a file, and it is left as it was;
 * CANDIDATE_ESYSTEM. The message begins with its name. */
int fence_file_pass(const char *path, int64_t token, int64_t wait_ms,
                    int *ret_fd, struct candidate_error *err);

#endif
