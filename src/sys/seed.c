/* seed.c: see seed.h. */
#include "sys/seed.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "sys/error.h"

int seed_draw(uint64_t *ret_seed, struct candidate_error *err)
{
    uint64_t seed;
    ssize_t n;
    do
        n = getrandom(&seed, sizeof seed, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_set(err, CANDIDATE_ESYSTEM, "getrandom: %s",
                         strerror(errno));
    *ret_seed = seed; /* so few bytes come all at once: getrandom(2) */
    return 0;
}
