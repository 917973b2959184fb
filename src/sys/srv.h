/* srv.h: the endpoints that DNS names for a domain.
 *
 * As etcdctl's --discovery-srv, through the C library's resolver, so with the
 * servers and the search list of resolv.conf. Waits for the network: for use
 * before an election, never during one.
 */
#ifndef SRV_H
#define SRV_H

#include <netinet/in.h>
#include <stddef.h>

#include "candidate.h"
#include "sys/srv_reply.h"

enum {
    SRV_TOTAL_MS_MAX = 8000, /* no further name is asked for after that */
    SRV_TRY_S_MAX = 2,       /* for one server to answer */
    SRV_TRIES_MAX = 2,       /* of an only server; each of several: 1 */
    /* "https://HOST:PORT," */
    SRV_ENDPOINT_BYTES_MAX = SRV_HOST_BYTES_MAX + 15,
    SRV_LIST_BYTES_MAX = CANDIDATE_ENDPOINTS_MAX * SRV_ENDPOINT_BYTES_MAX,
};

/* Look for SRV records at _etcd-client-ssl._tcp.DOMAIN, which give https://
 * endpoints, and then at _etcd-client._tcp.DOMAIN, which give http:// ones.
 * Both are used, as etcdctl does, each sorted by priority, then by weight; a
 * host and port that came before is left out. Unlike etcdctl, which goes on
 * with http:// alone when the question for https:// has no answer: that is an
 * error here, because a name server's bad moment must not turn TLS off.
 * domain      with a dot behind: resolv.conf's search list is not used.
 * nameserver  asked instead of resolv.conf's; NULL: those.
 * ret_list    "https://a:2379,http://b:2379", as candidate_config.endpoints;
 *             set on success only.
 * list_bytes  at least SRV_LIST_BYTES_MAX.
 * Returns 0; CANDIDATE_EINVAL: no domain name; CANDIDATE_ENOTFOUND: no such
 * records; CANDIDATE_ERETRY: no answer in time or a server's failure;
 * CANDIDATE_EPROTO: a bad reply; CANDIDATE_ETOOBIG: too many records;
 * CANDIDATE_ESYSTEM. The message names the domain and the cause. */
int srv_endpoints(const char *domain, const struct sockaddr_in *nameserver,
                  char *ret_list, size_t list_bytes,
                  struct candidate_error *err);

#endif
