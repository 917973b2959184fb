/* lease_page.h: what a leader shows other processes of its machine. A part of
 * candidate.h, which includes it.
 */
#ifndef CANDIDATE_LEASE_PAGE_H
#define CANDIDATE_LEASE_PAGE_H

#include "../candidate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A page of memory in which a leader shows other processes of its machine what
 * it knows of its leadership: one writer, readers that can neither write nor
 * resize it. Reading it costs no system call.
 *
 * It narrows the time in which a process acts for a leadership that is over:
 * from "until somebody kills it" to the moment between asking and acting. It
 * cannot close that gap: a process may be stopped right after it has asked, and
 * what it then sends may arrive at any time later. Only who receives it can
 * refuse it, by its fencing token. */
struct candidate_lease_page;

enum candidate_lease_state {
    CANDIDATE_LEASE_NONE = 0,    /* not leading yet */
    CANDIDATE_LEASE_LEADING = 1, /* until lead_until_ms */
    CANDIDATE_LEASE_LOST = 2,    /* no longer, or the writer died */
};

/* What stands there. Token and time of LOST are those of what is lost. */
struct candidate_lease {
    enum candidate_lease_state state;
    int64_t token;         /* fencing token, > 0; 0: none yet */
    int64_t lease;         /* etcd's lease id, of one that waits too; 0: none */
    int64_t lead_until_ms; /* on CLOCK_BOOTTIME */
};

/* Make a page, on which stands NONE. A process that is forked has it too, and
 * can write to it when its parent is dead: never both at once. The memory is
 * enough for that, it may close the descriptor. An execve(2) takes it away.
 * Returns 0, CANDIDATE_ENOMEM, ESYSTEM (Linux before 5.1 cannot seal it). */
CANDIDATE_API int candidate_lease_page_new(
    struct candidate_lease_page **ret_page, struct candidate_error *err);

/* Where a reader finds it: "/proc/PID/fd/N" of the process that made it, which
 * is for the same user alone. Good as long as that process has the page. */
CANDIDATE_API const char *candidate_lease_page_path(
    const struct candidate_lease_page *page);

/* Write what is so now: a reader sees all of it or nothing. Only for a page
 * that was made, not for one that was opened. */
CANDIDATE_API void candidate_lease_page_write(
    struct candidate_lease_page *page, const struct candidate_lease *lease);

/* Open the page of a leader for reading.
 * path   NULL: $CANDIDATE_LEASE_PAGE
 * token  the fencing token of the leadership for which the caller acts;
 *        0: $CANDIDATE_TOKEN. Of any other the page says LOST.
 * Returns 0; CANDIDATE_ENOTFOUND: no such file, its writer may be dead;
 * CANDIDATE_EINVAL: a variable is missing, a token is none, or what the path
 * leads to is not a page that this version can read; ENOMEM, ESYSTEM. */
CANDIDATE_API int candidate_lease_page_open(
    struct candidate_lease_page **ret_page, const char *path, int64_t token,
    struct candidate_error *err);

/* Forget the page. The writer's readers keep what was written last: write LOST
 * before. page may be NULL. */
CANDIDATE_API void candidate_lease_page_close(
    struct candidate_lease_page *page);

/* Read what stands there, whoever the reader is.
 * Returns false, and leaves ret_lease as it was, when it cannot be read. */
CANDIDATE_API bool candidate_lease_page_read(
    const struct candidate_lease_page *page, struct candidate_lease *ret_lease);

/* May the caller act for the leader at this very instant? Only if the page says
 * LEADING, with the token with which it was opened, and the time is not over.
 * Asks page and clock at every call, so never keep the answer; ask before each
 * step, and hand the token on with it. Asks neither etcd nor the leader.
 * page may be NULL: false. */
CANDIDATE_API bool candidate_may_act(const struct candidate_lease_page *page);

#ifdef __cplusplus
}
#endif

#endif
