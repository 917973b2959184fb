/* srv_search.h: srv_endpoints() for a program that listens to signals.
 *
 * The C library's resolver cannot be interrupted, so a process of its own asks
 * it, which is killed when it is not wanted any more.
 */
#ifndef SRV_SEARCH_H
#define SRV_SEARCH_H

#include "sys/srv.h"

/* As srv_endpoints(), until stop_fd can be read, or has ended.
 * Returns as srv_endpoints(), or 1: stop_fd can be read. */
int srv_search(int stop_fd, const char *domain,
               const struct sockaddr_in *nameserver, char *ret_list,
               size_t list_bytes, struct candidate_error *err);

#endif
