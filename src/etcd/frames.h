/* frames.h: cuts a stream of JSON objects, one a line, into messages.
 *
 * etcd's gateway ends every message of a stream with a newline, but not always
 * the error that is the last one: feed a newline of your own when the stream
 * has ended. This looks for newlines only; whether a message is JSON is the
 * codec's affair.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include "sys/buf.h"

#include <stdbool.h>

enum { FRAMES_MESSAGE_BYTES_MAX = 1024 * 1024 };

struct frames {
    struct buf buf;
    size_t taken; /* bytes of buf that frames_next() has given out */
    size_t whole; /* bytes of buf up to its last newline, taken or not */
};

void frames_init(struct frames *f);
void frames_done(struct frames *f);

/* Add bytes as they came, cut anywhere, 1 MiB at most at a time; take all
 * messages before the next bytes come. Returns 0, CANDIDATE_ENOMEM, or
 * CANDIDATE_ETOOBIG when a message would grow past its limit or too much waits
 * untaken; on failure no byte is added. */
int frames_feed(struct frames *f, const char *data, size_t bytes);

/* Take the next whole message, without its line end; blank lines are passed
 * over. Returns false when there is none. ret_message is good until the next
 * frames_feed() or frames_done(). */
bool frames_next(struct frames *f, const char **ret_message, size_t *ret_bytes);

#endif
