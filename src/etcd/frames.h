/* frames.h: cuts a stream of JSON objects, one a line, into messages.
 *
 * etcd's gateway ends every message of a stream with a newline. This looks
 * for newlines only; whether a message is JSON is the codec's affair.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include "sys/buf.h"

#include <stdbool.h>

enum { FRAMES_MESSAGE_BYTES_MAX = 1024 * 1024 };

struct frames {
    struct buf buf;
    size_t taken;   /* bytes of buf that frames_next() has given out */
    size_t scanned; /* bytes of buf known to hold no newline */
};

void frames_init(struct frames *f);
void frames_done(struct frames *f);

/* Add bytes as they came, cut anywhere. Returns 0, CANDIDATE_ENOMEM, or
 * CANDIDATE_ETOOBIG when a message would grow past its limit. */
int frames_feed(struct frames *f, const char *data, size_t bytes);

/* Take the next whole message, without its line end; blank lines are passed
 * over. Returns false when there is none. ret_message is good until the next
 * frames_feed() or frames_done(). */
bool frames_next(struct frames *f, const char **ret_message, size_t *ret_bytes);

#endif
