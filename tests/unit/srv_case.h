/* srv_case.h: a search for endpoints in DNS, asked of a name server within the
 * test.
 */
#ifndef SRV_CASE_H
#define SRV_CASE_H

#include <arpa/nameser.h>

#include "support/dns_server.h"
#include "sys/srv.h"

#define SECURE_NAME "_etcd-client-ssl._tcp.etcd.example.test"
#define PLAIN_NAME "_etcd-client._tcp.etcd.example.test"
#define UNTOUCHED "untouched"

struct outcome {
    int result;
    char list[SRV_LIST_BYTES_MAX];
    struct candidate_error err;
    struct dns_server server; /* stopped */
};

int srv_case_setup(void **state);
int srv_case_teardown(void **state);

/* For the whole program, in place of what resolv.conf says. */
void srv_case_set_resolver(void);

/* Search for etcd.example.test; an answer NULL: there is no such name. */
void ask(struct outcome *o, void (*secure)(struct dns_message *m),
         void (*plain)(struct dns_message *m));

/* The same, with other names. */
void ask_zones(struct outcome *o, const struct dns_zone *zones);

/* The same, for another domain.
 * before_reply  as in dns_server. */
void ask_with_clock(struct outcome *o, const char *domain,
                    const struct dns_zone *zones, void (*before_reply)(void));

/* Also that whoever takes the list can. */
void expect_list(const struct outcome *o, const char *list);

void expect_error(const struct outcome *o, int error, const char *message);

void expect_asked(const struct outcome *o, unsigned n,
                  const char *const *names);

/* ---- answers ---- */

void host_a(struct dns_message *m); /* a.test:2379 */
void host_b(struct dns_message *m);
void server_failure(struct dns_message *m);

#endif
