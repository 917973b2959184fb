/* srv_reply.h: what a name server's reply to a question for SRV records says.
 *
 * Bytes in, records out: asks nobody, and takes no byte of the reply on trust.
 */
#ifndef SRV_REPLY_H
#define SRV_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "candidate.h"

enum {
    SRV_HOST_BYTES_MAX = 253, /* RFC 1035, section 2.3.4 */
};

struct srv_record {
    char host[SRV_HOST_BYTES_MAX + 1]; /* as in a URL: no dot behind */
    uint16_t port;                     /* never 0 */
    uint16_t priority;
    uint16_t weight;
};

struct srv_reply {
    /* Lowest priority first, among equal ones the largest weight first, among
     * equal ones as they came. */
    struct srv_record records[CANDIDATE_ENDPOINTS_MAX];
    unsigned n;
    bool declined; /* a target "." said that there is no such service */
};

/* Read a reply whose rcode is no error.
 * ret_reply  set on success only; n is 0 when it holds no SRV record.
 * Returns 0; CANDIDATE_EPROTO: not in the form of a reply, or a record of
 * another class or name, or a target that is no host name; CANDIDATE_ETOOBIG:
 * truncated, or more records than endpoints may be. Source: RFC 1035, section
 * 4; RFC 2782. */
int srv_reply_parse(struct srv_reply *ret_reply, const unsigned char *data,
                    size_t size, struct candidate_error *err);

#endif
