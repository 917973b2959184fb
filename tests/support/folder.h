/* folder.h: a throw-away folder that is removed whatever happens, also when
 * the test program crashes: a process of its own waits for that.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include <sys/types.h>

enum { FOLDER_PATH_BYTES_MAX = 512 };

struct folder {
    char path[FOLDER_PATH_BYTES_MAX];
    int alive_fd; /* closed by the kernel when the test program ends */
    pid_t remover;
};

/* Make it, on a RAM disk (/dev/shm) when there is one, else in $TMPDIR. */
void folder_make(struct folder *f);

/* Remove it with all that is in it, and wait until it is gone. */
void folder_remove(struct folder *f);

#endif
