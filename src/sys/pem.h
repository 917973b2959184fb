/* pem.h: is a file what it was given for? Only as far as its PEM headers say:
 * OpenSSL reads it anew at each connection, and then says the rest. */
#ifndef PEM_H
#define PEM_H

#include "candidate.h"

enum { PEM_FILE_BYTES_MAX = 4 * 1024 * 1024 };

enum pem_content {
    PEM_CERTIFICATE,
    PEM_KEY, /* without a passphrase, which nobody could be asked for */
};

/* Returns 0, or CANDIDATE_EINVAL: the message names the file. Waits for no
 * writer of a pipe; a file that can be read only once is of no use here. */
int pem_check(const char *path, enum pem_content wanted,
              struct candidate_error *err);

#endif
