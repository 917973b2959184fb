/* endpoints.h: the list of servers, as an operator writes it.
 *
 * As etcdctl takes it: items with commas between, each a host and a port, with
 * or without http:// or https:// before and a slash behind. Looks no name up.
 */
#ifndef ENDPOINTS_H
#define ENDPOINTS_H

#include "candidate.h"

enum {
    ENDPOINTS_HOST_BYTES_MAX = 253, /* RFC 1035, section 2.3.4 */
    ENDPOINTS_URL_BYTES_MAX = ENDPOINTS_HOST_BYTES_MAX + 19,
};

struct endpoints {
    /* "https://host:2379", "http://[::1]:2379": lower case, no slash behind */
    char urls[CANDIDATE_ENDPOINTS_MAX][ENDPOINTS_URL_BYTES_MAX];
    unsigned n;
};

/* Read a list.
 * tls            what an item without a scheme means: https:// or http://.
 * ret_endpoints  set on success only.
 * Returns 0 or CANDIDATE_EINVAL; the message names the item, but never shows
 * one that seems to hold a password. */
int endpoints_parse(struct endpoints *ret_endpoints, const char *list, bool tls,
                    struct candidate_error *err);

#endif
